/** `plan --delete`: finds the cluster, and rehearses. */
import type { ClusterAccess, Log } from "../core/ports";
import { findCluster, type FoundCluster } from "../core/find-cluster";
import { planDeletion, type DeletionPlan } from "../core/rehearsal";
import { createSession } from "../handlers/session";
import type { Environment } from "../mold/connection";
import type { PlanDelete } from "./command-line";

export interface Rehearsed extends DeletionPlan {
  readonly cluster: FoundCluster;
}

/** @throws ConnectionError, MoldError, KubernetesError or ClusterError: why it could not be found out */
export async function planDelete(asked: PlanDelete, env: Environment, log: Log): Promise<Rehearsed> {
  const access = asked.kubeconfig === undefined ? undefined : await accessFrom(asked.kubeconfig);
  const session = createSession({ config: () => undefined, env, log, signal: new AbortController().signal });
  const declaredBy = { owner: "", resource: "" };
  const cluster = await findCluster(session.world(undefined, declaredBy), asked.cluster, asked.owner);
  const world = session.world(undefined, { ...declaredBy, owner: cluster.owner ?? "" });
  const plan = await planDeletion(world, cluster, access);
  return { cluster, ...plan, ...(access ? {} : { unseen: "only the cluster's own API knows them; give --kubeconfig FILE" }) };
}

async function accessFrom(path: string): Promise<ClusterAccess> {
  const { readKubeconfig } = await import("../kubernetes/read-kubeconfig.js");
  return readKubeconfig(path);
}
