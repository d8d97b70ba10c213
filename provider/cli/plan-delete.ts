/** `plan --delete`: finds the cluster, and rehearses. */
import type { ClusterAccess } from "../core/ports";
import { findCluster } from "../core/find-cluster";
import { planDeletion } from "../core/rehearsal";
import type { Session } from "../handlers/handler";
import type { Answer } from "./answer";
import type { PlanDelete } from "./command-line";
import { words, type Rehearsed } from "./words";

/** @throws MoldError, KubernetesError or ClusterError: why it could not be found out */
export async function planDelete(session: Session, asked: PlanDelete): Promise<Answer> {
  const access = asked.kubeconfig === undefined ? undefined : await accessFrom(asked.kubeconfig);
  const declaredBy = { owner: "", resource: "" };
  const cluster = await findCluster(session.world(undefined, declaredBy), asked.cluster, asked.owner);
  const world = session.world(undefined, { ...declaredBy, owner: cluster.owner ?? "" });
  const plan = await planDeletion(world, cluster, access);
  const rehearsed: Rehearsed = { cluster, ...plan, ...(access ? {} : { unseen: "only the cluster's own API knows them; give --kubeconfig FILE" }) };
  return { data: rehearsed, text: words(rehearsed), blocked: rehearsed.blocks.length > 0 };
}

export async function accessFrom(path: string): Promise<ClusterAccess> {
  const { readKubeconfig } = await import("../kubernetes/read-kubeconfig.js");
  return readKubeconfig(path);
}
