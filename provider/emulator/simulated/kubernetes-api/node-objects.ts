/** A node's own objects: the Node, its lease, and on control planes the mirror pods of its static pods. */
import { companionsOf } from "./cluster-objects";
import { kubeletStarted, nodeReady, notReady, proxyStarted, rebooted, registered } from "./node-events";
import { listIn, objectIn, stringIn, timestamp, type JsonObject, type KubernetesObject, type ObjectStore } from "./objects";
import { kinds } from "./resources";

export interface NodeFacts {
  readonly name: string;
  readonly controlPlane: boolean;
  /** `1.35.4` */
  readonly version: string;
  /** Of a control plane's static pods: in an upgrade they are there before the kubelet. */
  readonly staticPods: string;
  readonly address: string;
  readonly cpu: number;
  readonly memoryMb: number;
  readonly machineId: string;
  readonly bootId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Undefined: kubeadm's default for the role. */
  readonly taints: readonly JsonObject[] | undefined;
  /** `3.6.6-0`-like tags follow from the version; this is the cluster's own subnet for pods. */
  readonly podSubnet: string;
}

const CONTROL_PLANE = "node-role.kubernetes.io/control-plane";
const NOT_READY = "node.kubernetes.io/not-ready";
const UNREACHABLE = "node.kubernetes.io/unreachable";
/** The kubelet keeps this much back (`memory.available` eviction threshold). */
const EVICTION_MI = 100;
const PODS_PER_NODE = "110";
const PODS_PREFIX = 24;

const pressures = [
  { type: "MemoryPressure", reason: "KubeletHasSufficientMemory", message: "kubelet has sufficient memory available" },
  { type: "DiskPressure", reason: "KubeletHasNoDiskPressure", message: "kubelet has no disk pressure" },
  { type: "PIDPressure", reason: "KubeletHasSufficientPID", message: "kubelet has sufficient PID available" },
] as const;

export type Readiness = "ready" | "starting" | "unknown";

function conditions(before: readonly JsonObject[], readiness: Readiness, time: string): JsonObject[] {
  const kept = (type: string, status: string): string => {
    const known = before.find((each) => each.type === type);
    return known?.status === status ? String(known.lastTransitionTime) : time;
  };
  const rows: JsonObject[] = pressures.map((each) => {
    const status = readiness === "unknown" ? "Unknown" : "False";
    const words = readiness === "unknown" ? { reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." } : { reason: each.reason, message: each.message };
    return { type: each.type, status, lastHeartbeatTime: time, lastTransitionTime: kept(each.type, status), ...words };
  });
  const ready = {
    ready: { status: "True", reason: "KubeletReady", message: "kubelet is posting ready status" },
    starting: { status: "False", reason: "KubeletNotReady", message: "container runtime network not ready: NetworkReady=false reason:NetworkPluginNotReady message:Network plugin returns error: cni plugin not initialized" },
    unknown: { status: "Unknown", reason: "NodeStatusUnknown", message: "Kubelet stopped posting node status." },
  }[readiness];
  return [...rows, { type: "Ready", lastHeartbeatTime: time, lastTransitionTime: kept("Ready", ready.status), ...ready }];
}

function taintsFor(before: readonly JsonObject[], readiness: Readiness, time: string): JsonObject[] {
  const kept = before.filter((taint) => taint.key !== NOT_READY && taint.key !== UNREACHABLE);
  if (readiness === "ready") return kept;
  const key = readiness === "starting" ? NOT_READY : UNREACHABLE;
  const known = before.filter((taint) => taint.key === key);
  // The one that drives pods away comes from the node lifecycle controller, which looks every five seconds; a new node is Ready by then.
  const own = [{ key, effect: "NoSchedule", timeAdded: time }, ...(readiness === "unknown" ? [{ key, effect: "NoExecute", timeAdded: time }] : [])];
  return [...kept, ...(known.length > 0 ? known : own)];
}

function podRange(store: ObjectStore, subnet: string): string {
  const used = new Set(store.list(kinds.node).map((node) => stringIn(objectIn(node, "spec"), "podCIDR")));
  const parts = (subnet.split("/")[0] ?? "10.244.0.0").split(".").map(Number);
  for (let index = 0; ; index++) {
    const third = (parts[2] ?? 0) + index;
    const range = `${parts[0]}.${(parts[1] ?? 0) + Math.floor(third / 256)}.${third % 256}.0/${PODS_PREFIX}`;
    if (!used.has(range)) return range;
  }
}

/**
 * The kubelet registers: makes the Node, or takes up the one that has its name.
 * @param isNew its machine has not been this node before: it has no network yet. Else the Node is as Ready as it was, which the kubelet will see to in time.
 */
export function registerNode(store: ObjectStore, facts: NodeFacts, isNew: boolean, now: number): void {
  const time = timestamp(now);
  const memoryKi = facts.memoryMb * 1024;
  const capacity = { cpu: String(facts.cpu), "ephemeral-storage": "20145724Ki", "hugepages-1Gi": "0", "hugepages-2Mi": "0", memory: `${memoryKi}Ki`, pods: PODS_PER_NODE };
  const { etcd, coredns, pause } = companionsOf(facts.version);
  const images = ["kube-proxy", ...(facts.controlPlane ? ["kube-apiserver", "kube-controller-manager", "kube-scheduler"] : [])].map((image) => `registry.k8s.io/${image}:v${facts.version}`);
  const known = store.get(kinds.node, undefined, facts.name);
  const bootBefore = stringIn(objectIn(objectIn(known ?? {}, "status"), "nodeInfo"), "bootID");
  const status = (conditionsNow: readonly JsonObject[]): JsonObject => ({
    capacity,
    allocatable: { ...capacity, "ephemeral-storage": "18566299208", memory: `${memoryKi - EVICTION_MI * 1024}Ki` },
    addresses: [{ type: "InternalIP", address: facts.address }, { type: "Hostname", address: facts.name }],
    conditions: [...conditionsNow],
    daemonEndpoints: { kubeletEndpoint: { Port: 10250 } },
    images: [...images, `registry.k8s.io/etcd:${etcd}`, `registry.k8s.io/coredns/coredns:${coredns}`, `registry.k8s.io/pause:${pause}`].map((name) => ({ names: [name], sizeBytes: 30_000_000 })),
    nodeInfo: {
      architecture: "amd64", bootID: facts.bootId, containerRuntimeVersion: "containerd://2.1.9", kernelVersion: "6.1.0-41-cloud-amd64", kubeProxyVersion: "", kubeletVersion: `v${facts.version}`,
      machineID: facts.machineId.replace(/-/g, ""), operatingSystem: "linux", osImage: "Debian GNU/Linux 12 (bookworm)", systemUUID: facts.machineId,
    },
  });
  const roleLabels: Record<string, string> = facts.controlPlane ? { [CONTROL_PLANE]: "", "node.kubernetes.io/exclude-from-external-load-balancers": "" } : {};
  const labels = { "beta.kubernetes.io/arch": "amd64", "beta.kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64", "kubernetes.io/hostname": facts.name, "kubernetes.io/os": "linux", ...facts.labels, ...roleLabels };
  const taken = store.change(kinds.node, undefined, facts.name, (node) => {
    const [taints, before] = [listIn(objectIn(node, "spec"), "taints") as JsonObject[], listIn(objectIn(node, "status"), "conditions") as JsonObject[]];
    node.metadata.labels = { ...node.metadata.labels, ...labels };
    node.spec = { ...objectIn(node, "spec"), taints: isNew ? taintsFor(taints, "starting", time) : taints };
    node.status = status(isNew ? conditions(before, "starting", time) : before);
  });
  if (!taken) {
    const range = podRange(store, facts.podSubnet);
    const own = facts.taints ?? (facts.controlPlane ? [{ key: CONTROL_PLANE, effect: "NoSchedule" }] : []);
    const node = store.add(kinds.node, {
      metadata: { name: facts.name, labels, annotations: { "node.alpha.kubernetes.io/ttl": "0", "volumes.kubernetes.io/controller-managed-attach-detach": "true" } },
      spec: { podCIDR: range, podCIDRs: [range], taints: taintsFor([...own], "starting", time) },
      status: status(conditions([], "starting", time)),
    });
    registered(store, node, now);
  }
  if (!store.get(kinds.lease, "kube-node-lease", facts.name)) store.add(kinds.lease, { metadata: { name: facts.name, namespace: "kube-node-lease" }, spec: { holderIdentity: facts.name, leaseDurationSeconds: 40, renewTime: `${time.slice(0, -1)}.000000Z` } });
  const node = store.get(kinds.node, undefined, facts.name);
  if (!node) return;
  kubeletStarted(store, node, now);
  if (bootBefore !== undefined && bootBefore !== facts.bootId) {
    rebooted(store, node, now, facts.bootId);
    proxyStarted(store, node, now);
  }
  remirror(store, facts);
}

function imageOf(pod: JsonObject): string | undefined {
  return stringIn((listIn(objectIn(pod, "spec"), "containers") as JsonObject[])[0] ?? {}, "image");
}

/** The mirror pods that a control plane's kubelet shows for its static pods. */
function staticPods(node: KubernetesObject, facts: NodeFacts): (JsonObject & { metadata: JsonObject & { name: string } })[] {
  const images = {
    etcd: `registry.k8s.io/etcd:${companionsOf(facts.staticPods).etcd}`,
    "kube-apiserver": `registry.k8s.io/kube-apiserver:v${facts.staticPods}`,
    "kube-controller-manager": `registry.k8s.io/kube-controller-manager:v${facts.staticPods}`,
    "kube-scheduler": `registry.k8s.io/kube-scheduler:v${facts.staticPods}`,
  };
  return Object.entries(images).map(([component, image]) => ({
    metadata: {
      name: `${component}-${facts.name}`,
      namespace: "kube-system",
      labels: { component, tier: "control-plane" },
      annotations: { "kubernetes.io/config.hash": node.metadata.uid.replace(/-/g, ""), "kubernetes.io/config.mirror": node.metadata.uid.replace(/-/g, ""), "kubernetes.io/config.source": "file" },
      ownerReferences: [{ apiVersion: "v1", kind: "Node", name: facts.name, uid: node.metadata.uid, controller: true }],
    },
    spec: { hostNetwork: true, nodeName: facts.name, priorityClassName: "system-node-critical", containers: [{ name: component, image, command: [component] }], tolerations: [{ effect: "NoExecute", operator: "Exists" }] },
    status: { phase: "Pending" },
  }));
}

/** Static pods that were deleted through the API come back, because their kubelet makes the mirrors again; so do those of another version. */
export function remirror(store: ObjectStore, facts: NodeFacts): void {
  const node = store.get(kinds.node, undefined, facts.name);
  if (!node || !facts.controlPlane) return;
  for (const pod of staticPods(node, facts)) {
    const { name } = pod.metadata;
    const known = store.get(kinds.pod, "kube-system", name);
    if (known && imageOf(known) === imageOf(pod)) continue;
    if (known) store.remove(kinds.pod, "kube-system", name);
    store.add(kinds.pod, pod);
  }
}

/** Ready, not Ready yet, or not heard from any more. */
export function setReadiness(store: ObjectStore, name: string, readiness: Readiness, now: number): void {
  const time = timestamp(now);
  const node = store.change(kinds.node, undefined, name, (next) => {
    const spec = objectIn(next, "spec");
    const taints = taintsFor(listIn(spec, "taints") as JsonObject[], readiness, time);
    next.spec = { ...spec, taints: taints.length > 0 ? taints : undefined };
    next.status = { ...objectIn(next, "status"), conditions: conditions(listIn(objectIn(next, "status"), "conditions") as JsonObject[], readiness, time) };
  });
  if (!node) return;
  if (readiness === "ready") nodeReady(store, node, now);
  if (readiness === "unknown") notReady(store, node, now);
}

/** How often a kubelet renews its lease and its status. */
const LEASE_RENEWAL = 10_000;
const HEARTBEAT = 300_000;

/** A living kubelet's heartbeats as they would read now. Played when read, so that silence costs nothing. */
export function heartbeat(object: KubernetesObject, now: number): KubernetesObject {
  if (object.kind === "Lease") {
    const renewed = timestamp(now - (now % LEASE_RENEWAL));
    const known = stringIn(objectIn(object, "spec"), "renewTime") ?? "";
    return Date.parse(renewed) <= Date.parse(known) ? object : { ...object, spec: { ...objectIn(object, "spec"), renewTime: `${renewed.slice(0, -1)}.000000Z` } };
  }
  const beat = timestamp(now - (now % HEARTBEAT));
  const status = objectIn(object, "status");
  const rows = (listIn(status, "conditions") as JsonObject[]).map((each) => (Date.parse(beat) > Date.parse(String(each.lastHeartbeatTime)) ? { ...each, lastHeartbeatTime: beat } : each));
  return { ...object, status: { ...status, conditions: rows } };
}
