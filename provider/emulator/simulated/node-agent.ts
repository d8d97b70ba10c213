/** What a machine does by itself, from power on to being a member of a cluster: kernel, cloud-init, the node agent, kubeadm. */
import { certificateHash } from "./certificates";
import { Cluster } from "./cluster";
import type { Kubelets } from "./kubelets";
import { tokenProblem } from "./kubernetes-api/access";
import { tokenSecret } from "./kubernetes-api/cluster-objects";
import { kinds } from "./kubernetes-api/resources";
import type { Machine, Phase } from "./machine";
import { DiskError, readNodeDisk, type NodeDisk } from "./node-disk";
import { clusterAt, type Site } from "./site";
import { readUserData, UserDataError } from "./user-data";

const AGENT = "ablestack-kubernetes-agent";
/** kubeadm's preflight checks of a control plane (NumCPU, Mem). */
const LEAST_CPUS = 2;
const LEAST_MEMORY_MB = 1700;

export class NodeAgent {
  constructor(
    private readonly site: Site,
    private readonly kubelets: Kubelets,
  ) {}

  private now(): number {
    return this.site.context.clock.now();
  }

  /** Enters a phase that ends by itself. */
  private begin(machine: Machine, phase: Phase, ms: number, line: string, change: Parameters<Machine["enter"]>[2] = {}): void {
    machine.enter(phase, line, { ...change, due: this.now() + ms });
    this.resume(machine);
  }

  /** Sets the timer of the phase a machine is in; also after a restart of the process. */
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
    machine.enter("off", forced ? "-- power lost --" : "systemd-shutdown: Powering off.", { deadline: undefined });
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
        this.bootstrap(machine);
        break;
      case "initialising":
        this.initialised(machine);
        break;
      case "joining":
        this.joined(machine);
        break;
      case "resting":
        this.round(machine);
        break;
      case "starting":
        machine.enter("member", "kubelet: started");
        break;
      default:
        break;
    }
    this.site.changed();
  }

  private cloudInit(machine: Machine): void {
    if (!machine.state.seeded) {
      try {
        const disk = readNodeDisk(readUserData(machine.spec.userData));
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
    if (machine.state.installed) return this.bootstrap(machine);
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

  private bootstrap(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    const problem = disk.role === "control-plane" ? preflight(machine, disk) : undefined;
    if (problem) return this.fail(machine, `kubeadm ${disk.action}: ${problem}`);
    if (disk.action === "init") return this.initialise(machine, disk);
    machine.enter("waiting-join", `${AGENT}: joining ${disk.joinEndpoint}`, { deadline: this.now() + disk.joinTimeoutMs });
    this.resume(machine);
    this.tryJoin(machine, disk);
  }

  /** Told when something has changed that a waiting machine may wait for. */
  tryAgain(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    if (machine.state.phase === "waiting-iso") this.lookForIso(machine, disk);
    if (machine.state.phase === "initialising" && machine.state.due === undefined) this.initialised(machine);
    if (machine.state.phase === "waiting-join") this.tryJoin(machine, disk);
  }

  private giveUp(machine: Machine): void {
    const seconds = (machine.disk?.joinTimeoutMs ?? 0) / 1000;
    this.fail(machine, `${machine.state.phase === "waiting-iso" ? "no Kubernetes ISO" : "not joined"} within ${seconds} s: ${machine.state.reason ?? "no reason known"}`);
  }

  /** The round has failed; systemd starts the next. */
  private fail(machine: Machine, reason: string): void {
    this.begin(machine, "resting", this.site.durations.agentRestart, `${AGENT}: failed: ${reason}`, { reason, deadline: undefined });
  }

  // --- init ---

  private initialise(machine: Machine, disk: NodeDisk): void {
    const found = clusterAt(this.site, machine, disk.endpoint);
    if (typeof found !== "string") {
      if (found.caHash !== certificateHash(disk.caCertificate)) return this.fail(machine, `${disk.endpoint} answers under another CA: another cluster holds this address`);
      const reason = `the cluster is initialised already: ${disk.endpoint} answers under its CA`;
      machine.enter("refused", `${AGENT}: refused: ${reason}. This machine was told to make a new one; replace it`, { reason });
      this.site.context.emit({ machineId: machine.id, type: "SIMULATED.MACHINE", text: `${machine.spec.name} refused to initialise: ${reason}` });
      this.resume(machine);
      return;
    }
    this.begin(machine, "initialising", this.site.durations.init, `kubeadm: init, Kubernetes ${disk.version}, control plane endpoint ${disk.endpoint}`);
  }

  /**
   * kubeadm's last phases of init (configuration, tokens, add-ons) go to the control plane endpoint, not to the machine itself:
   * they hang until balancer and firewall lead this machine back to itself.
   */
  private initialised(machine: Machine): void {
    const { disk } = machine;
    const { context, durations, clusters, machines, violations } = this.site;
    if (!disk?.caKey) return;
    const way = this.site.reach.fromGuest(machine, disk.endpoint, machines.values());
    if (typeof way === "string" || !way.includes(machine.id)) {
      machine.update({ due: undefined });
      machine.wait(`kubeadm init: ${typeof way === "string" ? way : `${disk.endpoint} does not lead to this machine: it is no member of the rule`}`);
      return;
    }
    const caHash = certificateHash(disk.caCertificate);
    for (const other of clusters)
      if (other.caHash === caHash && other.members.some((member) => machines.has(member.machineId))) violations.add("second-etcd", `${disk.nodeName} has made a second etcd under the CA of ${other.members[0]?.name ?? "a cluster"}`, machine.id);
    const facts = { name: disk.clusterName, endpoint: disk.endpoint, caCertificate: disk.caCertificate, version: disk.version, podSubnet: disk.podSubnet, serviceSubnet: disk.serviceSubnet };
    const cluster = Cluster.init(facts, disk.caKey, context, durations, this.site.events);
    clusters.add(cluster);
    cluster.addMember(machine.id, disk.nodeName, machine.spec.guestIp, false);
    if (disk.token) cluster.store.add(kinds.secret, tokenSecret(disk.token, disk.tokenTtlMs === 0 ? undefined : this.now() + disk.tokenTtlMs));
    machine.enter("member", "kubeadm: Your Kubernetes control-plane has initialized successfully!", { clusterId: cluster.id });
    this.resume(machine);
    this.kubelets.register(machine, cluster);
    machine.say(`${AGENT}: network.yaml applied`);
    context.emit({ machineId: machine.id, type: "SIMULATED.MACHINE", text: `${machine.spec.name} initialised the cluster at ${disk.endpoint}` });
  }

  // --- join ---

  private joinProblem(machine: Machine, disk: NodeDisk): string | Cluster {
    const cluster = clusterAt(this.site, machine, disk.joinEndpoint);
    if (typeof cluster === "string") return cluster;
    if (cluster.caHash !== certificateHash(disk.caCertificate)) return `${disk.joinEndpoint} answers under another CA: another cluster holds this address`;
    if (cluster.caHash !== disk.caHash) return `the CA of ${disk.joinEndpoint} has the hash ${cluster.caHash}, expected ${disk.caHash}`;
    if (!disk.token) return "kubeadm.yaml has no bootstrap token";
    for (const usage of ["signing", "authentication"] as const) {
      const problem = tokenProblem(cluster.store, disk.token, usage, this.now());
      if (problem) return problem;
    }
    const holder = cluster.kubelets[disk.nodeName];
    if (holder && holder.machineId !== machine.id && this.kubelets.isReady(cluster, disk.nodeName)) return `a node with the name "${disk.nodeName}" and status "Ready" already exists in the cluster`;
    if (disk.role === "control-plane") {
      const learner = cluster.members.find((member) => member.learner && member.machineId !== machine.id);
      if (learner) return `etcd: too many learner members in cluster: ${learner.name} ${this.site.machines.get(learner.machineId)?.state.phase === "joining" ? "is joining" : "never finished joining"}`;
    }
    return cluster;
  }

  private tryJoin(machine: Machine, disk: NodeDisk): void {
    const found = this.joinProblem(machine, disk);
    if (typeof found === "string") return machine.wait(found);
    const { durations } = this.site;
    if (disk.role === "control-plane") found.addMember(machine.id, disk.nodeName, machine.spec.guestIp, true);
    this.begin(machine, "joining", disk.role === "control-plane" ? durations.controlPlaneJoin : durations.workerJoin, `kubeadm: join ${disk.joinEndpoint}${disk.role === "control-plane" ? " as a control plane, etcd learner added" : ""}`);
  }

  private joined(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    const found = clusterAt(this.site, machine, disk.joinEndpoint);
    if (typeof found === "string") {
      machine.enter("waiting-join", `kubeadm: join: ${found}`, { reason: found });
      this.resume(machine);
      return;
    }
    if (disk.role === "control-plane" && !found.members.some((member) => member.machineId === machine.id)) return this.fail(machine, "kubeadm join: error execution phase etcd-join: etcdserver: member not found: its learner was removed meanwhile");
    found.promote(machine.id);
    machine.enter("member", `kubeadm: This node has joined the cluster${disk.role === "control-plane" ? " and a new control plane instance was created" : ""}`, { clusterId: found.id, deadline: undefined });
    this.resume(machine);
    this.kubelets.register(machine, found);
    this.site.context.emit({ machineId: machine.id, type: "SIMULATED.MACHINE", text: `${machine.spec.name} joined the cluster at ${disk.joinEndpoint}` });
  }
}

/** kubeadm's complaint about a machine that is too small. */
function preflight(machine: Machine, disk: NodeDisk): string | undefined {
  const ignored = new Set(disk.ignorePreflightErrors.map((each) => each.toLowerCase()));
  if (machine.spec.cpu < LEAST_CPUS && !ignored.has("numcpu") && !ignored.has("all")) return `[ERROR NumCPU]: the number of available CPUs ${machine.spec.cpu} is less than the required ${LEAST_CPUS}`;
  if (machine.spec.memoryMb < LEAST_MEMORY_MB && !ignored.has("mem") && !ignored.has("all")) return `[ERROR Mem]: the system RAM (${machine.spec.memoryMb} MB) is less than the minimum ${LEAST_MEMORY_MB} MB`;
  return undefined;
}
