/** A balancer rule on a public address and its members. */
import { intentsIn, orAlready } from "../claim";
import { goneAsEmpty } from "../gone";
import { ClusterError } from "../errors";
import { mark, tagKeys, tagsOf, type Tags } from "../ownership";
import type { Answer, World } from "../ports";
import { removeAutoscale, setAutoscale } from "./autoscale";
import { isAutoscaledAsDeclared, type DesiredAutoscale } from "./autoscale-seen";
import { balancerCapability, refuseIncapable, type Stickiness } from "./balancer-capability";
import { asDeclared, healthChecksSeen, setHealthCheck, setStickiness, stickinessSeen, toChange, type HealthCheck } from "./balancer-policies";
import { membersSeen, setMembers } from "./balancer-members";
import type { RuleAddress } from "./place";
import { identityTags, isAdoptable, isRuleOf, lacksTags, retag, targetTag, type Members, type RuleOwner } from "./shared";
import { applyOnce, claimSpot, deleteUnlessMade, isAnothersNow, isLeaving, noteTaken, type SpotKind } from "./spots";
import { inTurn } from "./turns";

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
  /** Mold makes the machines; then there are no members. */
  readonly autoscale?: DesiredAutoscale;
  readonly stickiness?: Stickiness;
  readonly healthCheck?: HealthCheck;
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

/** By its tags; while it has none, in its first moment or since a hand took them, by what its description says. */
function isOwn(world: World, owner: RuleOwner, { tags, description: text }: ObservedBalancer): boolean {
  const { [tagKeys.owner]: program, [tagKeys.resource]: resource } = tags;
  const isAnothers = program !== undefined && resource !== undefined && (program !== world.owner || resource !== owner.resource);
  return isRuleOf(world, owner, tags) || (!isAnothers && text.endsWith(signature(world, owner)));
}

/** The resource's own rule: one, unless an interrupted run left another. */
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

/** What is not as declared: of the rule, its tags and its members. Undefined: there is none. */
export async function compareBalancer(job: BalancerJob, desired: () => Promise<DesiredBalancer>): Promise<string[] | undefined> {
  const { world, owner, address } = job;
  const rules = await listBalancers(world, address);
  const [rule, another] = rules.filter((each) => isOwn(world, owner, each));
  if (!rule) return undefined;
  const wanted = await desired();
  const differences = balancerDifferences(rule, wanted, description(world, owner, wanted));
  if (another) differences.push("a second rule that an interrupted run left");
  if (Object.keys(intentsIn(rule.tags)).length > 0) differences.push("what an interrupted run wrote down");
  if (lacksTags(rule.tags, tagsFor(world, owner, wanted)) || (tagKeys.target in rule.tags && !(tagKeys.target in targetTag(wanted.members)))) differences.push("tags");
  // Only where something is declared: each look is a call of its own. What somebody adds by hand where nothing is stays.
  if (wanted.stickiness && !asDeclared(await stickinessSeen(world, rule.id), wanted.stickiness)) differences.push("stickiness");
  if (wanted.healthCheck && !asDeclared(await healthChecksSeen(world, rule.id), wanted.healthCheck)) differences.push("healthCheck");
  if (wanted.autoscale) {
    if (!(await isAutoscaledAsDeclared(world, rule.id, wanted.autoscale))) differences.push("autoscale");
  } else if ((await membersSeen(world, address, rule.id, rules.length)).join() !== wanted.memberIds.join()) differences.push("members");
  if (differences.length === 0) claimSpot(job, address, spotKind, wanted);
  return differences;
}

export interface BalancerJob {
  readonly world: World;
  readonly owner: RuleOwner;
  readonly address: RuleAddress;
  /** `LoadBalancer ingress`, for messages. */
  readonly resource: string;
}

const isAutoscaled = (tags: Tags): boolean => tagKeys.autoscale in tags || Object.keys(intentsIn(tags)).length > 0;

/** Ports can't be changed on a rule. */
const samePorts = (rule: Pick<DesiredBalancer, "publicPort" | "privatePort">, desired: DesiredBalancer): boolean => rule.publicPort === desired.publicPort && rule.privatePort === desired.privatePort;

interface ApplyOptions {
  /** Tags that were declared last time. */
  readonly former: Tags;
  /** Its policies then. */
  readonly formerPolicies?: Pick<DesiredBalancer, "stickiness" | "healthCheck">;
  /** A rule of somebody else on the same ports is taken over. */
  readonly adopt: boolean;
}

/**
 * Makes the rule, or changes what there is of it, as an interrupted run may have left it. One on another port is there, with its
 * members, before the old one goes; on the same port Mold takes no two at once. Answers with its id.
 */
export const applyBalancer = (job: BalancerJob, desired: DesiredBalancer, options: ApplyOptions): Promise<string> => applyOnce(job, spotKind, job.address, () => apply(job, desired, options));

async function apply(job: BalancerJob, desired: DesiredBalancer, options: ApplyOptions): Promise<string> {
  const { world, owner, address, resource } = job;
  claimSpot(job, address, spotKind, desired);
  const rules = await listBalancers(world, address);
  const own = rules.filter((rule) => isOwn(world, owner, rule));
  const equal = (rule: ObservedBalancer): boolean => samePorts(rule, desired) && carrier(rule.protocol) === carrier(desired.protocol);
  const mine = own.find((rule) => samePorts(rule, desired)) ?? (options.adopt ? rules.find((rule) => !own.includes(rule) && equal(rule) && isAdoptable(rule.tags) && !isLeaving(world, owner, rule.tags)) : undefined);
  const inSpot = mine ? [] : rules.filter((rule) => !own.includes(rule) && spotKind.conflict(rule, desired));
  refuseTaken(inSpot.filter(({ tags }) => !isLeaving(world, owner, tags)), desired, job);
  const capability = mine || inSpot.length > 0 || desired.stickiness || desired.healthCheck || desired.autoscale ? await balancerCapability(world, address.networkId) : undefined;
  if (capability) refuseIncapable(capability, desired, resource);
  const taken = desired.autoscale ? undefined : await takePlace(job, inSpot.filter(equal));
  const kept = mine ?? taken;
  const old = own.filter((rule) => rule !== kept);
  const inTheWay = kept ? [] : old.filter(({ publicPort }) => publicPort === desired.publicPort);
  for (const rule of inTheWay) await deleteBalancer(job, rule);
  // Another one of the same program, which moves or is declared no more: its own change makes it anew where it is declared, and finds nothing to delete here.
  for (const rule of inSpot.filter((each) => each.id !== taken?.id)) await deleteBalancer({ ...job, owner: { resource: rule.tags[tagKeys.resource] ?? "", cluster: rule.tags[tagKeys.cluster], tags: {} } }, rule);
  const id = kept?.id ?? (await create(job, desired));
  const described = description(world, owner, desired);
  const differences = kept ? balancerDifferences(kept, desired, described) : [];
  if (differences.length > 0) await update(job, id, { desired, differences, described });
  const autoscaled = { world, owner, ruleId: id, resource };
  // While its tag still says that there is some.
  if (kept && !desired.autoscale && isAutoscaled(kept.tags)) await removeAutoscale(autoscaled);
  await retag(world, "LoadBalancer", id, kept?.tags ?? {}, tagsFor(world, owner, desired), { ...options.former, [tagKeys.cluster]: "", [tagKeys.target]: "", [tagKeys.autoscale]: "" });
  const policies = { world, addressId: address.id, ruleId: id, resource };
  // A rule that was just made has none.
  const stickiness = kept ? await stickinessSeen(world, id) : [];
  const healthChecks = kept && capability?.healthChecks ? await healthChecksSeen(world, id) : [];
  // Of one that was another resource's, all that it has was that one's.
  const formerPolicies = taken ? { stickiness: stickiness[0]?.policy, healthCheck: healthChecks[0]?.policy } : (options.formerPolicies ?? {});
  if (kept || desired.stickiness) await setStickiness(policies, toChange(stickiness, desired.stickiness, formerPolicies.stickiness), desired.stickiness);
  if (capability?.healthChecks) await setHealthCheck(policies, toChange(healthChecks, desired.healthCheck, formerPolicies.healthCheck), desired.healthCheck);
  // Mold autoscales no rule that has members of somebody else, and takes none beside its own.
  if (!desired.autoscale) await setMembers(world, address, id, desired.memberIds, resource);
  else {
    if (kept && !isAutoscaled(kept.tags)) await setMembers(world, address, id, [], resource);
    await setAutoscale(autoscaled, desired.autoscale);
  }
  for (const rule of old) if (!inTheWay.includes(rule)) await deleteBalancer(job, rule);
  return id;
}

/** One on the same ports that is another resource's of the same program, and leaves them, becomes this one's as it is. In turn: that one may be about to delete it. */
async function takePlace({ world, owner, address }: BalancerJob, equal: readonly ObservedBalancer[]): Promise<ObservedBalancer | undefined> {
  const isTakeable = ({ tags }: ObservedBalancer): boolean => isLeaving(world, owner, tags) && !isAutoscaled(tags);
  if (!equal.some(isTakeable)) return undefined;
  return inTurn(world, address.id, async () => {
    const rule = (await listBalancers(world, address)).find((each) => equal.some(({ id }) => id === each.id) && isTakeable(each));
    if (!rule) return undefined;
    const tags = identityTags(world, owner);
    await retag(world, "LoadBalancer", rule.id, rule.tags, tags, rule.tags);
    noteTaken(world, rule.id, owner);
    return { ...rule, tags };
  });
}

/** TCP and UDP of one port are two places; what else there is goes over TCP. */
const carrier = (protocol: string): string => (protocol === "udp" ? "udp" : "tcp");

const spotKind: SpotKind<{ readonly publicPort: number; readonly protocol: string }> = {
  noun: "balancer rule",
  conflict: (one, other) => one.publicPort === other.publicPort && carrier(one.protocol) === carrier(other.protocol),
};

function refuseTaken([other]: readonly ObservedBalancer[], desired: DesiredBalancer, { address, resource }: BalancerJob): void {
  if (!other) return;
  const by = other.tags[tagKeys.owner];
  const adopting = other.privatePort === desired.privatePort && isAdoptable(other.tags) ? ", or set adopt to take it over" : "";
  throw new ClusterError(
    `port ${desired.publicPort} of ${address.ipAddress} already has the balancer rule ${other.name} (${other.id}), ${by ? `declared by ${by}` : "made by hand or by another program"}. Choose another port${adopting ? "," : " or"} remove that rule${adopting}.`,
    { resource, property: "publicPort" },
  );
}

async function create({ world, owner, address, resource }: BalancerJob, desired: DesiredBalancer): Promise<string> {
  return inTurn(world, address.id, async () => {
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
      // What a network's offering can't do is refused with the same code as a wrong port.
      { resource, property: desired.protocol === "udp" || desired.protocol === "ssl" ? "protocol" : "publicPort", signal: world.signal },
    );
    const made = await job.done();
    return made.id ?? job.id!;
  });
}

async function update({ world, address, resource }: BalancerJob, id: string, { desired, differences, described }: { desired: DesiredBalancer; differences: readonly string[]; described: string }): Promise<void> {
  await inTurn(world, address.id, () =>
    world.mold.run(
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
      { resource, ...(differences.includes("protocol") ? { property: "protocol" } : {}), signal: world.signal },
    ),
  );
}

const tagsFor = (world: World, owner: RuleOwner, desired: DesiredBalancer): Tags => ({ ...identityTags(world, owner), ...targetTag(desired.members), ...(desired.autoscale ? { [tagKeys.autoscale]: "yes" } : {}), ...owner.tags });

/** Everything of the resource, also what an interrupted run left. */
export const deleteBalancers = (job: BalancerJob): Promise<void> =>
  deleteUnlessMade(job, spotKind, job.address, async () => {
    for (const rule of await listBalancers(job.world, job.address)) if (isOwn(job.world, job.owner, rule)) await deleteBalancer(job, rule);
  });

async function deleteBalancer({ world, owner, address, resource }: BalancerJob, { id, tags }: ObservedBalancer): Promise<void> {
  if (isAutoscaled(tags)) await removeAutoscale({ world, owner, ruleId: id, resource });
  await inTurn(world, address.id, async () => {
    if (isAnothersNow(world, id, owner)) return;
    await orAlready(
      () => world.mold.run("deleteLoadBalancerRule", { id }, { resource }),
      async () => (await world.mold.list("listLoadBalancerRules", { id }).catch(goneAsEmpty)).length === 0,
    );
  });
}
