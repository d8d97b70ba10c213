/** Which state of a cluster follows which, as upstream's KubernetesCluster.java has it. What it does not list does not happen, and nobody is told. */
import type { Cloud } from "../cloud";
import type { ClusterRow, ClusterState, ManagedCluster } from "../model";

export type ClusterEvent = "start" | "stop" | "scale" | "upgrade" | "import" | "removeNodes" | "destroy" | "recover" | "faults" | "succeeded" | "failed" | "createFailed";

const transitions: Readonly<Partial<Record<ClusterState, Readonly<Partial<Record<ClusterEvent, ClusterState>>>>>> = {
  Created: { start: "Starting" },
  Starting: { succeeded: "Running", failed: "Alert", createFailed: "Error", stop: "Stopping" },
  Running: { stop: "Stopping", faults: "Alert", scale: "Scaling", upgrade: "Upgrading", import: "Importing", removeNodes: "RemovingNodes", destroy: "Destroying" },
  Scaling: { succeeded: "Running", failed: "Alert" },
  Upgrading: { succeeded: "Running", failed: "Alert" },
  Importing: { succeeded: "Running", failed: "Running" },
  RemovingNodes: { succeeded: "Running", failed: "Running" },
  Stopping: { succeeded: "Stopped", failed: "Alert" },
  Stopped: { start: "Starting", scale: "ScalingStoppedCluster", destroy: "Destroying", faults: "Alert" },
  ScalingStoppedCluster: { succeeded: "Stopped", failed: "Alert" },
  Alert: { stop: "Stopping", import: "Importing", removeNodes: "RemovingNodes", recover: "Recovering", destroy: "Destroying" },
  Recovering: { succeeded: "Running", failed: "Alert" },
  Error: { destroy: "Destroying" },
};

/** The cluster as it is afterwards. */
export function transit(cloud: Cloud, cluster: ClusterRow, event: ClusterEvent): ClusterRow {
  const now = cloud.table("clusters").get(cluster.id) ?? cluster;
  const state = transitions[now.state]?.[event];
  if (state === undefined) return now;
  // Whatever a restart had interrupted is over with it.
  const { cancelled: _over, ...managed } = now.managed ?? {};
  return cloud.table("clusters").patch(cluster.id, { state, ...(now.managed?.cancelled === undefined ? {} : { managed: managed as ManagedCluster }) });
}

/** Takes the record away, and what is written on it. */
export function dropCluster(cloud: Cloud, cluster: ClusterRow): void {
  const notes = cloud.table("annotations");
  for (const note of notes.filter(({ entityId }) => entityId === cluster.id)) notes.remove(note.id);
  cloud.drop("clusters", cluster);
}
