/** What the API says about itself: groups, resources, version, and as much OpenAPI as clients need to begin. */
import type { JsonObject } from "./objects";
import { apiVersion, groupVersions, resources, reviewGroups, type Resource } from "./resources";

const VERBS = ["create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"];

function entries(resource: Resource): JsonObject[] {
  const main: JsonObject = {
    name: resource.plural, singularName: resource.singular, namespaced: resource.namespaced, kind: resource.kind, verbs: VERBS,
    shortNames: resource.shortNames.length > 0 ? [...resource.shortNames] : undefined,
    categories: resource.categories.length > 0 ? [...resource.categories] : undefined,
  };
  const subresources = resource.subresources.map((name): JsonObject => {
    const base = { name: `${resource.plural}/${name}`, singularName: "", namespaced: resource.namespaced };
    if (name === "eviction") return { ...base, group: "policy", version: "v1", kind: "Eviction", verbs: ["create"] };
    if (name === "scale") return { ...base, group: "autoscaling", version: "v1", kind: "Scale", verbs: ["get", "patch", "update"] };
    if (name === "binding") return { ...base, kind: "Binding", verbs: ["create"] };
    return { ...base, kind: resource.kind, verbs: name === "log" ? ["get"] : ["get", "patch", "update"] };
  });
  return [main, ...subresources];
}

function resourceList(group: string, version: string): JsonObject | undefined {
  if (!groupVersions.some((each) => each.group === group && each.version === version)) return undefined;
  const stored = resources.filter((each) => each.group === group && each.version === version).flatMap(entries);
  const reviews = reviewGroups
    .filter((each) => each.group === group && each.version === version)
    .map((each): JsonObject => ({ name: each.plural, singularName: each.kind.toLowerCase(), namespaced: false, kind: each.kind, verbs: ["create"] }));
  return { kind: "APIResourceList", apiVersion: "v1", groupVersion: apiVersion({ group, version }), resources: [...stored, ...reviews] };
}

function groupOf({ group, version }: { readonly group: string; readonly version: string }): JsonObject {
  const entry = { groupVersion: `${group}/${version}`, version };
  return { name: group, versions: [entry], preferredVersion: entry };
}

/**
 * Just enough OpenAPI v3 for clients that look up whether a kind takes `fieldValidation`:
 * https://github.com/kubernetes/kubectl/blob/master/pkg/util/openapi/ asks for nothing else.
 */
function openApiV3(group: string, version: string): JsonObject {
  const prefix = group === "" ? `/api/${version}` : `/apis/${group}/${version}`;
  const paths: JsonObject = {};
  const schemas: JsonObject = {};
  for (const resource of resources.filter((each) => each.group === group && each.version === version)) {
    const kind = { group, version, kind: resource.kind };
    const parameters = ["dryRun", "fieldManager", "fieldValidation"].map((name) => ({ name, in: "query", schema: { type: "string" } }));
    paths[`${prefix}/${resource.namespaced ? "namespaces/{namespace}/" : ""}${resource.plural}/{name}`] = {
      patch: { parameters: [...parameters, { name: "force", in: "query", schema: { type: "boolean" } }], responses: {}, "x-kubernetes-action": "patch", "x-kubernetes-group-version-kind": kind },
    };
    schemas[`io.k8s.api.${group.split(".")[0] || "core"}.${version}.${resource.kind}`] = { type: "object", "x-kubernetes-group-version-kind": [kind] };
  }
  return { openapi: "3.0.0", info: { title: "Kubernetes", version: "simulated" }, paths, components: { schemas } };
}

export function versionInfo(version: string): JsonObject {
  const [major = "1", minor = "0"] = version.split(".");
  return { major, minor, gitVersion: `v${version}`, gitCommit: "simulated", gitTreeState: "clean", buildDate: "2026-01-01T00:00:00Z", goVersion: "go1.25.5", compiler: "gc", platform: "linux/amd64" };
}

/**
 * The answer for a path that lists rather than holds objects.
 * @param endpoint what clients are told as the server's own address.
 * @returns undefined when the path is none of these.
 */
export function discover(path: string, version: string, endpoint: string): JsonObject | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  if (path === "/version" || path === "/version/") return versionInfo(version);
  if (parts.length === 0) return { paths: ["/api", "/api/v1", "/apis", ...groupVersions.filter(({ group }) => group !== "").map((each) => `/apis/${apiVersion(each)}`), "/healthz", "/livez", "/openapi/v3", "/readyz", "/version"] };
  if (parts[0] === "openapi" && parts[1] === "v3") {
    if (parts.length === 2) {
      const at = groupVersions.map(({ group, version: each }) => (group === "" ? `api/${each}` : `apis/${group}/${each}`));
      return { paths: Object.fromEntries(at.map((each) => [each, { serverRelativeURL: `/openapi/v3/${each}?hash=simulated` }])) };
    }
    if (parts[2] === "api" && parts.length === 4) return openApiV3("", parts[3] ?? "");
    if (parts[2] === "apis" && parts.length === 5) return openApiV3(parts[3] ?? "", parts[4] ?? "");
    return undefined;
  }
  if (parts[0] === "api") {
    if (parts.length === 1) return { kind: "APIVersions", versions: ["v1"], serverAddressByClientCIDRs: [{ clientCIDR: "0.0.0.0/0", serverAddress: endpoint }] };
    return parts.length === 2 ? resourceList("", parts[1] ?? "") : undefined;
  }
  if (parts[0] !== "apis") return undefined;
  const named = groupVersions.filter(({ group }) => group !== "");
  if (parts.length === 1) return { kind: "APIGroupList", apiVersion: "v1", groups: named.map(groupOf) };
  const group = named.find((each) => each.group === parts[1]);
  if (parts.length === 2) return group && { kind: "APIGroup", apiVersion: "v1", ...groupOf(group) };
  return parts.length === 3 ? resourceList(parts[1] ?? "", parts[2] ?? "") : undefined;
}
