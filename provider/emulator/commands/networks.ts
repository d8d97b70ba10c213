/** Guest networks. */
import { asked, equals, hasAnnotations, keyword, owner, page, taggedAsAsked, tagsOn, time, zone } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { ApiError, internal, invalid } from "../errors";
import { dotted, range } from "../guest-addresses";
import { withinLimits } from "../limits";
import type { NetworkRow } from "../model";
import { servicesOf } from "../network-services";
import { physicalNetworkId } from "../seed-ids";
import { release } from "./addresses";

export function networkAnswer(call: Call, network: NetworkRow): object {
  const { cloud, admin } = call;
  const offering = cloud.table("networkOfferings").get(network.networkOfferingId);
  return {
    id: network.id,
    name: network.name,
    displaytext: network.displayText,
    broadcastdomaintype: "Vlan",
    traffictype: "Guest",
    gateway: network.gateway,
    netmask: network.netmask,
    cidr: network.cidr,
    ...zone(cloud, network.zoneId),
    networkofferingid: network.networkOfferingId,
    networkofferingname: offering?.name ?? "",
    networkofferingdisplaytext: offering?.displayText ?? "",
    networkofferingconservemode: true,
    networkofferingavailability: "Required",
    issystem: false,
    state: network.state,
    related: network.id,
    ...(network.vlan !== undefined && admin ? { broadcasturi: `vlan://${network.vlan}`, vlan: String(network.vlan) } : {}),
    dns1: "127.0.0.53",
    type: offering?.guestType ?? "Isolated",
    acltype: "Account",
    ...owner(cloud, network),
    ...tierOf(call, network),
    service: servicesOf(offering?.services ?? [], { ...(offering?.forVpc ? { provider: "VpcVirtualRouter" } : {}), healthChecks: offering?.healthChecks }),
    networkdomain: network.domain,
    physicalnetworkid: physicalNetworkId,
    restartrequired: false,
    specifyvlan: false,
    specifyipranges: false,
    canusefordeploy: true,
    ispersistent: false,
    tags: tagsOn(cloud, network.id),
    ...(admin ? { details: {}, displaynetwork: true } : {}),
    strechedl2subnet: false,
    redundantrouter: false,
    supportsvmautoscaling: true,
    created: time(network.created),
    receivedbytes: 0,
    sentbytes: 0,
    egressdefaultpolicy: offering?.egressDefaultPolicy ?? false,
    publicmtu: 1500,
    privatemtu: 1500,
    ...(admin ? { keepmacaddressonpublicnic: true } : {}),
    hasannotations: hasAnnotations(cloud, network.id),
  };
}

/** What a tier shows beside what any network does. */
function tierOf({ cloud }: Call, { vpcId, aclId }: NetworkRow): object {
  if (vpcId === undefined) return {};
  return { vpcid: vpcId, vpcname: cloud.table("vpcs").get(vpcId)?.name ?? "", ...(aclId === undefined ? {} : { aclid: aclId, aclname: cloud.table("aclLists").get(aclId)?.name ?? "" }) };
}

/** A tier is within its VPC and says where; without a list it has the one that denies everything. */
function checkedTier(call: Call, forVpc: boolean, cidr: string): { vpcId?: string; aclId?: string } {
  const vpc = call.ref("vpcs", "vpcid");
  if ((vpc !== undefined) !== forVpc) throw invalid(forVpc ? "Network offering can be used for VPC networks only" : "Cannot create a VPC tier with a network offering that is not for VPC networks");
  if (vpc === undefined) return {};
  const [tier, whole] = [range(cidr), range(vpc.cidr)];
  if (call.text("gateway") === undefined) throw invalid("Gateway/netmask are required when create network for VPC");
  if (tier === undefined || whole === undefined || tier.first < whole.first || tier.last > whole.last) throw invalid(`Network cidr ${cidr} is not within vpc cidr`);
  const others = call.cloud.table("networks").filter(({ vpcId }) => vpcId === vpc.id);
  if (others.some((one) => range(one.cidr)!.first <= tier.last && tier.first <= range(one.cidr)!.last)) throw invalid(`Network cidr ${cidr} crosses other network cidr in the vpc`);
  const aclId = call.ref("aclLists", "aclid")?.id ?? call.cloud.table("aclLists").find(({ name }) => name === "default_deny")?.id;
  return { vpcId: vpc.id, ...(aclId === undefined ? {} : { aclId }) };
}

function addressing(call: Call): { cidr: string; gateway: string; netmask: string } {
  const gateway = call.text("gateway");
  const netmask = call.text("netmask");
  const zone = call.must("zones", "zoneid");
  if (gateway === undefined && netmask === undefined) {
    const within = range(zone.guestCidr);
    return { cidr: zone.guestCidr, gateway: dotted((within?.first ?? 0) + 1), netmask: maskOf(within?.bits ?? 24) };
  }
  if (gateway === undefined || netmask === undefined) throw invalid("Gateway and netmask must be specified together");
  const bits = bitsOf(netmask);
  const within = bits === undefined ? undefined : range(`${gateway}/${bits}`);
  if (within === undefined) throw invalid(`Invalid gateway ${gateway} or netmask ${netmask}`);
  return { cidr: `${dotted(within.first)}/${within.bits}`, gateway, netmask };
}

const maskOf = (bits: number): string => dotted(bits === 0 ? 0 : 0xffffffff - (2 ** (32 - bits) - 1));
const bitsOf = (netmask: string): number | undefined => Array.from({ length: 31 }, (_, at) => at + 1).find((bits) => maskOf(bits) === netmask);

/** Machines keep a network from going, also destroyed ones that are not expunged yet. */
function occupied(call: Call, network: NetworkRow): boolean {
  return call.cloud.table("machines").find(({ networkId }) => networkId === network.id) !== undefined;
}

const deleteNetwork: AsyncCommand = {
  kind: "async",
  refs: { id: "networks" },
  begin(call) {
    if (call.ref("networks", "id") === undefined) throw invalid(`unable to find network ${call.numberOf("networks", call.need("id"))}`);
    return { instanceType: "Network", ms: call.cloud.durations.deleteNetwork };
  },
  finish(call) {
    const { cloud } = call;
    const network = call.ref("networks", "id");
    if (network === undefined) throw invalid(`unable to find network ${call.numberOf("networks", call.need("id"))}`);
    if (occupied(call, network)) throw internal("Failed to delete network");
    for (const address of cloud.table("addresses").filter(({ networkId }) => networkId === network.id)) release(cloud, address, { keepsTags: true });
    for (const rule of cloud.table("firewallRules").filter(({ networkId }) => networkId === network.id)) cloud.drop("firewallRules", rule);
    cloud.drop("networks", network);
    return { success: true };
  },
};

export const networkCommands: Commands = {
  listNetworks: {
    kind: "sync",
    refs: { id: "networks" },
    run: (call) => {
      const networks = call.cloud.table("networks").filter(
        (network) =>
          asked(call, network) &&
          call.shows(network) &&
          keyword(call, network.name, network.displayText) &&
          equals(call, "name", network.name) &&
          equals(call, "zoneid", network.zoneId) &&
          equals(call, "networkofferingid", network.networkOfferingId) &&
          equals(call, "type", call.cloud.table("networkOfferings").get(network.networkOfferingId)?.guestType) &&
          equals(call, "traffictype", "Guest") &&
          call.flag("issystem") !== true &&
          equals(call, "forvpc", String(network.vpcId !== undefined)) &&
          equals(call, "vpcid", network.vpcId) &&
          equals(call, "aclid", network.aclId) &&
          taggedAsAsked(call, network.id),
      );
      return page(call, "network", networks, (network) => networkAnswer(call, network));
    },
  },

  createNetwork: {
    kind: "sync",
    run(call) {
      const { cloud } = call;
      const zone = call.must("zones", "zoneid");
      const offering = call.must("networkOfferings", "networkofferingid");
      if (offering.guestType !== "Isolated" && !call.admin) throw new ApiError(531, "Only a root admin makes shared networks", 4365);
      const name = call.need("name");
      const where = addressing(call);
      const tier = checkedTier(call, offering.forVpc === true, where.cidr);
      withinLimits(call, { network: 1 });
      const row = cloud.table("networks").put({
        ...cloud.identity("networks"),
        ...call.owner,
        name,
        displayText: call.text("displaytext") ?? name,
        zoneId: zone.id,
        networkOfferingId: offering.id,
        state: "Allocated",
        ...where,
        ...tier,
        domain: call.text("networkdomain") ?? `cs${call.caller.account.number}cloud.internal`,
      });
      const wanted = call.text("sourcenatipaddress");
      if (wanted !== undefined) {
        const address = cloud.table("addresses").find((one) => one.address === wanted && one.zoneId === zone.id && one.state === "Free");
        if (address === undefined) throw invalid(`The source NAT address ${wanted} is not free in the zone`);
        cloud.table("addresses").patch(address.id, { state: "Allocated", sourceNat: true, networkId: row.id, accountId: row.accountId, projectId: row.projectId, allocated: cloud.now() });
      }
      cloud.event(call.actor, { type: "NETWORK.CREATE", text: `Successfully completed creating network. Network Id: ${row.id}`, resourceId: row.id, resourceType: "Network", resourceName: name });
      return { network: networkAnswer(call, row) };
    },
  },

  updateNetwork: {
    kind: "async",
    refs: { id: "networks" },
    begin: (call) => ({ instanceType: "Network", instanceId: call.need("id"), ms: call.cloud.durations.createNetwork }),
    finish(call) {
      const network = call.must("networks", "id");
      const updated = call.cloud.table("networks").patch(network.id, {
        ...(call.text("name") === undefined ? {} : { name: call.need("name") }),
        ...(call.text("displaytext") === undefined ? {} : { displayText: call.need("displaytext") }),
        ...(call.text("networkdomain") === undefined ? {} : { domain: call.need("networkdomain") }),
      });
      return { network: networkAnswer(call, updated) };
    },
  },

  restartNetwork: {
    kind: "async",
    refs: { id: "networks" },
    begin: (call) => ({ instanceType: "Network", instanceId: call.need("id"), ms: call.cloud.durations.restartNetwork }),
    finish(call) {
      const network = call.must("networks", "id");
      if (network.state !== "Implemented") throw invalid("Network is not in the right state to be restarted. Correct states are: Implemented, Setup");
      return { success: true };
    },
  },

  deleteNetwork,
};
