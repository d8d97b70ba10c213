/** The rehearsal of a delete, as the first thing a delete does and for whoever only wants to know. Nothing here changes anything. */
import { endpointOf, type ClusterSubject } from "./desired";
import { ClusterError } from "./errors";
import { foundPlace, markedMachines, type FoundCluster } from "./find-cluster";
import { affinityGroupName, observeCluster, type ObservedCluster } from "./observe";
import { observeDelete, observeOwnNetwork } from "./observe-delete";
import { addressesOf, givingBack, type Address } from "./own-address";
import { deletingNetwork, ownNetworks, type Network } from "./own-network";
import { planDelete } from "./plan-delete";
import type { CallContext, ClusterAccess, MoldPort, World } from "./ports";
import { planLines } from "./preview";
import { foreignMachines, furtherAddresses, lossLines, rehearseDelete, unseenLine, type Rehearsal } from "./rehearse-delete";

/** @param access undefined: the cluster's own API is not asked */
export async function rehearse(world: World, { uid, place }: ClusterSubject, observed: ObservedCluster, access?: ClusterAccess): Promise<Rehearsal> {
  const network = place.networkOwned ? { id: place.networkId, name: observed.networkName } : undefined;
  const scope = await observeDelete(world, { ...(network ? { network } : {}), addressId: place.publicIpAddressId }, observed, access);
  return rehearseDelete({ uid, owner: world.owner, observed, scope });
}

/** The same where no address of the cluster is left: what its network tells. */
export async function rehearseNetwork(world: World, uid: string, network: Network, context: CallContext): Promise<Rehearsal> {
  const ours = await markedMachines(world, uid, context);
  const around = await observeOwnNetwork(world, { id: network.id!, name: network.name ?? "" }, new Set(ours.map(({ id }) => id!)));
  return { blocks: foreignMachines(around), losses: furtherAddresses(around, uid), declared: [] };
}

const said = new WeakMap<MoldPort, Set<string>>();

/** Once a run, whichever of its resources finds it first: the machines go with one, the address and the network with another. */
export function sayLosses(world: World, resource: string, { losses, unseen }: Pick<Rehearsal, "losses" | "unseen">): void {
  const before = said.get(world.mold) ?? new Set();
  said.set(world.mold, before);
  const say = (how: "info" | "warn", line: string): void => {
    if (before.has(line)) return;
    before.add(line);
    world.log[how](line);
  };
  for (const line of lossLines(losses)) say("warn", `${resource}: lost with it, or left behind: ${line}`);
  if (unseen !== undefined) say("info", `${resource}: ${unseenLine(unseen)}`);
}

export interface DeletionPlan extends Rehearsal {
  /** What would be done, a line each, in the words of a run that does it. */
  readonly plan: readonly string[];
}

/** What deleting all of a cluster would do and meet, its network and address included. */
export async function planDeletion(world: World, cluster: FoundCluster, access?: ClusterAccess): Promise<DeletionPlan> {
  const { uid, name } = cluster;
  const context = { resource: `KubernetesCluster ${name || uid}`, signal: world.signal };
  const [networks, addresses] = await Promise.all([
    ownNetworks({ world, name, uid, context }),
    addressesOf(world, uid, context),
  ]);
  const [[network], [address]] = [networks, addresses];
  const notes = placeLines(networks, addresses);
  const subject = address && { name, uid, place: foundPlace(network, address) };
  if (access && subject && access.endpoint !== endpointOf(subject.place)) {
    throw new ClusterError(`the kubeconfig leads to ${access.endpoint}, and the API of this cluster is at ${endpointOf(subject.place)}. Give the kubeconfig of this cluster.`, context);
  }
  const observed = subject && (await observeCluster(world, { ...subject, withAffinity: true }));
  if (!subject || !observed?.anchorTags) {
    const rehearsal = network ? await rehearseNetwork(world, uid, network, context) : { blocks: [], losses: [], declared: [] };
    return { ...rehearsal, ...(access ? { unseen: "its public address is gone" } : {}), plan: [...(await strayLines(world, uid, context)), ...notes] };
  }
  const { steps } = planDelete({ subject, observed, blocks: [] });
  return { ...(await rehearse(world, subject, observed, access)), plan: planLines({ steps, notes }) };
}

function placeLines(networks: readonly Network[], addresses: readonly Address[]): string[] {
  const own = new Set(networks.map(({ id }) => id));
  // The addresses of a network of its own go with it.
  return [...addresses.filter(({ associatednetworkid }) => !own.has(associatednetworkid)).map(givingBack), ...networks.map(deletingNetwork)];
}

async function strayLines(world: World, uid: string, context: CallContext): Promise<string[]> {
  const [machines, groups] = await Promise.all([markedMachines(world, uid, context), world.mold.list("listAffinityGroups", { name: affinityGroupName(uid) }, context)]);
  const there = machines.filter(({ state }) => state !== "Destroyed" && state !== "Expunging");
  return [...there.map(({ name }) => `destroy ${name}`), ...groups.map(() => "delete the anti-affinity group")];
}
