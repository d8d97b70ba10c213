/**
 * Workers whose kubelet's certificate ended while they were off. The agent says on the node when that is; a control plane signs itself
 * another one, and a worker has to be let in again. Pure.
 */
import { certificatesEndAnnotation, type Role } from "./ownership";
import type { KubernetesNode } from "./ports";

/** @param now milliseconds since 1970 */
export const isLockedOut = (role: Role, node: Pick<KubernetesNode, "annotations"> | undefined, now: number): boolean =>
  role === "worker" && node !== undefined && Date.parse(node.annotations[certificatesEndAnnotation] ?? "") <= now;
