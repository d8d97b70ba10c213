/** What the Kubernetes service does on simulated machines by SSH. */
import type { NodeShell, ShownNode } from "../hypervisor";
import type { Cluster } from "./cluster";
import { syncUnschedulable } from "./kubernetes-api/admission";
import { listIn, objectIn, stringIn, type JsonObject, type KubernetesObject } from "./kubernetes-api/objects";
import { kinds } from "./kubernetes-api/resources";
import { blockingBudgets, isNodeReady } from "./kubernetes-api/workloads";
import { clusterOf, servedBy, type Site } from "./site";

const AWAY = "The connection to the server localhost:6443 was refused - did you specify the right host or port?";

export class SimulatedShell implements NodeShell {
  constructor(private readonly site: Site) {}

  private cluster(machineIds: readonly string[]): Cluster | undefined {
    for (const id of machineIds) {
      const cluster = servedBy(this.site, id);
      if (cluster) return cluster;
    }
    return undefined;
  }

  nodes(machineIds: readonly string[]): readonly ShownNode[] | undefined {
    return this.cluster(machineIds)?.store.list(kinds.node).map((node) => ({
      name: node.metadata.name,
      ready: isNodeReady(node),
      schedulable: objectIn(node, "spec").unschedulable !== true,
      version: (stringIn(objectIn(objectIn(node, "status"), "nodeInfo"), "kubeletVersion") ?? "").replace(/^v/, ""),
    }));
  }

  drain(machineIds: readonly string[], node: string): string | undefined {
    const cluster = this.cluster(machineIds);
    if (!cluster) return AWAY;
    if (!this.setUnschedulable(cluster, node, true)) return `Error from server (NotFound): nodes "${node}" not found`;
    for (const pod of movable(cluster, node)) {
      const [budget] = blockingBudgets(cluster.store, pod);
      if (budget) return `error when evicting pods/"${pod.metadata.name}" -n "${pod.metadata.namespace ?? ""}": Cannot evict pod as it would violate the pod's disruption budget.`;
      cluster.store.remove(kinds.pod, pod.metadata.namespace, pod.metadata.name);
      cluster.workloads.settle();
    }
    this.site.changed();
    return undefined;
  }

  uncordon(machineIds: readonly string[], node: string): string | undefined {
    const cluster = this.cluster(machineIds);
    if (!cluster) return AWAY;
    this.setUnschedulable(cluster, node, false);
    return undefined;
  }

  deleteNode(machineIds: readonly string[], node: string): string | undefined {
    const cluster = this.cluster(machineIds);
    if (!cluster) return AWAY;
    cluster.store.remove(kinds.node, undefined, node);
    cluster.forgetKubelet(node);
    cluster.workloads.settle();
    this.site.changed();
    return undefined;
  }

  upgrade(machineId: string, version: string, { first }: { readonly first: boolean }): string | undefined {
    const machine = this.site.machines.get(machineId);
    const cluster = machine && clusterOf(this.site, machine);
    if (!machine?.up || !machine.disk || !cluster) return `ssh: connect to host ${machine?.spec.guestIp ?? "?"} port 2222: Connection refused`;
    if (machine.spec.iso?.version !== version) return `Kubernetes ISO of ${version} is not mounted`;
    machine.update({ disk: { ...machine.disk, version } });
    machine.say(`kubeadm: upgrade ${first ? `apply v${version}` : "node"}; kubelet restarted`);
    if (first && cluster.facts.version !== version) {
      cluster.record(version);
      cluster.renewAddons();
    }
    this.site.changed();
    return undefined;
  }

  reset(machineId: string): void {
    this.site.machines.get(machineId)?.update({ seeded: false, disk: undefined, installed: false, clusterId: undefined, answer: undefined });
  }

  demand(machineIds: readonly string[]): { pending: number; idle: string[] } | undefined {
    const cluster = this.cluster(machineIds);
    if (!cluster) return undefined;
    const pods = cluster.store.list(kinds.pod);
    const pending = pods.filter((pod) => stringIn(objectIn(pod, "spec"), "nodeName") === undefined).length;
    const idle = cluster.store.list(kinds.node).flatMap(({ metadata: { name } }) => (movable(cluster, name).length === 0 ? [name] : []));
    return { pending, idle };
  }

  private setUnschedulable(cluster: Cluster, node: string, unschedulable: boolean): boolean {
    const changed = cluster.store.change(kinds.node, undefined, node, (next) => {
      next.spec = { ...objectIn(next, "spec"), unschedulable };
      syncUnschedulable(next);
    });
    cluster.workloads.settle();
    return changed !== undefined;
  }
}

/** Pods that a drain moves: neither of a DaemonSet nor static. */
function movable(cluster: Cluster, node: string): KubernetesObject[] {
  return cluster.store.list(kinds.pod).filter((pod) => {
    const owner = stringIn((listIn(pod.metadata, "ownerReferences") as JsonObject[])[0] ?? {}, "kind");
    return stringIn(objectIn(pod, "spec"), "nodeName") === node && owner !== "DaemonSet" && owner !== "Node" && pod.metadata.annotations?.["kubernetes.io/config.mirror"] === undefined;
  });
}
