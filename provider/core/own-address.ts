/**
 * The public address of a cluster. It takes neither name nor tag when it is asked for: the chosen one is written down on the network
 * before, and an interrupted run's is known by that. Whoever is here holds the lock.
 */
import { orAlready } from "./claim";
import { ClusterError } from "./errors";
import type { Lease } from "./lock";
import { goneAsEmpty } from "./gone";
import { timeOf } from "./observe";
import type { Network } from "./own-network";
import { ownershipTags, tagKeys, tagParameters, tagsOf } from "./ownership";
import { isMoldFailure, type Answer, type CallContext, type World } from "./ports";
import { Patience } from "./waiting";
import { summary } from "./wording";

export type Address = Answer<"listPublicIpAddresses">;

export interface AddressOwner {
  readonly world: World;
  readonly uid: string;
  readonly context: CallContext;
  /** The longest wait for an address that is on its way. */
  readonly waitSeconds: number;
}

/** Addresses of the cluster's. One that is on another network by now was given to somebody else, with the tags that Mold has left it when the cluster's network was deleted. */
export async function addressesOf({ mold }: Pick<World, "mold">, uid: string, context?: CallContext): Promise<Address[]> {
  const tagged = await mold.list("listPublicIpAddresses", { tags: tagParameters({ [tagKeys.cluster]: uid }) }, context);
  return tagged.filter((address) => (tagsOf(address)[tagKeys.network] ?? address.associatednetworkid) === address.associatednetworkid);
}

export const addressIntentKey = (uid: string): string => `${tagKeys.intent}address-${uid}`;

/** How far from the intent an address may have been allocated to be the one that was meant: a call is sent at once, if at all. */
const nearMs = 300_000;

interface Intent {
  readonly address: string;
  readonly at: number;
}

/** Pure. `127.80.0.7@2026-01-01T00:00:00.000Z` */
export function parseIntent(value: string): Intent | undefined {
  const [address, time = ""] = value.split("@");
  const at = Date.parse(time);
  return address && Number.isFinite(at) ? { address, at } : undefined;
}

/** Pure: not one of the same number that somebody took later, or had before. */
export function isIntended(address: Address, intent: Intent | undefined): boolean {
  if (!intent || address.ipaddress !== intent.address || (address.tags ?? []).length > 0) return false;
  const allocated = timeOf(address.allocated);
  return allocated === undefined || Math.abs(allocated - intent.at) <= nearMs;
}

export async function ownAddress(owner: AddressOwner, network: Network, zoneId: string, lease: Lease): Promise<Address> {
  const { world, uid, context } = owner;
  const intents = new AddressIntent(owner, network.id!);
  let refusal: unknown;
  for (let attempt = 1; ; attempt++) {
    await lease.keep();
    const listed = await world.mold.list("listPublicIpAddresses", { associatednetworkid: network.id }, context);
    const known = listed.find((each) => tagsOf(each)[tagKeys.cluster] === uid);
    const written = await intents.read();
    if (known && known.state === "Allocated") {
      if (written !== undefined) await intents.crossOff();
      return known;
    }
    const intent = written === undefined ? undefined : parseIntent(written);
    const there = known ?? listed.find((each) => isIntended(each, intent));
    if (there) {
      if (await allocated(owner, there.id!, lease)) await markAddress(owner, there.id!, network.id!);
      continue;
    }
    // Somebody may be quicker with the one that was chosen, but not time and again.
    if (attempt > 5 && refusal) throw refusal;
    if (written !== undefined) await intents.crossOff();
    const wanted = await chooseFree(owner, zoneId);
    await intents.write(wanted);
    world.log.info(`acquire the address ${wanted} …`);
    refusal = await associate(owner, wanted, network.id!);
  }
}

/** Undefined, or why not: somebody else has it by now. Whether it is there is looked at anyway. */
async function associate({ world, context }: AddressOwner, address: string, networkId: string): Promise<unknown> {
  try {
    await world.mold.run("associateIpAddress", { networkid: networkId, ipaddress: address }, context);
  } catch (error) {
    // 533 is what Mold says when the address asked for is taken.
    if (!isMoldFailure(error) || (error.kind !== "refused" && error.kind !== "capacity" && error.kind !== "conflict")) throw error;
    world.log.info(`${context.resource}: ${error.message}`);
    return error;
  }
  return undefined;
}

async function markAddress({ world, uid, context }: AddressOwner, id: string, networkId: string): Promise<void> {
  const tags = { ...ownershipTags(uid, world.owner, "address"), [tagKeys.network]: networkId };
  await orAlready(
    () => world.mold.run("createTags", { resourcetype: "PublicIpAddress", resourceids: [id], tags: tagParameters(tags) }, context),
    async () => (await world.mold.list("listPublicIpAddresses", { id }, context)).some((address) => tagsOf(address)[tagKeys.cluster] === uid),
  );
}

/** The job of an interrupted run may still be at it. False: it ended badly, and the address is free again. */
async function allocated({ world, context, waitSeconds }: AddressOwner, id: string, lease: Lease): Promise<boolean> {
  const patience = new Patience(world.clock, world.signal, waitSeconds * 1000);
  return patience.until(
    async () => {
      await lease.keep();
      const [address] = await world.mold.list("listPublicIpAddresses", { id }, context).catch(goneAsEmpty);
      if (!address || address.state === "Free") return false;
      return address.state === "Allocated" ? true : undefined;
    },
    (waited) => `${context.resource}: its public address is not allocated after ${waited}. Look at its events in Mold, then run again.`,
  );
}

async function chooseFree({ world, context }: AddressOwner, zoneId: string): Promise<string> {
  const free = (await world.mold.list("listPublicIpAddresses", { zoneid: zoneId, allocatedonly: false, forvirtualnetwork: true }, context))
    .filter(({ state }) => state === "Free");
  if (free.length === 0) throw new ClusterError("the zone has no free public address. Release one in Mold or ask an administrator for more.", context);
  // What somebody else's tags are on could not be told from what somebody else has.
  const untagged = free.filter(({ tags = [] }) => tags.length === 0).flatMap(({ ipaddress }) => ipaddress ?? []);
  if (untagged.length === 0) {
    throw new ClusterError(`the zone has no free public address without tags: ${summary(free.map(({ ipaddress }) => ipaddress ?? ""))} still ${free.length === 1 ? "has" : "have"} those of whoever had ${free.length === 1 ? "it" : "them"} last, which Mold leaves when a network is deleted. Take them away (deleteTags, as an administrator), or release another address, then run again.`, context);
  }
  // Not always the first: runs that choose at the same time would choose the same.
  return untagged[Math.floor(Math.random() * untagged.length)]!;
}

/** What is written on the network while an address is asked for. */
class AddressIntent {
  private readonly key: string;

  constructor(
    private readonly owner: AddressOwner,
    private readonly networkId: string,
  ) {
    this.key = addressIntentKey(owner.uid);
  }

  private get subject(): { resourcetype: string; resourceids: string[] } {
    return { resourcetype: "Network", resourceids: [this.networkId] };
  }

  async read(): Promise<string | undefined> {
    const tags = await this.owner.world.mold.list("listTags", { resourcetype: "Network", resourceid: this.networkId, key: this.key }, this.owner.context);
    return tags.find(({ key }) => key === this.key)?.value;
  }

  async write(address: string): Promise<void> {
    const { world, context } = this.owner;
    const value = `${address}@${new Date(world.clock.now()).toISOString()}`;
    await world.mold.run("createTags", { ...this.subject, tags: tagParameters({ [this.key]: value }) }, context);
  }

  async crossOff(): Promise<void> {
    const { world, context } = this.owner;
    await orAlready(
      () => world.mold.run("deleteTags", { ...this.subject, tags: [{ key: this.key }] }, context),
      async () => (await this.read()) === undefined,
    );
  }
}

export const givingBack = ({ ipaddress, issourcenat }: Address): string =>
  issourcenat ? `leave the address ${ipaddress} to its network, whose source NAT it has become` : `release the address ${ipaddress}`;

/** Gives the address back; one that has become the source NAT of a network that isn't ours stays with it. */
export async function releaseAddress({ world, context }: Pick<AddressOwner, "world" | "context">, address: Address): Promise<void> {
  world.log.info(`${givingBack(address)} …`);
  if (address.issourcenat) return unmarkAddress({ world, context }, address);
  await orAlready(
    () => world.mold.run("disassociateIpAddress", { id: address.id! }, context),
    async () => !(await world.mold.list("listPublicIpAddresses", { id: address.id }).catch(goneAsEmpty)).some(({ state }) => state !== "Free"),
  );
}

/** Also of one that goes with its network: Mold would leave it its tags, for whoever gets it next. */
export async function unmarkAddress({ world, context }: Pick<AddressOwner, "world" | "context">, { id }: Address): Promise<void> {
  const now = await world.mold.list("listTags", { resourcetype: "PublicIpAddress", resourceid: id }, context);
  const ours = Object.entries(tagsOf({ tags: now })).filter(([key]) => key.startsWith("ablestack-"));
  if (ours.length > 0) await world.mold.run("deleteTags", { resourcetype: "PublicIpAddress", resourceids: [id!], tags: tagParameters(Object.fromEntries(ours)) }, context);
}
