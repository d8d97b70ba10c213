/** The `Table` form of objects: the columns that `kubectl get` prints. */
import { listIn, objectIn, stringIn, type JsonObject, type JsonValue, type KubernetesObject } from "./objects";
import type { Resource } from "./resources";

interface Column {
  readonly name: string;
  readonly type?: "string" | "integer";
  /** 1: only with `-o wide`. */
  readonly priority?: number;
  readonly value: (object: KubernetesObject, now: number) => JsonValue;
}

/** A duration as kubectl prints ages: `45s`, `3m12s`, `5h10m`, `2d4h`, `40d`. */
export function humanDuration(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return seconds % 60 === 0 ? `${minutes}m` : `${minutes}m${seconds % 60}s`;
  if (minutes < 180) return `${minutes}m`;
  const hours = Math.floor(minutes / 60);
  if (hours < 8) return minutes % 60 === 0 ? `${hours}h` : `${hours}h${minutes % 60}m`;
  if (hours < 48) return `${hours}h`;
  const days = Math.floor(hours / 24);
  if (days < 8) return hours % 24 === 0 ? `${days}d` : `${days}d${hours % 24}h`;
  return `${days}d`;
}

function since(time: string | undefined, now: number): string {
  return time ? humanDuration(now - Date.parse(time)) : "<unknown>";
}

const name: Column = { name: "Name", value: (object) => object.metadata.name };
const age: Column = { name: "Age", value: (object, now) => since(object.metadata.creationTimestamp, now) };
const column = (title: string, value: Column["value"], priority = 0, type: Column["type"] = "string"): Column => ({ name: title, value, priority, type });
const orNone = (value: string | undefined): string => (value === undefined || value === "" ? "<none>" : value);

function nodeStatus(node: KubernetesObject): string {
  const ready = listIn(objectIn(node, "status"), "conditions").find((each) => stringIn(each as JsonObject, "type") === "Ready") as JsonObject | undefined;
  const status = ready?.status === "True" ? "Ready" : ready ? "NotReady" : "Unknown";
  return objectIn(node, "spec").unschedulable === true ? `${status},SchedulingDisabled` : status;
}

function nodeRoles(node: KubernetesObject): string {
  const roles = Object.keys(node.metadata.labels ?? {}).flatMap((label) => (label.startsWith("node-role.kubernetes.io/") ? [label.slice("node-role.kubernetes.io/".length)] : []));
  return orNone(roles.sort().join(","));
}

function address(node: KubernetesObject, type: string): string {
  const found = listIn(objectIn(node, "status"), "addresses").find((each) => stringIn(each as JsonObject, "type") === type) as JsonObject | undefined;
  return orNone(stringIn(found, "address"));
}
const nodeInfo = (field: string) => (node: KubernetesObject): string => orNone(stringIn(objectIn(objectIn(node, "status"), "nodeInfo"), field));

function readyContainers(pod: KubernetesObject): string {
  const statuses = listIn(objectIn(pod, "status"), "containerStatuses") as JsonObject[];
  return `${statuses.filter((each) => each.ready === true).length}/${listIn(objectIn(pod, "spec"), "containers").length}`;
}
function restarts(pod: KubernetesObject): string {
  const statuses = listIn(objectIn(pod, "status"), "containerStatuses") as JsonObject[];
  return String(statuses.reduce((sum, each) => sum + Number(each.restartCount ?? 0), 0));
}
function ports(service: KubernetesObject): string {
  const list = listIn(objectIn(service, "spec"), "ports") as JsonObject[];
  return orNone(list.map((each) => `${Number(each.port)}${each.nodePort ? `:${Number(each.nodePort)}` : ""}/${stringIn(each, "protocol") ?? "TCP"}`).join(","));
}
function containers(object: KubernetesObject, field: string): string {
  const spec = objectIn(objectIn(objectIn(object, "spec"), "template"), "spec");
  return (listIn(spec, "containers") as JsonObject[]).map((each) => stringIn(each, field) ?? "").join(",");
}
function selectorText(object: KubernetesObject): string {
  const selector = objectIn(objectIn(object, "spec"), "selector");
  const labels = "matchLabels" in selector ? objectIn(selector, "matchLabels") : selector;
  return orNone(Object.entries(labels).map(([key, value]) => `${key}=${String(value)}`).join(","));
}
const status = (field: string) => (object: KubernetesObject): number => Number(objectIn(object, "status")[field] ?? 0);
const spec = (field: string) => (object: KubernetesObject): JsonValue => objectIn(object, "spec")[field] ?? null;
const count = (field: string) => (object: KubernetesObject): number => Object.keys(objectIn(object, field)).length;

const columns: Readonly<Record<string, readonly Column[]>> = {
  Node: [
    name, column("Status", nodeStatus), column("Roles", nodeRoles), age, column("Version", nodeInfo("kubeletVersion")),
    column("Internal-IP", (node) => address(node, "InternalIP"), 1), column("External-IP", (node) => address(node, "ExternalIP"), 1),
    column("OS-Image", nodeInfo("osImage"), 1), column("Kernel-Version", nodeInfo("kernelVersion"), 1), column("Container-Runtime", nodeInfo("containerRuntimeVersion"), 1),
  ],
  Pod: [
    name, column("Ready", readyContainers), column("Status", (pod) => (pod.metadata.deletionTimestamp ? "Terminating" : (stringIn(objectIn(pod, "status"), "phase") ?? "Unknown"))),
    column("Restarts", restarts), age, column("IP", (pod) => orNone(stringIn(objectIn(pod, "status"), "podIP")), 1), column("Node", (pod) => orNone(stringIn(objectIn(pod, "spec"), "nodeName")), 1),
    column("Nominated Node", () => "<none>", 1), column("Readiness Gates", () => "<none>", 1),
  ],
  Namespace: [name, column("Status", (each) => stringIn(objectIn(each, "status"), "phase") ?? ""), age],
  Service: [
    name, column("Type", (each) => stringIn(objectIn(each, "spec"), "type") ?? "ClusterIP"), column("Cluster-IP", (each) => orNone(stringIn(objectIn(each, "spec"), "clusterIP"))),
    column("External-IP", () => "<none>"), column("Port(s)", ports), age, column("Selector", selectorText, 1),
  ],
  Deployment: [
    name, column("Ready", (each) => `${status("readyReplicas")(each)}/${Number(spec("replicas")(each) ?? 1)}`), column("Up-to-date", status("updatedReplicas"), 0, "integer"),
    column("Available", status("availableReplicas"), 0, "integer"), age, column("Containers", (each) => containers(each, "name"), 1), column("Images", (each) => containers(each, "image"), 1), column("Selector", selectorText, 1),
  ],
  ReplicaSet: [name, column("Desired", (each) => Number(spec("replicas")(each) ?? 1), 0, "integer"), column("Current", status("replicas"), 0, "integer"), column("Ready", status("readyReplicas"), 0, "integer"), age],
  StatefulSet: [name, column("Ready", (each) => `${status("readyReplicas")(each)}/${Number(spec("replicas")(each) ?? 1)}`), age],
  DaemonSet: [
    name, column("Desired", status("desiredNumberScheduled"), 0, "integer"), column("Current", status("currentNumberScheduled"), 0, "integer"), column("Ready", status("numberReady"), 0, "integer"),
    column("Up-to-date", status("updatedNumberScheduled"), 0, "integer"), column("Available", status("numberAvailable"), 0, "integer"),
    column("Node Selector", (each) => orNone(Object.entries(objectIn(objectIn(objectIn(objectIn(each, "spec"), "template"), "spec"), "nodeSelector")).map(([key, value]) => `${key}=${String(value)}`).join(","))), age,
    column("Containers", (each) => containers(each, "name"), 1), column("Images", (each) => containers(each, "image"), 1), column("Selector", selectorText, 1),
  ],
  ConfigMap: [name, column("Data", count("data"), 0, "integer"), age],
  Secret: [name, column("Type", (each) => stringIn(each, "type") ?? "Opaque"), column("Data", count("data"), 0, "integer"), age],
  Lease: [name, column("Holder", (each) => stringIn(objectIn(each, "spec"), "holderIdentity") ?? ""), age],
  Event: [
    column("Last Seen", (each, now) => since(stringIn(each, "lastTimestamp"), now)), column("Type", (each) => stringIn(each, "type") ?? ""), column("Reason", (each) => stringIn(each, "reason") ?? ""),
    column("Object", (each) => `${(stringIn(objectIn(each, "involvedObject"), "kind") ?? "").toLowerCase()}/${stringIn(objectIn(each, "involvedObject"), "name") ?? ""}`), column("Message", (each) => stringIn(each, "message") ?? ""),
  ],
  PodDisruptionBudget: [
    name, column("Min Available", (each) => String(spec("minAvailable")(each) ?? "N/A")), column("Max Unavailable", (each) => String(spec("maxUnavailable")(each) ?? "N/A")),
    column("Allowed Disruptions", status("disruptionsAllowed"), 0, "integer"), age,
  ],
};

const fallback: readonly Column[] = [name, column("Created At", (object) => object.metadata.creationTimestamp)];

/** Whether and how the client asks for a table (`as=Table` in Accept), in its order of preference. */
export function wantsTable(accept: string | undefined): boolean {
  const first = (accept ?? "").split(",")[0] ?? "";
  return /;\s*as=Table\b/.test(first) && /;\s*g=meta\.k8s\.io\b/.test(first);
}

/**
 * @param include what each row carries: `Metadata` (default), `Object`, `None`.
 * @param withColumns false for later events of a watch, which leave the column definitions out.
 */
export function table(resource: Resource, objects: readonly KubernetesObject[], metadata: JsonObject, now: number, include: string, withColumns = true): JsonObject {
  const shown = columns[resource.kind] ?? fallback;
  const definitions = shown.map((each) => ({ name: each.name, type: each.type ?? "string", format: each.name === "Name" ? "name" : "", description: each.name, priority: each.priority ?? 0 }));
  const rows = objects.map((object) => {
    const row: JsonObject = { cells: shown.map((each) => each.value(object, now)) };
    if (include === "Object") row.object = object;
    else if (include !== "None") row.object = { kind: "PartialObjectMetadata", apiVersion: "meta.k8s.io/v1", metadata: object.metadata };
    return row;
  });
  return { kind: "Table", apiVersion: "meta.k8s.io/v1", metadata, columnDefinitions: withColumns ? definitions : null, rows };
}

