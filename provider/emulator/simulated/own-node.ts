/** An agent's own Node: all of the API that it takes orders from and answers on. */
import type { Cluster } from "./cluster";
import { kinds } from "./kubernetes-api/resources";
import type { Machine } from "./machine";
import type { NodeDisk } from "./node-disk";
import { clusterOf, type Site } from "./site";

export interface OwnNode {
  readonly cluster: Cluster;
  readonly disk: NodeDisk;
  /** As they are now. */
  readonly annotations: Readonly<Record<string, string>>;
}

/** Undefined: the machine is no member, or another one has its name by now. */
export function ownNode(site: Site, machine: Machine): OwnNode | undefined {
  const { disk, state } = machine;
  const cluster = clusterOf(site, machine);
  if (state.phase !== "member" || !disk || !cluster || cluster.kubelets[disk.nodeName]?.machineId !== machine.id) return undefined;
  return { cluster, disk, annotations: cluster.store.get(kinds.node, undefined, disk.nodeName)?.metadata.annotations ?? {} };
}

export function annotate({ store }: Cluster, node: string, annotations: Readonly<Record<string, string>>): void {
  store.change(kinds.node, undefined, node, ({ metadata }) => {
    metadata.annotations = { ...metadata.annotations, ...annotations };
  });
}
