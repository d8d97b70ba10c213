/** Who a request comes from and what it may do: the built-in groups, cluster-admin bindings, nodes and bootstrap tokens. */
import type { Identity } from "../certificates";
import { listIn, objectIn, stringIn, type JsonObject, type ObjectStore } from "./objects";
import { kinds } from "./resources";
import { Refusal } from "./status";

export const anonymous: Identity = { user: "system:anonymous", groups: ["system:unauthenticated"] };

/** What is asked for, in the terms of RBAC. */
export interface Attributes {
  readonly verb: string;
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
}

function decoded(data: JsonObject, key: string): string | undefined {
  const value = stringIn(data, key);
  return value === undefined ? undefined : Buffer.from(value, "base64").toString("utf8");
}

/** Why a bootstrap token is no good for joining or asking; undefined when it is good. */
export function tokenProblem(store: ObjectStore, token: string, usage: "authentication" | "signing", now: number): string | undefined {
  const [id = "", secret = ""] = token.split(".");
  const data = objectIn(store.get(kinds.secret, "kube-system", `bootstrap-token-${id}`), "data");
  if (decoded(data, "token-secret") !== secret || secret === "") return `there is no bootstrap token with the id "${id}" on the cluster`;
  const expiration = decoded(data, "expiration");
  if (expiration && Date.parse(expiration) <= now) return `the bootstrap token "${id}" expired at ${expiration}`;
  if (decoded(data, `usage-bootstrap-${usage}`) !== "true") return `the bootstrap token "${id}" is not meant for ${usage}`;
  return undefined;
}

/** The identity of a request by its bearer token. Throws Unauthorized. */
export function bearerIdentity(store: ObjectStore, token: string, now: number): Identity {
  if (tokenProblem(store, token, "authentication", now) !== undefined) throw new Refusal("Unauthorized", "Unauthorized");
  const data = objectIn(store.get(kinds.secret, "kube-system", `bootstrap-token-${token.split(".")[0]}`), "data");
  const extra = (decoded(data, "auth-extra-groups") ?? "").split(",").filter((group) => group !== "");
  return { user: `system:bootstrap:${token.split(".")[0]}`, groups: ["system:bootstrappers", ...extra] };
}

function isClusterAdmin(store: ObjectStore, who: Identity): boolean {
  if (who.groups.includes("system:masters")) return true;
  return store.list(kinds.clusterRoleBinding).some((binding) => {
    if (stringIn(objectIn(binding, "roleRef"), "name") !== "cluster-admin") return false;
    return (listIn(binding, "subjects") as JsonObject[]).some((subject) => (subject.kind === "Group" ? who.groups.includes(String(subject.name)) : subject.kind === "User" && subject.name === who.user));
  });
}

const READ = new Set(["get", "list", "watch"]);
const JOIN_CONFIG_MAPS = new Set(["kubeadm-config", "kubelet-config", "kube-proxy"]);

/** What a kubelet may do: https://kubernetes.io/docs/reference/access-authn-authz/node/, with what NodeRestriction takes away. */
function nodeMay(node: string, ask: Attributes): boolean {
  // To run something in a pod is no reading, although a WebSocket asks with GET.
  if (ask.subresource === "exec") return false;
  if (ask.resource === "nodes") return ask.name === node && (READ.has(ask.verb) || ask.verb === "patch" || ask.verb === "update");
  if (ask.resource === "leases") return ask.namespace === "kube-node-lease" && ask.name === node;
  if (ask.resource === "pods" || ask.resource === "services" || ask.resource === "csinodes") return READ.has(ask.verb);
  if (ask.resource === "events") return ask.verb === "create" || ask.verb === "patch";
  return ask.resource === "configmaps" && ask.verb === "get" && ask.namespace === "kube-system" && JOIN_CONFIG_MAPS.has(ask.name ?? "");
}

function bootstrapperMay(ask: Attributes): boolean {
  if (ask.resource === "certificatesigningrequests") return ask.verb === "create" || READ.has(ask.verb);
  if (ask.resource === "nodes") return ask.verb === "get";
  return ask.resource === "configmaps" && ask.verb === "get" && ask.namespace === "kube-system" && JOIN_CONFIG_MAPS.has(ask.name ?? "");
}

/** Whether the identity may do what it asks for on objects. */
export function allowed(store: ObjectStore, who: Identity, ask: Attributes): boolean {
  if (isClusterAdmin(store, who)) return true;
  // kubeadm's bootstrap signer role: everyone may read this one, it is how a node learns whom to trust.
  if (ask.resource === "configmaps" && ask.verb === "get" && ask.namespace === "kube-public" && ask.name === "cluster-info") return true;
  if (who.groups.includes("system:unauthenticated")) return false;
  if (ask.group === "authorization.k8s.io" || ask.group === "authentication.k8s.io") return true;
  if (who.groups.includes("system:nodes") && who.user.startsWith("system:node:")) return nodeMay(who.user.slice("system:node:".length), ask);
  return who.groups.includes("system:bootstrappers") && bootstrapperMay(ask);
}

/** Throws Forbidden in the API's words. */
export function authorize(store: ObjectStore, who: Identity, ask: Attributes): void {
  if (allowed(store, who, ask)) return;
  const resource = `${ask.resource}${ask.subresource ? `/${ask.subresource}` : ""}`;
  const what = ask.name ? `${ask.resource}${ask.group ? `.${ask.group}` : ""} "${ask.name}"` : `${ask.resource}${ask.group ? `.${ask.group}` : ""}`;
  const where = ask.namespace ? ` in the namespace "${ask.namespace}"` : " at the cluster scope";
  throw new Refusal("Forbidden", `${what} is forbidden: User "${who.user}" cannot ${ask.verb} resource "${resource}" in API group "${ask.group}"${where}`, { name: ask.name, group: ask.group || undefined, kind: ask.resource });
}

/** Paths that hold no objects: who may read them. */
export function authorizePath(who: Identity, path: string): void {
  if (/^\/(version|readyz|livez|healthz)(\/|$)/.test(path)) return;
  if (!who.groups.includes("system:unauthenticated")) return;
  throw new Refusal("Forbidden", `forbidden: User "${who.user}" cannot get path "${path}"`);
}

/** What a node may not change about itself although it may patch itself (NodeRestriction). */
export function restrictNode(who: Identity, before: JsonObject, after: JsonObject): void {
  if (!who.groups.includes("system:nodes")) return;
  const labels = (object: JsonObject): JsonObject => objectIn(objectIn(object, "metadata"), "labels");
  const changed = [...new Set([...Object.keys(labels(before)), ...Object.keys(labels(after))])].filter((key) => labels(before)[key] !== labels(after)[key]);
  const barred = changed.filter((key) => key.startsWith("node-role.kubernetes.io/") || key.startsWith("node-restriction.kubernetes.io/"));
  if (barred.length > 0) throw new Refusal("Forbidden", `nodes "${who.user.slice("system:node:".length)}" is forbidden: is not allowed to modify labels: ${barred.join(", ")}`);
  if (JSON.stringify(objectIn(before, "spec").taints) !== JSON.stringify(objectIn(after, "spec").taints)) throw new Refusal("Forbidden", `nodes is forbidden: node "${who.user.slice("system:node:".length)}" is not allowed to modify taints`);
}
