/** What a cluster has beyond its machines, in the core's words: services known outside, and volumes. */
import type { V1PersistentVolume, V1Service } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { KubernetesLoadBalancer, KubernetesVolume } from "../core/ports";

export const toLoadBalancer = ({ metadata, spec, status }: V1Service): KubernetesLoadBalancer => ({
  namespace: metadata?.namespace ?? "",
  name: metadata?.name ?? "",
  ports: (spec?.ports ?? []).map(({ port }) => port),
  addresses: (status?.loadBalancer?.ingress ?? []).flatMap(({ ip, hostname }) => ip ?? hostname ?? []),
});

/** Beside what keeps it, a volume's `spec` says only how it may be used: the one field below it that is none of these names the kind. */
const usage = new Set(["accessModes", "capacity", "claimRef", "mountOptions", "nodeAffinity", "persistentVolumeReclaimPolicy", "storageClassName", "volumeAttributesClassName", "volumeMode"]);

export function toVolume({ metadata, spec }: V1PersistentVolume): KubernetesVolume {
  const claim = spec?.claimRef;
  const size = spec?.capacity?.storage;
  const kind = spec?.csi?.driver ?? Object.keys(spec ?? {}).find((field) => !usage.has(field));
  const onNode = kind === "local" || kind === "hostPath";
  return {
    name: metadata?.name ?? "",
    ...(claim?.name ? { claim: `${claim.namespace ?? ""}/${claim.name}` } : {}),
    ...(size === undefined ? {} : { size }),
    onNode,
    ...(onNode || kind === undefined ? {} : { keptBy: kind }),
  };
}
