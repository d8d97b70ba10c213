/** Every kind of object that the simulated API serves, by group. Discovery, paths and storage follow from this one table. */

export interface Resource {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  readonly namespaced: boolean;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  /** `status`, `scale`, `eviction`, `log` and the like. */
  readonly subresources: readonly string[];
}

type Row = readonly [plural: string, kind: string, namespaced: boolean, shortNames?: string, subresources?: string, categories?: string];

const groups: readonly { readonly group: string; readonly version: string; readonly rows: readonly Row[] }[] = [
  {
    group: "",
    version: "v1",
    rows: [
      ["configmaps", "ConfigMap", true, "cm"],
      ["endpoints", "Endpoints", true, "ep"],
      ["events", "Event", true, "ev"],
      ["limitranges", "LimitRange", true, "limits"],
      ["namespaces", "Namespace", false, "ns", "status finalize"],
      ["nodes", "Node", false, "no", "status"],
      ["persistentvolumeclaims", "PersistentVolumeClaim", true, "pvc", "status"],
      ["persistentvolumes", "PersistentVolume", false, "pv", "status"],
      ["pods", "Pod", true, "po", "status log exec eviction binding", "all"],
      ["replicationcontrollers", "ReplicationController", true, "rc", "status scale", "all"],
      ["resourcequotas", "ResourceQuota", true, "quota", "status"],
      ["secrets", "Secret", true],
      ["serviceaccounts", "ServiceAccount", true, "sa"],
      ["services", "Service", true, "svc", "status", "all"],
    ],
  },
  {
    group: "apps",
    version: "v1",
    rows: [
      ["controllerrevisions", "ControllerRevision", true],
      ["daemonsets", "DaemonSet", true, "ds", "status", "all"],
      ["deployments", "Deployment", true, "deploy", "status scale", "all"],
      ["replicasets", "ReplicaSet", true, "rs", "status scale", "all"],
      ["statefulsets", "StatefulSet", true, "sts", "status scale", "all"],
    ],
  },
  { group: "autoscaling", version: "v2", rows: [["horizontalpodautoscalers", "HorizontalPodAutoscaler", true, "hpa", "status", "all"]] },
  {
    group: "batch",
    version: "v1",
    rows: [
      ["cronjobs", "CronJob", true, "cj", "status", "all"],
      ["jobs", "Job", true, "", "status", "all"],
    ],
  },
  { group: "certificates.k8s.io", version: "v1", rows: [["certificatesigningrequests", "CertificateSigningRequest", false, "csr", "status approval"]] },
  { group: "coordination.k8s.io", version: "v1", rows: [["leases", "Lease", true]] },
  { group: "discovery.k8s.io", version: "v1", rows: [["endpointslices", "EndpointSlice", true]] },
  { group: "events.k8s.io", version: "v1", rows: [["events", "Event", true, "ev"]] },
  {
    group: "networking.k8s.io",
    version: "v1",
    rows: [
      ["ingressclasses", "IngressClass", false],
      ["ingresses", "Ingress", true, "ing", "status"],
      ["networkpolicies", "NetworkPolicy", true, "netpol"],
    ],
  },
  { group: "policy", version: "v1", rows: [["poddisruptionbudgets", "PodDisruptionBudget", true, "pdb", "status"]] },
  {
    group: "rbac.authorization.k8s.io",
    version: "v1",
    rows: [
      ["clusterrolebindings", "ClusterRoleBinding", false],
      ["clusterroles", "ClusterRole", false],
      ["rolebindings", "RoleBinding", true],
      ["roles", "Role", true],
    ],
  },
  { group: "scheduling.k8s.io", version: "v1", rows: [["priorityclasses", "PriorityClass", false, "pc"]] },
  {
    group: "storage.k8s.io",
    version: "v1",
    rows: [
      ["csidrivers", "CSIDriver", false],
      ["csinodes", "CSINode", false],
      ["storageclasses", "StorageClass", false, "sc"],
      ["volumeattachments", "VolumeAttachment", false, "", "status"],
    ],
  },
];

const words = (source: string | undefined): string[] => (source ? source.split(" ") : []);

export const resources: readonly Resource[] = groups.flatMap(({ group, version, rows }) =>
  rows.map(([plural, kind, namespaced, shortNames, subresources, categories]) => ({
    group,
    version,
    plural,
    singular: kind.toLowerCase(),
    kind,
    namespaced,
    shortNames: words(shortNames),
    subresources: words(subresources),
    categories: words(categories),
  })),
);

/** Groups that only answer reviews: nothing is stored under them. */
export const reviewGroups: readonly { readonly group: string; readonly version: string; readonly plural: string; readonly kind: string }[] = [
  { group: "authentication.k8s.io", version: "v1", plural: "selfsubjectreviews", kind: "SelfSubjectReview" },
  { group: "authorization.k8s.io", version: "v1", plural: "selfsubjectaccessreviews", kind: "SelfSubjectAccessReview" },
  { group: "authorization.k8s.io", version: "v1", plural: "selfsubjectrulesreviews", kind: "SelfSubjectRulesReview" },
];

export const groupVersions: readonly { readonly group: string; readonly version: string }[] = [
  ...groups.map(({ group, version }) => ({ group, version })),
  { group: "authentication.k8s.io", version: "v1" },
  { group: "authorization.k8s.io", version: "v1" },
];

const byPath = new Map(resources.map((resource) => [`${resource.group}/${resource.version}/${resource.plural}`, resource]));

/** The resource served under a group, version and plural. */
export function resourceAt(group: string, version: string, plural: string): Resource | undefined {
  // One set of events is served under both of its groups, as the real API does.
  return byPath.get(`${group}/${version}/${plural}`);
}

export function apiVersion(resource: { readonly group: string; readonly version: string }): string {
  return resource.group === "" ? resource.version : `${resource.group}/${resource.version}`;
}

function known(plural: string, group = ""): Resource {
  const found = resources.find((resource) => resource.group === group && resource.plural === plural);
  if (!found) throw new Error(`no resource ${group}/${plural}`);
  return found;
}

/** The resources that the simulation itself makes objects of. */
export const kinds = {
  configMap: known("configmaps"),
  endpoints: known("endpoints"),
  event: known("events"),
  namespace: known("namespaces"),
  node: known("nodes"),
  pod: known("pods"),
  secret: known("secrets"),
  service: known("services"),
  serviceAccount: known("serviceaccounts"),
  daemonSet: known("daemonsets", "apps"),
  deployment: known("deployments", "apps"),
  replicaSet: known("replicasets", "apps"),
  lease: known("leases", "coordination.k8s.io"),
  podDisruptionBudget: known("poddisruptionbudgets", "policy"),
  clusterRoleBinding: known("clusterrolebindings", "rbac.authorization.k8s.io"),
} as const;
