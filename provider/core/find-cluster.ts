/** Clusters by name or uid, from what Mold shows alone: for whoever has no program and no state at hand. */
import { nearest } from "../../schema/nearest";
import type { ClusterPlace } from "./desired";
import { ClusterError } from "./errors";
import { machinesOf } from "./observe";
import { addressesOf, type Address } from "./own-address";
import type { Network } from "./own-network";
import { mark, parseMachineName, tagKeys, tagParameters, tagsOf, type Tags } from "./ownership";
import type { Answer, CallContext, World } from "./ports";

export interface FoundCluster {
  readonly uid: string;
  readonly name: string;
  /** Who declares it; undefined: nothing of it is tagged (yet). */
  readonly owner?: string;
}

/** What one thing on Mold tells of the cluster it is of. */
export interface Trace {
  readonly uid: string;
  readonly name?: string;
  readonly owner?: string;
}

/** Pure: whose a thing is by its tags, or by the mark at the end of what describes it. */
export function traceOf(tags: Tags, text: string | undefined, nameFor: (uid: string) => string | undefined): Trace[] {
  const uid = tags[tagKeys.cluster] ?? /\[ablestack-kubernetes (\S+)\]$/.exec(text ?? "")?.[1];
  if (uid === undefined) return [];
  const name = nameFor(uid);
  const owner = tags[tagKeys.owner];
  return [{ uid, ...(name === undefined ? {} : { name }), ...(owner === undefined ? {} : { owner }) }];
}

const without = (text: string | undefined, end: string): string | undefined => (text?.endsWith(end) ? text.slice(0, -end.length) : undefined);

export const ofMachine = (machine: Answer<"listVirtualMachines">): Trace[] =>
  traceOf(tagsOf(machine), machine.displayname, () => {
    const name = machine.name?.replace(/-(control|worker)-\d+$/, "") ?? "";
    return parseMachineName(name, machine.name ?? "") ? name : undefined;
  });
const ofNetwork = (network: Network): Trace[] => traceOf(tagsOf(network), network.displaytext, (uid) => without(network.name, `-${uid}`));
/** Rules of a NetworkRule or LoadBalancer carry the cluster's uid too, and the name of theirs. */
export const ofRule = (rule: Answer<"listLoadBalancerRules">): Trace[] =>
  tagsOf(rule)[tagKeys.resource] === undefined ? traceOf(tagsOf(rule), rule.description, () => without(rule.name, "-api")) : [];
const ofAddress = (address: Address): Trace[] => traceOf(tagsOf(address), undefined, () => undefined);

/** Pure: one cluster a uid; what the first trace doesn't know another may. */
function clustersOf(traces: readonly Trace[]): FoundCluster[] {
  const byUid = new Map<string, FoundCluster>();
  for (const { uid, name, owner } of traces) {
    const known = byUid.get(uid);
    const whose = known?.owner ?? owner;
    byUid.set(uid, { uid, name: known?.name || name || "", ...(whose === undefined ? {} : { owner: whose }) });
  }
  return [...byUid.values()].sort((a, b) => (`${a.name} ${a.uid}` < `${b.name} ${b.uid}` ? -1 : 1));
}

/**
 * The one that is meant.
 * @param wanted its name or its uid @param owner which of several of that name
 * @throws ClusterError naming those there are
 */
export async function findCluster(world: Pick<World, "mold">, wanted: string, owner?: string): Promise<FoundCluster> {
  const meant = await clustersCalled(world, wanted);
  const found = owner === undefined ? meant : meant.filter((cluster) => cluster.owner === owner);
  if (found.length === 1) return found[0]!;
  if (found.length > 1) throw new ClusterError(`${found.length} clusters are called ${wanted}: ${found.map(described).join("; ")}. Name one by its uid or its owner.`);
  if (meant.length > 0) throw new ClusterError(`${owner} has no cluster ${wanted}. There is ${meant.map(described).join("; ")}.`);
  throw new ClusterError(await noneCalled(world, wanted));
}

/** Those of that name or uid, whoever declares them. */
export async function clustersCalled({ mold }: Pick<World, "mold">, wanted: string): Promise<FoundCluster[]> {
  // Searches by keyword look into names, and for most kinds into display texts, where the uid is.
  const tags = tagParameters({ [tagKeys.cluster]: wanted });
  const [machines, networks, rules, taggedRules, addresses] = await Promise.all([
    mold.list("listVirtualMachines", { keyword: wanted }),
    mold.list("listNetworks", { keyword: wanted }),
    mold.list("listLoadBalancerRules", { keyword: wanted }),
    mold.list("listLoadBalancerRules", { tags }),
    addressesOf({ mold }, wanted),
  ]);
  const clusters = clustersOf([...networks.flatMap(ofNetwork), ...machines.flatMap(ofMachine), ...[...rules, ...taggedRules].flatMap(ofRule), ...addresses.flatMap(ofAddress)]);
  return clusters.filter(({ name, uid }) => uid === wanted || name === wanted);
}

const described = ({ name, uid, owner }: FoundCluster): string => `${name || "(no name left)"} (uid ${uid}, declared by ${owner ?? "nobody who is on record"})`;

/** More than anybody reads in an error. */
const mostNamed = 20;

async function noneCalled({ mold }: Pick<World, "mold">, wanted: string): Promise<string> {
  const [rules, networks] = await Promise.all([
    mold.list("listLoadBalancerRules", { tags: tagParameters({ [tagKeys.role]: "api" }) }),
    mold.list("listNetworks", { tags: tagParameters({ [tagKeys.role]: "network" }) }),
  ]);
  const there = clustersOf([...networks.flatMap(ofNetwork), ...rules.flatMap(ofRule)]);
  const said = `there is no cluster ${wanted} among what these keys show`;
  if (there.length === 0) return `${said}, and no other either. Are they the keys (and the project) that it was made with?`;
  const near = nearest(wanted, there.map(({ name }) => name));
  const more = there.length - mostNamed;
  return `${said}. ${near === undefined ? "" : `Is ${near} meant? `}There are ${there.slice(0, mostNamed).map(described).join("; ")}${more > 0 ? ` and ${more} more` : ""}.`;
}

/** Where its machines are, for a cluster whose network, if it is its own, and address are there. */
export const foundPlace = (network: Network | undefined, address: Address): ClusterPlace => ({
  zoneId: address.zoneid ?? "",
  networkId: network?.id ?? address.associatednetworkid ?? "",
  networkOwned: network !== undefined,
  networkCidr: network?.cidr ?? "",
  publicIpAddressId: address.id!,
  publicIpAddress: address.ipaddress ?? "",
});

export const isMarked = (uid: string, machine: Answer<"listVirtualMachines">): boolean => tagsOf(machine)[tagKeys.cluster] === uid || (machine.displayname ?? "").endsWith(mark(uid));

/** Every machine that says it is the cluster's, whatever it is called. */
export async function markedMachines({ mold }: World, uid: string, context: CallContext): Promise<Answer<"listVirtualMachines">[]> {
  return (await machinesOf(mold, uid, context)).filter((machine) => isMarked(uid, machine));
}
