/** What the one rule of a NetworkRule or LoadBalancer has in common: where it lies, whose it is, whom it leads to. */
import { ClusterError } from "../errors";
import { mark, parseMachineName, tagKeys, tagParameters, tagsOf, type Role, type TaggedKind, type Tags } from "../ownership";
import type { Answer, World } from "../ports";

/** Whose rule it is. The resource's own name tells several rules of one program apart. */
export interface RuleOwner {
  /** The resource's name in the program, for tags and errors: `ingress-80`. */
  readonly resource: string;
  /** uid of the cluster it belongs to, if it does. */
  readonly cluster?: string;
  readonly tags: Tags;
}

export interface RuleAddress {
  readonly id: string;
  readonly ipAddress: string;
  readonly networkId: string;
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

/** The address that was named, or the cluster's own. Undefined when it is gone. */
export async function findAddress(world: World, owner: RuleOwner, addressId: string | undefined): Promise<RuleAddress | undefined> {
  const { mold } = world;
  const found = addressId
    ? (await mold.list("listPublicIpAddresses", { id: addressId }).catch(goneAsEmpty))[0]
    : (await mold.list("listPublicIpAddresses", { tags: tagParameters({ [tagKeys.cluster]: owner.cluster ?? "" }) })).find(
        (address) => tagsOf(address)[tagKeys.role] === "address",
      );
  if (!found?.id) return undefined;
  return { id: found.id, ipAddress: found.ipaddress ?? "", networkId: found.associatednetworkid ?? found.networkid ?? "" };
}

export async function addressOf(world: World, owner: RuleOwner, addressId: string | undefined, resource: string): Promise<RuleAddress> {
  const address = await findAddress(world, owner, addressId);
  if (address) return address;
  throw new ClusterError(
    addressId ? `there is no public address with id ${addressId}. Give the id of one that this account holds.` : `the cluster ${owner.cluster} has no public address (any longer). Is its uid right?`,
    { resource, property: addressId ? "ipAddressId" : "cluster" },
  );
}

type Machine = Answer<"listVirtualMachines">;

/** Ids of the machines that are meant, sorted. Machines of the cluster that are being destroyed don't count. */
export async function resolveMembers(world: World, owner: RuleOwner, members: Members, where: { resource: string; property: string }): Promise<string[]> {
  if (members.machineIds) return [...members.machineIds].sort();
  if (!owner.cluster) throw new ClusterError("members by role or node need the cluster they belong to. Give cluster, or machineIds.", where);
  const machines = await clusterMachines(world, owner.cluster);
  if (members.role) return machines.filter((machine) => roleOfMachine(machine) === members.role).map(({ id }) => id!).sort();
  return (members.nodes ?? []).map((node) => {
    const machine = machines.find(({ name }) => name === node);
    if (!machine?.id) throw new ClusterError(`the cluster has no node ${node}. It has ${machines.map(({ name }) => name).sort().join(", ") || "none"}.`, where);
    return machine.id;
  }).sort();
}

async function clusterMachines(world: World, uid: string): Promise<Machine[]> {
  const all = await world.mold.list("listVirtualMachines", { keyword: uid });
  const ended = new Set(["Destroyed", "Expunging", "Error"]);
  return all.filter((machine) => (tagsOf(machine)[tagKeys.cluster] === uid || (machine.displayname ?? "").endsWith(mark(uid))) && !ended.has(machine.state ?? ""));
}

function roleOfMachine(machine: Machine): Role | undefined {
  const name = machine.name ?? "";
  return parseMachineName(name.replace(/-(control|worker)-\d+$/, ""), name)?.role;
}

/** `role=worker`: cluster steps move the members of rules that follow a role. */
export function targetTag(members: Members): Tags {
  return members.role ? { [tagKeys.target]: `role=${members.role}` } : {};
}

/** Adds, changes and removes tags one declaration apart; nobody else's are touched. */
export async function retag(world: World, kind: TaggedKind, id: string, have: Tags, wanted: Tags, former: Tags): Promise<void> {
  const subject = { resourcetype: kind, resourceids: [id] };
  const stale = Object.entries(have).filter(([key, value]) => (key in wanted ? wanted[key] !== value : key in former));
  const missing = Object.entries(wanted).filter(([key, value]) => have[key] !== value);
  if (stale.length > 0) await world.mold.run("deleteTags", { ...subject, tags: stale.map(([key, value]) => ({ key, value })) });
  if (missing.length > 0) await world.mold.run("createTags", { ...subject, tags: missing.map(([key, value]) => ({ key, value })) });
}

export function goneAsEmpty(error: unknown): never[] {
  if (error instanceof Error && (error as { code?: unknown }).code === 431) return [];
  throw error;
}
