/**
 * When a node's certificates end, as its agent says on the Node: kubeadm's and the kubelet's last a year, and are renewed in good time
 * while the machine runs. Played when read, so that a year costs nothing.
 */
import { timestamp, type KubernetesObject } from "./kubernetes-api/objects";
import { CERTIFICATES_END } from "./node-protocol";

const DAY = 86_400_000;
const LIFE = 365 * DAY;
/** With so much left they are renewed. */
const RENEWED_WITH = 30 * DAY;

export const newCertificates = (now: number): number => now + LIFE;

/** When those end that a node has now which has renewed them whenever it was time. */
export const renewedCertificates = (end: number, now: number): number => {
  const missed = Math.floor((now + RENEWED_WITH - end) / (LIFE - RENEWED_WITH)) + 1;
  return end + Math.max(0, missed) * (LIFE - RENEWED_WITH);
};

export const certificateAnnotation = (end: number): Record<string, string> => ({ [CERTIFICATES_END]: timestamp(end) });

/** The Node as a running agent keeps it. What somebody else has written there stands until it has something new to say. */
export function withCertificates(node: KubernetesObject, end: number, now: number): KubernetesObject {
  const { annotations } = node.metadata;
  if (annotations?.[CERTIFICATES_END] !== timestamp(end) || end > now + RENEWED_WITH) return node;
  return { ...node, metadata: { ...node.metadata, annotations: { ...annotations, ...certificateAnnotation(renewedCertificates(end, now)) } } };
}
