/** What the node agent does once its machine is a member: it carries out the order on its own Node, in place, and answers there. */
import type { Cluster } from "./cluster";
import { noteDown } from "./downtime";
import type { Kubelets } from "./kubelets";
import type { Machine, UpgradeOrder } from "./machine";
import type { NodeDisk } from "./node-disk";
import { AGENT, ANSWER, LEADS, WANTED } from "./node-protocol";
import { annotate, ownNode } from "./own-node";
import type { Phases } from "./phases";
import { clusterOf, type Site } from "./site";
import { compareVersions, minorOf } from "./violations";

/** After so many failures in a row the pauses grow no more. */
const LONGEST_PAUSE = 16;

/** Why an order is not carried out: `refused` waits for another order or another disc, a failure also for time. */
interface Objection {
  readonly refused: boolean;
  readonly reason: string;
}

export class NodeUpgrade {
  constructor(
    private readonly site: Site,
    private readonly kubelets: Kubelets,
    private readonly phases: Phases,
  ) {}

  private now(): number {
    return this.site.context.clock.now();
  }

  /** Told when something has changed: the order, the disc, what the Node shows. */
  consider(machine: Machine): void {
    const { state } = machine;
    const own = ownNode(this.site, machine);
    if (!own) return;
    const { cluster, disk, annotations } = own;
    const wanted = annotations[WANTED] ?? "";
    const lost = state.answer !== undefined && annotations[ANSWER] !== state.answer;
    const isDone = wanted === disk.version && (state.begun ?? wanted) === wanted;
    // Most of the time there is nothing to say or do; whether the API can be reached is the dearer question.
    if (!lost && !state.attempt && (wanted === "" || (isDone && state.answer === `upgraded ${wanted}`))) return;
    if (!this.kubelets.hears(cluster, machine.id)) return;

    if (lost) this.show(machine, cluster, disk);
    if (wanted === "") return this.forget(machine);
    if (isDone) {
      this.forget(machine);
      if (state.answer !== `upgraded ${wanted}`) this.answer(machine, `upgraded ${wanted}`);
      return;
    }
    const order: UpgradeOrder = { wanted, first: annotations[LEADS] === "first" };
    if (!this.isHeldBack(machine, order)) this.attempt(machine, cluster, disk, order);
  }

  /** The agent's memory is gone, or of no use any more. */
  forget(machine: Machine): void {
    this.site.timers.cancel(`upgrade/${machine.id}`);
    if (machine.state.attempt) machine.update({ attempt: undefined });
  }

  private isHeldBack(machine: Machine, order: UpgradeOrder): boolean {
    const { attempt } = machine.state;
    if (attempt?.order.wanted !== order.wanted || attempt.order.first !== order.first || attempt.isoId !== machine.spec.iso?.id) {
      this.forget(machine);
      return false;
    }
    if (attempt.failures === 0) return true;
    if (attempt.again === undefined || attempt.again <= this.now()) return false;
    const timer = `upgrade/${machine.id}`;
    if (!this.site.timers.has(timer)) this.site.timers.at(timer, attempt.again, () => this.site.changed());
    return true;
  }

  private attempt(machine: Machine, cluster: Cluster, disk: NodeDisk, order: UpgradeOrder): void {
    const { durations, violations } = this.site;
    const { wanted, first } = order;
    if (minorOf(wanted) - minorOf(disk.version) > 1) violations.add("minor-skipped", `${disk.nodeName} is ${disk.version} and was ordered to be ${wanted}`, machine.id);
    const objection = refusal(machine, disk, order) ?? isoObjection(machine, wanted) ?? (first ? undefined : this.clusterObjection(cluster, wanted));
    if (objection) return this.object(machine, order, objection);
    const ms = (disk.role === "control-plane" ? durations.controlPlaneUpgrade - durations.apiRestart : durations.workerUpgrade) - durations.kubeletRestart;
    const failures = machine.state.attempt?.failures ?? 0;
    this.phases.begin(machine, "upgrading", ms, `kubeadm: upgrade ${first ? `apply v${wanted}` : "node"}, from ${disk.version}`, { begun: wanted, attempt: { order, isoId: machine.spec.iso?.id, failures } });
    this.answer(machine, `upgrading ${wanted}`);
  }

  /** Before its first control plane the others are older than this node's kubelet would be. */
  private clusterObjection(cluster: Cluster, wanted: string): Objection | undefined {
    const { version } = cluster.facts;
    return version === wanted ? undefined : { refused: false, reason: `the cluster is at ${version}, its first control plane has not been upgraded to ${wanted} yet` };
  }

  /** One of its phases is over. */
  ended(machine: Machine): void {
    const { disk } = machine;
    const order = machine.state.attempt?.order;
    const cluster = clusterOf(this.site, machine);
    if (!disk || !order || !cluster) return;
    if (machine.state.phase === "restarting-kubelet") return this.finish(machine, cluster, disk, order);
    if (machine.state.phase === "restarting-api") return this.afterStaticPods(machine, cluster, order);
    if (!this.kubelets.hears(cluster, machine.id)) return this.object(machine, order, { refused: false, reason: "kubeadm upgrade: the API does not answer" });
    if (isoObjection(machine, order.wanted)) return this.object(machine, order, { refused: false, reason: "k8s/kubelet cannot be copied from the ISO" });
    if (disk.role === "worker") return this.restartKubelet(machine);
    const lost = this.lostMembers(cluster);
    if (lost.length > 0) return this.object(machine, order, { refused: false, reason: `kubeadm upgrade: etcd cluster is not healthy: ${lost.join(", ")} cannot be reached` });
    noteDown(this.site, machine);
    this.phases.begin(machine, "restarting-api", this.site.durations.apiRestart, "kubelet: static pods etcd, kube-apiserver, kube-controller-manager, kube-scheduler have changed", { attempt: machine.state.attempt });
  }

  /**
   * Before it changes etcd's static pod kubeadm asks every member (performEtcdStaticPodUpgrade). Here it overlooks those that somebody
   * has switched off or told to restart: that whoever gave the orders did not see to it is a violation, and must show.
   */
  private lostMembers({ members }: Cluster): string[] {
    return members.filter(({ machineId }) => this.site.machines.get(machineId)?.isLost !== false).map(({ name }) => name);
  }

  /** Kubeadm's further phases: the cluster's version by the first, the add-ons by the last (UnupgradedControlPlaneInstances). */
  private afterStaticPods(machine: Machine, cluster: Cluster, { wanted, first }: UpgradeOrder): void {
    machine.update({ staticPods: wanted });
    this.kubelets.remirror(cluster, machine);
    if (first) cluster.record(wanted);
    const { machines } = this.site;
    if (cluster.members.every(({ machineId }) => machines.get(machineId)?.serves === wanted)) cluster.renewAddons();
    this.restartKubelet(machine);
  }

  private restartKubelet(machine: Machine): void {
    this.phases.begin(machine, "restarting-kubelet", this.site.durations.kubeletRestart, "kubeadm: upgrade is done", { attempt: machine.state.attempt });
  }

  private finish(machine: Machine, cluster: Cluster, disk: NodeDisk, { wanted, first }: UpgradeOrder): void {
    machine.enter("member", `kubelet: started, Kubernetes ${wanted}`, { disk: { ...disk, version: wanted }, staticPods: undefined, attempt: undefined });
    // Else it registers as soon as the API hears it.
    if (this.kubelets.hears(cluster, machine.id)) this.kubelets.register(machine, cluster);
    if (first) machine.say(`${AGENT}: network.yaml applied`);
    this.answer(machine, `upgraded ${wanted}`);
    this.site.context.emit({ machineId: machine.id, type: "SIMULATED.MACHINE", text: `${machine.spec.name} was upgraded from ${disk.version} to ${wanted}` });
  }

  private object(machine: Machine, order: UpgradeOrder, { refused, reason }: Objection): void {
    const failures = refused ? 0 : (machine.state.attempt?.failures ?? 0) + 1;
    const pause = this.site.durations.upgradeRetry * Math.min(LONGEST_PAUSE, 2 ** (failures - 1));
    if (machine.state.phase !== "member") machine.enter("member", `${AGENT}: the upgrade is given up for now`);
    machine.update({ attempt: { order, isoId: machine.spec.iso?.id, failures, again: refused ? undefined : this.now() + pause } });
    this.answer(machine, `upgrade ${refused ? "refused" : "failed"}: ${reason}`);
    // Its timer is set when it is considered again.
    this.site.changed();
  }

  /** Says it, and on the Node too as soon as the API can be reached. */
  private answer(machine: Machine, text: string): void {
    machine.update({ answer: text });
    machine.say(`${AGENT}: ${text}`);
    const cluster = clusterOf(this.site, machine);
    if (cluster && machine.disk && this.kubelets.hears(cluster, machine.id)) this.show(machine, cluster, machine.disk);
  }

  private show(machine: Machine, cluster: Cluster, disk: NodeDisk): void {
    annotate(cluster, disk.nodeName, { [ANSWER]: machine.state.answer ?? "" });
  }
}

export function refusal(machine: Machine, disk: NodeDisk, { wanted, first }: UpgradeOrder): Objection | undefined {
  const refuse = (reason: string): Objection => ({ refused: true, reason });
  if (!/^[0-9]+\.[0-9]+\.[0-9]+$/.test(wanted)) return refuse("the wanted version is not of the form 1.35.4");
  const reached = machine.state.begun ?? disk.version;
  if (compareVersions(wanted, reached) < 0) return refuse(`${wanted} is older than ${reached}`);
  if (wanted.split(".")[0] !== disk.version.split(".")[0] || minorOf(wanted) > minorOf(disk.version) + 1) return refuse(`${wanted} is more than one minor away from ${disk.version}`);
  if (first && disk.role !== "control-plane") return refuse("a worker cannot be the first of an upgrade");
  return undefined;
}

/** Has the drive that version's disc? One that is missing may be on its way; one that is wrong does not get better. */
export function isoObjection(machine: Machine, wanted: string): Objection | undefined {
  const { iso } = machine.spec;
  if (!iso) return { refused: false, reason: "no Kubernetes ISO: none is attached" };
  if (iso.version === undefined) return { refused: true, reason: "wrong Kubernetes ISO: its k8s/kubeadm is missing or cannot be read" };
  if (iso.version !== wanted) return { refused: true, reason: `wrong Kubernetes ISO: it holds v${iso.version}, want v${wanted}` };
  return undefined;
}
