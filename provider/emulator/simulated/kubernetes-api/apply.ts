/**
 * Server-side apply: every manager owns the fields it last applied; what it no longer names and nobody else owns goes; what
 * another manager applied with another value is a conflict unless forced.
 * https://kubernetes.io/docs/reference/using-api/server-side-apply/
 */
import { copy, isObject, type JsonObject, type JsonValue, type KubernetesObject } from "./objects";
import { isMergedSet, mergeKey } from "./patch";
import { Refusal } from "./status";

/** A set of fields in the `FieldsV1` form: `f:name` for fields, `k:{"name":"x"}` for list items, `.` for the item itself. */
type Fields = { [key: string]: Fields };

interface Manager {
  readonly manager: string;
  readonly fields: Fields;
}

const unmanaged = new Set(["apiVersion", "kind"]);
const unmanagedMetadata = new Set(["name", "namespace", "uid", "resourceVersion", "creationTimestamp", "generation", "managedFields", "selfLink"]);

function itemKey(key: string, item: JsonObject): string {
  return `k:${JSON.stringify({ [key]: item[key] })}`;
}

function fieldsOf(value: JsonObject, root: boolean, metadata: boolean): Fields {
  const fields: Fields = {};
  for (const [name, each] of Object.entries(value)) {
    if (each === undefined || (root && unmanaged.has(name)) || (metadata && unmanagedMetadata.has(name))) continue;
    fields[`f:${name}`] = fieldsOfValue(name, each, root && name === "metadata");
  }
  return fields;
}

function fieldsOfValue(name: string, value: JsonValue, metadata: boolean): Fields {
  if (isObject(value)) return fieldsOf(value, false, metadata);
  if (!Array.isArray(value)) return {};
  if (isMergedSet(name)) return Object.fromEntries(value.map((item) => [`v:${JSON.stringify(item)}`, {}]));
  const key = mergeKey(name, value);
  if (!key) return {};
  return Object.fromEntries((value as JsonObject[]).map((item) => [itemKey(key, item), { ".": {}, ...fieldsOf(item, false, false) }]));
}

function managersOf(object: KubernetesObject): Manager[] {
  const entries = object.metadata.managedFields;
  if (!Array.isArray(entries)) return [];
  return entries.flatMap((entry) => (isObject(entry) && entry.operation === "Apply" && isObject(entry.fieldsV1) ? [{ manager: String(entry.manager), fields: entry.fieldsV1 as Fields }] : []));
}

function merge(field: string, live: JsonValue | undefined, applied: JsonValue): JsonValue {
  if (isObject(applied)) {
    const merged: JsonObject = isObject(live) ? { ...live } : {};
    for (const [key, value] of Object.entries(applied)) {
      if (value === null) delete merged[key];
      else if (value !== undefined) merged[key] = merge(key, merged[key], value);
    }
    return merged;
  }
  if (!Array.isArray(applied)) return applied;
  const existing = Array.isArray(live) ? live : [];
  if (isMergedSet(field)) return [...new Set([...existing, ...applied])];
  const key = mergeKey(field, applied);
  if (!key) return copy(applied);
  const merged = [...existing];
  for (const item of applied as JsonObject[]) {
    const index = merged.findIndex((each) => isObject(each) && each[key] === item[key]);
    if (index >= 0) merged[index] = merge("", merged[index], item);
    else merged.push(copy(item));
  }
  return merged;
}

/** Takes out of `live` what `owned` has, `applied` has not, and `others` don't hold. */
function prune(live: JsonValue | undefined, owned: Fields, applied: Fields | undefined, others: readonly Fields[]): JsonValue | undefined {
  for (const [part, inner] of Object.entries(owned)) {
    if (part === ".") continue;
    const held = others.flatMap((each) => (each[part] ? [each[part]] : []));
    const again = applied?.[part];
    const name = part.slice(2);
    if (part.startsWith("f:") && isObject(live)) {
      const value = live[name];
      if (!again && held.length === 0 && Object.keys(inner).length === 0) delete live[name];
      else if (value !== undefined) {
        const left = prune(value, inner, again, held);
        const empty = isObject(left) ? Object.keys(left).length === 0 : Array.isArray(left) && left.length === 0;
        if (!again && held.length === 0 && empty) delete live[name];
      }
    } else if (Array.isArray(live)) {
      const matches = (item: JsonValue): boolean =>
        part.startsWith("v:") ? JSON.stringify(item) === name : isObject(item) && Object.entries(JSON.parse(name) as JsonObject).every(([key, value]) => item[key] === value);
      const index = live.findIndex(matches);
      if (index < 0) continue;
      if (!again && held.length === 0) live.splice(index, 1);
      else prune(live[index], inner, again, held);
    }
  }
  return live;
}

/** Paths that another manager applied and whose value this apply would change. */
function conflicts(live: JsonValue | undefined, applied: JsonValue | undefined, other: Fields, path: string): string[] {
  const found: string[] = [];
  for (const [part, inner] of Object.entries(other)) {
    const name = part.slice(2);
    if (part.startsWith("f:") && isObject(applied) && applied[name] !== undefined) {
      const mine = applied[name];
      const theirs = isObject(live) ? live[name] : undefined;
      if (Object.keys(inner).length > 0) found.push(...conflicts(theirs, mine, inner, `${path}.${name}`));
      else if (theirs !== undefined && !isObject(mine) && JSON.stringify(mine) !== JSON.stringify(theirs)) found.push(`${path}.${name}`);
    } else if (part.startsWith("k:") && Array.isArray(applied)) {
      const keys = Object.entries(JSON.parse(name) as JsonObject);
      const matches = (item: JsonValue): boolean => isObject(item) && keys.every(([key, value]) => item[key] === value);
      const mine = applied.find(matches);
      if (mine !== undefined) found.push(...conflicts(Array.isArray(live) ? live.find(matches) : undefined, mine, inner, `${path}[${keys.map(([key, value]) => `${key}=${JSON.stringify(value)}`).join(",")}]`));
    }
  }
  return found;
}

/**
 * The object after an apply.
 * @throws Refusal (Conflict) that names the manager and the fields.
 */
export function serverSideApply(live: KubernetesObject, applied: JsonObject, manager: string, force: boolean, time: string): KubernetesObject {
  const managers = managersOf(live);
  const others = managers.filter((each) => each.manager !== manager);
  const fields = fieldsOf(applied, true, false);
  const clashes = others.flatMap((each) => conflicts(live, applied, each.fields, "").map((path) => ({ manager: each.manager, path })));
  if (clashes.length > 0 && !force) {
    const causes = clashes.map(({ manager: owner, path }) => ({ reason: "FieldManagerConflict", message: `conflict with "${owner}"`, field: path }));
    throw new Refusal("Conflict", `Apply failed with ${clashes.length} conflict${clashes.length === 1 ? "" : "s"}: ${clashes.map(({ manager: owner, path }) => `conflict with "${owner}": ${path}`).join(", ")}`, { causes });
  }
  const { metadata: _metadata, ...rest } = applied;
  const { name: _name, namespace: _namespace, uid: _uid, resourceVersion: _version, managedFields: _managed, creationTimestamp: _created, ...metadata } = isObject(applied.metadata) ? applied.metadata : {};
  const merged = merge("", live, { ...rest, metadata }) as KubernetesObject;
  const previous = managers.find((each) => each.manager === manager);
  const pruned = previous ? (prune(copy(merged), previous.fields, fields, others.map((each) => each.fields)) as KubernetesObject) : merged;
  const rows = Array.isArray(live.metadata.managedFields) ? live.metadata.managedFields : [];
  const kept = rows.filter((row) => !(isObject(row) && row.operation === "Apply" && row.manager === manager));
  const known = rows.find((row) => isObject(row) && row.operation === "Apply" && row.manager === manager);
  const same = isObject(known) && JSON.stringify(known.fieldsV1) === JSON.stringify(fields);
  const entry: JsonObject = { manager, operation: "Apply", apiVersion: live.apiVersion, time: same ? known.time : time, fieldsType: "FieldsV1", fieldsV1: fields };
  return { ...pruned, metadata: { ...pruned.metadata, managedFields: [...kept, entry] } };
}
