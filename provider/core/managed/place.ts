/**
 * Where a cluster that Mold runs lives. Its own network is made as the core makes one, and the first address on it is its source NAT, which
 * Mold's service uses; on a network of the user's it is that network's own; and one that is adopted has its place already.
 */
import { staysWithOthers, takenFrom, takeOver } from "../adoption";
import type { Catalogue } from "../catalogue";
import { ClusterError } from "../errors";
import type { DesiredEndpoint } from "../desired";
import { EndpointRun, type Endpoint } from "../endpoint";
import { goneAsEmpty } from "../gone";
import { withLock } from "../lock";
import { addressesOf } from "../own-address";
import { ownNetworks } from "../own-network";
import { tagKeys, tagsOf } from "../ownership";
import type { Answer, CallContext, World } from "../ports";
import { retag } from "../rules/shared";
import { whyNotAdoptable } from "./adoptable";
import type { ManagedSubject } from "./desired";
import { endCluster } from "./end";
import { marked, marksOf } from "./observe";

export interface DesiredManagedPlace extends DesiredEndpoint {
  readonly externalLoadBalancerIp?: string;
  readonly adopt: boolean;
  readonly adoptId?: string;
}

type Network = Answer<"listNetworks">;
type Record = Answer<"listKubernetesClusters">;

/** Clusters of Mold's own service by that name, whoever made them. */
export async function clustersNamed({ mold }: World, name: string, context: CallContext): Promise<Record[]> {
  return (await mold.list("listKubernetesClusters", { name }, context)).filter((record) => record.name === name && record.clustertype === "CloudManaged");
}

/** The one that is to be adopted. */
export async function clusterToAdopt(world: World, { name, zone, adoptId }: { readonly name: string; readonly zone: string; readonly adoptId?: string }, catalogue: Catalogue): Promise<Record & { id: string }> {
  const context = { resource: `KubernetesCluster ${name}`, signal: world.signal };
  const { id: zoneId } = await catalogue.zone(zone);
  const there = (await clustersNamed(world, name, context)).filter((record) => record.zoneid === zoneId && (adoptId === undefined || record.id === adoptId));
  if (there.length > 1) throw new ClusterError(`${there.length} clusters of Mold's own service are called ${name} (${there.map(({ id }) => id).join(", ")}): which of them is meant can't be told. Say which by adoptId.`, { ...context, property: "adopt" });
  const [record] = there;
  if (!record?.id) throw new ClusterError(`there is no cluster ${name}${adoptId === undefined ? "" : ` with the id ${adoptId}`} of Mold's own service in the zone to take over. Leave adopt out to have one made.`, { ...context, property: "adopt" });
  const ended = whyNotAdoptable(record.state ?? "");
  if (ended !== undefined) throw new ClusterError(`the cluster ${name} ${ended}`, { ...context, property: "adopt" });
  return { ...record, id: record.id };
}

/** The uid that it carries already, should this library have made it. */
export const uidOf = ({ description = "" }: Record): string | undefined => /\[ablestack-kubernetes (\S+)\]$/.exec(description)?.[1];

export class ManagedPlaceRun {
  constructor(
    private readonly world: World,
    private readonly catalogue: Catalogue,
    private readonly desired: DesiredManagedPlace,
  ) {}

  private get context(): CallContext & { resource: string } {
    return { resource: `KubernetesCluster ${this.desired.name}`, signal: this.world.signal };
  }

  private get own(): EndpointRun {
    return new EndpointRun(this.world, this.catalogue, this.desired);
  }

  async create(): Promise<Endpoint> {
    const { desired, catalogue } = this;
    if (desired.adopt) return this.adopted();
    if (desired.network === undefined) return this.own.create();
    const zone = await catalogue.zone(desired.zone);
    return this.within(await catalogue.network(desired.network, zone.id), false);
  }

  /** Marks it as this declaration's: its description can't be changed, so that the mark is on its network. */
  private async adopted(): Promise<Endpoint> {
    const { world, desired, catalogue, context } = this;
    const record = await clusterToAdopt(world, desired, catalogue);
    const [network] = await world.mold.list("listNetworks", { id: record.networkid }, context);
    if (!network?.id) throw new ClusterError(`the network of the cluster is not to be seen with these keys. Are they its owner's?`, { ...context, property: "adopt" });
    const isOwn = uidOf(record) === desired.uid && tagsOf(network)[tagKeys.cluster] === desired.uid;
    if (isOwn) await takeOver(world, "Network", network.id, tagsOf(network));
    else await this.markAsOurs(network, record);
    const addresses = isOwn ? await addressesOf(world, desired.uid, context) : [];
    for (const address of addresses) await takeOver(world, "PublicIpAddress", address.id!, tagsOf(address));
    return this.within(network, isOwn);
  }

  /** On a network that is not its own: which cluster is meant, whose it is, and whose it was; also for whoever had taken it over under a uid of his own. */
  private async markAsOurs(network: Network, { id, virtualmachines = [] }: Record & { id: string }): Promise<void> {
    const { world, desired } = this;
    const tags = tagsOf(network);
    const uids = Object.entries(tags).flatMap(([key, value]) => (key.startsWith(`${tagKeys.adopted}-`) && value === id ? [key.slice(tagKeys.adopted.length + 1)] : []));
    for (const uid of new Set([...uids, desired.uid])) {
      const subject = this.guest(network.id, uid);
      const marks = marksOf(subject, tags);
      const [former] = [marks, ...(uid === desired.uid ? (virtualmachines as Parameters<typeof tagsOf>[0][]).map(tagsOf) : [])].flatMap(({ [tagKeys.owner]: owner }) => owner ?? []);
      // First: between the two it is nobody's, and a run that dies there leaves it so.
      if (former !== undefined && former !== world.owner) await retag(world, "Network", network.id!, tags, marked(subject, takenFrom(former, marks)), {});
      await retag(world, "Network", network.id!, tags, marked(subject, { [tagKeys.owner]: world.owner }), {});
    }
    await retag(world, "Network", network.id!, tags, marked(this.guest(network.id), { [tagKeys.adopted]: id, [tagKeys.initialised]: desired.uid }), {});
  }

  /** How it is marked on a network that is not its own. */
  private guest(networkId = "", uid = this.desired.uid): ManagedSubject {
    return { name: this.desired.name, uid, place: { zoneId: "", networkId, networkOwned: false, networkCidr: "", publicIpAddressId: "", publicIpAddress: "" } };
  }

  private async within(network: Network, networkOwned: boolean): Promise<Endpoint> {
    const { desired, context } = this;
    const place = { zoneId: network.zoneid ?? "", zoneName: network.zonename ?? "", networkId: network.id!, networkName: network.name ?? "", networkOwned, networkCidr: network.cidr ?? "" };
    if (network.type === "Shared") {
      if (desired.externalLoadBalancerIp === undefined) throw new ClusterError(`the network ${network.name} is shared, and the API needs an address that stays: give externalLoadBalancerIp, that of a load balancer of yours which leads to the control planes.`, { ...context, property: "externalLoadBalancerIp" });
      return { ...place, publicIpAddressId: "", publicIpAddress: desired.externalLoadBalancerIp };
    }
    if (desired.externalLoadBalancerIp !== undefined) throw new ClusterError(`the network ${network.name} is not shared: Mold balances the API there itself, at the network's own address. Leave externalLoadBalancerIp out, or name a shared network.`, { ...context, property: "externalLoadBalancerIp" });
    const address = (await this.sourceNat(network.id!)) ?? (await this.acquired(network));
    return { ...place, publicIpAddressId: address.id!, publicIpAddress: address.ipaddress ?? "" };
  }

  private async sourceNat(networkId: string): Promise<Answer<"listPublicIpAddresses"> | undefined> {
    const addresses = await this.world.mold.list("listPublicIpAddresses", { associatednetworkid: networkId, issourcenat: true }, this.context);
    return addresses.find(({ issourcenat: isSourceNat }) => isSourceNat);
  }

  /** A network that nobody has used yet has none. The first that it is given is its source NAT, and stays with it. */
  private async acquired(network: Network): Promise<Answer<"listPublicIpAddresses">> {
    const { world, context } = this;
    world.log.info(`acquire the source NAT address of ${network.name} …`);
    await world.mold.run("associateIpAddress", { networkid: network.id }, context);
    const address = await this.sourceNat(network.id!);
    if (!address) throw new ClusterError(`Mold has given the network ${network.name} no source NAT address, which its Kubernetes service needs. Start a machine on it, or name another network.`, { ...context, property: "network" });
    return address;
  }

  /** Undefined: it is gone. */
  async read(place: Pick<Endpoint, "networkId" | "publicIpAddressId" | "publicIpAddress" | "networkOwned">): Promise<Endpoint | undefined> {
    if (place.publicIpAddressId !== "") {
      const there = await this.own.read(place);
      return there && { ...there, networkOwned: place.networkOwned };
    }
    const [network] = await this.world.mold.list("listNetworks", { id: place.networkId }, this.context).catch(goneAsEmpty);
    return network && this.within(network, place.networkOwned);
  }

  /** A cluster that an interrupted run has left goes first; then its own network, while another's stays, without the marks. */
  async delete(): Promise<void> {
    const { world, desired, context } = this;
    const left = (await clustersNamed(world, desired.name, context)).filter((record) => uidOf(record) === desired.uid);
    const guests = await this.guestNetworks(left);
    if (await this.staysWithOthers(guests)) return;
    for (const { id, networkid: networkId } of left) {
      const lock = { kind: "Network" as const, id: networkId ?? "", key: (await this.ownsNetwork(networkId)) ? tagKeys.lock : `${tagKeys.lock}-${desired.uid}` };
      await withLock(world, lock, context.resource, async (lease) => {
        // While the lock was waited for somebody may have taken it over.
        if (await this.staysWithOthers(await this.guestNetworks(left))) return;
        await endCluster({ world, find: async () => (await clustersNamed(world, desired.name, context)).find((record) => record.id === id), seconds: desired.timeouts.deleteSeconds, context, keep: () => lease.keep() });
      });
    }
    if (await this.staysWithOthers(await this.guestNetworks(left))) return;
    for (const network of guests) await retag(world, "Network", network.id!, tagsOf(network), {}, marked(this.guest(network.id), marksOf(this.guest(network.id), tagsOf(network))));
    await this.own.delete();
  }

  private async staysWithOthers(guests: readonly Network[]): Promise<boolean> {
    const { world, desired, context } = this;
    const marks = [...(await this.ownNetworks()).map(tagsOf), ...guests.map((network) => marksOf(this.guest(network.id), tagsOf(network)))];
    return staysWithOthers(world, context.resource, marks, { adopts: desired.adopt });
  }

  /** Networks that aren't its own, and that it is or was on. */
  private async guestNetworks(left: readonly Record[]): Promise<Network[]> {
    const { world, desired, context } = this;
    const own = new Set((await this.ownNetworks()).map(({ id }) => id));
    const tags = await Promise.all([tagKeys.owner, tagKeys.adopted].map((key) => world.mold.list("listTags", { resourcetype: "Network", key: `${key}-${desired.uid}` }, context)));
    const ids = new Set([...left.map(({ networkid: id }) => id), ...tags.flat().map(({ resourceid: id }) => id)]);
    const networks = await Promise.all([...ids].filter((id) => id !== undefined && !own.has(id)).map((id) => world.mold.list("listNetworks", { id }, context).catch(goneAsEmpty)));
    return networks.flat();
  }

  private ownNetworks(): Promise<Network[]> {
    return ownNetworks({ world: this.world, name: this.desired.name, uid: this.desired.uid, context: this.context });
  }

  private async ownsNetwork(networkId: string | undefined): Promise<boolean> {
    return (await this.ownNetworks()).some(({ id }) => id === networkId);
  }
}
