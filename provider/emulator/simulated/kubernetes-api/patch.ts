/** JSON patch (RFC 6902), JSON merge patch (RFC 7386) and Kubernetes' strategic merge patch. */
import { copy, isObject, type JsonObject, type JsonValue } from "./objects";
import { Refusal } from "./status";

/** RFC 7386. */
export function mergePatch(target: JsonValue | undefined, patch: JsonValue): JsonValue {
  if (!isObject(patch)) return patch;
  const merged: JsonObject = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

function pointer(path: string): string[] {
  if (path === "") return [];
  if (!path.startsWith("/")) throw new Refusal("BadRequest", `json patch: "${path}" is not a JSON pointer`);
  return path
    .slice(1)
    .split("/")
    .map((part) => part.replace(/~1/g, "/").replace(/~0/g, "~"));
}

function child(parent: JsonValue | undefined, part: string): JsonValue | undefined {
  if (Array.isArray(parent)) return parent[part === "-" ? parent.length : Number(part)];
  return isObject(parent) ? parent[part] : undefined;
}

function at(document: JsonValue, parts: readonly string[]): JsonValue | undefined {
  return parts.reduce<JsonValue | undefined>(child, document);
}

function missing(path: string): Refusal {
  return new Refusal("Invalid", `the server rejected our request due to an error in our request: json patch: ${path} is not there`);
}

function setAt(document: JsonValue, path: string, value: JsonValue, replacing: boolean): JsonValue {
  const parts = pointer(path);
  const last = parts.pop();
  if (last === undefined) return value;
  const parent = at(document, parts);
  if (Array.isArray(parent)) {
    const index = last === "-" ? parent.length : Number(last);
    if (!(index >= 0 && index <= parent.length) || (replacing && index === parent.length)) throw missing(path);
    parent.splice(index, replacing ? 1 : 0, value);
  } else if (isObject(parent)) {
    if (replacing && parent[last] === undefined) throw missing(path);
    parent[last] = value;
  } else throw missing(path);
  return document;
}

function removeAt(document: JsonValue, path: string): JsonValue | undefined {
  const parts = pointer(path);
  const last = parts.pop() ?? "";
  const parent = at(document, parts);
  const removed = child(parent, last);
  if (removed === undefined) throw missing(path);
  if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else if (isObject(parent)) delete parent[last];
  return removed;
}

/** RFC 6902 over a copy of the document. */
export function jsonPatch(document: JsonObject, operations: JsonValue): JsonObject {
  if (!Array.isArray(operations)) throw new Refusal("BadRequest", "json patch: not a list of operations");
  let result: JsonValue = copy(document);
  for (const operation of operations) {
    if (!isObject(operation) || typeof operation.path !== "string") throw new Refusal("BadRequest", "json patch: an operation has no path");
    const { op, path, from, value } = operation;
    if (op === "add" || op === "replace") result = setAt(result, path, copy(value ?? null), op === "replace");
    else if (op === "remove") removeAt(result, path);
    else if (op === "move" || op === "copy") {
      if (typeof from !== "string") throw new Refusal("BadRequest", `json patch: ${op} without from`);
      const taken = op === "move" ? removeAt(result, from) : at(result, pointer(from));
      if (taken === undefined) throw missing(from);
      result = setAt(result, path, copy(taken), false);
    } else if (op === "test") {
      if (JSON.stringify(at(result, pointer(path)) ?? null) !== JSON.stringify(value ?? null))
        throw new Refusal("Invalid", `the server rejected our request due to an error in our request: testing value ${path} failed`);
    } else throw new Refusal("BadRequest", `json patch: unknown operation "${String(op)}"`);
  }
  if (!isObject(result)) throw new Refusal("Invalid", "json patch: the result is not an object");
  return result;
}

/** By which field the items of a list are told apart (`patchMergeKey` in k8s.io/api). Lists not named here are replaced whole. */
const mergeKeys: Readonly<Record<string, readonly string[]>> = {
  addresses: ["type"],
  conditions: ["type"],
  containers: ["name"],
  env: ["name"],
  ephemeralContainers: ["name"],
  hostAliases: ["ip"],
  imagePullSecrets: ["name"],
  initContainers: ["name"],
  ownerReferences: ["uid"],
  ports: ["containerPort", "port"],
  secrets: ["name"],
  taints: ["key"],
  topologySpreadConstraints: ["topologyKey"],
  volumeDevices: ["devicePath"],
  volumeMounts: ["mountPath"],
  volumes: ["name"],
};
/** Lists of plain values that are merged rather than replaced. */
const mergedSets = new Set(["finalizers"]);

/** The field that tells a list's items apart; undefined for lists that are one value. */
export function mergeKey(field: string, items: readonly JsonValue[]): string | undefined {
  return mergeKeys[field]?.find((key) => items.length > 0 && items.every((item) => isObject(item) && item[key] !== undefined));
}
export function isMergedSet(field: string): boolean {
  return mergedSets.has(field);
}

function mergeList(field: string, target: JsonValue | undefined, patch: readonly JsonValue[], deletions: readonly JsonValue[]): JsonValue[] {
  const existing = Array.isArray(target) ? target : [];
  if (isMergedSet(field)) return [...new Set([...existing, ...patch])].filter((item) => !deletions.includes(item));
  if (patch.some((item) => isObject(item) && item.$patch === "replace")) return patch.filter((item) => !(isObject(item) && item.$patch === "replace")).map(copy);
  const key = mergeKey(field, patch);
  if (!key) return patch.map(copy);
  const merged = existing.map(copy);
  for (const item of patch as JsonObject[]) {
    const index = merged.findIndex((each) => isObject(each) && each[key] === item[key]);
    if (item.$patch === "delete") {
      if (index >= 0) merged.splice(index, 1);
    } else if (index >= 0) merged[index] = strategicMerge(merged[index] as JsonObject, item);
    else merged.push(strategicMerge({}, item));
  }
  return merged;
}

/** Strategic merge patch: https://kubernetes.io/docs/tasks/manage-kubernetes-objects/update-api-object-kubectl-patch/ */
export function strategicMerge(target: JsonObject, patch: JsonObject): JsonObject {
  if (patch.$patch === "replace") {
    const { $patch: _directive, ...rest } = patch;
    return copy(rest);
  }
  const retained = Array.isArray(patch.$retainKeys) ? new Set(patch.$retainKeys) : undefined;
  const merged: JsonObject = retained ? Object.fromEntries(Object.entries(target).filter(([key]) => retained.has(key))) : { ...target };
  for (const [key, value] of Object.entries(patch)) {
    if (key === "$patch" || key === "$retainKeys" || key.startsWith("$setElementOrder/")) continue;
    if (key.startsWith("$deleteFromPrimitiveList/")) {
      const field = key.slice("$deleteFromPrimitiveList/".length);
      const doomed = Array.isArray(value) ? value : [];
      merged[field] = (Array.isArray(merged[field]) ? merged[field] : []).filter((item) => !doomed.includes(item));
    } else if (value === null || value === undefined || (isObject(value) && value.$patch === "delete")) delete merged[key];
    else if (Array.isArray(value)) merged[key] = mergeList(key, merged[key], value, []);
    else if (isObject(value)) {
      const before = merged[key];
      merged[key] = strategicMerge(isObject(before) ? before : {}, value);
    } else merged[key] = value;
  }
  return merged;
}
