/** Public addresses. */
import { asked, equals, hasAnnotations, keyword, owner, page, taggedAsAsked, tagsOn, time, zone } from "../answers";
import type { Call } from "../call";
import type { Cloud } from "../cloud";
import type { Commands } from "../command";
import { ApiError, badValue, internal, invalid } from "../errors";
import { withinLimits } from "../limits";
import type { AddressRow } from "../model";
import { removeRelated } from "../power";
import { physicalNetworkId, publicNetworkId, publicVlanId } from "../seed-ids";

export function addressAnswer(cloud: Cloud, address: AddressRow, state: string = address.state): object {
  const network = address.networkId === undefined ? undefined : cloud.table("networks").get(address.networkId);
  const rules = [...cloud.table("firewallRules").all(), ...cloud.table("forwards").all(), ...cloud.table("balancers").all()];
  return {
    id: address.id,
    ipaddress: address.address,
    ...(address.allocated === undefined ? {} : { allocated: time(address.allocated) }),
    ...zone(cloud, address.zoneId),
    issourcenat: address.sourceNat,
    ...(address.accountId === undefined ? {} : owner(cloud, address)),
    forvirtualnetwork: true,
    vlanid: publicVlanId,
    vlanname: "vlan://50",
    ...(address.vpcId === undefined ? {} : { vpcid: address.vpcId, vpcname: cloud.table("vpcs").get(address.vpcId)?.name ?? "" }),
    isstaticnat: false,
    issystem: false,
    ...(network === undefined ? {} : { associatednetworkid: network.id, associatednetworkname: network.name }),
    networkid: publicNetworkId,
    state,
    physicalnetworkid: physicalNetworkId,
    tags: tagsOn(cloud, address.id),
    isportable: false,
    fordisplay: true,
    hasrules: rules.some((rule) => rule.addressId === address.id),
    forsystemvms: false,
    forprovider: false,
    hasannotations: hasAnnotations(cloud, address.id),
  };
}

/**
 * Gives an address back, with every rule on it. Its tags go where it is released by itself; where its network is deleted they stay, and whoever gets it next has them
 * (upstream: NetworkServiceImpl.releaseIpAddressInternal removes them, NetworkOrchestrator.cleanupNetworkResources and IPAddressDaoImpl.unassignIpAddress do not).
 */
export function release(cloud: Cloud, address: AddressRow, { keepsTags = false } = {}): void {
  for (const rule of cloud.table("firewallRules").filter(({ addressId }) => addressId === address.id)) cloud.drop("firewallRules", rule);
  for (const rule of cloud.table("forwards").filter(({ addressId }) => addressId === address.id)) removeRelated(cloud, rule.id, () => cloud.drop("forwards", rule));
  for (const rule of cloud.table("balancers").filter(({ addressId }) => addressId === address.id)) removeRelated(cloud, rule.id, () => cloud.drop("balancers", rule));
  if (!keepsTags) for (const tag of cloud.table("tags").filter(({ resourceId }) => resourceId === address.id)) cloud.table("tags").remove(tag.id);
  const { accountId: _account, projectId: _project, allocated: _allocated, networkId: _network, vpcId: _vpc, ...free } = address;
  cloud.table("addresses").put({ ...free, state: "Free", sourceNat: false });
}

/** An address of a VPC belongs to the tier that the first rule on it leads to; any other to its own network alone. */
export function leadTo(cloud: Cloud, address: AddressRow, networkId: string): void {
  if (address.networkId === networkId) return;
  const network = cloud.table("networks").get(networkId);
  if (address.vpcId === undefined || address.networkId !== undefined || network?.vpcId !== address.vpcId) throw invalid(`IP address ${address.address} is not associated with the network ${networkId}`);
  cloud.table("addresses").patch(address.id, { networkId });
}

function freeAddress(call: Call, zoneId: string): AddressRow {
  const wanted = call.text("ipaddress");
  const addresses = call.cloud.table("addresses");
  const free = addresses.find((one) => one.state === "Free" && one.zoneId === zoneId && (wanted === undefined || one.address === wanted));
  if (free !== undefined) return free;
  const zone = call.cloud.table("zones").get(zoneId);
  throw new ApiError(533, `Unable to get ip address in data center with id=${zone?.number ?? 0}${wanted === undefined ? "" : `, requested ip address ${wanted}`}`);
}

/** Free addresses are shown only when `allocatedonly=false` asks for them; they are nobody's, so that anyone sees them. */
function found(call: Call): AddressRow[] {
  const all = call.flag("allocatedonly") === false || call.text("state")?.toLowerCase() === "free";
  return call.cloud.table("addresses").filter((address) => {
    const free = address.accountId === undefined;
    if (!asked(call, address) || (free ? !all && call.text("id") === undefined : !call.shows(address))) return false;
    return (
      equals(call, "ipaddress", address.address) &&
      equals(call, "associatednetworkid", address.networkId) &&
      equals(call, "vpcid", address.vpcId) &&
      equals(call, "zoneid", address.zoneId) &&
      equals(call, "state", address.state) &&
      equals(call, "issourcenat", String(address.sourceNat)) &&
      equals(call, "isstaticnat", "false") &&
      keyword(call, address.address) &&
      taggedAsAsked(call, address.id)
    );
  });
}

export const addressCommands: Commands = {
  // `networkid` of this list is the public network's, which is no row here.
  listPublicIpAddresses: { kind: "sync", refs: { id: "addresses", networkid: "any" }, run: (call) => page(call, "publicipaddress", found(call), (address) => addressAnswer(call.cloud, address)) },

  associateIpAddress: {
    kind: "async",
    begin(call) {
      const { cloud } = call;
      const network = call.ref("networks", "networkid");
      const vpc = call.ref("vpcs", "vpcid");
      const zoneId = network?.zoneId ?? vpc?.zoneId ?? call.ref("zones", "zoneid")?.id;
      if (zoneId === undefined) throw invalid("Unable to figure out zone to assign ip to. Please specify either zoneId, or networkId, or vpcId in the call");
      withinLimits(call, { public_ip: 1 });
      const free = freeAddress(call, zoneId);
      const { created: _created, ...owning } = call.owner;
      cloud.table("addresses").patch(free.id, { ...owning, state: "Allocating", allocated: cloud.now(), networkId: network?.id, vpcId: vpc?.id });
      return { id: free.id, instanceType: "IpAddress", instanceId: free.id, ms: cloud.durations.associateIpAddress, made: { addressId: free.id } };
    },
    finish(call, job) {
      const { cloud } = call;
      const address = cloud.table("addresses").get(job.made.addressId ?? "");
      if (address === undefined || address.state === "Free") throw internal("the address was released while it was being associated");
      const network = address.networkId === undefined ? undefined : cloud.table("networks").get(address.networkId);
      // The first address of an isolated network without a router becomes its source NAT address (upstream: isSourceNatAvailableForNetwork).
      const first = network !== undefined && cloud.table("addresses").find((one) => one.networkId === network.id && one.sourceNat) === undefined;
      const allocated = cloud.table("addresses").patch(address.id, { state: "Allocated", sourceNat: first });
      return { ipaddress: addressAnswer(cloud, allocated, "Allocating") };
    },
    failed(call, job) {
      const address = call.cloud.table("addresses").get(job.made.addressId ?? "");
      if (address?.state === "Allocating") release(call.cloud, address);
    },
  },

  disassociateIpAddress: {
    kind: "async",
    refs: { id: "addresses" },
    begin(call) {
      const address = call.cloud.table("addresses").get(call.text("id") ?? "") ?? call.cloud.table("addresses").find((one) => one.address === call.text("ipaddress"));
      if (address === undefined) throw badValue(call.command, "id", call.text("id") ?? "");
      // What Mold says of an address that is free already: recorded, and of no use to a reader.
      if (address.accountId === undefined) throw internal("Unable to persist on DB, due to: Data truncation: Out of range value for column 'account_id' at row 1", 4250);
      return { instanceType: "IpAddress", instanceId: address.id, ms: call.cloud.durations.disassociateIpAddress, made: { addressId: address.id } };
    },
    finish(call, job) {
      const { cloud } = call;
      const address = cloud.table("addresses").get(job.made.addressId ?? "");
      if (address === undefined || address.accountId === undefined) return { success: true };
      const network = cloud.table("networks").get(address.networkId ?? "");
      if (address.sourceNat && network?.state === "Implemented") throw internal("IP address is used for source nat purposes and can not be disassociated.");
      release(cloud, address);
      return { success: true };
    },
  },
};
