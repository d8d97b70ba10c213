/** What the parts of the simulated hypervisor share: the machines, the clusters, who reaches whom, and time. */
import type { HypervisorContext } from "../hypervisor";
import type { Cluster, ClusterEvents } from "./cluster";
import type { Durations } from "./durations";
import type { Machine } from "./machine";
import type { Reach } from "./reach";
import type { Timers } from "./timers";
import type { Violations } from "./violations";

export interface Site {
  readonly context: HypervisorContext;
  readonly durations: Durations;
  readonly timers: Timers;
  /** In the order in which they first started. */
  readonly machines: ReadonlyMap<string, Machine>;
  readonly clusters: Set<Cluster>;
  readonly reach: Reach;
  readonly violations: Violations;
  /** Something has changed that somebody else may wait for. */
  changed(): void;
  readonly events: ClusterEvents;
}

export function isUp(site: Site): (machineId: string) => boolean {
  return (machineId) => site.machines.get(machineId)?.up === true;
}

/** The cluster whose API this machine serves now: it is one of its control planes, is up, its etcd is a member and has its majority. */
export function servedBy(site: Site, machineId: string): Cluster | undefined {
  const machine = site.machines.get(machineId);
  if (!machine?.up || machine.disk?.role !== "control-plane") return undefined;
  const cluster = clusterOf(site, machine);
  return cluster?.isVoter(machineId) && cluster.hasQuorum(isUp(site)) ? cluster : undefined;
}

export function clusterOf(site: Site, machine: Machine): Cluster | undefined {
  const id = machine.state.clusterId;
  if (id === undefined) return undefined;
  for (const cluster of site.clusters) if (cluster.id === id) return cluster;
  return undefined;
}

/** The cluster that answers a machine at an endpoint, or why none does. */
export function clusterAt(site: Site, client: Machine, endpoint: string): Cluster | string {
  const found = site.reach.fromGuest(client, endpoint, site.machines.values());
  if (typeof found === "string") return found;
  for (const machineId of found) {
    const cluster = servedBy(site, machineId);
    if (cluster) return cluster;
  }
  return `connect ${endpoint}: connection refused (no API server answers behind it)`;
}
