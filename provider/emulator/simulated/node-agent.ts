/** What a machine does by itself, from power on to being a member of a cluster: kernel, cloud-init, the node agent, kubeadm. */
import { NodeAddons } from "./addons";
import type { Kubelets } from "./kubelets";
import type { Machine, Phase } from "./machine";
import { NodeBootstrap } from "./node-bootstrap";
import { DiskError, readNodeDisk, type NodeDisk } from "./node-disk";
import { AGENT } from "./node-protocol";
import type { Phases } from "./phases";
import { readServedDisk } from "./served-disk";
import type { Site } from "./site";
import { NodePreparation } from "./preparation";
import { NodeUpgrade } from "./upgrade";
import { readUserData, UserDataError } from "./user-data";

export class NodeAgent implements Phases {
  private readonly bootstrap: NodeBootstrap;
  private readonly preparation: NodePreparation;
  private readonly upgrade: NodeUpgrade;
  private readonly addons: NodeAddons;

  constructor(
    private readonly site: Site,
    kubelets: Kubelets,
  ) {
    this.bootstrap = new NodeBootstrap(site, kubelets, this);
    this.preparation = new NodePreparation(site, kubelets);
    this.addons = new NodeAddons(site, kubelets);
    this.upgrade = new NodeUpgrade(site, kubelets, this);
  }

  private now(): number {
    return this.site.context.clock.now();
  }

  begin(machine: Machine, phase: Phase, ms: number, line: string, change: Parameters<Machine["enter"]>[2] = {}): void {
    machine.enter(phase, line, { ...change, due: this.now() + ms });
    this.resume(machine);
  }

  resume(machine: Machine): void {
    const { due, deadline } = machine.state;
    const name = `phase/${machine.id}`;
    if (due !== undefined) this.site.timers.at(name, due, () => this.ended(machine));
    else if (deadline !== undefined && (machine.state.phase === "waiting-iso" || machine.state.phase === "waiting-join")) this.site.timers.at(name, deadline, () => this.giveUp(machine));
    else this.site.timers.cancel(name);
  }

  powerOn(machine: Machine): void {
    const { context, durations } = this.site;
    machine.update({ poweredOn: this.now(), bootId: context.uuid() });
    if (context.faultFor("machineNeverBoots", machine.spec.name)) {
      machine.enter("hung", "SeaBIOS: Booting from Hard Disk... (nothing more)");
      this.resume(machine);
      return;
    }
    this.begin(machine, "kernel", durations.boot, `Linux version 6.1.0-41-cloud-amd64 (${machine.spec.templateName}) on ${machine.spec.hostName}`);
  }

  powerOff(machine: Machine, forced: boolean): void {
    machine.enter("off", forced ? "-- power lost --" : "systemd-shutdown: Powering off.", { deadline: undefined, unplugged: forced });
    this.upgrade.forget(machine);
    this.resume(machine);
  }

  /** The phase's time is over. */
  private ended(machine: Machine): void {
    switch (machine.state.phase) {
      case "kernel":
        this.begin(machine, "cloud-init", this.site.durations.cloudInit, `${machine.spec.hostname}: systemd reached network-online, address ${machine.spec.guestIp}`);
        break;
      case "cloud-init":
        this.cloudInit(machine);
        break;
      case "importing":
        machine.update({ installed: true, due: undefined });
        machine.say(`${AGENT}: images of Kubernetes ${machine.disk?.version ?? ""} loaded`);
        this.bootstrap.begin(machine);
        break;
      case "initialising":
        this.bootstrap.initialised(machine);
        break;
      case "joining":
        this.bootstrap.joined(machine);
        break;
      case "resting":
        this.round(machine);
        break;
      case "starting":
        machine.enter("member", "kubelet: started");
        break;
      case "upgrading":
      case "restarting-api":
      case "restarting-kubelet":
        this.upgrade.ended(machine);
        break;
      default:
        break;
    }
    this.site.changed();
  }

  private cloudInit(machine: Machine): void {
    if (!machine.state.seeded) {
      try {
        const config = readUserData(machine.spec.userData);
        const disk = readNodeDisk(config) ?? readServedDisk(config);
        machine.update({ seeded: true, disk });
        machine.say(disk ? `cloud-init: user data read, files of ${disk.nodeName} written` : "cloud-init: finished");
      } catch (error) {
        if (!(error instanceof DiskError) && !(error instanceof UserDataError)) throw error;
        machine.update({ seeded: true });
        machine.enter("broken", `${error instanceof UserDataError ? "cloud-init" : AGENT}: failed: ${error.message}`, { reason: error.message });
        this.site.context.emit({ machineId: machine.id, type: "SIMULATED.MACHINE", text: `${machine.spec.name}: ${error.message}` });
        this.resume(machine);
        return;
      }
    } else machine.say("cloud-init: this instance has its files already");
    if (!machine.disk) {
      machine.enter("idle", `${machine.spec.hostname} login:`);
      this.resume(machine);
      return;
    }
    if (machine.state.clusterId !== undefined) this.begin(machine, "starting", this.site.durations.serviceStart, `${AGENT}: this machine is a member already, starting the kubelet`);
    else this.round(machine);
  }

  /** A round of the agent: from the ISO to the cluster. */
  private round(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    if (machine.state.installed) return this.bootstrap.begin(machine);
    machine.enter("waiting-iso", `${AGENT}: ${disk.action} as ${disk.role}, Kubernetes ${disk.version}`, { deadline: this.now() + disk.joinTimeoutMs });
    this.resume(machine);
    this.lookForIso(machine, disk);
  }

  private lookForIso(machine: Machine, disk: NodeDisk): void {
    const { iso } = machine.spec;
    if (!iso) return machine.wait("no Kubernetes ISO is attached");
    if (iso.version === undefined) return machine.wait(`the ISO ${iso.name} is no Kubernetes ISO`);
    if (iso.version !== disk.version) return machine.wait(`the ISO ${iso.name} holds Kubernetes ${iso.version}, want ${disk.version}`);
    this.begin(machine, "importing", this.site.durations.imageImport, `${AGENT}: ${iso.name} holds Kubernetes ${disk.version}, installing`, { deadline: undefined });
  }

  /** Told when something has changed that a waiting machine may wait for. */
  tryAgain(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    if (machine.state.phase === "waiting-iso") this.lookForIso(machine, disk);
    if (machine.state.phase === "initialising" && machine.state.due === undefined) this.bootstrap.initialised(machine);
    if (machine.state.phase === "waiting-join") this.bootstrap.tryJoin(machine, disk);
    if (machine.state.phase === "member") {
      this.preparation.consider(machine);
      this.upgrade.consider(machine);
      this.addons.consider(machine);
    }
  }

  private giveUp(machine: Machine): void {
    const seconds = (machine.disk?.joinTimeoutMs ?? 0) / 1000;
    this.fail(machine, `${machine.state.phase === "waiting-iso" ? "no Kubernetes ISO" : "not joined"} within ${seconds} s: ${machine.state.reason ?? "no reason known"}`);
  }

  fail(machine: Machine, reason: string): void {
    this.begin(machine, "resting", this.site.durations.agentRestart, `${AGENT}: failed: ${reason}`, { reason, deadline: undefined });
  }
}
