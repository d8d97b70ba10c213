/**
 * The place of a cluster: its network and public address. Made before the first machine is asked for, so that the kubeconfig is
 * known from then on and never changes.
 */
import { placeToAdopt, staysWithOthers, takeOver } from "./adoption";
import type { Catalogue } from "./catalogue";
import { orAlready } from "./claim";
import { refuse } from "./cluster";
import type { ClusterPlace, DesiredEndpoint } from "./desired";
import { deleteMachines } from "./delete";
import { ClusterError, LockPlaceGone } from "./errors";
import { goneAsEmpty } from "./gone";
import { withLock, type Anchor } from "./lock";
import { affinityGroupName, isOn } from "./observe";
import { foundPlace, isMarked, markedMachines } from "./find-cluster";
import { addressesOf, addressIntentKey, isIntended, ownAddress, parseIntent, releaseAddress, unmarkAddress, type Address, type AddressOwner } from "./own-address";
import { ownNetwork, ownNetworks, removeNetwork, removeOtherNetworks, type Network, type NetworkOwner } from "./own-network";
import { parseMachineName, tagKeys, tagsOf } from "./ownership";
import { isMoldFailure, type Answer, type World } from "./ports";
import { observeRecords } from "./records";
import { rehearseNetwork, sayLosses } from "./rehearsal";
import { blockProblems } from "./rehearse-delete";
import { listed } from "./wording";

export interface Endpoint extends ClusterPlace {
  readonly zoneName: string;
  readonly networkName: string;
}

export class EndpointRun {
  constructor(
    private readonly world: World,
    private readonly catalogue: Catalogue,
    private readonly desired: DesiredEndpoint,
  ) {}

  private get context(): { resource: string } {
    return { resource: `KubernetesCluster ${this.desired.name}` };
  }

  /** What the parts of a place need to know about it. */
  private get owner(): NetworkOwner & AddressOwner {
    const { world, desired, context } = this;
    return { world, name: desired.name, uid: desired.uid, context, waitSeconds: desired.timeouts.createSeconds };
  }

  async create(): Promise<Endpoint> {
    const { world, catalogue, desired, owner } = this;
    if (desired.adopt === true) return this.adopted();
    const zone = await catalogue.zone(desired.zone);
    const given = desired.network ? await catalogue.network(desired.network, zone.id) : undefined;
    await this.refuseElsewhere(given);
    const network = given ?? (await ownNetwork(owner, { wanted: desired.networkOffering, catalogue }, zone.id));
    const lock = desired.network ? guestLock(network, desired.uid) : anchor(network);
    return withLock(world, lock, this.context.resource, async (lease) => {
      if (desired.network) await this.refuseTakenNames(network);
      else await removeOtherNetworks(owner, network);
      return this.endpointOf(network, await ownAddress(owner, network, zone.id, lease));
    });
  }

  /** Of one identity there is one cluster. An engine that makes another one before it destroys that (create_before_destroy) would have both, and its destroy take both along. */
  private async refuseElsewhere(given: Network | undefined): Promise<void> {
    const { world, desired, owner, context } = this;
    const machines = (await markedMachines(world, desired.uid, context)).filter((machine) => isThere(machine) && parseMachineName(desired.name, machine.name ?? "") !== undefined);
    if (machines.length === 0) return;
    const here = given ? [given] : await ownNetworks(owner);
    const elsewhere = machines.filter((machine) => !isOn(here.map(({ id }) => id!), machine));
    if (elsewhere.length === 0) return;
    throw new ClusterError(
      `machines of this cluster are on another network already: ${listed(elsewhere.map(({ name, id }) => name ?? id ?? "?").sort())}. It is not made a second time, and nothing was changed: destroy it first, or declare the network that it is on. Is it to be replaced? Then take create_before_destroy away, here and from whatever depends on this.`,
      { ...context, property: "network" },
    );
  }

  /** Marks it as this declaration's. */
  private async adopted(): Promise<Endpoint> {
    const { world, catalogue, desired, context } = this;
    const { network, isOwn, address } = await placeToAdopt(world, catalogue, desired, context);
    const lock: Anchor = isOwn ? anchor(network) : { kind: "PublicIpAddress", id: address.id! };
    return withLock(world, lock, context.resource, async () => {
      // By its network alone it is told whose the cluster is, where that is its own.
      if (isOwn) await takeOver(world, "Network", network.id!, tagsOf(network));
      await takeOver(world, "PublicIpAddress", address.id!, tagsOf(address));
      return this.endpointOf(network, address);
    });
  }

  /** Host names are unique on a network. On one of the user's another cluster of this name may be there already. */
  private async refuseTakenNames(network: Network): Promise<void> {
    const { world, desired } = this;
    const machines = await world.mold.list("listVirtualMachines", { networkid: network.id }, this.context);
    const taken = machines.find((machine) => parseMachineName(desired.name, machine.name ?? "") !== undefined && !isMarked(desired.uid, machine));
    if (!taken) return;
    const by = tagsOf(taken)[tagKeys.owner];
    throw new ClusterError(
      `the network ${network.name} has a machine ${taken.name} already, ${by ? `of a cluster that ${by} declares` : "made by hand or by another program"}; this cluster's machines would be named like that. Choose another name or another network.`,
      { ...this.context, property: "name" },
    );
  }

  /** Undefined: it is gone. */
  async read(place: Pick<ClusterPlace, "networkId" | "publicIpAddressId">): Promise<Endpoint | undefined> {
    const [networks, addresses] = await Promise.all([
      this.world.mold.list("listNetworks", { id: place.networkId }).catch(goneAsEmpty),
      this.world.mold.list("listPublicIpAddresses", { id: place.publicIpAddressId }).catch(goneAsEmpty),
    ]);
    const [network] = networks;
    const [address] = addresses;
    return network && address ? this.endpointOf(network, address) : undefined;
  }

  /**
   * Deletes whatever this uid owns: machines and rules first, should an interrupted run have left some, then the address, then the
   * network. It looks for them itself, so that it also finds what no state knows of.
   */
  async delete(): Promise<void> {
    try {
      await this.deleteFound();
    } catch (error) {
      if (!(error instanceof LockPlaceGone)) throw error;
      // The job of an interrupted run took the network away after it was seen here, and with it the lock's tag: what is left is looked for anew.
      await this.deleteFound();
    }
  }

  /** What says whose the place is. */
  private ownPlace(): Promise<[Network[], Address[]]> {
    return Promise.all([ownNetworks(this.owner), addressesOf(this.world, this.desired.uid, this.context)]);
  }

  /** Whether it is somebody else's: its own network tells, else its address. Of a place that is gone the machines tell. */
  private async staysWithOthers([[network], tagged]: [Network[], Address[]]): Promise<boolean> {
    const { world, desired, context } = this;
    const place = network ? [network] : tagged;
    const things = place.length > 0 || desired.adopt !== true ? place : await markedMachines(world, desired.uid, context);
    return staysWithOthers(world, context.resource, things.map(tagsOf), { adopts: desired.adopt });
  }

  private async deleteFound(): Promise<void> {
    const { world, desired } = this;
    const [[networks, tagged], intents, locks] = await Promise.all([
      this.ownPlace(),
      world.mold.list("listTags", { resourcetype: "Network", key: addressIntentKey(desired.uid) }, this.context),
      world.mold.list("listTags", { resourcetype: "Network", key: guestLockKey(desired.uid) }, this.context),
    ]);
    if (await this.staysWithOthers([networks, tagged])) return;
    const addresses = [...tagged, ...(await this.intendedAddresses(intents))];
    const [network] = networks;
    // A lock that a dead run left on a network of the user's is taken over and given back: it goes, too.
    const guest = addresses.find(({ associatednetworkid }) => associatednetworkid)?.associatednetworkid ?? [...intents, ...locks][0]?.resourceid;
    await this.refuseCopies(networks, guest);
    const lock = network ? anchor(network) : guest === undefined ? undefined : guestLock({ id: guest }, desired.uid);
    if (!lock) {
      await this.removeStrays();
      return this.unmarkFormer();
    }
    await withLock(world, lock, this.context.resource, async (lease) => {
      const [address] = tagged;
      if (address) {
        await deleteMachines(world, this.catalogue, { name: desired.name, uid: desired.uid, place: foundPlace(network, address) }, { waitSeconds: desired.timeouts.deleteSeconds });
      } else if (network) {
        const { blocks, losses } = await rehearseNetwork(world, desired.uid, network, this.context);
        sayLosses(world, this.context.resource, { losses });
        refuse(this.context.resource, blockProblems(blocks));
      }
      // Somebody may have taken it over while the lock was waited for, or beside it: that of its machines is another on a network of the user's.
      if (await this.staysWithOthers(await this.ownPlace())) return;
      await lease.keep();
      await this.removeStrays();
      // The addresses of a network of ours go with it; its first one is its source NAT and can't go before.
      const own = new Set(networks.map(({ id }) => id));
      for (const each of addresses) if (!own.has(each.associatednetworkid)) await releaseAddress(this.owner, each);
      for (const { resourceid } of intents) if (!own.has(resourceid)) await this.crossOff(resourceid!);
      for (const each of networks) {
        const unmark = async (): Promise<void> => {
          for (const address of addresses) if (address.associatednetworkid === each.id) await unmarkAddress(this.owner, address);
        };
        await removeNetwork(this.owner, each, { waitSeconds: desired.timeouts.deleteSeconds, lease, unmark });
      }
      await this.unmarkFormer();
    });
  }

  /** Copies of a node (a clone, a machine out of a backup) carry what says whose it was: under another name or elsewhere they are for a person to judge. */
  private async refuseCopies(networks: readonly Network[], guest: string | undefined): Promise<void> {
    const { world, desired, context } = this;
    const own = networks.map(({ id }) => id!);
    const place = guest === undefined ? own : [...own, guest];
    const isCopy = (machine: Answer<"listVirtualMachines">): boolean =>
      !(own.length > 0 && isOn(own, machine)) && (parseMachineName(desired.name, machine.name ?? "") === undefined || (place.length > 0 && !isOn(place, machine)));
    const others = (await markedMachines(world, desired.uid, context)).filter((machine) => isThere(machine) && isCopy(machine));
    if (others.length === 0) return;
    throw new ClusterError(
      `${listed(others.map(({ name, id }) => `${name ?? "?"} (${id ?? ""})`))} ${others.length === 1 ? "is" : "are"} marked as the cluster's, and called otherwise than its machines or on another network: a copy of one perhaps, or one that somebody renamed. Nothing was deleted. Destroy ${others.length === 1 ? "it" : "them"} in Mold if nobody needs ${others.length === 1 ? "it" : "them"}; else take the tags ablestack-… and the end of the display name away. Then destroy again.`,
      context,
    );
  }

  /** Machines, anti-affinity group and record of a cluster whose address or network somebody removed by hand: their mark alone tells them. */
  private async removeStrays(): Promise<void> {
    const { world, desired, context } = this;
    const [machines, groups, records] = await Promise.all([
      markedMachines(world, desired.uid, context),
      world.mold.list("listAffinityGroups", { name: affinityGroupName(desired.uid) }, context),
      observeRecords(world, desired, false),
    ]);
    const strays = machines.filter(isThere);
    if (strays.length > 0) {
      const { allowuserexpungerecovervm: mayExpunge } = await this.catalogue.capabilities();
      await Promise.all(
        strays.map((machine) => {
          world.log.info(`destroy ${machine.name} …`);
          return world.mold.run("destroyVirtualMachine", { id: machine.id!, expunge: mayExpunge ? true : undefined }, context);
        }),
      );
    }
    for (const { id } of groups) await world.mold.run("deleteAffinityGroup", { id: id! }, context);
    for (const { id } of records ?? []) await world.mold.run("deleteKubernetesCluster", { id }, context);
  }

  /** Of an address that is the cluster's no longer, the tags that Mold has left it: nobody could have another cluster there. Whoever has it by now may be another account, which decides about them. */
  private async unmarkFormer(): Promise<void> {
    const { world, desired, context } = this;
    const left = await world.mold.list("listTags", { resourcetype: "PublicIpAddress", key: tagKeys.cluster, value: desired.uid }, context);
    for (const { resourceid: id } of left) {
      await unmarkAddress(this.owner, { id }).catch((error: unknown) => {
        if (!isMoldFailure(error) || (error.kind !== "refused" && error.kind !== "forbidden")) throw error;
        world.log.warn(`${context.resource}: the address ${id ?? ""}, which it had, keeps its tags: ${error.message}`);
      });
    }
  }

  /** Addresses that an interrupted run asked for and could not mark any more. */
  private async intendedAddresses(intents: readonly Answer<"listTags">[]): Promise<Address[]> {
    const found: Address[] = [];
    for (const { resourceid, value } of intents) {
      const there = await this.world.mold.list("listPublicIpAddresses", { associatednetworkid: resourceid }, this.context);
      found.push(...there.filter((address) => isIntended(address, parseIntent(value ?? ""))));
    }
    return found;
  }

  private async crossOff(networkId: string): Promise<void> {
    const subject = { resourcetype: "Network", resourceids: [networkId] };
    const key = addressIntentKey(this.desired.uid);
    await orAlready(
      () => this.world.mold.run("deleteTags", { ...subject, tags: [{ key }] }, this.context),
      async () => (await this.world.mold.list("listTags", { resourcetype: "Network", resourceid: networkId, key })).length === 0,
    );
  }

  private endpointOf(network: Network, address: Address): Endpoint {
    return {
      zoneId: network.zoneid ?? "",
      zoneName: network.zonename ?? "",
      networkId: network.id!,
      networkName: network.name ?? "",
      networkOwned: this.desired.network === undefined,
      networkCidr: network.cidr ?? "",
      publicIpAddressId: address.id!,
      publicIpAddress: address.ipaddress ?? "",
    };
  }
}

const anchor = (network: Network): Anchor => ({ kind: "Network", id: network.id! });

/**
 * In a network of the user's nothing is ours before the address: a lock of this one cluster's on the network guards that moment, and
 * leaves the network as it was.
 */
const guestLock = (network: Pick<Network, "id">, uid: string): Anchor => ({ kind: "Network", id: network.id!, key: guestLockKey(uid) });
const guestLockKey = (uid: string): string => `${tagKeys.lock}-${uid}`;

const isThere = ({ state }: Answer<"listVirtualMachines">): boolean => state !== "Destroyed" && state !== "Expunging";
