/** A balancer rule on a public address and its members. */
import { ClusterError } from "../errors";
import { balancerMembers } from "../observe";
import { mark, tagKeys, tagsOf, type Tags } from "../ownership";
import type { Answer, World } from "../ports";
import { goneAsEmpty, identityTags, isRuleOf, retag, targetTag, type Members, type RuleAddress, type RuleOwner } from "./shared";

export interface DesiredBalancer {
  readonly name: string;
  readonly description?: string;
  readonly publicPort: number;
  readonly privatePort: number;
  readonly algorithm: "roundrobin" | "leastconn" | "source";
  readonly protocol: "tcp" | "udp" | "tcp-proxy" | "ssl";
  /** Sorted; undefined: everyone. */
  readonly cidrs?: readonly string[];
  readonly members: Members;
  /** Sorted ids of the machines that are meant now. */
  readonly memberIds: readonly string[];
}

export interface ObservedBalancer {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  readonly publicPort: number;
  readonly privatePort: number;
  readonly algorithm: string;
  readonly protocol: string;
  readonly cidrs: readonly string[];
  readonly state: string;
  readonly tags: Tags;
}

function readBalancer(rule: Answer<"listLoadBalancerRules">): ObservedBalancer {
  return {
    id: rule.id!,
    name: rule.name ?? "",
    description: rule.description ?? "",
    publicPort: Number(rule.publicport),
    privatePort: Number(rule.privateport),
    algorithm: rule.algorithm ?? "",
    protocol: rule.protocol ?? "",
    cidrs: (rule.cidrlist ?? "").split(/[,\s]+/).filter((cidr) => cidr !== "").sort(),
    state: rule.state ?? "",
    tags: tagsOf(rule),
  };
}

/** The end of the rule's description: whose it is, from the moment it is there. */
const signature = (world: World, owner: RuleOwner): string => mark(`${owner.cluster ?? "-"} ${world.owner} ${owner.resource}`);
const description = (world: World, owner: RuleOwner, desired: DesiredBalancer): string => `${desired.description ? `${desired.description} ` : ""}${signature(world, owner)}`;

async function listBalancers(world: World, address: RuleAddress): Promise<ObservedBalancer[]> {
  return (await world.mold.list("listLoadBalancerRules", { publicipid: address.id }).catch(goneAsEmpty)).map(readBalancer);
}

export async function findBalancer(world: World, owner: RuleOwner, address: RuleAddress): Promise<ObservedBalancer | undefined> {
  return (await listBalancers(world, address)).find((rule) => isRuleOf(world, owner, rule.tags) || rule.description.endsWith(signature(world, owner)));
}

/** Pure: what of the rule itself is not as declared. Members are looked at apart. */
export function balancerDifferences(rule: ObservedBalancer, desired: DesiredBalancer, described: string): string[] {
  const differences: string[] = [];
  if (rule.publicPort !== desired.publicPort) differences.push("publicPort");
  if (rule.privatePort !== desired.privatePort) differences.push("privatePort");
  if (rule.algorithm !== desired.algorithm) differences.push("algorithm");
  if (rule.protocol !== desired.protocol) differences.push("protocol");
  if (rule.name !== desired.name) differences.push("name");
  if (rule.description !== described) differences.push("description");
  const world = ["0.0.0.0/0"];
  const wanted = desired.cidrs ?? world;
  if ((rule.cidrs.length > 0 ? rule.cidrs : world).join() !== [...wanted].sort().join()) differences.push("cidrList");
  return differences;
}

export async function compareBalancer(world: World, owner: RuleOwner, rule: ObservedBalancer, desired: DesiredBalancer): Promise<string[]> {
  const differences = balancerDifferences(rule, desired, description(world, owner, desired));
  const members = await balancerMembers(world, rule.id);
  if (members.join() !== desired.memberIds.join()) differences.push("members");
  return differences;
}

export async function createBalancer(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredBalancer, resource: string): Promise<string> {
  const rules = await listBalancers(world, address);
  const own = rules.find((rule) => rule.description.endsWith(signature(world, owner)));
  const other = rules.find((rule) => rule !== own && rule.publicPort === desired.publicPort);
  if (other) {
    const by = other.tags[tagKeys.owner];
    throw new ClusterError(
      `port ${desired.publicPort} of ${address.ipAddress} already has the balancer rule ${other.name} (${other.id}), ${by ? `declared by ${by}` : "made by hand or by another program"}. Choose another port or remove that rule.`,
      { resource, property: "publicPort" },
    );
  }
  const context = { resource, property: "publicPort", signal: world.signal };
  let id = own?.id;
  if (id === undefined) {
    const job = await world.mold.start(
      "createLoadBalancerRule",
      {
        publicipid: address.id,
        networkid: address.networkId,
        name: desired.name,
        description: description(world, owner, desired),
        algorithm: desired.algorithm,
        publicport: desired.publicPort,
        privateport: desired.privatePort,
        protocol: desired.protocol,
        cidrlist: desired.cidrs ? [...desired.cidrs] : undefined,
        // Otherwise Mold opens the port to the world by a rule that carries no tag.
        openfirewall: false,
      },
      context,
    );
    const made = await job.done();
    id = made.id ?? job.id!;
  }
  await retag(world, "LoadBalancer", id, own?.tags ?? {}, tagsFor(world, owner, desired), {});
  await setMembers(world, id, desired.memberIds, resource);
  return id;
}

const tagsFor = (world: World, owner: RuleOwner, desired: DesiredBalancer): Tags => ({ ...identityTags(world, owner), ...targetTag(desired.members), ...owner.tags });

/** Ports can't be changed on a rule: it is made anew then. Everything else changes in place. */
export async function updateBalancer(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredBalancer, former: Tags, resource: string): Promise<string> {
  const rule = await findBalancer(world, owner, address);
  if (!rule) return createBalancer(world, owner, address, desired, resource);
  const differences = balancerDifferences(rule, desired, description(world, owner, desired));
  if (differences.includes("publicPort") || differences.includes("privatePort")) {
    await deleteBalancer(world, rule.id, resource);
    return createBalancer(world, owner, address, desired, resource);
  }
  if (differences.length > 0) {
    await world.mold.run(
      "updateLoadBalancerRule",
      {
        id: rule.id,
        name: desired.name,
        description: description(world, owner, desired),
        algorithm: desired.algorithm,
        // Always: without it the update of a rule that was made without one fails (530).
        protocol: desired.protocol,
        cidrlist: differences.includes("cidrList") ? [...(desired.cidrs ?? ["0.0.0.0/0"])] : undefined,
      },
      { resource, signal: world.signal },
    );
  }
  await retag(world, "LoadBalancer", rule.id, rule.tags, tagsFor(world, owner, desired), { ...former, [tagKeys.target]: "" });
  await setMembers(world, rule.id, desired.memberIds, resource);
  return rule.id;
}

/** Assigning a member that is there fails the whole job, so the members are asked for first. New ones come before old ones go. */
export async function setMembers(world: World, ruleId: string, wanted: readonly string[], resource: string): Promise<void> {
  const have = await balancerMembers(world, ruleId);
  const missing = wanted.filter((id) => !have.includes(id));
  const extra = have.filter((id) => !wanted.includes(id));
  const context = { resource, property: "members", signal: world.signal };
  if (missing.length > 0) await world.mold.run("assignToLoadBalancerRule", { id: ruleId, virtualmachineids: missing }, context);
  if (extra.length > 0) await world.mold.run("removeFromLoadBalancerRule", { id: ruleId, virtualmachineids: extra }, context);
}

export async function deleteBalancer(world: World, id: string, resource: string): Promise<void> {
  await world.mold.run("deleteLoadBalancerRule", { id }, { resource });
}
