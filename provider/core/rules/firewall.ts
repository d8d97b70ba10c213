/** An ingress rule of a public address. Mold can't change one: a changed rule is made anew, before the old one goes where ranges allow it. */
import { claimRule, orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import { readFirewallRule, type ObservedFirewallRule } from "../observe";
import type { World } from "../ports";
import { clearLeftovers, identityTags, isRuleOf, lacksTags, leftIntents, retag, type RuleAddress, type RuleOwner } from "./shared";

export interface DesiredFirewallRule {
  readonly protocol: "tcp" | "udp" | "icmp" | "all";
  readonly startPort?: number;
  readonly endPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  /** Sorted. */
  readonly cidrs: readonly string[];
}

/** The resource's own rules: one, unless an interrupted run left another. */
export async function findFirewallRules(world: World, owner: RuleOwner, address: RuleAddress): Promise<ObservedFirewallRule[]> {
  return (await listRules(world, address)).filter(({ tags }) => isRuleOf(world, owner, tags));
}

async function listRules(world: World, address: RuleAddress): Promise<ObservedFirewallRule[]> {
  return (await world.mold.list("listFirewallRules", { ipaddressid: address.id }).catch(goneAsEmpty)).map(readFirewallRule);
}

const kind = "firewall";

function tupleOf({ protocol, startPort, endPort, icmpType, icmpCode, cidrs }: DesiredFirewallRule): string {
  const ports = protocol === "icmp" ? `${icmpType ?? -1}/${icmpCode ?? -1}` : protocol === "all" ? "" : `${startPort}-${endPort ?? startPort}`;
  return `${kind} ${protocol} ${ports} ${[...cidrs].sort().join(",")}`;
}

/** What tells a rule on an address from every other there; intents are written for it. */
export const firewallTuple = (rule: ObservedFirewallRule): string => tupleOf({ ...rule, protocol: rule.protocol as DesiredFirewallRule["protocol"] });

/** What is to be done; undefined: it is as declared. */
export async function firewallDifference(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredFirewallRule): Promise<string | undefined> {
  const rules = await findFirewallRules(world, owner, address);
  const [rule] = rules;
  if (!rule) return "make it: it is not there";
  if (rules.length > 1 || firewallTuple(rule) !== tupleOf(desired)) return "make it as declared: it was changed by hand";
  if (lacksTags(rule.tags, owner.tags)) return "tag it as declared";
  return leftIntents(world, owner, address, kind).length > 0 ? "clear up after an interrupted run" : undefined;
}

/** Makes the rule, or changes what there is of it; also what an interrupted run made of another declaration. Answers with its id. */
export async function applyFirewallRule(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredFirewallRule, former: RuleOwner["tags"], resource: string): Promise<string> {
  const rules = await listRules(world, address);
  const own = rules.filter(({ tags }) => isRuleOf(world, owner, tags));
  const same = own.find((rule) => firewallTuple(rule) === tupleOf(desired));
  const old = own.filter((rule) => rule !== same);
  const leftovers = { rules: rules.map((rule) => ({ ...rule, tuple: firewallTuple(rule) })), remove: (id: string) => remove(world, id, resource) };
  await clearLeftovers(world, owner, address, kind, { ...leftovers, ...(same ? {} : { wanted: tupleOf(desired) }) });
  // Rules that share a range conflict (537) while their ports overlap: then the old one has to go first.
  const conflicts = same === undefined && old.some(({ cidrs }) => cidrs.some((cidr) => desired.cidrs.includes(cidr)));
  if (conflicts) for (const { id } of old) await remove(world, id, resource);
  const id = same?.id ?? (await create(world, owner, address, desired, resource));
  if (same) await retag(world, "FirewallRule", same.id, same.tags, { ...identityTags(world, owner), ...owner.tags }, former);
  if (!conflicts) for (const rule of old) await remove(world, rule.id, resource);
  return id;
}

async function create(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredFirewallRule, resource: string): Promise<string> {
  return claimRule(world, {
    what: `firewall rule ${tupleOf(desired).replace(/^firewall /, "")} on ${address.ipAddress}`,
    resource,
    property: "startPort",
    address: address.id,
    kind: "FirewallRule",
    tuple: tupleOf(desired),
    tags: { ...identityTags(world, owner), ...owner.tags },
    find: async () => (await listRules(world, address)).filter((rule) => firewallTuple(rule) === tupleOf(desired)),
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
        { resource, signal: world.signal },
      ),
  });
}

/** Everything of it, also what an interrupted run made and could not mark any more. */
export async function deleteFirewallRules(world: World, owner: RuleOwner, address: RuleAddress, resource: string): Promise<void> {
  const rules = await listRules(world, address);
  for (const { id } of rules.filter(({ tags }) => isRuleOf(world, owner, tags))) await remove(world, id, resource);
  await clearLeftovers(world, owner, address, kind, { rules: rules.map((rule) => ({ ...rule, tuple: firewallTuple(rule) })), remove: (id) => remove(world, id, resource) });
}

async function remove(world: World, id: string, resource: string): Promise<void> {
  await orAlready(
    () => world.mold.run("deleteFirewallRule", { id }, { resource }),
    async () => (await world.mold.list("listFirewallRules", { id }).catch(goneAsEmpty)).length === 0,
  );
}
