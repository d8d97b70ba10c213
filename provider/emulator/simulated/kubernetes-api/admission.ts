/** What the API server fills in, keeps in step or refuses when objects are written. */
import { isObject, listIn, objectIn, stringIn, timestamp, type JsonObject, type KubernetesObject, type ObjectStore } from "./objects";
import { kinds, type Resource } from "./resources";
import { invalid, Refusal } from "./status";

const LABEL_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;
const SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/;
const LOOSE = new Set(["clusterroles", "clusterrolebindings", "roles", "rolebindings"]);
const UNSCHEDULABLE = "node.kubernetes.io/unschedulable";

/** Refuses names that the real API refuses. */
export function checkName(resource: Resource, name: string): void {
  if (LOOSE.has(resource.plural)) return;
  const label = resource.kind === "Namespace" || resource.kind === "Service";
  if (name.length > (label ? 63 : 253) || !(label ? LABEL_NAME : SUBDOMAIN).test(name))
    throw invalid(resource, name, "metadata.name", `Invalid value: "${name}": a lowercase RFC 1123 ${label ? "label" : "subdomain"} must consist of lower case alphanumeric characters, '-'${label ? "" : " or '.'"}, and must start and end with an alphanumeric character`);
}

/** Secrets take plain text in `stringData` and keep it encoded in `data`. */
function encodeSecret(object: JsonObject): void {
  if (isObject(object.stringData)) {
    const encoded = Object.fromEntries(Object.entries(object.stringData).map(([key, value]) => [key, Buffer.from(String(value)).toString("base64")]));
    object.data = { ...objectIn(object, "data"), ...encoded };
    delete object.stringData;
  }
  object.type ??= "Opaque";
}

function numberOf(address: string): number {
  return address.split(".").reduce((sum, part) => sum * 256 + Number(part), 0);
}
function addressOf(value: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(value / 2 ** shift) % 256).join(".");
}
/** The n-th address of a range, counted from its first. */
export function addressIn(cidr: string, offset: number): string {
  return addressOf(numberOf(cidr.split("/")[0] ?? "0.0.0.0") + offset);
}

const FIRST_NODE_PORT = 30_000;

function fillService(object: JsonObject, store: ObjectStore, serviceSubnet: string): void {
  const spec = objectIn(object, "spec");
  spec.type ??= "ClusterIP";
  spec.sessionAffinity ??= "None";
  const services = store.list(kinds.service);
  if (spec.clusterIP === undefined && spec.type !== "ExternalName") {
    const used = new Set(services.map((service) => stringIn(objectIn(service, "spec"), "clusterIP")));
    // The first addresses are for fixed services (kubernetes at 1, DNS at 10).
    let offset = 20;
    while (used.has(addressIn(serviceSubnet, offset))) offset++;
    spec.clusterIP = addressIn(serviceSubnet, offset);
    spec.clusterIPs = [spec.clusterIP];
  }
  const taken = new Set(services.flatMap((service) => (listIn(objectIn(service, "spec"), "ports") as JsonObject[]).map((port) => port.nodePort)));
  for (const port of listIn(spec, "ports") as JsonObject[]) {
    port.protocol ??= "TCP";
    port.targetPort ??= port.port;
    if ((spec.type === "NodePort" || spec.type === "LoadBalancer") && port.nodePort === undefined) {
      let free = FIRST_NODE_PORT;
      while (taken.has(free)) free++;
      port.nodePort = free;
      taken.add(free);
    }
  }
  object.spec = spec;
  object.status ??= { loadBalancer: {} };
}

/** Fills in what the API server defaults on create. The object is changed in place. */
export function fillIn(resource: Resource, object: JsonObject & { metadata: JsonObject }, store: ObjectStore, serviceSubnet: string): void {
  const name = String(object.metadata.name);
  if (resource.kind === "Secret") encodeSecret(object);
  if (resource.kind === "Service") fillService(object, store, serviceSubnet);
  if (resource.kind === "Namespace") {
    object.spec = { finalizers: ["kubernetes"] };
    object.status = { phase: "Active" };
    object.metadata.labels = { ...objectIn(object.metadata, "labels"), "kubernetes.io/metadata.name": name };
  }
  if (resource.kind === "Pod") {
    object.spec = { restartPolicy: "Always", terminationGracePeriodSeconds: 30, schedulerName: "default-scheduler", serviceAccountName: "default", ...objectIn(object, "spec") };
    object.status = { phase: "Pending", qosClass: "BestEffort" };
  }
  if (["Deployment", "ReplicaSet", "StatefulSet"].includes(resource.kind)) {
    object.spec = { replicas: 1, ...objectIn(object, "spec") };
    object.status = {};
    checkSelector(resource, object);
  }
  if (resource.kind === "DaemonSet") {
    object.status = {};
    checkSelector(resource, object);
  }
  if (resource.kind === "Node") object.spec ??= {};
}

function checkSelector(resource: Resource, object: JsonObject & { metadata: JsonObject }): void {
  const spec = objectIn(object, "spec");
  const wanted = Object.entries(objectIn(objectIn(spec, "selector"), "matchLabels"));
  const labels = objectIn(objectIn(objectIn(spec, "template"), "metadata"), "labels");
  if (wanted.length > 0 && !wanted.every(([key, value]) => labels[key] === value)) throw invalid(resource, String(object.metadata.name), "spec.template.metadata.labels", "Invalid value: `selector` does not match template `labels`");
}

/** What an update or patch may not change, and what follows from it. Returns the object to store. */
export function adopt(resource: Resource, before: KubernetesObject, after: KubernetesObject, subresource: string): KubernetesObject {
  const fixed = { name: before.metadata.name, namespace: before.metadata.namespace, uid: before.metadata.uid, creationTimestamp: before.metadata.creationTimestamp, resourceVersion: before.metadata.resourceVersion, deletionTimestamp: before.metadata.deletionTimestamp };
  const next: KubernetesObject = { ...after, apiVersion: before.apiVersion, kind: before.kind, metadata: { ...after.metadata, ...fixed } };
  // With a status subresource, the main path does not touch status and the subresource touches nothing else.
  if (resource.subresources.includes("status")) {
    if (subresource === "status") return { ...before, status: next.status };
    next.status = before.status;
  }
  if (resource.kind === "Secret") {
    encodeSecret(next);
    if (before.immutable === true) throw invalid(resource, before.metadata.name, "data", "Forbidden: field is immutable when `immutable` is set");
  }
  if (before.metadata.generation !== undefined && JSON.stringify(before.spec) !== JSON.stringify(next.spec)) next.metadata.generation = before.metadata.generation + 1;
  if (resource.kind === "Node") syncUnschedulable(next);
  return next;
}

/** The node lifecycle controller's taint for a cordoned node. */
export function syncUnschedulable(node: KubernetesObject): void {
  const spec = objectIn(node, "spec");
  const others = (listIn(spec, "taints") as JsonObject[]).filter((taint) => taint.key !== UNSCHEDULABLE);
  if (spec.unschedulable !== true) delete spec.unschedulable;
  const taints: JsonObject[] = spec.unschedulable === true ? [...others, { key: UNSCHEDULABLE, effect: "NoSchedule" }] : others;
  if (taints.length > 0) spec.taints = taints;
  else delete spec.taints;
  node.spec = spec;
}

/** What every new namespace is given. */
export function furnishNamespace(store: ObjectStore, namespace: string, caCertificate: string): void {
  if (!store.get(kinds.serviceAccount, namespace, "default")) store.add(kinds.serviceAccount, { metadata: { name: "default", namespace } });
  if (!store.get(kinds.configMap, namespace, "kube-root-ca.crt")) store.add(kinds.configMap, { metadata: { name: "kube-root-ca.crt", namespace }, data: { "ca.crt": caCertificate } });
}

/** Throws when nothing can be made in that namespace. */
export function checkNamespace(store: ObjectStore, namespace: string): void {
  const found = store.get(kinds.namespace, undefined, namespace);
  if (!found) throw new Refusal("NotFound", `namespaces "${namespace}" not found`, { name: namespace, kind: "namespaces" });
  if (found.metadata.deletionTimestamp) throw new Refusal("Forbidden", `unable to create new content in namespace ${namespace} because it is being terminated`);
}

/** An event about an object, as `kubectl describe` shows it. One of the same reason and message is counted up. */
export function recordEvent(store: ObjectStore, now: number, about: KubernetesObject, type: "Normal" | "Warning", reason: string, message: string, component: string): void {
  const namespace = about.metadata.namespace ?? "default";
  // Node events name the node as its uid, because the kubelet that reports them does not know the real one.
  const uid = about.kind === "Node" ? about.metadata.name : about.metadata.uid;
  const same = store.list(kinds.event, namespace).find((event) => event.reason === reason && event.message === message && objectIn(event, "involvedObject").uid === uid);
  if (same) {
    store.change(kinds.event, namespace, same.metadata.name, (event) => {
      event.count = Number(event.count ?? 1) + 1;
      event.lastTimestamp = timestamp(now);
    });
    return;
  }
  const suffix = (store.version + 1).toString(16).padStart(16, "0");
  store.add(kinds.event, {
    metadata: { name: `${about.metadata.name}.${suffix}`, namespace },
    involvedObject: { kind: about.kind, name: about.metadata.name, namespace: about.metadata.namespace, uid, apiVersion: about.apiVersion },
    type, reason, message, count: 1, firstTimestamp: timestamp(now), lastTimestamp: timestamp(now), source: { component, host: component === "kubelet" ? about.metadata.name : undefined }, reportingComponent: component,
  });
}
