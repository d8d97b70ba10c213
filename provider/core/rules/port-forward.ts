/** A port of a public address led to one machine. Machine and private port change in place. */
import { claimRule, orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import { tagsOf, type Tags } from "../ownership";
import type { Answer, World } from "../ports";
import { clearLeftovers, identityTags, isRuleOf, lacksTags, leftIntents, retag, type RuleAddress, type RuleOwner } from "./shared";

export interface DesiredPortForward {
  readonly protocol: "tcp" | "udp";
  readonly startPort: number;
  readonly endPort: number;
  readonly privateStartPort: number;
  readonly privateEndPort: number;
  readonly machineId: string;
  /** Who is let through. Sorted; empty: everyone whom the firewall lets in. */
  readonly cidrs: readonly string[];
}

export interface ObservedPortForward extends DesiredPortForward {
  readonly id: string;
  readonly state: string;
  readonly tags: Tags;
}

export function readPortForward(rule: Answer<"listPortForwardingRules">): ObservedPortForward {
  return {
    id: rule.id!,
    state: rule.state ?? "",
    tags: tagsOf(rule),
    protocol: rule.protocol as "tcp" | "udp",
    startPort: Number(rule.publicport),
    endPort: Number(rule.publicendport ?? rule.publicport),
    privateStartPort: Number(rule.privateport),
    privateEndPort: Number(rule.privateendport ?? rule.privateport),
    machineId: rule.virtualmachineid ?? "",
    cidrs: (rule.cidrlist ?? "").split(",").filter((cidr) => cidr !== "").sort(),
  };
}

async function listForwards(world: World, address: RuleAddress): Promise<ObservedPortForward[]> {
  return (await world.mold.list("listPortForwardingRules", { ipaddressid: address.id }).catch(goneAsEmpty)).map(readPortForward);
}

/** The resource's own rules: one, unless an interrupted run left another. */
export async function findPortForwards(world: World, owner: RuleOwner, address: RuleAddress): Promise<ObservedPortForward[]> {
  return (await listForwards(world, address)).filter(({ tags }) => isRuleOf(world, owner, tags));
}

const kind = "forward";
/** What tells a rule on an address from every other there; intents are written for it. */
export const portForwardTuple = ({ protocol, startPort, endPort }: DesiredPortForward): string => `${kind} ${protocol} ${startPort}-${endPort}`;

/** Pure. */
function sameTarget(a: DesiredPortForward, b: DesiredPortForward): boolean {
  return a.privateStartPort === b.privateStartPort && a.privateEndPort === b.privateEndPort && a.machineId === b.machineId && a.cidrs.join() === b.cidrs.join();
}

/** What is to be done; undefined: it is as declared. */
export async function portForwardDifference(world: World, owner: RuleOwner, address: RuleAddress, desired: () => Promise<DesiredPortForward>): Promise<string | undefined> {
  const rules = await findPortForwards(world, owner, address);
  const [rule] = rules;
  if (!rule) return "make it: it is not there";
  const wanted = await desired();
  if (rules.length > 1 || portForwardTuple(rule) !== portForwardTuple(wanted) || !sameTarget(rule, wanted)) return "lead it to where it is declared to lead";
  if (lacksTags(rule.tags, owner.tags)) return "tag it as declared";
  return leftIntents(world, owner, address, kind).length > 0 ? "clear up after an interrupted run" : undefined;
}

/** Makes the rule, or changes what there is of it; also what an interrupted run made of another declaration. Answers with its id. */
export async function applyPortForward(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredPortForward, former: Tags, resource: string): Promise<string> {
  const rules = await listForwards(world, address);
  const own = rules.filter(({ tags }) => isRuleOf(world, owner, tags));
  const kept = own.find((rule) => portForwardTuple(rule) === portForwardTuple(desired));
  const leftovers = { rules: rules.map((rule) => ({ ...rule, tuple: portForwardTuple(rule) })), remove: (id: string) => remove(world, id, resource) };
  await clearLeftovers(world, owner, address, kind, { ...leftovers, ...(kept ? {} : { wanted: portForwardTuple(desired) }) });
  // Public ports that overlap conflict (537): what is of another declaration goes first.
  for (const rule of own) if (rule !== kept) await remove(world, rule.id, resource);
  const id = kept?.id ?? (await create(world, owner, address, desired, resource));
  const rule = kept ?? (await listForwards(world, address)).find((each) => each.id === id);
  // One that an interrupted run had made may lead elsewhere.
  if (rule && !sameTarget(rule, desired)) {
    await world.mold.run(
      "updatePortForwardingRule",
      {
        id,
        privateport: desired.privateStartPort,
        privateendport: desired.privateEndPort,
        virtualmachineid: desired.machineId,
        ...(desired.cidrs.length > 0 ? { cidrlist: [...desired.cidrs] } : {}),
      },
      { resource, signal: world.signal },
    );
  }
  if (kept) await retag(world, "PortForwardingRule", kept.id, kept.tags, { ...identityTags(world, owner), ...owner.tags }, former);
  return id;
}

async function create(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredPortForward, resource: string): Promise<string> {
  return claimRule(world, {
    what: `port forwarding rule ${desired.protocol}/${desired.startPort} on ${address.ipAddress}`,
    resource,
    property: "startPort",
    address: address.id,
    kind: "PortForwardingRule",
    tuple: portForwardTuple(desired),
    tags: { ...identityTags(world, owner), ...owner.tags },
    find: async () => (await listForwards(world, address)).filter((rule) => portForwardTuple(rule) === portForwardTuple(desired)),
    create: () =>
      world.mold.start(
        "createPortForwardingRule",
        {
          ipaddressid: address.id,
          protocol: desired.protocol,
          publicport: desired.startPort,
          publicendport: desired.endPort,
          privateport: desired.privateStartPort,
          privateendport: desired.privateEndPort,
          virtualmachineid: desired.machineId,
          ...(desired.cidrs.length > 0 ? { cidrlist: [...desired.cidrs] } : {}),
          // Otherwise Mold opens the port to the world by a rule that carries no tag.
          openfirewall: false,
        },
        { resource, signal: world.signal },
      ),
  });
}

/** Everything of it, also what an interrupted run made and could not mark any more. */
export async function deletePortForwards(world: World, owner: RuleOwner, address: RuleAddress, resource: string): Promise<void> {
  const rules = await listForwards(world, address);
  for (const { id } of rules.filter(({ tags }) => isRuleOf(world, owner, tags))) await remove(world, id, resource);
  await clearLeftovers(world, owner, address, kind, { rules: rules.map((rule) => ({ ...rule, tuple: portForwardTuple(rule) })), remove: (id) => remove(world, id, resource) });
}

async function remove(world: World, id: string, resource: string): Promise<void> {
  await orAlready(
    () => world.mold.run("deletePortForwardingRule", { id }, { resource }),
    async () => (await world.mold.list("listPortForwardingRules", { id }).catch(goneAsEmpty)).length === 0,
  );
}
