/**
 * The place of a cluster: its network and public address. Made before the first machine is asked for, so that the kubeconfig is
 * known from then on and never changes.
 */
import type { Catalogue } from "./catalogue";
import type { ClusterPlace } from "./desired";
import { deleteMachines } from "./delete";
import { ClusterError } from "./errors";
import { withLock, type Anchor } from "./lock";
import { mark, ownershipTags, tagKeys, tagParameters, tagsOf } from "./ownership";
import { isMoldFailure, type Answer, type World } from "./ports";
import { Patience } from "./waiting";

export interface DesiredEndpoint {
  readonly name: string;
  readonly uid: string;
  /** Name or id. */
  readonly zone: string;
  /** Name or id of a network of the user's. Default: one is made and owned. */
  readonly network?: string;
  /** Name or id, for the network that is made. */
  readonly networkOffering: string;
  readonly timeouts: { readonly createSeconds: number; readonly deleteSeconds: number };
}

export interface Endpoint extends ClusterPlace {
  readonly zoneName: string;
  readonly networkName: string;
}

type Network = Answer<"listNetworks">;
type Address = Answer<"listPublicIpAddresses">;

/** `prod-k3x9…`: the uid is in the name, since Mold's search by keyword looks there. */
export const networkName = (name: string, uid: string): string => `${name}-${uid}`;

export class EndpointRun {
  constructor(
    private readonly world: World,
    private readonly catalogue: Catalogue,
    private readonly desired: DesiredEndpoint,
  ) {}

  private get context(): { resource: string } {
    return { resource: `KubernetesCluster ${this.desired.name}` };
  }

  async create(): Promise<Endpoint> {
    const zone = await this.catalogue.zone(this.desired.zone);
    const network = this.desired.network ? await this.catalogue.network(this.desired.network, zone.id) : await this.ownNetwork(zone.id);
    const finish = async (): Promise<Endpoint> => {
      const address = await this.ownAddress(network, zone.id);
      return this.endpointOf(network, address);
    };
    // In a network of the user's nothing is ours before the address: two runs at once are told apart by the intent tag, which
    // is a compare-and-set like the lock.
    return this.desired.network ? finish() : withLock(this.world, anchor(network), this.context.resource, finish);
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
    const { world, desired } = this;
    const [networks, tagged, intended] = await Promise.all([
      world.mold.list("listNetworks", { keyword: desired.uid }),
      world.mold.list("listPublicIpAddresses", { tags: tagParameters({ [tagKeys.cluster]: desired.uid }) }),
      world.mold.list("listTags", { resourcetype: "Network", key: this.intentKey }),
    ]);
    const network = networks.find(({ name }) => name === networkName(desired.name, desired.uid));
    const address = tagged[0];
    if (network && !address) {
      const [unmarked] = await this.intendedAddresses(intended);
      return this.deletePlace(network, unmarked);
    }
    if (address) return this.deletePlace(network, address);
    for (const unmarked of await this.intendedAddresses(intended)) await this.release(unmarked);
    for (const { resourceid } of intended) {
      await world.mold.run("deleteTags", { resourcetype: "Network", resourceids: [resourceid!], tags: [{ key: this.intentKey }] });
    }
  }

  private async deletePlace(network: Network | undefined, address: Address | undefined): Promise<void> {
    const { world, desired } = this;
    const subject: Anchor = network ? anchor(network) : { kind: "PublicIpAddress", id: address!.id! };
    await withLock(world, subject, this.context.resource, async () => {
      if (address) {
        const place: ClusterPlace = {
          zoneId: address.zoneid ?? "",
          networkId: network?.id ?? address.associatednetworkid ?? "",
          networkOwned: network !== undefined,
          networkCidr: network?.cidr ?? "",
          publicIpAddressId: address.id!,
          publicIpAddress: address.ipaddress ?? "",
        };
        await deleteMachines(world, this.catalogue, { name: desired.name, uid: desired.uid, place }, { waitSeconds: desired.timeouts.deleteSeconds });
      }
      // The addresses of a network of ours go with it; its first one is its source NAT and can't go before.
      if (network) await this.removeNetwork(network);
      else if (address) await this.release(address);
    });
  }

  /** Addresses that an interrupted run asked for and could not mark any more. */
  private async intendedAddresses(intents: readonly Answer<"listTags">[]): Promise<Address[]> {
    const found: Address[] = [];
    for (const { resourceid, value } of intents) {
      const there = await this.world.mold.list("listPublicIpAddresses", { associatednetworkid: resourceid });
      found.push(...there.filter((address) => address.ipaddress === value && (address.tags ?? []).length === 0));
    }
    return found;
  }

  private get intentKey(): string {
    return `${tagKeys.intent}address-${this.desired.uid}`;
  }

  private async release(address: Address): Promise<void> {
    if (address.issourcenat) {
      // The first address of a network becomes its source NAT: it stays with the network, which isn't ours.
      this.world.log.info(`leave the address ${address.ipaddress} to its network, whose source NAT it has become …`);
      const ours = Object.entries(tagsOf(address)).filter(([key]) => key.startsWith("ablestack-"));
      await this.world.mold.run("deleteTags", { resourcetype: "PublicIpAddress", resourceids: [address.id!], tags: tagParameters(Object.fromEntries(ours)) }, this.context);
      return;
    }
    this.world.log.info(`release the address ${address.ipaddress} …`);
    await this.world.mold.run("disassociateIpAddress", { id: address.id! }, this.context);
  }

  /** A network can't go while machines on it are not expunged, and a plain user may not expunge: Mold does, in its own time. */
  private async removeNetwork(network: Network): Promise<void> {
    const { world, desired } = this;
    world.log.info(`delete the network ${network.name} …`);
    const patience = new Patience(world.clock, world.signal, desired.timeouts.deleteSeconds * 1000);
    let said = "";
    await patience.until(
      async () => {
        try {
          await world.mold.run("deleteNetwork", { id: network.id! }, this.context);
          return true;
        } catch (error) {
          if (!isMoldFailure(error) || error.kind !== "refused") throw error;
          if ((await world.mold.list("listNetworks", { id: network.id }).catch(goneAsEmpty)).length === 0) return true;
          const left = await world.mold.list("listVirtualMachines", { networkid: network.id });
          const alive = left.filter(({ state }) => state !== "Destroyed" && state !== "Expunging");
          if (alive.length > 0) {
            throw new ClusterError(`its network ${network.name} can't be deleted: ${alive.map(({ name }) => name).join(", ")} ${alive.length === 1 ? "is" : "are"} on it. Remove them and destroy again.`, this.context);
          }
          if (!said) {
            said = error.said ?? error.message;
            world.log.info(`${this.context.resource}: waiting until Mold has expunged the destroyed machines; only then can the network ${network.name} go`);
          }
          return undefined;
        }
      },
      (waited) =>
        `${this.context.resource}: the network ${network.name} is still there after ${waited}: destroyed machines on it are not expunged yet (this account may not expunge them; Mold does so by itself, ` +
        `see its settings expunge.delay and expunge.interval). Everything else is gone. Destroy again later, or ask an administrator to expunge them. Mold said: ${said}`,
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

  /**
   * Names of networks are not unique, so nothing on Mold keeps two runs from making one each. Both list after making theirs: the one
   * with a lock stays, else the one made first; the other's maker removes its own, which is still empty.
   */
  private async ownNetwork(zoneId: string): Promise<Network> {
    const { desired, world } = this;
    let [mine, ...others] = await this.candidates(zoneId);
    if (!mine) {
      const offering = await this.catalogue.networkOffering(desired.networkOffering);
      world.log.info(`create the network ${networkName(desired.name, desired.uid)} …`);
      const made = await world.mold.call(
        "createNetwork",
        {
          name: networkName(desired.name, desired.uid),
          displaytext: `${desired.name} ${mark(desired.uid)}`,
          networkofferingid: offering.id,
          zoneid: zoneId,
        },
        { ...this.context, property: "networkOffering" },
      );
      [mine, ...others] = await this.candidates(zoneId);
      if (!mine) throw new ClusterError("Mold says that it made the network, and does not list it. Run again.", this.context);
      if (mine.id !== made.id) others = others.filter(({ id }) => id === made.id);
      else others = [];
    }
    for (const other of others) {
      const busy = tagsOf(other)[tagKeys.lock] !== undefined;
      if (!busy) await world.mold.run("deleteNetwork", { id: other.id! }, this.context);
    }
    if (tagsOf(mine)[tagKeys.cluster] !== desired.uid) {
      await world.mold.run("createTags", {
        resourcetype: "Network",
        resourceids: [mine.id!],
        tags: tagParameters(ownershipTags(desired.uid, world.owner, "network")),
      });
    }
    return mine;
  }

  private async candidates(zoneId: string): Promise<Network[]> {
    const networks = await this.world.mold.list("listNetworks", { keyword: this.desired.uid, zoneid: zoneId });
    const rank = (network: Network): string => `${tagsOf(network)[tagKeys.lock] === undefined ? 1 : 0} ${network.created ?? ""} ${network.id ?? ""}`;
    return networks.filter(({ name }) => name === networkName(this.desired.name, this.desired.uid)).sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
  }

  /** An address takes no name: the chosen one is written down before it is asked for. */
  private async ownAddress(network: Network, zoneId: string): Promise<Address> {
    const { desired, world } = this;
    const key = this.intentKey;
    const subject = { resourcetype: "Network", resourceids: [network.id!] };
    const listed = await world.mold.list("listPublicIpAddresses", { associatednetworkid: network.id });
    const known = listed.find((each) => tagsOf(each)[tagKeys.cluster] === desired.uid);
    let intent = tagsOf(network)[key];
    if (known) {
      if (intent !== undefined) await world.mold.run("deleteTags", { ...subject, tags: [{ key }] });
      return known;
    }
    for (let attempt = 1; ; attempt++) {
      intent ??= await this.intendAddress(subject, key, zoneId);
      const wanted = intent;
      const there = listed.find(({ ipaddress }) => ipaddress === wanted);
      try {
        world.log.info(`acquire the address ${wanted} …`);
        const id = there?.id ?? (await this.associate(wanted, network.id!));
        const address = await this.allocated(id);
        await world.mold.run("createTags", {
          resourcetype: "PublicIpAddress",
          resourceids: [id],
          tags: tagParameters(ownershipTags(desired.uid, world.owner, "address")),
        });
        await world.mold.run("deleteTags", { ...subject, tags: [{ key }] });
        return address;
      } catch (error) {
        // Somebody was quicker with this one. Another is tried, not for ever.
        if (!isMoldFailure(error) || error.kind !== "refused" || attempt >= 5 || there) throw error;
        await world.mold.run("deleteTags", { ...subject, tags: [{ key }] });
        intent = undefined;
      }
    }
  }

  private async associate(address: string, networkId: string): Promise<string> {
    const job = await this.world.mold.start("associateIpAddress", { networkid: networkId, ipaddress: address }, this.context);
    const done = await job.done();
    const id = job.id ?? done.id;
    if (!id) throw new ClusterError(`Mold allocated ${address} and did not say its id. Run again.`, this.context);
    return id;
  }

  /** The job of an interrupted run may still be at it. */
  private async allocated(id: string): Promise<Address> {
    const patience = new Patience(this.world.clock, this.world.signal, this.desired.timeouts.createSeconds * 1000);
    return patience.until(
      async () => (await this.world.mold.list("listPublicIpAddresses", { id }, this.context)).find(({ state }) => state === "Allocated"),
      (waited) => `${this.context.resource}: its public address is not allocated after ${waited}. Look at its events in Mold, then run again.`,
    );
  }

  private async intendAddress(subject: { resourcetype: string; resourceids: string[] }, key: string, zoneId: string): Promise<string> {
    const free = (await this.world.mold.list("listPublicIpAddresses", { zoneid: zoneId, allocatedonly: false, forvirtualnetwork: true }))
      .filter(({ state }) => state === "Free")
      .flatMap(({ ipaddress }) => ipaddress ?? []);
    if (free.length === 0) throw new ClusterError("the zone has no free public address. Release one in Mold or ask an administrator for more.", this.context);
    // Not always the first: runs that choose at the same time would choose the same.
    const chosen = free[Math.floor(Math.random() * free.length)]!;
    await this.world.mold.run("createTags", { ...subject, tags: tagParameters({ [key]: chosen }) });
    return chosen;
  }
}

const anchor = (network: Network): Anchor => ({ kind: "Network", id: network.id! });

function goneAsEmpty(error: unknown): never[] {
  if (isMoldFailure(error) && error.code === 431) return [];
  throw error;
}
