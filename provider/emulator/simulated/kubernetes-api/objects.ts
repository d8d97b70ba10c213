/** Kubernetes objects, as rows with a growing resource version, and what has lately changed, for watches. */
import { apiVersion, type Resource } from "./resources";

/** JSON as it is in requests and answers. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;
export type JsonObject = { [key: string]: JsonValue | undefined };

export type Metadata = JsonObject & {
  name: string;
  namespace?: string;
  uid: string;
  resourceVersion: string;
  creationTimestamp: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  generation?: number;
  deletionTimestamp?: string;
  finalizers?: string[];
};
export type KubernetesObject = JsonObject & { apiVersion: string; kind: string; metadata: Metadata };

export type ChangeType = "ADDED" | "MODIFIED" | "DELETED";
export interface Change {
  readonly type: ChangeType;
  readonly resource: Resource;
  readonly object: KubernetesObject;
  /** The object before, for watches with selectors: it may have left or entered what they select. */
  readonly before: KubernetesObject | undefined;
  readonly version: number;
}

/** Where rows are kept beyond the process. */
export interface Keeper {
  save(key: string, value: JsonObject | undefined): void;
}

/** How many changes a watch can be behind before it is told to list again. */
const REMEMBERED = 4096;
/** Resource versions jump by this at a restart, so that no watch goes on across changes nobody remembers. */
const RESTART_GAP = 1000;

export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
export function objectIn(parent: JsonObject | undefined, key: string): JsonObject {
  const value = parent?.[key];
  return isObject(value) ? value : {};
}
export function listIn(parent: JsonObject | undefined, key: string): JsonValue[] {
  const value = parent?.[key];
  return Array.isArray(value) ? value : [];
}
export function stringIn(parent: JsonObject | undefined, key: string): string | undefined {
  const value = parent?.[key];
  return typeof value === "string" ? value : undefined;
}
/** A deep copy of JSON; `structuredClone` takes several times as long. */
export function copy<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copy) as T;
  if (typeof value !== "object" || value === null) return value;
  const copied: Record<string, unknown> = {};
  for (const key in value) copied[key] = copy(value[key]);
  return copied as T;
}
/** Whether two pieces of JSON say the same; a field that is undefined is one that is not there. */
export function same(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return false;
  if (Array.isArray(a) || Array.isArray(b)) return Array.isArray(a) && Array.isArray(b) && a.length === b.length && a.every((item, index) => same(item, b[index]));
  const [left, right] = [a as Record<string, unknown>, b as Record<string, unknown>];
  for (const key in left) if (!same(left[key], right[key])) return false;
  for (const key in right) if (left[key] === undefined && right[key] !== undefined) return false;
  return true;
}
/** A time as Kubernetes writes it, to the second. */
export function timestamp(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

function storageGroup(resource: Resource): string {
  return resource.group === "events.k8s.io" ? "" : resource.group;
}
/** What all keys of a kind begin with. */
function kindOf(resource: Resource): string {
  return `${storageGroup(resource)}/${resource.plural}/`;
}
function keyOf(resource: Resource, namespace: string | undefined, name: string): string {
  return `${kindOf(resource)}${namespace ?? ""}/${name}`;
}
/** Where a key is or belongs in a sorted list. */
function placeIn(keys: readonly string[], key: string): number {
  let [low, high] = [0, keys.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((keys[middle] ?? "") < key) low = middle + 1;
    else high = middle;
  }
  return low;
}

export class ObjectStore {
  private readonly rows = new Map<string, KubernetesObject>();
  /** Keys by resource, sorted as etcd's are. */
  private readonly index = new Map<string, string[]>();
  private readonly changes: Change[] = [];
  private readonly listeners = new Set<(change: Change) => void>();
  private current = 1;

  constructor(
    private readonly keeper: Keeper,
    private readonly now: () => number,
    private readonly uuid: () => string,
  ) {}

  /** Takes up rows that were kept. */
  load(rows: ReadonlyMap<string, KubernetesObject>): void {
    for (const [key, object] of rows) {
      this.place(key, object);
      this.current = Math.max(this.current, Number(object.metadata.resourceVersion));
    }
    this.current += RESTART_GAP;
  }

  get version(): number {
    return this.current;
  }

  get(resource: Resource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    return this.rows.get(keyOf(resource, namespace, name));
  }

  /** All of a kind, or those of one namespace, sorted by namespace and name as etcd's keys are. */
  list(resource: Resource, namespace?: string): KubernetesObject[] {
    const kind = kindOf(resource);
    const prefix = namespace === undefined ? kind : `${kind}${namespace}/`;
    const found: KubernetesObject[] = [];
    for (const key of this.index.get(kind) ?? []) {
      const row = key.startsWith(prefix) ? this.rows.get(key) : undefined;
      if (row) found.push(row);
    }
    return found;
  }

  /** Those of a namespace whose names begin so: without looking at the others. */
  beginning(resource: Resource, namespace: string, name: string): KubernetesObject[] {
    const keys = this.index.get(kindOf(resource)) ?? [];
    const prefix = keyOf(resource, namespace, name);
    const found: KubernetesObject[] = [];
    for (let at = placeIn(keys, prefix); keys[at]?.startsWith(prefix); at++) found.push(this.rows.get(keys[at]!)!);
    return found;
  }

  /** Adds an object; server-set metadata is filled in. The caller has seen to it that there is none of that name. */
  add(resource: Resource, body: JsonObject & { metadata: JsonObject }): KubernetesObject {
    const metadata: Metadata = {
      ...(body.metadata as JsonObject & { name: string }),
      uid: this.uuid(),
      creationTimestamp: timestamp(this.now()),
      resourceVersion: "",
    };
    if (body.spec !== undefined && metadata.generation === undefined && resource.kind !== "Node" && resource.kind !== "Namespace") metadata.generation = 1;
    const object: KubernetesObject = { ...body, apiVersion: apiVersion({ group: storageGroup(resource), version: resource.version }), kind: resource.kind, metadata };
    return this.write("ADDED", resource, object, undefined);
  }

  /** Replaces an object by its next state; nothing happens when nothing differs. */
  replace(resource: Resource, next: KubernetesObject): KubernetesObject {
    const before = this.get(resource, next.metadata.namespace, next.metadata.name);
    if (before && same(before, { ...next, metadata: { ...next.metadata, resourceVersion: before.metadata.resourceVersion } })) return before;
    return this.write("MODIFIED", resource, next, before);
  }

  /** Changes an object that is there through a function over a copy; undefined when it is gone. */
  change(resource: Resource, namespace: string | undefined, name: string, edit: (object: KubernetesObject) => void): KubernetesObject | undefined {
    const before = this.get(resource, namespace, name);
    if (!before) return undefined;
    const next = copy(before);
    edit(next);
    return this.replace(resource, next);
  }

  remove(resource: Resource, namespace: string | undefined, name: string): KubernetesObject | undefined {
    const before = this.get(resource, namespace, name);
    if (!before) return undefined;
    return this.write("DELETED", resource, before, before);
  }

  private write(type: ChangeType, resource: Resource, object: KubernetesObject, before: KubernetesObject | undefined): KubernetesObject {
    const version = ++this.current;
    const written: KubernetesObject = { ...object, metadata: { ...object.metadata, resourceVersion: String(version) } };
    const key = keyOf(resource, object.metadata.namespace, object.metadata.name);
    if (type === "DELETED") {
      this.rows.delete(key);
      const keys = this.index.get(kindOf(resource)) ?? [];
      keys.splice(placeIn(keys, key), 1);
    } else this.place(key, written);
    this.keeper.save(key, type === "DELETED" ? undefined : written);
    const change: Change = { type, resource, object: written, before, version };
    this.changes.push(change);
    if (this.changes.length > REMEMBERED * 2) this.changes.splice(0, REMEMBERED);
    for (const listener of [...this.listeners]) listener(change);
    return written;
  }

  private place(key: string, object: KubernetesObject): void {
    const known = this.rows.has(key);
    this.rows.set(key, object);
    if (known) return;
    const kind = `${key.split("/", 2).join("/")}/`;
    const keys = this.index.get(kind) ?? [];
    keys.splice(placeIn(keys, key), 0, key);
    this.index.set(kind, keys);
  }

  /** The changes after a version; undefined when they are no longer remembered. */
  since(version: number): readonly Change[] | undefined {
    if (version === this.current) return [];
    const first = this.changes[0];
    if (version > this.current || !first || version < first.version - 1) return undefined;
    return this.changes.filter((change) => change.version > version);
  }

  listen(listener: (change: Change) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
}
