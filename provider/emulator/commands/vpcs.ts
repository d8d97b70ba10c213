/** VPCs and what they are offered by. Their tiers are networks. */
import { asked, equals, hasAnnotations, keyword, owner, page, taggedAsAsked, tagsOn, time, zone } from "../answers";
import type { Call } from "../call";
import type { Commands } from "../command";
import { internal, invalid } from "../errors";
import { range } from "../guest-addresses";
import type { VpcRow } from "../model";
import { vpcServices } from "../network-services";
import { release } from "./addresses";
import { networkAnswer } from "./networks";

function vpcAnswer(call: Call, vpc: VpcRow): object {
  const { cloud } = call;
  const offering = cloud.table("vpcOfferings").get(vpc.offeringId);
  return {
    id: vpc.id,
    name: vpc.name,
    displaytext: vpc.displayText,
    state: "Enabled",
    ...zone(cloud, vpc.zoneId),
    service: vpcServices(offering?.services ?? []),
    cidr: vpc.cidr,
    vpcofferingid: vpc.offeringId,
    vpcofferingname: offering?.name ?? "",
    vpcofferingconservemode: false,
    created: time(vpc.created),
    ...owner(cloud, vpc),
    network: cloud.table("networks").filter(({ vpcId }) => vpcId === vpc.id).map((network) => networkAnswer(call, network)),
    restartrequired: false,
    networkdomain: vpc.domain,
    tags: tagsOn(cloud, vpc.id),
    fordisplay: true,
    distributedvpcrouter: false,
    regionlevelvpc: false,
    redundantvpcrouter: false,
    publicmtu: 1500,
    keepmacaddressonpublicnic: true,
    hasannotations: hasAnnotations(cloud, vpc.id),
  };
}

export const vpcCommands: Commands = {
  listVPCOfferings: {
    kind: "sync",
    refs: { id: "vpcOfferings" },
    run: (call) => {
      const offerings = call.cloud.table("vpcOfferings").filter((one) => asked(call, one) && equals(call, "name", one.name) && equals(call, "state", "Enabled") && keyword(call, one.name, one.displayText));
      return page(call, "vpcoffering", offerings, (one) => ({
        id: one.id,
        name: one.name,
        displaytext: one.displayText,
        created: time(one.created),
        isdefault: true,
        state: "Enabled",
        service: vpcServices(one.services),
        distributedvpcrouter: false,
        supportsregionLevelvpc: false,
        fornsx: false,
        internetprotocol: "IPv4",
        specifyasnumber: false,
        conservemode: false,
      }));
    },
  },

  listVPCs: {
    kind: "sync",
    refs: { id: "vpcs" },
    run: (call) => {
      const vpcs = call.cloud
        .table("vpcs")
        .filter((vpc) => asked(call, vpc) && call.shows(vpc) && equals(call, "name", vpc.name) && equals(call, "zoneid", vpc.zoneId) && keyword(call, vpc.name, vpc.displayText) && taggedAsAsked(call, vpc.id));
      return page(call, "vpc", vpcs, (vpc) => vpcAnswer(call, vpc));
    },
  },

  createVPC: {
    kind: "async",
    begin(call) {
      const { cloud } = call;
      const zoneId = call.must("zones", "zoneid").id;
      const offering = call.must("vpcOfferings", "vpcofferingid");
      const cidr = call.need("cidr");
      if (range(cidr) === undefined) throw invalid(`Invalid CIDR ${cidr}`);
      const name = call.need("name");
      const row = cloud.table("vpcs").put({
        ...cloud.identity("vpcs"),
        ...call.owner,
        name,
        displayText: call.text("displaytext") ?? name,
        zoneId,
        offeringId: offering.id,
        cidr,
        domain: call.text("networkdomain") ?? `cs${call.caller.account.number}cloud.internal`,
      });
      return { id: row.id, instanceType: "None", ms: cloud.durations.createVpc, made: { vpcId: row.id } };
    },
    finish(call, job) {
      const { cloud } = call;
      const vpc = cloud.table("vpcs").get(job.made.vpcId ?? "");
      if (vpc === undefined) throw internal("Failed to create VPC");
      // Its router has a source NAT address from the start.
      const free = cloud.table("addresses").find((address) => address.state === "Free" && address.zoneId === vpc.zoneId);
      if (free !== undefined) cloud.table("addresses").patch(free.id, { state: "Allocated", sourceNat: true, vpcId: vpc.id, accountId: vpc.accountId, projectId: vpc.projectId, allocated: cloud.now() });
      return { vpc: vpcAnswer(call, vpc) };
    },
    failed(call, job) {
      const vpc = call.cloud.table("vpcs").get(job.made.vpcId ?? "");
      if (vpc !== undefined) call.cloud.drop("vpcs", vpc);
    },
  },

  updateVPC: {
    kind: "async",
    refs: { id: "vpcs" },
    begin: (call) => ({ ms: call.cloud.durations.aclList }),
    finish(call) {
      const vpc = call.must("vpcs", "id");
      const updated = call.cloud.table("vpcs").patch(vpc.id, {
        ...(call.text("name") === undefined ? {} : { name: call.need("name") }),
        ...(call.text("displaytext") === undefined ? {} : { displayText: call.need("displaytext") }),
      });
      return { vpc: vpcAnswer(call, updated) };
    },
  },

  deleteVPC: {
    kind: "async",
    refs: { id: "vpcs" },
    begin: (call) => {
      if (call.ref("vpcs", "id") === undefined) throw invalid("unable to find VPC id=" + call.numberOf("vpcs", call.need("id")));
      return { ms: call.cloud.durations.deleteVpc };
    },
    finish(call) {
      const { cloud } = call;
      const vpc = call.must("vpcs", "id");
      const tiers = cloud.table("networks").filter(({ vpcId }) => vpcId === vpc.id);
      if (tiers.length > 0) throw internal(`Can't delete VPC ${vpc.name} as its used by ${tiers.length} networks`);
      for (const address of cloud.table("addresses").filter(({ vpcId }) => vpcId === vpc.id)) release(cloud, address);
      for (const list of cloud.table("aclLists").filter(({ vpcId }) => vpcId === vpc.id)) {
        for (const item of cloud.table("aclItems").filter(({ aclId }) => aclId === list.id)) cloud.drop("aclItems", item);
        cloud.drop("aclLists", list);
      }
      cloud.drop("vpcs", vpc);
      return { success: true };
    },
  },
};
