/** How long the certificates of nodes still last: each agent says on its node when the first of them ends. Pure. */
import { certificatesEndAnnotation, type Role } from "./ownership";
import type { KubernetesNode } from "./ports";
import { listed } from "./wording";

type Told = Pick<KubernetesNode, "annotations">;

/** Milliseconds since 1970; NaN where nobody says, which is neither before nor after any time. */
const certificatesEnd = ({ annotations }: Told): number => Date.parse(annotations[certificatesEndAnnotation] ?? "");

/**
 * A worker whose kubelet's certificate ended while it was off: a control plane signs itself another one, and a worker has to be let in again.
 * @param now milliseconds since 1970
 */
export const isLockedOut = (role: Role, node: Told | undefined, now: number): boolean => role === "worker" && node !== undefined && certificatesEnd(node) <= now;

const minute = (ms: number): string => new Date(ms).toISOString().replace("T", " ").slice(0, 16);

/**
 * Why a hop can't be begun: an API server or a kubelet whose certificate ends in the middle of it would be shut out half-way. One that
 * ends by then has been overlooked by its agent, which renews them weeks before.
 * @param now milliseconds since 1970
 */
export function endingCertificates(nodes: readonly Pick<KubernetesNode, "name" | "annotations">[], { now, hopSeconds }: { readonly now: number; readonly hopSeconds: number }): string[] {
  const ending = nodes.map((node) => ({ name: node.name, end: certificatesEnd(node) })).filter(({ end }) => end < now + hopSeconds * 1000);
  if (ending.length === 0) return [];
  const names = ending.map(({ name }) => name);
  const first = ending.reduce((earliest, each) => (each.end < earliest.end ? each : earliest));
  const whose = names.length === 1 ? names[0]! : `${listed(names)} (${first.name}'s first)`;
  return [
    `certificates of ${whose} end on ${minute(first.end)} UTC, and a hop may take ${Math.ceil(hopSeconds / 60)} min (timeouts.upgrade): its agent renews them weeks before, so something keeps it from that. ` +
      `Look at what it says (kubectl describe node ${first.name}: ablestack.io/certificates; on the machine: journalctl -u ablestack-kubernetes-agent), or replace the machine (nodes: { "${first.name}": { replace: "<why>" } })`,
  ];
}

/** Said by the preview, and by the run that is refused the hop. */
export const staysAt = (clusterName: string, from: string, why: string): string => `${clusterName} stays at ${from}: ${why}`;
