/** What hangs below an object's path: evictions, scale, logs, bindings. */
import { conflict, notFound, Refusal, success } from "./status";
import { apiVersion, kinds, type Resource } from "./resources";
import { listIn, objectIn, stringIn, type JsonObject, type KubernetesObject, type ObjectStore } from "./objects";
import { blockingBudgets } from "./workloads";

/** `POST …/pods/<name>/eviction`. @returns the answer; the caller deletes the pod when `evict` is true. */
export function evict(store: ObjectStore, pod: KubernetesObject): JsonObject {
  const blocking = blockingBudgets(store, pod)[0];
  if (blocking) {
    const healthy = objectIn(blocking, "status");
    throw new Refusal("TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.", {
      causes: [{ reason: "DisruptionBudget", message: `The disruption budget ${blocking.metadata.name} needs ${Number(healthy.desiredHealthy)} healthy pods and has ${Number(healthy.currentHealthy)} currently` }],
    });
  }
  return success({ name: pod.metadata.name, kind: "pods", uid: pod.metadata.uid });
}

/** `…/scale` as an object of its own. */
export function scaleOf(object: KubernetesObject): JsonObject {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata;
  const labels = Object.entries(objectIn(objectIn(objectIn(object, "spec"), "selector"), "matchLabels"));
  return {
    kind: "Scale", apiVersion: "autoscaling/v1", metadata: { name, namespace, uid, resourceVersion, creationTimestamp },
    spec: { replicas: Number(objectIn(object, "spec").replicas ?? 1) },
    status: { replicas: Number(objectIn(object, "status").replicas ?? 0), selector: labels.map(([key, value]) => `${key}=${String(value)}`).join(",") },
  };
}

/** Sets what a `Scale` asks for. */
export function rescale(store: ObjectStore, resource: Resource, object: KubernetesObject, scale: JsonObject): JsonObject {
  const wanted = stringIn(objectIn(scale, "metadata"), "resourceVersion");
  if (wanted && wanted !== object.metadata.resourceVersion) throw conflict(resource, object.metadata.name, "the object has been modified; please apply your changes to the latest version and try again");
  const replicas = Number(objectIn(scale, "spec").replicas);
  if (!Number.isInteger(replicas) || replicas < 0) throw new Refusal("Invalid", `Scale.autoscaling "${object.metadata.name}" is invalid: spec.replicas: Invalid value: ${String(objectIn(scale, "spec").replicas)}`);
  const changed = store.change(resource, object.metadata.namespace, object.metadata.name, (next) => {
    next.spec = { ...objectIn(next, "spec"), replicas };
    if (next.metadata.generation !== undefined) next.metadata.generation += 1;
  });
  return scaleOf(changed ?? object);
}

/** Lines that a pod would have printed: nothing runs, so they only say what it is. */
export function logOf(pod: KubernetesObject): string {
  const containers = listIn(objectIn(pod, "spec"), "containers") as JsonObject[];
  const node = stringIn(objectIn(pod, "spec"), "nodeName");
  if (node === undefined) throw new Refusal("BadRequest", `pod ${pod.metadata.name} does not have a host assigned`);
  return containers.map((container) => `simulated container ${String(container.name)} (${String(container.image)}) on ${node}\n`).join("");
}

/** `POST …/pods/<name>/binding`: a scheduler's decision. */
export function bind(store: ObjectStore, pod: KubernetesObject, binding: JsonObject): JsonObject {
  const node = stringIn(objectIn(binding, "target"), "name") ?? "";
  if (!store.get(kinds.node, undefined, node)) throw notFound(kinds.node, node);
  if (stringIn(objectIn(pod, "spec"), "nodeName") !== undefined) throw conflict(kinds.pod, pod.metadata.name, `pod ${pod.metadata.name} is already assigned to node "${stringIn(objectIn(pod, "spec"), "nodeName")}"`);
  store.change(kinds.pod, pod.metadata.namespace, pod.metadata.name, (next) => {
    next.spec = { ...objectIn(next, "spec"), nodeName: node };
  });
  return { kind: "Status", apiVersion: apiVersion({ group: "", version: "v1" }), metadata: {}, status: "Success" };
}
