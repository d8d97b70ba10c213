/** Where a rule lies: at a public address, on a network, in an access list. What interrupted runs wrote down there is read along. */
import { intentsIn, type IntentCarrier } from "../claim";
import { ClusterError } from "../errors";
import { goneAsEmpty } from "../gone";
import { addressesOf } from "../own-address";
import { tagKeys, tagsOf, type Tags } from "../ownership";
import type { Answer, World } from "../ports";
import type { RuleOwner } from "./shared";

export interface RulePlace {
  readonly id: string;
  readonly kind: Exclude<IntentCarrier, "LoadBalancer"> | "NetworkAcl";
  /** As people call it: the address, or a name. */
  readonly name: string;
  readonly ipAddress?: string;
  /** Of the machines behind it. Empty where it belongs to none. */
  readonly networkId: string;
  /** What interrupted runs were about to make there. */
  readonly intents: Tags;
  /** Of a network: its machines reach everything but what egress rules hold back. */
  readonly letsOut?: boolean;
}

export interface RuleAddress extends RulePlace {
  readonly kind: "PublicIpAddress";
  readonly ipAddress: string;
  readonly zoneId: string;
  /** It is one of a VPC, whose access lists do what firewall rules do elsewhere. */
  readonly isVpc: boolean;
}

/** What is declared of a rule's place. */
export interface DeclaredPlace {
  readonly ipAddressId?: string;
  readonly networkId?: string;
  readonly aclId?: string;
}

/** The address that was named, or the cluster's own. Undefined when it is gone. */
export async function findAddress(world: World, owner: RuleOwner, { ipAddressId, networkId }: DeclaredPlace): Promise<RuleAddress | undefined> {
  const { mold } = world;
  const found = ipAddressId
    ? (await mold.list("listPublicIpAddresses", { id: ipAddressId }).catch(goneAsEmpty))[0]
    : (await addressesOf({ mold }, owner.cluster ?? "")).find(
        (address) => tagsOf(address)[tagKeys.role] === "address",
      );
  if (!found?.id) return undefined;
  const ipAddress = found.ipaddress ?? "";
  return { id: found.id, kind: "PublicIpAddress", name: ipAddress, ipAddress, networkId: networkId ?? found.associatednetworkid ?? "", zoneId: found.zoneid ?? "", isVpc: found.vpcid !== undefined, intents: intentsIn(tagsOf(found)) };
}

export async function addressOf(world: World, owner: RuleOwner, declared: DeclaredPlace, resource: string): Promise<RuleAddress> {
  const address = await findAddress(world, owner, declared);
  if (address) return address;
  const { ipAddressId } = declared;
  throw new ClusterError(
    ipAddressId ? `there is no public address with id ${ipAddressId}. Give the id of one that this account holds.` : `the cluster ${owner.cluster} has no public address (any longer). Is its uid right?`,
    { resource, property: ipAddressId ? "ipAddressId" : "cluster" },
  );
}

export type RuleNetwork = Answer<"listNetworks">;

/** The network that was named, or the one that the cluster's address belongs to. */
export async function findNetwork(world: World, owner: RuleOwner, declared: DeclaredPlace): Promise<RuleNetwork | undefined> {
  const id = declared.networkId ?? (await findAddress(world, owner, {}))?.networkId;
  if (!id) return undefined;
  return (await world.mold.list("listNetworks", { id }).catch(goneAsEmpty))[0];
}

export async function networkOf(world: World, owner: RuleOwner, declared: DeclaredPlace, resource: string): Promise<RuleNetwork> {
  const network = await findNetwork(world, owner, declared);
  if (network) return network;
  const { networkId } = declared;
  throw new ClusterError(
    networkId ? `there is no network with id ${networkId}. Give the id of one that this account may use.` : `the cluster ${owner.cluster} has no network that its address leads to (any longer). Is its uid right?`,
    { resource, property: networkId ? "networkId" : "cluster" },
  );
}

export const networkPlace = (network: RuleNetwork): RulePlace => ({
  id: network.id!,
  kind: "Network",
  name: network.name ?? network.id!,
  networkId: network.id!,
  intents: intentsIn(tagsOf(network)),
  letsOut: network.egressdefaultpolicy === true,
});

/** Where rules lead to machines: of an address of a VPC it has to be said on which of its networks those are. */
export async function leadingAddressOf(world: World, owner: RuleOwner, declared: DeclaredPlace, resource: string): Promise<RuleAddress> {
  const address = await addressOf(world, owner, declared, resource);
  if (address.networkId) return address;
  throw new ClusterError(
    address.isVpc
      ? `the address ${address.ipAddress} belongs to a VPC and leads to none of its networks yet. Give networkId: the network of the machines.`
      : `the address ${address.ipAddress} belongs to no network. Associate it with the machines' network, or give the id of another one.`,
    { resource, property: address.isVpc ? "networkId" : "ipAddressId" },
  );
}

export async function firewallAddressOf(world: World, owner: RuleOwner, declared: DeclaredPlace, resource: string): Promise<RuleAddress> {
  const address = await addressOf(world, owner, declared, resource);
  if (!address.isVpc) return address;
  throw new ClusterError(`the address ${address.ipAddress} belongs to a VPC, where no firewall but the access lists of its networks let clients in. Declare it with kind acl, and networkId or aclId.`, { resource, property: "kind" });
}

/** Lists that Mold gives every VPC. Nobody may change them. */
const unchangeable = new Set(["default_allow", "default_deny"]);

type AclList = Answer<"listNetworkACLLists">;

export const aclPlace = (list: AclList): RulePlace => ({ id: list.id!, kind: "NetworkAcl", name: list.name ?? list.id!, networkId: "", intents: {} });

/** The list that was named, or the one that the network has. Undefined when the list, or the network, is gone. */
export async function findAcl(world: World, owner: RuleOwner, declared: DeclaredPlace): Promise<AclList | undefined> {
  const id = declared.aclId ?? (await findNetwork(world, owner, declared))?.aclid;
  return id ? (await world.mold.list("listNetworkACLLists", { id }).catch(goneAsEmpty))[0] : undefined;
}

export async function aclOf(world: World, owner: RuleOwner, declared: DeclaredPlace, resource: string): Promise<AclList> {
  if (!declared.aclId) {
    const { name, vpcid } = await networkOf(world, owner, declared, resource);
    if (!vpcid) throw new ClusterError(`the network ${name} is no tier of a VPC: it has no access list. Use firewall rules of its address, or egress rules.`, { resource, property: declared.networkId ? "networkId" : "kind" });
  }
  const list = await findAcl(world, owner, declared);
  const property = declared.aclId ? "aclId" : declared.networkId ? "networkId" : "cluster";
  if (!list) throw new ClusterError(declared.aclId ? `there is no access list with id ${declared.aclId}. Give the id of one that this account may use.` : "its network has no access list. Give it one in Mold.", { resource, property });
  if (unchangeable.has(list.name ?? "")) {
    throw new ClusterError(`its access list is ${list.name}, which is Mold's own and can't be changed. Make a list of the VPC, put it on the network (replaceNetworkACLList, or in Mold's screens), and run again.`, { resource, property });
  }
  return list;
}
