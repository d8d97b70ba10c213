/** The way to the cluster's API: its balancer rule with the control planes behind it, and the firewall rules on its port. Pure. */
import { intentKey } from "./claim";
import { apiPort, type DesiredCluster } from "./desired";
import type { ObservedCluster } from "./observe";
import { mark, ownershipTags, tagKeys } from "./ownership";
import type { PlanInput } from "./plan-input";
import type { MachineRef } from "./step";
import type { Steps } from "./steps";

/** The balancer rule and the firewall rules on the API's port. */
export function planApiRule(steps: Steps, { desired, observed, owner }: PlanInput): { rule?: string; open: string[] } {
  const where = `${desired.place.publicIpAddress}:${apiPort}`;
  const rule = observed.apiRule ? undefined : steps.add({ kind: "createApiRule" }, `create the API's balancer rule on ${where}`);
  const missing = observed.apiRule && Object.fromEntries(Object.entries(ownershipTags(desired.uid, owner, "api")).filter(([key]) => !(key in observed.apiRule!.tags)));
  if (observed.apiRule && missing && Object.keys(missing).length > 0) {
    steps.add({ kind: "tagApiRule", ruleId: observed.apiRule.id, tags: missing }, `tag the API's balancer rule on ${where}`);
  }
  if (observed.apiRule && observed.apiRule.description !== apiRuleDescription(desired)) {
    steps.add({ kind: "describeApiRule", ruleId: observed.apiRule.id }, `change the description of ${desired.name}`);
  }
  const own = observed.apiFirewall.filter((each) => each.tags[tagKeys.cluster] === desired.uid && each.tags[tagKeys.owner] === owner && each.tags[tagKeys.role] === "api");
  const wanted = apiCidrs(desired);
  const open = wanted
    .filter((cidr) => !own.some(({ cidrs }) => cidrs.length === 1 && cidrs[0] === cidr))
    .map((cidr) => steps.add({ kind: "openApi", cidr }, `let ${cidr} reach the API on ${where}`));
  for (const cidr of wanted) {
    const key = intentKey(apiFirewallTuple(cidr));
    const left = observed.intents[key];
    // An interrupted run had made and marked the rule, and not crossed it off any more.
    if (left !== undefined && !open.includes(`openApi ${cidr}`)) steps.add({ kind: "crossOffIntent", cidr, tags: { [key]: left } }, `cross off that ${cidr} was to reach the API`);
  }
  for (const each of own) {
    const cidr = each.cidrs.join(",");
    if (!wanted.includes(cidr)) steps.add({ kind: "closeApi", ruleId: each.id, cidr }, `no longer let ${cidr} reach the API on ${where}`, open);
  }
  return { ...(rule ? { rule } : {}), open };
}

/**
 * The declared ranges and the guest network's own: the virtual router filters by destination on every interface, so a kubelet that
 * talks to its API by the public address needs to be let in too.
 */
export function apiCidrs(desired: DesiredCluster): string[] {
  const cidrs = new Set(desired.apiCidrs);
  if (!cidrs.has("0.0.0.0/0")) cidrs.add(desired.place.networkCidr);
  return [...cidrs].sort();
}

/** What tells the API's firewall rule for one range from every other rule on the address. */
export const apiFirewallTuple = (cidr: string): string => `firewall tcp ${apiPort}-${apiPort} ${cidr}`;

export const apiRuleDescription = (desired: DesiredCluster): string => `${desired.description ?? `Kubernetes API of ${desired.name}`} ${mark(desired.uid)}`;

export function planApiMembers(
  steps: Steps,
  desired: DesiredCluster,
  observed: ObservedCluster,
  machines: readonly { ref: MachineRef; running?: string }[],
  rule: string | undefined,
): string | undefined {
  const missing = machines.filter(({ ref }) => ref.role === "control-plane" && !(ref.id && observed.apiRule?.memberIds.includes(ref.id)));
  if (missing.length === 0) return rule;
  const names = missing.map(({ ref }) => ref.name).join(", ");
  return steps.add({ kind: "joinApiBalancer", machines: missing.map(({ ref }) => ref) }, `put ${names} behind the API of ${desired.name}`, [rule, ...missing.map(({ running }) => running)]);
}
