/** What a request is about: its path and method in the API's own terms. */
import { parse } from "yaml";
import type { Attributes } from "./access";
import { isObject, type JsonObject, type JsonValue } from "./objects";
import { resourceAt, reviewGroups, type Resource } from "./resources";
import { Refusal } from "./status";

export interface ApiRequest {
  readonly method: string;
  /** Without the query, decoded part by part later. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string | undefined;
}

export interface Target {
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly subresource: string;
}

/** An object path, a review (nothing stored), or undefined for neither. */
export function targetOf(path: string): Target | { readonly review: string; readonly group: string } | undefined {
  const parts = path.split("/").filter((part) => part !== "").map(decodeURIComponent);
  const core = parts[0] === "api";
  if (!core && parts[0] !== "apis") return undefined;
  const [group, version, rest] = core ? ["", parts[1] ?? "", parts.slice(2)] : [parts[1] ?? "", parts[2] ?? "", parts.slice(3)];
  const review = reviewGroups.find((each) => each.group === group && each.version === version && each.plural === rest[0]);
  if (review) return { review: review.kind, group };
  const namespaced = rest[0] === "namespaces" && rest.length > 2 && !(rest.length === 3 && (rest[2] === "status" || rest[2] === "finalize"));
  const [plural = "", name, ...sub] = namespaced ? rest.slice(2) : rest;
  const resource = resourceAt(group, version, plural);
  if (!resource || (namespaced && !resource.namespaced)) return undefined;
  const namespace = namespaced ? rest[1] : undefined;
  // Names of namespaced objects only exist inside one.
  if (resource.namespaced && !namespaced && name !== undefined) return undefined;
  const subresource = sub.join("/");
  if (subresource !== "" && !resource.subresources.includes(subresource)) return undefined;
  return { resource, namespace, name, subresource };
}

export function isWatch(request: ApiRequest): boolean {
  const value = request.query.get("watch");
  return request.method === "GET" && (value === "true" || value === "1");
}

export function attributesOf(target: Target, request: ApiRequest): Attributes {
  const many = target.name === undefined;
  const verbs: Record<string, string> = { GET: isWatch(request) ? "watch" : many ? "list" : "get", HEAD: "get", POST: "create", PUT: "update", PATCH: "patch", DELETE: many ? "deletecollection" : "delete" };
  return { verb: verbs[request.method] ?? request.method.toLowerCase(), group: target.resource.group, resource: target.resource.plural, subresource: target.subresource, namespace: target.namespace, name: target.name };
}

/** The body as JSON, or YAML where the content type says so. Undefined when there is none. */
export function bodyOf(request: ApiRequest): JsonValue | undefined {
  if (request.body === undefined || request.body === "") return undefined;
  const type = request.headers["content-type"] ?? "application/json";
  if (type.includes("protobuf")) throw new Refusal("UnsupportedMediaType", `the body of the request was in an unknown format - accepted media types include: application/json, application/yaml`);
  try {
    return type.includes("yaml") ? (parse(request.body) as JsonValue) : (JSON.parse(request.body) as JsonValue);
  } catch (error) {
    throw new Refusal("BadRequest", `the object provided is unrecognized: ${error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error)}`);
  }
}

/** {@link bodyOf}, which has to be an object with metadata. */
export function objectBody(request: ApiRequest): JsonObject & { metadata: JsonObject } {
  const body = bodyOf(request);
  if (!isObject(body)) throw new Refusal("BadRequest", "the object provided is unrecognized: the body is not an object");
  return { ...body, metadata: isObject(body.metadata) ? { ...body.metadata } : {} };
}

/** `dryRun=All`: everything happens but the writing. */
export function isDryRun(request: ApiRequest, options?: JsonObject): boolean {
  const body = options?.dryRun;
  return request.query.get("dryRun") === "All" || (Array.isArray(body) && body.includes("All"));
}
