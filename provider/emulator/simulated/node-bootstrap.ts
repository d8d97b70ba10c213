/** How a simulated machine becomes a member: `kubeadm init`, or `kubeadm join` as soon as everything lets it in. */
import { certificateHash } from "./certificates";
import { Cluster } from "./cluster";
import type { Member } from "./etcd";
import { tokenProblem } from "./kubernetes-api/access";
import { tokenSecret } from "./kubernetes-api/cluster-objects";
import { kinds } from "./kubernetes-api/resources";
import type { Kubelets } from "./kubelets";
import type { Machine } from "./machine";
import type { NodeDisk } from "./node-disk";
import { AGENT } from "./node-protocol";
import type { Phases } from "./phases";
import { clusterAt, type Site } from "./site";

/** kubeadm's preflight checks of a control plane (NumCPU, Mem). */
const LEAST_CPUS = 2;
const LEAST_MEMORY_MB = 1700;

export class NodeBootstrap {
  constructor(
    private readonly site: Site,
    private readonly kubelets: Kubelets,
    private readonly phases: Phases,
  ) {}

  private now(): number {
    return this.site.context.clock.now();
  }

  /** From a machine that has what the ISO holds. */
  begin(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    const problem = disk.role === "control-plane" ? preflight(machine, disk) : undefined;
    if (problem) return this.phases.fail(machine, `kubeadm ${disk.action}: ${problem}`);
    if (disk.action === "init") return this.initialise(machine, disk);
    machine.enter("waiting-join", `${AGENT}: joining ${disk.joinEndpoint}`, { deadline: this.now() + disk.joinTimeoutMs });
    this.phases.resume(machine);
    this.tryJoin(machine, disk);
  }

  // --- init ---

  private initialise(machine: Machine, disk: NodeDisk): void {
    const found = clusterAt(this.site, machine, disk.endpoint);
    if (typeof found !== "string") {
      if (found.caHash !== certificateHash(disk.caCertificate)) return this.phases.fail(machine, `${disk.endpoint} answers under another CA: another cluster holds this address`);
      const reason = `the cluster is initialised already: ${disk.endpoint} answers under its CA`;
      machine.enter("refused", `${AGENT}: refused: ${reason}. This machine was told to make a new one; replace it`, { reason });
      this.site.context.emit({ machineId: machine.id, type: "SIMULATED.MACHINE", text: `${machine.spec.name} refused to initialise: ${reason}` });
      this.phases.resume(machine);
      return;
    }
    this.phases.begin(machine, "initialising", this.site.durations.init, `kubeadm: init, Kubernetes ${disk.version}, control plane endpoint ${disk.endpoint}`);
  }

  /**
   * kubeadm's last phases of init (configuration, tokens, add-ons) go to the control plane endpoint, not to the machine itself:
   * they hang until balancer and firewall lead this machine back to itself.
   */
  initialised(machine: Machine): void {
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
    this.phases.resume(machine);
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
      const others = cluster.members.filter((member) => member.machineId !== machine.id);
      const isHere = ({ peerUrl }: Member): boolean => peerUrl === `https://${machine.spec.guestIp}:2380`;
      // A member that has voted and comes back with nothing on its disk: raft panics.
      if (others.some((member) => isHere(member) && !member.learner)) return `etcd: tocommit is out of range [lastIndex(0)]. Was the raft log corrupted, truncated, or lost? (${machine.spec.guestIp} is a voting member already)`;
      const learner = others.find((member) => member.learner && !isHere(member));
      if (learner) return `etcd: too many learner members in cluster: ${learner.name} ${this.site.machines.get(learner.machineId)?.state.phase === "joining" ? "is joining" : "never finished joining"}`;
    }
    return cluster;
  }

  tryJoin(machine: Machine, disk: NodeDisk): void {
    const found = this.joinProblem(machine, disk);
    if (typeof found === "string") return machine.wait(found);
    const { durations } = this.site;
    if (disk.role === "control-plane") found.addMember(machine.id, disk.nodeName, machine.spec.guestIp, true);
    this.phases.begin(machine, "joining", disk.role === "control-plane" ? durations.controlPlaneJoin : durations.workerJoin, `kubeadm: join ${disk.joinEndpoint}${disk.role === "control-plane" ? " as a control plane, etcd learner added" : ""}`);
  }

  joined(machine: Machine): void {
    const disk = machine.disk;
    if (!disk) return;
    const found = clusterAt(this.site, machine, disk.joinEndpoint);
    if (typeof found === "string") {
      machine.enter("waiting-join", `kubeadm: join: ${found}`, { reason: found });
      this.phases.resume(machine);
      return;
    }
    if (disk.role === "control-plane" && !found.members.some((member) => member.machineId === machine.id)) return this.phases.fail(machine, "kubeadm join: error execution phase etcd-join: etcdserver: member not found: its learner was removed meanwhile");
    found.promote(machine.id);
    machine.enter("member", `kubeadm: This node has joined the cluster${disk.role === "control-plane" ? " and a new control plane instance was created" : ""}`, { clusterId: found.id, deadline: undefined });
    this.phases.resume(machine);
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
