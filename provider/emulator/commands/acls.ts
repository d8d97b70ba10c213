/** Access lists of VPCs, and the rules in them. Words of refusals: upstream's NetworkACLServiceImpl. */
import { asked, equals, keyword, page, taggedAsAsked, tagsOn } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { ApiError, internal, invalid } from "../errors";
import { range } from "../guest-addresses";
import type { AclItemRow, AclListRow } from "../model";
import { checkIcmp } from "./firewall";

function listAnswer(call: Call, list: AclListRow): object {
  return {
    id: list.id,
    name: list.name,
    description: list.description,
    ...(list.vpcId === undefined ? {} : { vpcid: list.vpcId, vpcname: call.cloud.table("vpcs").get(list.vpcId)?.name ?? "" }),
    fordisplay: true,
  };
}

function itemAnswer(call: Call, item: AclItemRow): object {
  return {
    id: item.id,
    protocol: item.protocol,
    ...(item.startPort === undefined ? {} : { startport: String(item.startPort) }),
    ...(item.endPort === undefined ? {} : { endport: String(item.endPort) }),
    traffictype: item.direction,
    state: item.state,
    cidrlist: item.cidrs.join(","),
    ...(item.icmpType === undefined ? {} : { icmptype: item.icmpType }),
    ...(item.icmpCode === undefined ? {} : { icmpcode: item.icmpCode }),
    tags: tagsOn(call.cloud, item.id),
    aclid: item.aclId,
    aclname: call.cloud.table("aclLists").get(item.aclId)?.name ?? "",
    number: item.place,
    action: item.action,
    fordisplay: true,
    ...(item.reason === undefined ? {} : { reason: item.reason }),
  };
}

function changeable(list: AclListRow | undefined): AclListRow {
  if (list === undefined) throw invalid("Unable to find specified ACL.");
  if (list.vpcId === undefined) throw invalid("Default ACL cannot be modified");
  return list;
}

/** The list that was named, or the one of the named network. */
function listOf(call: Call): AclListRow {
  const named = call.text("aclid");
  if (named !== undefined) return changeable(call.ref("aclLists", "aclid"));
  if (call.text("networkid") === undefined) throw invalid("Cannot create Network ACL Item. ACL Id or network Id is required");
  const network = call.must("networks", "networkid");
  if (network.vpcId === undefined) throw invalid(`Network: ${network.id} does not belong to VPC`);
  return changeable(call.cloud.table("aclLists").get(network.aclId ?? ""));
}

type Content = Pick<AclItemRow, "direction" | "action" | "protocol" | "startPort" | "endPort" | "icmpType" | "icmpCode" | "cidrs" | "reason">;

/** What the parameters say, over what there is: nothing, or the item that is updated in part. */
function content(call: Call, before: Partial<Content> = {}): Content {
  const protocol = (call.text("protocol") ?? before.protocol ?? "").toLowerCase();
  const action = call.text("action") ?? before.action ?? "Allow";
  if (!/^(allow|deny)$/i.test(action)) throw invalid(`Invalid action [${action}]. Permitted actions are Allow and Deny`);
  const direction = call.text("traffictype") ?? before.direction ?? "Ingress";
  if (!/^(ingress|egress)$/i.test(direction)) throw invalid(`Unknown trafficType: ${direction}`);
  const startPort = call.whole("startport") ?? before.startPort;
  const endPort = call.whole("endport") ?? before.endPort ?? startPort;
  const icmpType = call.whole("icmptype") ?? before.icmpType;
  const icmpCode = call.whole("icmpcode") ?? before.icmpCode;
  const reason = call.text("reason") ?? before.reason;
  const cidrs = call.text("cidrlist") === undefined ? (before.cidrs ?? ["0.0.0.0/0"]) : call.list("cidrlist");
  const found: Content = {
    direction: /^egress$/i.test(direction) ? "Egress" : "Ingress",
    action: /^deny$/i.test(action) ? "Deny" : "Allow",
    protocol,
    ...(startPort === undefined ? {} : { startPort, endPort }),
    ...(icmpType === undefined ? {} : { icmpType }),
    ...(icmpCode === undefined ? {} : { icmpCode }),
    cidrs,
    ...(reason === undefined ? {} : { reason }),
  };
  check(found);
  return found;
}

function check({ protocol, startPort, endPort, icmpType, icmpCode, cidrs }: Content): void {
  if (startPort !== undefined || endPort !== undefined) {
    for (const [which, port] of [["Start", startPort], ["End", endPort]] as const) {
      if (port === undefined || port < 1 || port > 65_535) throw invalid(`${which} public port is an invalid value: ${port ?? ""}`);
    }
    if (startPort! > endPort!) throw invalid(`Start port can't be bigger than end port [startport=${startPort},endport=${endPort}]`);
    if (protocol === "all") throw invalid("start port and end port must be null if protocol = 'all'");
  }
  for (const cidr of cidrs) if (range(cidr) === undefined) throw new ApiError(431, `Source cidrs formatting error ${cidr}`);
  if (/^\d+$/.test(protocol) ? Number(protocol) > 255 : !["tcp", "udp", "icmp", "all"].includes(protocol)) throw invalid(`Invalid protocol [${protocol}]. Expected one of: [tcp,udp,icmp,all]`);
  if (protocol !== "icmp" && (icmpType !== undefined || icmpCode !== undefined)) throw invalid("Can specify icmpCode and icmpType for ICMP protocol only");
  if (protocol === "icmp" && startPort !== undefined) throw invalid("Can't specify start/end port when protocol is ICMP");
  checkIcmp(icmpType, icmpCode);
}

/** The number that was asked for, if nobody else in the list has it. */
function place(call: Call, list: AclListRow, own?: AclItemRow): number | undefined {
  const wanted = call.whole("number");
  if (wanted === undefined) return undefined;
  if (wanted < 1) throw invalid(`Invalid number [${wanted}]. Number cannot be < 1`);
  if (call.cloud.table("aclItems").find((item) => item.aclId === list.id && item.place === wanted && item.id !== own?.id) !== undefined) throw invalid(`ACL item with number ${wanted} already exists in ACL: ${list.id}`);
  return wanted;
}

function item(call: Call): AclItemRow {
  const found = call.ref("aclItems", "id");
  if (found === undefined) throw invalid(`Unable to find ACL rule with ID [${call.numberOf("aclItems", call.need("id"))}]`);
  return found;
}

const create: AsyncCommand = {
  kind: "async",
  begin(call) {
    const { cloud } = call;
    const list = listOf(call);
    const last = cloud.table("aclItems").filter(({ aclId }) => aclId === list.id).reduce((most, { place: at }) => Math.max(most, at), 0);
    const row = cloud.table("aclItems").put({ ...cloud.identity("aclItems"), ...call.owner, aclId: list.id, place: place(call, list) ?? last + 1, ...content(call), state: "Add" });
    return { id: row.id, instanceType: "NetworkAclItem", ms: cloud.durations.aclItem, made: { itemId: row.id } };
  },
  finish(call, job) {
    const row = call.cloud.table("aclItems").get(job.made.itemId ?? "");
    if (row === undefined) throw internal("Failed to create network ACL Item");
    return { networkacl: itemAnswer(call, call.cloud.table("aclItems").patch(row.id, { state: "Active" })) };
  },
  failed(call, job) {
    const row = call.cloud.table("aclItems").get(job.made.itemId ?? "");
    if (row !== undefined) call.cloud.drop("aclItems", row);
  },
};

const update: AsyncCommand = {
  kind: "async",
  refs: { id: "aclItems" },
  begin(call) {
    item(call);
    return { ms: call.cloud.durations.aclItem };
  },
  finish(call) {
    const before = item(call);
    const list = changeable(call.cloud.table("aclLists").get(before.aclId));
    // Without `partialupgrade=false` what is left out stays.
    const after = content(call, call.flag("partialupgrade") === false ? {} : before);
    const { startPort: _start, endPort: _end, icmpType: _type, icmpCode: _code, reason: _reason, ...rest } = before;
    const row = call.cloud.table("aclItems").put({ ...rest, ...after, place: place(call, list, before) ?? before.place });
    return { networkacl: itemAnswer(call, row) };
  },
};

export const aclCommands: Commands = {
  listNetworkACLLists: {
    kind: "sync",
    refs: { id: "aclLists" },
    run: (call) => {
      const network = call.ref("networks", "networkid");
      const lists = call.cloud
        .table("aclLists")
        .filter(
          (list) =>
            asked(call, list) &&
            (list.vpcId === undefined || call.shows(list)) &&
            equals(call, "name", list.name) &&
            (call.text("vpcid") === undefined || list.vpcId === undefined || list.vpcId === call.text("vpcid")) &&
            (network === undefined || network.aclId === list.id) &&
            keyword(call, list.name, list.description),
        );
      return page(call, "networkacllist", lists, (list) => listAnswer(call, list));
    },
  },

  createNetworkACLList: {
    kind: "async",
    begin(call) {
      const { cloud } = call;
      const vpc = call.must("vpcs", "vpcid");
      const name = call.need("name");
      const row = cloud.table("aclLists").put({ ...cloud.identity("aclLists"), ...call.owner, name, description: call.text("description") ?? name, vpcId: vpc.id });
      return { id: row.id, instanceType: "NetworkAcl", ms: cloud.durations.aclList, made: { listId: row.id } };
    },
    finish(call, job) {
      const list = call.cloud.table("aclLists").get(job.made.listId ?? "");
      if (list === undefined) throw internal("Failed to create network ACL List");
      return { networkacllist: listAnswer(call, list) };
    },
  },

  updateNetworkACLList: {
    kind: "async",
    refs: { id: "aclLists" },
    begin: (call) => ({ ms: call.cloud.durations.aclList }),
    finish(call) {
      const list = changeable(call.ref("aclLists", "id"));
      call.cloud.table("aclLists").patch(list.id, {
        ...(call.text("name") === undefined ? {} : { name: call.need("name") }),
        ...(call.text("description") === undefined ? {} : { description: call.need("description") }),
      });
      return { success: true };
    },
  },

  deleteNetworkACLList: {
    kind: "async",
    refs: { id: "aclLists" },
    begin: (call) => ({ ms: call.cloud.durations.aclItem }),
    finish(call) {
      const { cloud } = call;
      const list = call.ref("aclLists", "id");
      if (list === undefined) throw invalid("Unable to find specified ACL");
      if (list.vpcId === undefined) throw invalid("Default ACL cannot be removed");
      const tiers = cloud.table("networks").filter(({ aclId }) => aclId === list.id);
      if (tiers.length > 0) throw internal(`ACL is still associated with ${tiers.length} tiers. Cannot delete network ACL: ${list.id}`);
      for (const row of cloud.table("aclItems").filter(({ aclId }) => aclId === list.id)) cloud.drop("aclItems", row);
      cloud.drop("aclLists", list);
      return { success: true };
    },
  },

  replaceNetworkACLList: {
    kind: "async",
    begin: (call) => {
      const network = call.must("networks", "networkid");
      if (network.vpcId === undefined) throw invalid(`Network is not part of a VPC: ${network.id}`);
      const list = call.must("aclLists", "aclid");
      if (list.vpcId !== undefined && list.vpcId !== network.vpcId) throw invalid(`Network: ${network.number} and ACL: ${list.number} do not belong to the same VPC`);
      return { ms: call.cloud.durations.aclItem };
    },
    finish(call) {
      call.cloud.table("networks").patch(call.must("networks", "networkid").id, { aclId: call.must("aclLists", "aclid").id });
      return { success: true };
    },
  },

  listNetworkACLs: {
    kind: "sync",
    refs: { id: "aclItems" },
    run: (call) => {
      const network = call.ref("networks", "networkid");
      const items = call.cloud
        .table("aclItems")
        .filter(
          (row) =>
            asked(call, row) &&
            (call.text("aclid") === undefined ? call.shows(row) : call.mayUse(row)) &&
            equals(call, "aclid", row.aclId) &&
            (network === undefined || network.aclId === row.aclId) &&
            equals(call, "traffictype", row.direction) &&
            equals(call, "protocol", row.protocol) &&
            equals(call, "action", row.action) &&
            taggedAsAsked(call, row.id),
        );
      // The newest first (upstream: by id, descending).
      return page(call, "networkacl", items.reverse(), (row) => itemAnswer(call, row));
    },
  },

  createNetworkACL: create,
  updateNetworkACLItem: update,

  deleteNetworkACL: {
    kind: "async",
    refs: { id: "aclItems" },
    begin: (call) => ({ ms: call.cloud.durations.aclItem }),
    finish(call) {
      const row = call.ref("aclItems", "id");
      if (row === undefined) throw invalid(`Unable to find ACL rule with ID [${call.numberOf("aclItems", call.need("id"))}]`);
      call.cloud.drop("aclItems", row);
      return { success: true };
    },
  },
};
