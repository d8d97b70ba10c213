/** A balancer rule on a public address and its members. */
import { orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import { ClusterError } from "../errors";
import { balancerMembers } from "../observe";
import { mark, tagKeys, tagsOf, type Tags } from "../ownership";
import type { Answer, World } from "../ports";
import type { RuleAddress } from "./place";
import { identityTags, isRuleOf, lacksTags, retag, targetTag, type Members, type RuleOwner } from "./shared";

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

export function readBalancer(rule: Answer<"listLoadBalancerRules">): ObservedBalancer {
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

const isOwn = (world: World, owner: RuleOwner, rule: ObservedBalancer): boolean => isRuleOf(world, owner, rule.tags) || rule.description.endsWith(signature(world, owner));

export async function findBalancer(world: World, owner: RuleOwner, address: RuleAddress): Promise<ObservedBalancer | undefined> {
  return (await listBalancers(world, address)).find((rule) => isOwn(world, owner, rule));
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

/** What is not as declared: of the rule, its tags and its members. */
export async function compareBalancer(world: World, owner: RuleOwner, rule: ObservedBalancer, desired: DesiredBalancer): Promise<string[]> {
  const differences = balancerDifferences(rule, desired, description(world, owner, desired));
  if (lacksTags(rule.tags, tagsFor(world, owner, desired)) || (tagKeys.target in rule.tags && !desired.members.role)) differences.push("tags");
  const members = await balancerMembers(world, rule.id);
  if (members.join() !== desired.memberIds.join()) differences.push("members");
  return differences;
}

/** Makes the rule, or changes what there is of it, as an interrupted run may have left it. Answers with its id. */
export async function applyBalancer(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredBalancer, former: Tags, resource: string): Promise<string> {
  const rules = await listBalancers(world, address);
  const own = rules.find((rule) => isOwn(world, owner, rule));
  const differences = own ? balancerDifferences(own, desired, description(world, owner, desired)) : [];
  // Ports can't be changed on a rule: it is made anew then. Everything else changes in place.
  const kept = differences.includes("publicPort") || differences.includes("privatePort") ? undefined : own;
  if (!kept) refuseTaken(rules, own, address, desired, resource);
  if (own && !kept) await deleteBalancer(world, own.id, resource);
  const id = kept?.id ?? (await create(world, owner, address, desired, resource));
  if (kept && differences.length > 0) await update(world, kept.id, { desired, differences, described: description(world, owner, desired) }, resource);
  await retag(world, "LoadBalancer", id, kept?.tags ?? {}, tagsFor(world, owner, desired), { ...former, [tagKeys.target]: "" });
  await setMembers(world, id, desired.memberIds, resource);
  return id;
}

/** TCP and UDP of one port are two places; what else there is goes over TCP. */
const carrier = (protocol: string): string => (protocol === "udp" ? "udp" : "tcp");

function refuseTaken(rules: readonly ObservedBalancer[], own: ObservedBalancer | undefined, address: RuleAddress, desired: DesiredBalancer, resource: string): void {
  const other = rules.find((rule) => rule !== own && rule.publicPort === desired.publicPort && carrier(rule.protocol) === carrier(desired.protocol));
  if (!other) return;
  const by = other.tags[tagKeys.owner];
  throw new ClusterError(
    `port ${desired.publicPort} of ${address.ipAddress} already has the balancer rule ${other.name} (${other.id}), ${by ? `declared by ${by}` : "made by hand or by another program"}. Choose another port or remove that rule.`,
    { resource, property: "publicPort" },
  );
}

async function create(world: World, owner: RuleOwner, address: RuleAddress, desired: DesiredBalancer, resource: string): Promise<string> {
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
    { resource, property: "publicPort", signal: world.signal },
  );
  const made = await job.done();
  return made.id ?? job.id!;
}

async function update(world: World, id: string, { desired, differences, described }: { desired: DesiredBalancer; differences: readonly string[]; described: string }, resource: string): Promise<void> {
  await world.mold.run(
    "updateLoadBalancerRule",
    {
      id,
      name: desired.name,
      description: described,
      algorithm: desired.algorithm,
      // Always: without it the update of a rule that was made without one fails (530).
      protocol: desired.protocol,
      cidrlist: differences.includes("cidrList") ? [...(desired.cidrs ?? ["0.0.0.0/0"])] : undefined,
    },
    { resource, signal: world.signal },
  );
}

const tagsFor = (world: World, owner: RuleOwner, desired: DesiredBalancer): Tags => ({ ...identityTags(world, owner), ...targetTag(desired.members), ...owner.tags });

/** Assigning a member that is there fails the whole job, so the members are asked for first. New ones come before old ones go. */
export async function setMembers(world: World, ruleId: string, wanted: readonly string[], resource: string): Promise<void> {
  const have = await balancerMembers(world, ruleId);
  const missing = wanted.filter((id) => !have.includes(id));
  const extra = have.filter((id) => !wanted.includes(id));
  const context = { resource, property: "members", signal: world.signal };
  if (missing.length > 0) {
    await orAlready(
      () => world.mold.run("assignToLoadBalancerRule", { id: ruleId, virtualmachineids: missing }, context),
      async () => (await balancerMembers(world, ruleId)).filter((id) => missing.includes(id)).length === missing.length,
    );
  }
  if (extra.length > 0) await world.mold.run("removeFromLoadBalancerRule", { id: ruleId, virtualmachineids: extra }, context);
}

export async function deleteBalancer(world: World, id: string, resource: string): Promise<void> {
  await orAlready(
    () => world.mold.run("deleteLoadBalancerRule", { id }, { resource }),
    async () => (await world.mold.list("listLoadBalancerRules", { id }).catch(goneAsEmpty)).length === 0,
  );
}
