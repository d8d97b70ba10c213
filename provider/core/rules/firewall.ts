/** Ingress rules of a public address, and egress rules of a network. Mold can't change one: a changed rule is made anew. */
import { goneAsEmpty } from "../gone";
import { readFirewallRule, type ObservedFirewallRule } from "../observe";
import type { Seen, RuleKind } from "./rule-kind";

export interface DesiredFirewallRule {
  readonly protocol: string;
  readonly startPort?: number;
  readonly endPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Where from. Sorted. */
  readonly cidrs: readonly string[];
  /** Where to (egress). Sorted; empty: anywhere. */
  readonly destinationCidrs?: readonly string[];
}

const portsOf = ({ protocol, startPort, endPort, icmpType, icmpCode }: DesiredFirewallRule): string =>
  protocol === "icmp" ? `${icmpType ?? -1}/${icmpCode ?? -1}` : protocol === "all" ? "" : `${startPort}-${endPort ?? startPort}`;

const tupleOf = (word: string, rule: DesiredFirewallRule): string => {
  const to = rule.destinationCidrs?.length ? ` to ${[...rule.destinationCidrs].sort().join(",")}` : "";
  return `${word} ${rule.protocol} ${portsOf(rule)} ${[...rule.cidrs].sort().join(",")}${to}`;
};

/** What tells a rule on an address from every other there. */
export const firewallTuple = (rule: ObservedFirewallRule): string => tupleOf("firewall", rule);

const meet = (one: readonly string[] = [], other: readonly string[] = []): boolean => (one.length === 0 && other.length === 0) || one.some((cidr) => other.includes(cidr));

/** Rules that share a range conflict (537) while their ports overlap, ICMP ones while type and code are alike. */
export function firewallConflict(one: DesiredFirewallRule, other: DesiredFirewallRule): boolean {
  if (one.protocol !== other.protocol || !meet(one.cidrs, other.cidrs) || !meet(one.destinationCidrs, other.destinationCidrs)) return false;
  if (one.protocol === "icmp") return portsOf(one) === portsOf(other);
  const [start, end] = [one.startPort ?? 1, one.endPort ?? one.startPort ?? 65_535];
  return start <= (other.endPort ?? other.startPort ?? 65_535) && (other.startPort ?? 1) <= end;
}

/** What createFirewallRule and createEgressFirewallRule take alike. */
const parameters = (desired: DesiredFirewallRule): { protocol: string; startport?: number; endport?: number; icmptype?: number; icmpcode?: number; cidrlist: string[] } => ({
  protocol: desired.protocol,
  startport: desired.startPort,
  endport: desired.endPort ?? desired.startPort,
  icmptype: desired.icmpType,
  icmpcode: desired.icmpCode,
  cidrlist: [...desired.cidrs],
});

type FirewallKind = RuleKind<DesiredFirewallRule, DesiredFirewallRule>;

const alike = { tagged: "FirewallRule", conflict: firewallConflict, same: () => true, mend: "make it as declared: it was changed by hand" } as const satisfies Partial<FirewallKind>;

export const firewallKind: FirewallKind = {
  ...alike,
  noun: "firewall rule",
  word: "firewall",
  tuple: (rule) => tupleOf("firewall", rule),
  list: async ({ mold }, place) => (await mold.list("listFirewallRules", { ipaddressid: place.id }).catch(goneAsEmpty)).map(readFirewallRule),
  create: ({ mold }, place, desired, _signature, context) => mold.start("createFirewallRule", { ipaddressid: place.id, ...parameters(desired) }, context),
  remove: ({ mold }, id, context) => mold.run("deleteFirewallRule", { id }, context),
  isThere: async ({ mold }, id) => (await mold.list("listFirewallRules", { id }).catch(goneAsEmpty)).length > 0,
};

export const egressKind: FirewallKind = {
  ...alike,
  noun: "egress rule",
  word: "egress",
  tuple: (rule) => tupleOf("egress", rule),
  list: async ({ mold }, place) => (await mold.list("listEgressFirewallRules", { networkid: place.id }).catch(goneAsEmpty)).map(readEgressRule),
  create: ({ mold }, place, desired, _signature, context) =>
    mold.start("createEgressFirewallRule", { networkid: place.id, ...parameters(desired), ...(desired.destinationCidrs?.length ? { destcidrlist: [...desired.destinationCidrs] } : {}) }, context),
  remove: ({ mold }, id, context) => mold.run("deleteEgressFirewallRule", { id }, context),
  isThere: async ({ mold }, id) => (await mold.list("listEgressFirewallRules", { id }).catch(goneAsEmpty)).length > 0,
};

function readEgressRule(rule: Parameters<typeof readFirewallRule>[0]): DesiredFirewallRule & Seen {
  const destinationCidrs = (rule.destcidrlist ?? "").split(",").filter((cidr) => cidr !== "").sort();
  return { ...readFirewallRule(rule), ...(destinationCidrs.length > 0 ? { destinationCidrs } : {}) };
}
