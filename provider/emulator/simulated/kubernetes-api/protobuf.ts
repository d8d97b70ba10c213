/**
 * Reads the protobuf bodies that kubectl sends for the objects it makes by itself (`create namespace`, `drain`, `auth can-i`).
 * Only those kinds: field numbers are from the `generated.proto` files of k8s.io/api and k8s.io/apimachinery. Answers are always JSON,
 * which every client takes.
 */
import type { JsonObject, JsonValue } from "./objects";

/** `string`, `bytes`, `bool`, `int`, a message by name; `[]` repeats it, `{}` is a map from strings. */
type Fields = Readonly<Record<number, readonly [name: string, type: string]>>;

const messages: Readonly<Record<string, Fields>> = {
  ObjectMeta: {
    1: ["name", "string"], 2: ["generateName", "string"], 3: ["namespace", "string"], 5: ["uid", "string"], 6: ["resourceVersion", "string"], 11: ["labels", "string{}"], 12: ["annotations", "string{}"],
    13: ["ownerReferences", "OwnerReference[]"], 14: ["finalizers", "string[]"],
  },
  OwnerReference: { 1: ["kind", "string"], 3: ["name", "string"], 4: ["uid", "string"], 5: ["apiVersion", "string"], 6: ["controller", "bool"], 7: ["blockOwnerDeletion", "bool"] },
  LabelSelector: { 1: ["matchLabels", "string{}"], 2: ["matchExpressions", "Requirement[]"] },
  Requirement: { 1: ["key", "string"], 2: ["operator", "string"], 3: ["values", "string[]"] },
  DeleteOptions: { 1: ["gracePeriodSeconds", "int"], 2: ["preconditions", "Preconditions"], 4: ["propagationPolicy", "string"], 5: ["dryRun", "string[]"] },
  Preconditions: { 1: ["uid", "string"], 2: ["resourceVersion", "string"] },
  IntOrString: { 1: ["type", "int"], 2: ["intVal", "int"], 3: ["strVal", "string"] },

  Namespace: { 1: ["metadata", "ObjectMeta"] },
  ConfigMap: { 1: ["metadata", "ObjectMeta"], 2: ["data", "string{}"], 3: ["binaryData", "bytes{}"], 4: ["immutable", "bool"] },
  Secret: { 1: ["metadata", "ObjectMeta"], 2: ["data", "bytes{}"], 3: ["type", "string"], 4: ["stringData", "string{}"], 5: ["immutable", "bool"] },
  ServiceAccount: { 1: ["metadata", "ObjectMeta"] },
  Eviction: { 1: ["metadata", "ObjectMeta"], 2: ["deleteOptions", "DeleteOptions"] },
  Service: { 1: ["metadata", "ObjectMeta"], 2: ["spec", "ServiceSpec"] },
  ServiceSpec: { 1: ["ports", "ServicePort[]"], 2: ["selector", "string{}"], 3: ["clusterIP", "string"], 4: ["type", "string"], 10: ["externalName", "string"] },
  ServicePort: { 1: ["name", "string"], 2: ["protocol", "string"], 3: ["port", "int"], 4: ["targetPort", "IntOrString"], 5: ["nodePort", "int"] },
  Deployment: { 1: ["metadata", "ObjectMeta"], 2: ["spec", "DeploymentSpec"] },
  DeploymentSpec: { 1: ["replicas", "int"], 2: ["selector", "LabelSelector"], 3: ["template", "PodTemplateSpec"] },
  PodTemplateSpec: { 1: ["metadata", "ObjectMeta"], 2: ["spec", "PodSpec"] },
  PodSpec: { 2: ["containers", "Container[]"], 3: ["restartPolicy", "string"], 4: ["terminationGracePeriodSeconds", "int"], 7: ["nodeSelector", "string{}"], 8: ["serviceAccountName", "string"], 10: ["nodeName", "string"] },
  Container: { 1: ["name", "string"], 2: ["image", "string"], 3: ["command", "string[]"], 4: ["args", "string[]"], 6: ["ports", "ContainerPort[]"] },
  ContainerPort: { 1: ["name", "string"], 2: ["hostPort", "int"], 3: ["containerPort", "int"], 4: ["protocol", "string"] },
  PodDisruptionBudget: { 1: ["metadata", "ObjectMeta"], 2: ["spec", "PodDisruptionBudgetSpec"] },
  PodDisruptionBudgetSpec: { 1: ["minAvailable", "IntOrString"], 2: ["selector", "LabelSelector"], 3: ["maxUnavailable", "IntOrString"] },
  ClusterRoleBinding: { 1: ["metadata", "ObjectMeta"], 2: ["subjects", "Subject[]"], 3: ["roleRef", "RoleRef"] },
  RoleBinding: { 1: ["metadata", "ObjectMeta"], 2: ["subjects", "Subject[]"], 3: ["roleRef", "RoleRef"] },
  Subject: { 1: ["kind", "string"], 2: ["apiGroup", "string"], 3: ["name", "string"], 4: ["namespace", "string"] },
  RoleRef: { 1: ["apiGroup", "string"], 2: ["kind", "string"], 3: ["name", "string"] },
  SelfSubjectReview: { 1: ["metadata", "ObjectMeta"] },
  SelfSubjectRulesReview: { 1: ["metadata", "ObjectMeta"], 2: ["spec", "RulesSpec"] },
  RulesSpec: { 1: ["namespace", "string"] },
  SelfSubjectAccessReview: { 1: ["metadata", "ObjectMeta"], 2: ["spec", "AccessSpec"] },
  AccessSpec: { 1: ["resourceAttributes", "ResourceAttributes"], 2: ["nonResourceAttributes", "PathAttributes"] },
  ResourceAttributes: { 1: ["namespace", "string"], 2: ["verb", "string"], 3: ["group", "string"], 4: ["version", "string"], 5: ["resource", "string"], 6: ["subresource", "string"], 7: ["name", "string"] },
  PathAttributes: { 1: ["path", "string"], 2: ["verb", "string"] },
};

/** What a body begins with: https://kubernetes.io/docs/reference/using-api/api-concepts/#protobuf-encoding */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00]);

interface Part {
  readonly field: number;
  readonly value: number | Buffer;
}

function varint(bytes: Buffer, start: number): [value: number, next: number] {
  let value = 0n;
  for (let at = start, shift = 0n; ; shift += 7n, at++) {
    const byte = bytes[at];
    if (byte === undefined || shift > 63n) throw new RangeError("protobuf: a number ends early");
    value |= BigInt(byte & 0x7f) << shift;
    if (byte < 0x80) return [Number(BigInt.asIntN(64, value)), at + 1];
  }
}

function parts(bytes: Buffer): Part[] {
  const found: Part[] = [];
  let at = 0;
  while (at < bytes.length) {
    const [tag, afterTag] = varint(bytes, at);
    const kind = tag & 7;
    if (kind !== 0 && kind !== 2) throw new RangeError(`protobuf: wire type ${kind}`);
    const [number, next] = varint(bytes, afterTag);
    if (kind === 2 && next + number > bytes.length) throw new RangeError("protobuf: a field ends early");
    found.push({ field: tag >>> 3, value: kind === 0 ? number : bytes.subarray(next, next + number) });
    at = kind === 0 ? next : next + number;
  }
  return found;
}

function single(type: string, value: number | Buffer): JsonValue {
  if (type === "int") return Number(value);
  if (type === "bool") return value === 1;
  if (typeof value === "number") throw new RangeError(`protobuf: a number for a ${type}`);
  if (type === "string") return value.toString("utf8");
  if (type === "bytes") return value.toString("base64");
  const object = message(type, value);
  if (type === "IntOrString") return object.type === 1 ? (object.strVal ?? "") : (object.intVal ?? 0);
  return object;
}

function message(type: string, bytes: Buffer): JsonObject {
  const object: JsonObject = {};
  for (const { field, value } of parts(bytes)) {
    const known = messages[type]?.[field];
    if (!known) continue;
    const [name, kind] = known;
    if (kind.endsWith("[]")) {
      const list = object[name];
      object[name] = [...(Array.isArray(list) ? list : []), single(kind.slice(0, -2), value)];
    } else if (kind.endsWith("{}")) {
      const entry = new Map(parts(value as Buffer).map((part) => [part.field, part.value]));
      const map = object[name] as JsonObject | undefined;
      object[name] = { ...map, [String(entry.get(1) ?? "")]: single(kind.slice(0, -2), entry.get(2) ?? Buffer.alloc(0)) };
    } else object[name] = single(kind, value);
  }
  return object;
}

/** Empty strings are protobuf's way of leaving a field out. */
function pruned(value: JsonValue | undefined): JsonValue | undefined {
  if (value === "") return undefined;
  if (Array.isArray(value)) return value.map((each) => pruned(each) ?? "");
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).flatMap(([key, each]) => (pruned(each) === undefined ? [] : [[key, pruned(each)]])));
}

/** A body as JSON; undefined when it is of a kind that is not known here, or no such body. */
export function decodeProtobuf(body: Buffer): JsonObject | undefined {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) return undefined;
  try {
    const envelope = new Map(parts(body.subarray(MAGIC.length)).map((part) => [part.field, part.value]));
    const type = new Map(parts((envelope.get(1) as Buffer | undefined) ?? Buffer.alloc(0)).map((part) => [part.field, String(part.value)]));
    const [apiVersion = "", kind = ""] = [type.get(1), type.get(2)];
    if (!(kind in messages)) return undefined;
    const object = message(kind, (envelope.get(2) as Buffer | undefined) ?? Buffer.alloc(0));
    // Kept as they are: an empty value in a map says something.
    const { data, stringData, ...rest } = object;
    return { apiVersion, kind, ...(pruned(rest) as JsonObject), ...(data === undefined ? {} : { data }), ...(stringData === undefined ? {} : { stringData }) };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}
