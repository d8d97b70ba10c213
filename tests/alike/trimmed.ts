/** What is kept of the objects that are watched: all that may be compared, and nothing that changes all the time or is secret. */

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
}

export interface KubernetesObject {
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly resourceVersion?: string; readonly labels?: Record<string, string>; readonly annotations?: Record<string, string>; readonly deletionTimestamp?: string };
  readonly spec?: { readonly nodeName?: string; readonly unschedulable?: boolean; readonly taints?: readonly { key: string; value?: string; effect: string }[]; readonly podCIDR?: string; readonly containers?: readonly { name: string; image: string }[] };
  readonly status?: {
    readonly phase?: string;
    readonly conditions?: readonly Condition[];
    readonly addresses?: readonly { type: string }[];
    readonly allocatable?: Record<string, string>;
    readonly nodeInfo?: Record<string, string>;
    readonly containerStatuses?: readonly { name: string; ready: boolean; restartCount: number; state?: Record<string, { reason?: string }> }[];
  };
  readonly data?: Record<string, string>;
  readonly involvedObject?: { readonly kind: string; readonly name: string };
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly source?: { readonly component?: string };
  readonly reportingComponent?: string;
}

export type Kind = "node" | "pod" | "event" | "configuration";

/** Where each kind is listed and watched. */
export const objects: Readonly<Record<Kind, string>> = {
  node: "/api/v1/nodes",
  pod: "/api/v1/pods",
  event: "/api/v1/events",
  configuration: "/api/v1/namespaces/kube-system/configmaps?fieldSelector=metadata.name%3Dkubeadm-config",
};

const conditions = ({ status }: KubernetesObject): readonly Condition[] => (status?.conditions ?? []).map(({ type, status: is, reason, message }) => ({ type, status: is, reason, message }));

export interface TrimmedNode {
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly leaving: boolean;
  readonly unschedulable: boolean;
  readonly taints: readonly { key: string; value?: string; effect: string }[];
  readonly hasPodCidr: boolean;
  readonly conditions: readonly Condition[];
  readonly addresses: readonly string[];
  readonly info?: Record<string, string>;
}

export interface TrimmedPod {
  readonly node?: string;
  readonly labels?: Record<string, string>;
  readonly isMirror: boolean;
  readonly leaving: boolean;
  readonly phase?: string;
  readonly images: readonly string[];
  readonly conditions: readonly Condition[];
  readonly containers: readonly { name: string; ready: boolean; restarts: number; state?: Record<string, { reason?: string }> }[];
}

export interface TrimmedEvent {
  readonly of: string;
  readonly type?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly count?: number;
  readonly by?: string;
}

export const trimmed = {
  node: (node: KubernetesObject): TrimmedNode => ({
    labels: node.metadata.labels,
    annotations: node.metadata.annotations,
    leaving: node.metadata.deletionTimestamp !== undefined,
    unschedulable: node.spec?.unschedulable === true,
    taints: (node.spec?.taints ?? []).map(({ key, value, effect }) => ({ key, value, effect })),
    hasPodCidr: node.spec?.podCIDR !== undefined,
    conditions: conditions(node),
    addresses: (node.status?.addresses ?? []).map(({ type }) => type),
    info: node.status?.nodeInfo,
  }),
  pod: (pod: KubernetesObject): TrimmedPod => ({
    node: pod.spec?.nodeName,
    labels: pod.metadata.labels,
    isMirror: pod.metadata.annotations?.["kubernetes.io/config.mirror"] !== undefined,
    leaving: pod.metadata.deletionTimestamp !== undefined,
    phase: pod.status?.phase,
    images: (pod.spec?.containers ?? []).map(({ image }) => image),
    conditions: conditions(pod),
    containers: (pod.status?.containerStatuses ?? []).map(({ name, ready, restartCount, state }) => ({ name, ready, restarts: restartCount, state })),
  }),
  event: ({ involvedObject, type, reason, message, count, source, reportingComponent }: KubernetesObject): TrimmedEvent => ({
    of: `${involvedObject?.kind ?? ""} ${involvedObject?.name ?? ""}`,
    type,
    reason,
    message,
    count,
    by: source?.component || reportingComponent,
  }),
  configuration: ({ data }: KubernetesObject): { version?: string } => ({ version: /^kubernetesVersion: v(\S+)$/m.exec(data?.ClusterConfiguration ?? "")?.[1] }),
} satisfies Record<Kind, (object: KubernetesObject) => unknown>;
