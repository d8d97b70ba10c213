/** An ingress rule of a public address. Mold can't change one: a changed rule is made anew, before the old one goes where ranges allow it. */
import { claimRule } from "../claim";
import { readFirewallRule, type ObservedFirewallRule } from "../observe";
import type { World } from "../ports";
import { goneAsEmpty, identityTags, isRuleOf, retag, type RuleAddress, type RuleOwner } from "./shared";

export interface DesiredFirewallRule {
  readonly protocol: "tcp" | "udp" | "icmp" | "all";
  readonly startPort?: number;
  readonly endPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Sorted. */
  readonly cidrs: readonly string[];
}

export async function findFirewallRule(world: World, owner: RuleOwner, address: RuleAddress): Promise<ObservedFirewallRule | undefined> {
  return (await listRules(world, address)).find(({ tags }) => isRuleOf(world, owner, tags));
}

async function listRules(world: World, address: RuleAddress): Promise<ObservedFirewallRule[]> {
  return (await world.mold.list("listFirewallRules", { ipaddressid: address.id }).catch(goneAsEmpty)).map(readFirewallRule);
}

/** Pure. */
export function sameFirewallRule(rule: ObservedFirewallRule, desired: DesiredFirewallRule): boolean {
  return tupleOf({ ...rule, protocol: rule.protocol as DesiredFirewallRule["protocol"] }) === tupleOf(desired);
}

function tupleOf({ protocol, startPort, endPort, icmpType, icmpCode, cidrs }: DesiredFirewallRule): string {
  const ports = protocol === "icmp" ? `${icmpType ?? -1}/${icmpCode ?? -1}` : protocol === "all" ? "" : `${startPort}-${endPort ?? startPort}`;
  return `firewall ${protocol} ${ports} ${[...cidrs].sort().join(",")}`;
}

export async function createFirewallRule(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredFirewallRule, resource: string): Promise<string> {
  const context = { resource, signal: world.signal };
  return claimRule(world, {
    what: `firewall rule ${tupleOf(desired).replace(/^firewall /, "")} on ${address.ipAddress}`,
    resource,
    property: "startPort",
    address: address.id,
    kind: "FirewallRule",
    tuple: tupleOf(desired),
    tags: { ...identityTags(world, owner), ...owner.tags },
    find: async () => (await listRules(world, address)).filter((rule) => sameFirewallRule(rule, desired)),
    create: () =>
      world.mold.start(
        "createFirewallRule",
        {
          ipaddressid: address.id,
          protocol: desired.protocol,
          startport: desired.startPort,
          endport: desired.endPort ?? desired.startPort,
          icmptype: desired.icmpType,
          icmpcode: desired.icmpCode,
          cidrlist: [...desired.cidrs],
        },
        context,
      ),
  });
}

export async function updateFirewallRule(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredFirewallRule, former: RuleOwner["tags"], resource: string): Promise<string> {
  const rules = (await listRules(world, address)).filter(({ tags }) => isRuleOf(world, owner, tags));
  const same = rules.find((rule) => sameFirewallRule(rule, desired));
  const old = rules.filter((rule) => rule !== same);
  // Rules that share a range conflict (537) while their ports overlap: then the old one has to go first.
  const conflicts = same === undefined && old.some(({ cidrs }) => cidrs.some((cidr) => desired.cidrs.includes(cidr)));
  if (conflicts) for (const { id } of old) await deleteFirewallRule(world, id, resource);
  const id = same?.id ?? (await createFirewallRule(world, owner, address, desired, resource));
  if (same) await retag(world, "FirewallRule", same.id, same.tags, { ...identityTags(world, owner), ...owner.tags }, former);
  if (!conflicts) for (const rule of old) await deleteFirewallRule(world, rule.id, resource);
  return id;
}

export async function deleteFirewallRule(world: World, id: string, resource: string): Promise<void> {
  await world.mold.run("deleteFirewallRule", { id }, { resource });
}
