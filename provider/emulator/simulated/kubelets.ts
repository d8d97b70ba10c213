/** Kubelets and what the control plane makes of them: registering, turning Ready, falling silent. */
import { certificateAnnotation, newCertificates, renewedCertificates } from "./certificate-life";
import type { Cluster, Kubelet } from "./cluster";
import { isNodeReady } from "./kubernetes-api/workloads";
import { registered } from "./kubernetes-api/node-events";
import { registerNode, remirror, setReadiness, type NodeFacts } from "./kubernetes-api/node-objects";
import type { KubernetesObject } from "./kubernetes-api/objects";
import { kinds } from "./kubernetes-api/resources";
import type { Machine } from "./machine";
import { ANSWER } from "./node-protocol";
import { clusterAt, clusterOf, type Site } from "./site";
import { compareVersions, minorOf } from "./violations";

/** How many minors a kubelet may be behind: https://kubernetes.io/releases/version-skew-policy/ */
const KUBELET_SKEW = 3;

function factsOf(machine: Machine, cluster: Cluster): NodeFacts | undefined {
  const { disk, spec, state } = machine;
  if (!disk) return undefined;
  return {
    name: disk.nodeName, controlPlane: disk.role === "control-plane", version: disk.version, staticPods: machine.serves, address: spec.guestIp, cpu: spec.cpu, memoryMb: spec.memoryMb, machineId: spec.id, bootId: state.bootId,
    labels: disk.labels, taints: disk.taints, podSubnet: cluster.facts.podSubnet,
  };
}

/** kubeadm renews a control plane's with every upgrade. */
function certificatesOf(before: Kubelet | undefined, { id }: Machine, { controlPlane, version }: NodeFacts, now: number): number {
  const kept = before?.machineId === id && !(controlPlane && before.version !== version) ? before.certificatesEnd : undefined;
  return kept === undefined ? newCertificates(now) : renewedCertificates(kept, now);
}

export class Kubelets {
  constructor(private readonly site: Site) {}

  /** A kubelet registers, at join, after every boot and as another version. Its cluster's API has to answer. */
  register(machine: Machine, cluster: Cluster): void {
    const facts = factsOf(machine, cluster);
    if (!facts) return;
    const { context, violations, machines } = this.site;
    const holder = cluster.kubelets[facts.name];
    if (holder && holder.machineId !== machine.id && machines.get(holder.machineId)?.up) violations.add("double-node", `node ${facts.name} is two machines`, machine.id);
    const isNew = holder?.machineId !== machine.id;
    registerNode(cluster.store, facts, isNew, context.clock.now());
    const certificatesEnd = certificatesOf(holder, machine, facts, context.clock.now());
    // The agent's word, beside the kubelet's: that it has joined, once; after a reboot it stands by what it has said since.
    const answer = machine.state.answer ?? `joined ${facts.version}`;
    const isServed = machine.disk?.served === true;
    if (!isServed) machine.update({ answer });
    if (!isServed) cluster.store.change(kinds.node, undefined, facts.name, (node) => {
      node.metadata.annotations = { ...node.metadata.annotations, [ANSWER]: answer, ...certificateAnnotation(certificatesEnd) };
    });
    const state = this.stateOf(machine, cluster, facts.name, isNew);
    cluster.setKubelet(facts.name, { machineId: machine.id, state, bootId: machine.state.bootId, version: facts.version, since: context.clock.now(), ...(isServed ? {} : { certificatesEnd }) });
    machine.say(`kubelet: node ${facts.name} registered`);
    this.checkSkew(machine, cluster);
    cluster.workloads.settle();
  }

  /** A node whose kubelet starts again stays as Ready as it was (seen on real ones: through upgrades and reboots alike). */
  private stateOf(machine: Machine, cluster: Cluster, name: string, isNew: boolean): Kubelet["state"] {
    if (isNew || !this.isReady(cluster, name)) return "starting";
    if (!this.site.context.faultFor("nodeNeverReady", machine.spec.name)) return "ready";
    setReadiness(cluster.store, name, "starting", this.site.context.clock.now());
    return this.neverReady(machine);
  }

  private neverReady(machine: Machine): "never" {
    machine.say("kubelet: container runtime network not ready: cni plugin not initialized");
    return "never";
  }

  private checkSkew(machine: Machine, cluster: Cluster): void {
    const version = machine.disk?.version ?? "";
    for (const member of cluster.members) {
      const server = this.site.machines.get(member.machineId)?.serves;
      if (!server) continue;
      const [own, other] = [machine.disk?.nodeName ?? "", member.name];
      if (compareVersions(version, server) > 0 && machine.disk?.role === "worker") this.site.violations.add("kubelet-newer", `the kubelet of ${own} is ${version}, the API server of ${other} ${server}`, machine.id);
      if (minorOf(server) - minorOf(version) > KUBELET_SKEW) this.site.violations.add("kubelet-too-old", `the kubelet of ${own} is ${version}, the API server of ${other} ${server}`, machine.id);
      if (machine.disk?.role === "control-plane" && Math.abs(minorOf(server) - minorOf(version)) > 1) this.site.violations.add("api-servers-apart", `${own} is ${version}, ${other} ${server}`, machine.id);
    }
  }

  /**
   * Whether the API hears from a machine's kubelet. A worker's goes to the endpoint, through balancer and firewall; a control
   * plane's talks to its own API server (kubeadm's ControlPlaneKubeletLocalMode).
   */
  private isHeard(cluster: Cluster, machineId: string): boolean {
    const machine = this.site.machines.get(machineId);
    if (!machine?.up || !machine.disk) return false;
    return machine.disk.role === "control-plane" ? cluster.isVoter(machineId) : clusterAt(this.site, machine, machine.disk.joinEndpoint) === cluster;
  }

  /** Whether a machine and the API of its cluster can talk to each other now. */
  hears(cluster: Cluster, machineId: string): boolean {
    return cluster.available && this.isHeard(cluster, machineId);
  }

  /** Looks at every kubelet of a cluster whose API answers: who has to register, who turns Ready, who has fallen silent. */
  tend(cluster: Cluster): void {
    const { machines, timers, context, durations } = this.site;
    for (const machine of machines.values()) {
      const name = machine.disk?.nodeName;
      if (name === undefined || clusterOf(this.site, machine) !== cluster || !this.isHeard(cluster, machine.id)) continue;
      const kubelet = cluster.kubelets[name];
      if (!kubelet || kubelet.machineId !== machine.id || kubelet.bootId !== machine.state.bootId || kubelet.version !== machine.disk?.version) this.register(machine, cluster);
    }
    for (const [name, known] of Object.entries(cluster.kubelets)) {
      const up = this.isHeard(cluster, known.machineId);
      // One that was silent for so short a time that its node still counts as Ready has nothing to turn.
      if (up && (known.state === "silent" || known.state === "lost")) cluster.setKubelet(name, { ...known, state: known.state === "silent" && this.isReady(cluster, name) ? "ready" : "starting", since: context.clock.now() });
      const kubelet = cluster.kubelets[name] ?? known;
      const ready = `ready/${cluster.id}/${name}`;
      const silence = `silence/${cluster.id}/${name}`;
      if (up) timers.cancel(silence);
      else timers.cancel(ready);
      if (up && kubelet.state === "starting" && !timers.has(ready)) timers.at(ready, Math.max(kubelet.since, context.clock.now() - durations.nodeReady) + durations.nodeReady, () => this.turnReady(cluster, name));
      if (up || kubelet.state === "lost") continue;
      if (kubelet.state !== "silent") cluster.setKubelet(name, { ...kubelet, state: "silent", since: context.clock.now() });
      if (!timers.has(silence)) timers.at(silence, (cluster.kubelets[name]?.since ?? 0) + durations.nodeGrace, () => this.lose(cluster, name));
    }
  }

  private turnReady(cluster: Cluster, name: string): void {
    const { context, machines } = this.site;
    const kubelet = cluster.kubelets[name];
    const machine = kubelet && machines.get(kubelet.machineId);
    if (!kubelet || !machine || !this.isHeard(cluster, machine.id) || kubelet.state !== "starting" || !cluster.available) return;
    if (context.faultFor("nodeNeverReady", machine.spec.name)) {
      cluster.setKubelet(name, { ...kubelet, state: this.neverReady(machine) });
      return;
    }
    cluster.setKubelet(name, { ...kubelet, state: "ready" });
    setReadiness(cluster.store, name, "ready", context.clock.now());
    cluster.workloads.settle();
    machine.say(`kubelet: node ${name} is Ready`);
    this.site.changed();
  }

  private lose(cluster: Cluster, name: string): void {
    const kubelet = cluster.kubelets[name];
    if (!kubelet || kubelet.state !== "silent" || !cluster.available) return;
    cluster.setKubelet(name, { ...kubelet, state: "lost" });
    setReadiness(cluster.store, name, "unknown", this.site.context.clock.now());
    cluster.workloads.settle();
    // A machine of its name that waits to join may now.
    this.site.changed();
  }

  /** Controllers that begin to lead take up every node. */
  takenUp(cluster: Cluster): void {
    for (const node of cluster.store.list(kinds.node)) registered(cluster.store, node, this.site.context.clock.now());
  }

  /** The grace of silent kubelets begins anew when the API was away: the node controller starts from what it sees then. */
  resume(cluster: Cluster): void {
    const now = this.site.context.clock.now();
    for (const [name, kubelet] of Object.entries(cluster.kubelets)) {
      if (kubelet.state !== "silent") continue;
      this.site.timers.cancel(`silence/${cluster.id}/${name}`);
      cluster.setKubelet(name, { ...kubelet, since: now });
    }
  }

  /** A control plane's static pods are of another version now. */
  remirror(cluster: Cluster, machine: Machine): void {
    const facts = factsOf(machine, cluster);
    if (!facts) return;
    remirror(cluster.store, facts);
    cluster.workloads.settle();
  }

  /** A deleted pod that was a static one comes back at once, by its kubelet. */
  podDeleted(cluster: Cluster, pod: KubernetesObject): void {
    if (pod.metadata.annotations?.["kubernetes.io/config.mirror"] === undefined) return;
    for (const machine of this.site.machines.values()) {
      const facts = machine.up && clusterOf(this.site, machine) === cluster ? factsOf(machine, cluster) : undefined;
      if (facts && pod.metadata.name.endsWith(`-${facts.name}`)) remirror(cluster.store, facts);
    }
  }

  isReady(cluster: Cluster, name: string): boolean {
    const node = cluster.store.get(kinds.node, undefined, name);
    return node !== undefined && isNodeReady(node);
  }
}
