/** A port of a public address led to one machine. Machine and private port change in place. */
import { claimRule } from "../claim";
import { tagsOf, type Tags } from "../ownership";
import type { Answer, World } from "../ports";
import { goneAsEmpty, identityTags, isRuleOf, retag, type RuleAddress, type RuleOwner } from "./shared";

export interface DesiredPortForward {
  readonly protocol: "tcp" | "udp";
  readonly startPort: number;
  readonly endPort: number;
  readonly privateStartPort: number;
  readonly privateEndPort: number;
  readonly machineId: string;
}

export interface ObservedPortForward extends DesiredPortForward {
  readonly id: string;
  readonly state: string;
  readonly tags: Tags;
}

function readPortForward(rule: Answer<"listPortForwardingRules">): ObservedPortForward {
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
  };
}

async function listForwards(world: World, address: RuleAddress): Promise<ObservedPortForward[]> {
  return (await world.mold.list("listPortForwardingRules", { ipaddressid: address.id }).catch(goneAsEmpty)).map(readPortForward);
}

export async function findPortForward(world: World, owner: RuleOwner, address: RuleAddress): Promise<ObservedPortForward | undefined> {
  return (await listForwards(world, address)).find(({ tags }) => isRuleOf(world, owner, tags));
}

const samePublicSide = (a: DesiredPortForward, b: DesiredPortForward): boolean => a.protocol === b.protocol && a.startPort === b.startPort && a.endPort === b.endPort;

/** Pure. */
export function samePortForward(a: DesiredPortForward, b: DesiredPortForward): boolean {
  return samePublicSide(a, b) && a.privateStartPort === b.privateStartPort && a.privateEndPort === b.privateEndPort && a.machineId === b.machineId;
}

export async function createPortForward(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredPortForward, resource: string): Promise<string> {
  return claimRule(world, {
    what: `port forwarding rule ${desired.protocol}/${desired.startPort} on ${address.ipAddress}`,
    resource,
    property: "startPort",
    address: address.id,
    kind: "PortForwardingRule",
    tuple: `forward ${desired.protocol} ${desired.startPort}-${desired.endPort}`,
    tags: { ...identityTags(world, owner), ...owner.tags },
    find: async () => (await listForwards(world, address)).filter((rule) => samePublicSide(rule, desired)),
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
          // Otherwise Mold opens the port to the world by a rule that carries no tag.
          openfirewall: false,
        },
        { resource, signal: world.signal },
      ),
  });
}

export async function updatePortForward(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredPortForward, former: Tags, resource: string): Promise<string> {
  const rules = (await listForwards(world, address)).filter(({ tags }) => isRuleOf(world, owner, tags));
  const kept = rules.find((rule) => samePublicSide(rule, desired));
  const id = kept?.id ?? (await createPortForward(world, owner, address, desired, resource));
  if (kept) {
    if (!samePortForward(kept, desired)) {
      await world.mold.run(
        "updatePortForwardingRule",
        { id: kept.id, privateport: desired.privateStartPort, privateendport: desired.privateEndPort, virtualmachineid: desired.machineId },
        { resource, signal: world.signal },
      );
    }
    await retag(world, "PortForwardingRule", kept.id, kept.tags, { ...identityTags(world, owner), ...owner.tags }, former);
  }
  for (const rule of rules) if (rule !== kept) await deletePortForward(world, rule.id, resource);
  return id;
}

export async function deletePortForward(world: World, id: string, resource: string): Promise<void> {
  await world.mold.run("deletePortForwardingRule", { id }, { resource });
}
