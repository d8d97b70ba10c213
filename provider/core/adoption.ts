/** Taking over a cluster that another program has declared: it is found by its uid, marked as ours, and nothing else of it is changed. */
import type { Catalogue } from "./catalogue";
import { ClusterError } from "./errors";
import type { ObservedCluster } from "./observe";
import { hasJoined, tagKeys, type TaggedKind, type Tags } from "./ownership";
import type { DesiredEndpoint } from "./desired";
import { addressesOf, type Address } from "./own-address";
import { ownNetworks, type Network } from "./own-network";
import type { Plan, PlanInput, Problem } from "./plan-input";
import type { CallContext, World } from "./ports";
import { retag } from "./rules/shared";
import { refOf, Steps } from "./steps";

export interface FoundPlace {
  readonly network: Network;
  readonly isOwn: boolean;
  readonly address: Address;
}

/** Where the cluster of that uid is; what is declared of its place has to be so. */
export async function placeToAdopt(world: World, catalogue: Catalogue, { name, uid, zone, network: declared }: Pick<DesiredEndpoint, "name" | "uid" | "zone" | "network">, context: CallContext): Promise<FoundPlace> {
  const refused = (property: string, reason: string): ClusterError => new ClusterError(reason, { resource: context.resource, property });
  const { id: zoneId } = await catalogue.zone(zone);
  const [addresses, [own]] = await Promise.all([addressesOf(world, uid, context), ownNetworks({ world, name, uid, context })]);
  const [address] = addresses;
  if (!address) throw refused("adoptIdentity", `there is no cluster ${name} of that identity (uid ${uid}) among what these keys show. Is the name the same, and are the keys (and the project) those that it was made with?`);
  if (address.zoneid !== zoneId) throw refused("zone", `the cluster is in the zone ${address.zonename ?? address.zoneid ?? "?"}. Declare that one.`);
  if (own) {
    if (declared !== undefined) throw refused("network", `is ${declared}, and the cluster has a network of its own. Leave it out.`);
    return { network: own, isOwn: true, address };
  }
  const [network] = await world.mold.list("listNetworks", { id: address.associatednetworkid }, context);
  if (!network) throw refused("network", "the network of the cluster is not to be seen with these keys. Are they its owner's?");
  if (declared === undefined || (await catalogue.network(declared, zoneId)).id !== network.id) throw refused("network", `the cluster is on the network ${network.name}, which is not its own. Declare that one.`);
  return { network, isOwn: false, address };
}

/** On what a destroy looks at first it stands from whom it was taken. */
const tellsWho = new Set<TaggedKind>(["Network", "PublicIpAddress"]);

/** Whose it is, and whose it was. */
export async function takeOver(world: World, kind: TaggedKind, id: string, tags: Tags): Promise<void> {
  const former = tags[tagKeys.owner];
  if (former === world.owner) return;
  // First: a run that dies in between leaves it without an owner, and then it is that one's still.
  if (former !== undefined && tellsWho.has(kind)) await retag(world, kind, id, tags, takenFrom(former, tags), {});
  await retag(world, kind, id, tags, { [tagKeys.owner]: world.owner }, {});
}

/** The most that Mold takes as a tag's value. */
const longest = 255;

/** From whom it is taken, and all from whom it was taken before: each of them may still destroy what it has in its state. */
export function takenFrom(former: string, tags: Tags): Tags {
  const names = [former, ...formerOwners(tags).filter((name) => name !== former)];
  while (names.length > 1 && names.join().length > longest) names.pop();
  return { [tagKeys.takenFrom]: names.join() };
}

const formerOwners = (tags: Tags): string[] => (tags[tagKeys.takenFrom] ?? "").split(",").filter((name) => name !== "");

/** Whose it is. What a run died over that was taking it is still the one's from whom it was to be taken. */
const ownerOf = (tags: Tags): string | undefined => tags[tagKeys.owner] ?? formerOwners(tags)[0];

/** Who declares it since it was taken over from this owner; undefined: nobody has taken it. */
function takenBy({ owner }: Pick<World, "owner">, tags: Tags): string | undefined {
  return ownerOf(tags) !== owner && formerOwners(tags).includes(owner) ? ownerOf(tags) : undefined;
}

/** Of a cluster that somebody else declares since, nothing is changed here: what is declared there would be undone. */
export function takenProblems(world: Pick<World, "owner">, tags: Tags = {}): Problem[] {
  const by = takenBy(world, tags);
  return by === undefined ? [] : [{ property: "adopt", isTaken: true, reason: `${by} has taken it over, and declares it now: nothing of it is changed here. Take it out of this program, which leaves it alone; to take it back, declare it after that with adopt: true.` }];
}

/**
 * Why a delete leaves what carries these tags alone; undefined: it is this owner's, or was made under a name that this owner had before.
 * @param adopts it was to be taken over: what does not say that it was, is its owner's
 * @throws ClusterError where it can't be told from somebody else's
 */
function whyLeft({ owner }: Pick<World, "owner">, resource: string, tags: Tags, adopts: boolean): string | undefined {
  const now = ownerOf(tags);
  if (now === owner) return undefined;
  const by = takenBy({ owner }, tags);
  if (by !== undefined) return `${by} has taken it over, and declares it now`;
  const [last] = formerOwners(tags);
  if (last !== undefined && last !== now) {
    throw new ClusterError(
      `${now ?? "another program"} has taken it over from ${last}, and this program is ${owner}: nothing is deleted. Had this one another name when it took it over? Then put ${owner} into the tag ${tagKeys.owner} of its network and address in Mold, and destroy again. Was it never this one's? Then take it out of the state (pulumi state delete, terraform state rm).`,
      { resource },
    );
  }
  return adopts ? `it was to be taken over, and was not: it is still ${now === undefined ? "another program's" : `that of ${now}`}` : undefined;
}

/** Whether a delete of these leaves all of them alone, since some are not this owner's (any longer, or yet); it says so. */
export function staysWithOthers(world: Pick<World, "owner" | "log">, resource: string, things: readonly Tags[], { adopts = false }: { readonly adopts?: boolean } = {}): boolean {
  const why = things.flatMap((tags) => whyLeft(world, resource, tags, adopts) ?? [])[0];
  if (why !== undefined) world.log.warn(`${resource}: ${why}: nothing of it is deleted here`);
  return why !== undefined;
}

/** What is left to be marked as ours. */
export function planAdoption({ desired, observed, owner }: PlanInput): Plan {
  if (!observed.anchorTags) return { steps: [], problems: [{ property: "network", reason: "the cluster's network or its public address is gone from Mold." }] };
  if (!observed.machines.some(hasJoined)) return { steps: [], problems: [{ property: "adopt", reason: `no machine of ${desired.name} is there that has joined it: there is nothing to take over. Leave adopt out to have one made.` }] };
  const steps = new Steps();
  const isTheirs = ({ tags }: { readonly tags: Tags }): boolean => tags[tagKeys.owner] !== owner;
  for (const machine of observed.machines.filter(isTheirs)) steps.add({ kind: "takeOver", tagged: "UserVm", id: machine.id, tags: machine.tags }, `take over ${refOf(machine).name}`, [], { about: machine.name });
  for (const { tagged, id, name, tags } of rulesOf(observed).filter(isTheirs)) steps.add({ kind: "takeOver", tagged, id, tags }, `take over ${name}`, [], { about: id });
  return { steps: steps.all, problems: [] };
}

interface OwnRule {
  readonly tagged: TaggedKind;
  readonly id: string;
  readonly name: string;
  readonly tags: Tags;
}

/** The rules that a cluster makes for its own API. */
function rulesOf({ apiRule, apiFirewall, anchorTags }: ObservedCluster): OwnRule[] {
  const uid = anchorTags?.[tagKeys.cluster];
  const firewall = apiFirewall.filter(({ tags }) => tags[tagKeys.cluster] === uid && tags[tagKeys.role] === "api");
  return [
    ...(apiRule ? [{ tagged: "LoadBalancer" as const, id: apiRule.id, name: apiRule.name, tags: apiRule.tags }] : []),
    ...firewall.map(({ id, cidrs, tags }) => ({ tagged: "FirewallRule" as const, id, name: `the API's firewall rule for ${cidrs.join(", ")}`, tags })),
  ];
}

/** Of a delete that finds no place of it: Mold answers the same where these keys don't show it, and with the state go the keys of the cluster. */
export function sayUnseen({ log }: Pick<World, "log">, resource: string): void {
  log.warn(`${resource}: its network or its address is not to be seen in Mold with these keys (account, project), and it counts as gone. Is it there all the same? Then they are others than it was made with: restore its state, and destroy it with the right ones`);
}
