/** Questions about access: `kubectl auth can-i`, `kubectl auth whoami`. Nothing is stored. */
import type { Identity } from "../certificates";
import { allowed } from "./access";
import { objectIn, stringIn, timestamp, type JsonObject, type ObjectStore } from "./objects";

export function review(kind: string, group: string, body: JsonObject, who: Identity, store: ObjectStore, now: number): JsonObject {
  const base = { ...body, kind, apiVersion: `${group}/v1`, metadata: { creationTimestamp: kind === "SelfSubjectReview" ? timestamp(now) : null } };
  if (kind === "SelfSubjectReview") return { ...base, status: { userInfo: { username: who.user, groups: [...who.groups] } } };
  if (kind === "SelfSubjectRulesReview") {
    const all = allowed(store, who, { verb: "*", group: "*", resource: "*", subresource: "", namespace: undefined, name: undefined });
    return { ...base, status: { incomplete: !all, nonResourceRules: [], resourceRules: all ? [{ verbs: ["*"], apiGroups: ["*"], resources: ["*"] }] : [] } };
  }
  const ask = objectIn(objectIn(body, "spec"), "resourceAttributes");
  const path = objectIn(objectIn(body, "spec"), "nonResourceAttributes");
  const may =
    "path" in path ||
    allowed(store, who, {
      verb: stringIn(ask, "verb") ?? "", group: stringIn(ask, "group") ?? "", resource: stringIn(ask, "resource") ?? "", subresource: stringIn(ask, "subresource") ?? "", namespace: stringIn(ask, "namespace"), name: stringIn(ask, "name"),
    });
  return { ...base, status: { allowed: may } };
}
