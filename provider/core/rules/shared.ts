/** What the one rule of a NetworkRule or LoadBalancer has in common: whose it is, whom it leads to, what was left of it. */
import { beginsAs, intentKey, isIntentOf, removeIntent } from "../claim";
import { ClusterError } from "../errors";
import { timeOf } from "../observe";
import { mark, parseMachineName, tagKeys, tagParameters, tagsOf, type Role, type TaggedKind, type Tags } from "../ownership";
import { isMoldFailure, type Answer, type World } from "../ports";
import { nodesTarget, predecessorsOf } from "../succession";
import type { RulePlace } from "./place";

/** Whose rule it is. The resource's own name tells several rules of one program apart. */
export interface RuleOwner {
  /** The resource's name in the program, for tags and errors: `ingress-80`. */
  readonly resource: string;
  /** uid of the cluster it belongs to, if it does. */
  readonly cluster?: string;
  readonly tags: Tags;
}

/** One machine or several, by what they are to the cluster, by node name, or by machine id. */
export interface Members {
  readonly role?: Role;
  readonly nodes?: readonly string[];
  readonly machineIds?: readonly string[];
}

/** The tags that make a rule recognisable as this resource's. */
export function identityTags(world: World, owner: RuleOwner): Tags {
  return { ...(owner.cluster ? { [tagKeys.cluster]: owner.cluster } : {}), [tagKeys.owner]: world.owner, [tagKeys.resource]: owner.resource };
}

export function isRuleOf(world: World, owner: RuleOwner, rule: Tags): boolean {
  return Object.entries(identityTags(world, owner)).every(([key, value]) => rule[key] === value);
}

type Machine = Answer<"listVirtualMachines">;

/** Ids of the machines that are meant: by role in the order of their numbers. Machines of the cluster that are being destroyed don't count. */
export async function resolveMembers(world: World, owner: RuleOwner, members: Members, where: { resource: string; property: string }): Promise<string[]> {
  if (members.machineIds) return [...members.machineIds];
  if (!owner.cluster) throw new ClusterError("members by role or node need the cluster they belong to. Give cluster, or machineIds.", where);
  const machines = await clusterMachines(world, owner.cluster);
  if (members.role) {
    const ofRole = machines.flatMap((machine) => {
      const { id, name = "" } = machine;
      const parsed = parsedName(name) ?? roleByTag(machine);
      return id && parsed && parsed.role === members.role ? [{ id, index: parsed.index }] : [];
    });
    return ofRole.sort((a, b) => a.index - b.index).map(({ id }) => id);
  }
  return (members.nodes ?? []).map((node) => {
    // One whose place another has taken is that one now; of several that had the name one after another the last one counts.
    const successors = machines.filter((each) => predecessorsOf(tagsOf(each)).includes(node)).sort((a, b) => (timeOf(b.created) ?? 0) - (timeOf(a.created) ?? 0));
    const machine = machines.find(({ name }) => name === node) ?? successors[0];
    if (!machine?.id) throw new ClusterError(`the cluster has no node ${node}, and none that has taken its place. It has ${machines.map(({ name }) => name).sort().join(", ") || "none"}. Name one of them, or choose by role, which follows whatever nodes there are.`, where);
    return machine.id;
  });
}

async function clusterMachines(world: World, uid: string): Promise<Machine[]> {
  // Somebody may have given one another display name, and those of a cluster that Mold runs are only tagged; what is just being made is only marked.
  const tagged = await world.mold.list("listVirtualMachines", { tags: tagParameters({ [tagKeys.cluster]: uid }) });
  const all = tagged.length > 0 ? tagged : await world.mold.list("listVirtualMachines", { keyword: uid });
  const ended = new Set(["Destroyed", "Expunging", "Error"]);
  return all.filter((machine) => (tagsOf(machine)[tagKeys.cluster] === uid || (machine.displayname ?? "").endsWith(mark(uid))) && !ended.has(machine.state ?? ""));
}

/** In the order in which they were made. */
function roleByTag(machine: Machine): { readonly role: Role; readonly index: number } | undefined {
  const { [tagKeys.role]: role } = tagsOf(machine);
  return role === "worker" || role === "control-plane" ? { role, index: timeOf(machine.created) ?? 0 } : undefined;
}

const parsedName = (name: string): ReturnType<typeof parseMachineName> => parseMachineName(name.replace(/-(control|worker)-\d+$/, ""), name);

/** `role=worker`, `nodes=prod-worker-1`: cluster steps move the members of rules that follow a role, or name nodes. */
export function targetTag({ role, nodes }: Members): Tags {
  if (role) return { [tagKeys.target]: `role=${role}` };
  return nodes ? nodesTarget(nodes) : {};
}

/** Taken over by who asks for it: but never what a cluster made for its own API. */
export const isAdoptable = (rule: Tags): boolean => rule[tagKeys.role] === undefined;

/** Tags that are not on it as they are declared. */
export const lacksTags = (have: Tags, wanted: Tags): boolean => Object.entries(wanted).some(([key, value]) => have[key] !== value);

/** Adds, changes and removes tags one declaration apart; nobody else's are touched. */
export async function retag(world: World, kind: TaggedKind, id: string, have: Tags, wanted: Tags, former: Tags): Promise<void> {
  const subject = { resourcetype: kind, resourceids: [id] };
  const stale = Object.entries(have).filter(([key, value]) => (key in wanted ? wanted[key] !== value : key in former));
  const missing = Object.entries(wanted).filter(([key, value]) => have[key] !== value);
  try {
    if (stale.length > 0) await world.mold.run("deleteTags", { ...subject, tags: stale.map(([key, value]) => ({ key, value })) });
    if (missing.length > 0) await world.mold.run("createTags", { ...subject, tags: missing.map(([key, value]) => ({ key, value })) });
  } catch (error) {
    if (!isMoldFailure(error) || error.kind !== "refused") throw error;
    // A job of a dead run may have got there first: then less is left to do, or nothing.
    const now = tagsOf({ tags: await world.mold.list("listTags", { resourcetype: kind, resourceid: id }) });
    if (JSON.stringify(Object.entries(now).sort()) === JSON.stringify(Object.entries(have).sort())) throw error;
    await retag(world, kind, id, now, wanted, former);
  }
}

/** A rule of the place, as far as it matters whether an interrupted run of this resource made it. */
export interface PossibleLeftover {
  readonly id: string;
  readonly tags: Tags;
  readonly tuple: string;
}

/**
 * What an interrupted run of this resource wrote down for another declaration of it, and what it had made of that: both go.
 * @param kind the first word of the tuples
 * @param wanted the tuple that is still to be made; undefined: none is
 */
export async function clearLeftovers(
  world: World,
  owner: RuleOwner,
  place: RulePlace,
  kind: string,
  left: { readonly rules: readonly PossibleLeftover[]; readonly wanted?: string; readonly remove: (id: string) => Promise<void> },
): Promise<void> {
  for (const [key, value] of leftIntents(world, owner, place, kind)) {
    if (left.wanted !== undefined && key === intentKey(left.wanted)) continue;
    for (const { id, tags, tuple } of left.rules) {
      if (intentKey(tuple) === key && Object.keys(tags).length === 0 && isIntentOf(value, identityTags(world, owner), tuple)) await left.remove(id);
    }
    await removeIntent(world, { id: place.id, carrier: place.kind === "Network" ? "Network" : "PublicIpAddress" }, key, value);
  }
}

/** Intents of this resource at the place. */
export const leftIntents = (world: World, owner: RuleOwner, { intents }: RulePlace, kind: string): [string, string][] =>
  Object.entries(intents).filter(([, value]) => beginsAs(value, `${world.owner} ${owner.resource} ${kind} `));
