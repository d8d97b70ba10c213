/** The network that is made for a cluster: one for each uid, whoever else makes one at the same moment, and gone with it. */
import type { Catalogue } from "./catalogue";
import { orAlready } from "./claim";
import { ClusterError } from "./errors";
import { goneAsEmpty } from "./gone";
import type { Lease } from "./lock";
import { mark, ownershipTags, tagKeys, tagParameters, tagsOf, type Tags } from "./ownership";
import { isMoldFailure, type Answer, type CallContext, type World } from "./ports";
import { Patience } from "./waiting";
import { listed } from "./wording";

export type Network = Answer<"listNetworks">;

/** `prod-k3x9…`: the uid is in the name, since Mold's search by keyword looks there. */
export const networkName = (name: string, uid: string): string => `${name}-${uid}`;

/** Mold tells when a network was made in whole seconds. */
const settleMs = 1100;

export interface NetworkOwner {
  readonly world: World;
  readonly name: string;
  readonly uid: string;
  readonly context: CallContext;
}

/** Networks made for the uid, the one that counts first: the one that is marked, else the first made. Several are there only after a race. */
export async function ownNetworks({ world, name, uid, context }: NetworkOwner, zoneId?: string): Promise<Network[]> {
  const networks = await world.mold.list("listNetworks", { keyword: uid, zoneid: zoneId }, context);
  const rank = (network: Network): string => `${tagsOf(network)[tagKeys.cluster] === uid ? 0 : 1} ${network.created ?? ""} ${network.id ?? ""}`;
  return networks.filter((network) => network.name === networkName(name, uid)).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

/**
 * Names of networks are not unique, so nothing on Mold keeps two runs from making one each. Whoever finds none that is marked waits
 * until every network made in the same second is listed; then all agree on the first, and each removes its own if it is another.
 */
export async function ownNetwork(owner: NetworkOwner, offering: { readonly wanted: string; readonly catalogue: Catalogue }, zoneId: string): Promise<Network> {
  const { world, name, uid, context } = owner;
  const isMarked = (network: Network | undefined): boolean => network !== undefined && tagsOf(network)[tagKeys.cluster] === uid;
  let [mine] = await ownNetworks(owner, zoneId);
  if (isMarked(mine)) return mine!;
  let madeId: string | undefined;
  if (!mine) {
    await refuseLeftover(owner, zoneId);
    const { id: networkofferingid } = await offering.catalogue.networkOffering(offering.wanted);
    world.log.info(`create the network ${networkName(name, uid)} …`);
    const made = await world.mold.call(
      "createNetwork",
      { name: networkName(name, uid), displaytext: `${name} ${mark(uid)}`, networkofferingid, zoneid: zoneId },
      { ...context, property: "networkOffering" },
    );
    madeId = made.id;
  }
  await world.clock.sleep(settleMs, world.signal);
  [mine] = await ownNetworks(owner, zoneId);
  if (!mine) throw new ClusterError("Mold says that it made the network, and does not list it. Run again.", context);
  if (madeId !== undefined && mine.id !== madeId) await deleteEmpty(owner, madeId);
  if (!isMarked(mine)) {
    const subject = { resourcetype: "Network", resourceids: [mine.id!] };
    await orAlready(
      () => world.mold.run("createTags", { ...subject, tags: tagParameters(ownershipTags(uid, world.owner, "network")) }, context),
      async () => isMarked((await ownNetworks(owner, zoneId))[0]),
    );
  }
  return mine;
}

/**
 * An engine that is killed may lose its state, and with it the keys of the cluster that it was making (Terraform's remote backends are written at the end of
 * a run): the next one would make another beside it. What was whole once is somebody's, and left to them.
 */
async function refuseLeftover({ world, name, uid, context }: NetworkOwner, zoneId: string): Promise<void> {
  const networks = await world.mold.list("listNetworks", { keyword: networkName(name, ""), zoneid: zoneId }, context);
  const left = networks.find((network) => {
    const tags = tagsOf(network);
    const other = tags[tagKeys.cluster];
    return other !== undefined && other !== uid && network.name === networkName(name, other) && tags[tagKeys.owner] === world.owner && !wasWhole(tags);
  });
  if (!left) return;
  const machines = await world.mold.list("listVirtualMachines", { networkid: left.id }, context);
  const there = machines.length === 0 ? "" : ` with ${listed(machines.map((machine) => machine.name ?? "?").sort())}`;
  throw new ClusterError(
    `${world.owner} has begun a cluster of this name before: the network ${left.name} is there${there}, and is of another uid than this state's. Probably that run was killed before its state was written, and with the state the keys of that cluster are lost, so that nobody can go on with it. Destroy ${machines.length === 0 ? "" : "these machines and "}that network in Mold, which releases its address, then run again. Is it another cluster that is being made? Then choose another name.`,
    { ...context, property: "name" },
  );
}

const wasWhole = (tags: Tags): boolean => tags[tagKeys.initialised] !== undefined && tags[tagKeys.initialising] === undefined;

/** What a run that lost the race could not remove any more. Called under the lock of the one that counts. */
export async function removeOtherNetworks(owner: NetworkOwner, mine: Network): Promise<void> {
  for (const other of await ownNetworks(owner, mine.zoneid)) if (other.id !== mine.id) await deleteEmpty(owner, other.id!);
}

/** Nothing was ever put on it. */
async function deleteEmpty({ world, context }: NetworkOwner, id: string): Promise<void> {
  await orAlready(
    () => world.mold.run("deleteNetwork", { id }, context),
    async () => !(await isThere(world, id)),
  );
}

const isThere = async (world: World, id: string): Promise<boolean> => (await world.mold.list("listNetworks", { id }).catch(goneAsEmpty)).length > 0;

export const deletingNetwork = ({ name }: Pick<Network, "name">): string => `delete the network ${name}`;

/** A network can't go while machines on it are not expunged, and a plain user may not expunge: Mold does, in its own time. @param options.unmark what carries our marks and outlives it loses them, once nothing keeps it from going */
export async function removeNetwork({ world, context }: NetworkOwner, network: Network, options: { readonly waitSeconds: number; readonly lease: Lease; readonly unmark: () => Promise<void> }): Promise<void> {
  world.log.info(`${deletingNetwork(network)} …`);
  const patience = new Patience(world.clock, world.signal, options.waitSeconds * 1000);
  let said = "";
  await patience.until(
    async () => {
      await options.lease.keep();
      const isEmpty = (await world.mold.list("listVirtualMachines", { networkid: network.id }, context).catch(goneAsEmpty)).length === 0;
      if (isEmpty) await options.unmark();
      try {
        await world.mold.run("deleteNetwork", { id: network.id! }, context);
        return true;
      } catch (error) {
        if (!isMoldFailure(error) || error.kind !== "refused") throw error;
        if (!(await isThere(world, network.id!))) return true;
        const left = await world.mold.list("listVirtualMachines", { networkid: network.id });
        const alive = left.filter(({ state }) => state !== "Destroyed" && state !== "Expunging");
        if (alive.length > 0) {
          throw new ClusterError(`its network ${network.name} can't be deleted: ${alive.map(({ name }) => name).join(", ")} ${alive.length === 1 ? "is" : "are"} on it. Remove them and destroy again.`, context);
        }
        if (!said) {
          said = error.said ?? error.message;
          world.log.info(`${context.resource}: waiting until Mold has expunged the destroyed machines; only then can the network ${network.name} go`);
        }
        return undefined;
      }
    },
    (waited) =>
      `${context.resource}: the network ${network.name} is still there after ${waited}: destroyed machines on it are not expunged yet (this account may not expunge them; Mold does so by itself, ` +
      `see its settings expunge.delay and expunge.interval). Everything else is gone. Destroy again later, or ask an administrator to expunge them. Mold said: ${said}`,
  );
}
