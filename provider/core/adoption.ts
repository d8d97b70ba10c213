/** Taking over a cluster that another program has declared: it is found by its uid, marked as ours, and nothing else of it is changed. */
import type { Catalogue } from "./catalogue";
import { ClusterError } from "./errors";
import type { ObservedCluster } from "./observe";
import { hasJoined, tagKeys, tagParameters, tagsOf, type TaggedKind, type Tags } from "./ownership";
import type { DesiredEndpoint } from "./desired";
import type { Address } from "./own-address";
import { ownNetworks, type Network } from "./own-network";
import type { Plan, PlanInput } from "./plan-input";
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
  const [addresses, [own]] = await Promise.all([world.mold.list("listPublicIpAddresses", { tags: tagParameters({ [tagKeys.cluster]: uid }) }, context), ownNetworks({ world, name, uid, context })]);
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
  // First: between the two it is nobody's, and a run that dies there leaves it so.
  if (former !== undefined && tellsWho.has(kind)) await retag(world, kind, id, tags, { [tagKeys.takenFrom]: former }, {});
  await retag(world, kind, id, tags, { [tagKeys.owner]: world.owner }, {});
}

/** Somebody else declares it since, with this owner's consent or without, or is about to: a destroy here is nothing for it to go by. */
export const wasTakenFrom = ({ owner }: Pick<World, "owner">, tags: Tags): boolean => tags[tagKeys.takenFrom] === owner && tags[tagKeys.owner] !== owner;

/** Whether a delete of these leaves them alone for that reason; it says so. */
export function staysWithOthers(world: Pick<World, "owner" | "log">, resource: string, things: readonly Parameters<typeof tagsOf>[0][]): boolean {
  const taken = things.map(tagsOf).find((tags) => wasTakenFrom(world, tags));
  if (taken) world.log.warn(`${resource}: ${taken[tagKeys.owner] ?? "another program"} has taken it over, and declares it now: nothing of it is deleted here`);
  return taken !== undefined;
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
