/** Port forwarding rules. */
import { asked, equals, page, taggedAsAsked, tagsOn } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { type ApiError, internal, invalid } from "../errors";
import type { ForwardRow, MachineRow } from "../model";
import { leadTo } from "./addresses";
import { openFirewall } from "../open-firewall";
import { checkPublicPorts } from "../ports-in-use";
import { removeRelated } from "../power";
import { checkedCidrs, checkedPort } from "./firewall";

function forwardAnswer(call: Call, rule: ForwardRow): object {
  const { cloud } = call;
  const machine = cloud.table("machines").get(rule.machineId);
  return {
    id: rule.id,
    privateport: String(rule.privatePort),
    privateendport: String(rule.privateEndPort),
    protocol: rule.protocol,
    publicport: String(rule.publicPort),
    publicendport: String(rule.publicEndPort),
    virtualmachineid: rule.machineId,
    virtualmachinename: machine?.name ?? "",
    virtualmachinedisplayname: machine?.displayName ?? "",
    ipaddressid: rule.addressId,
    ipaddress: cloud.table("addresses").get(rule.addressId)?.address ?? "",
    state: rule.state,
    cidrlist: rule.cidrs.join(","),
    tags: tagsOn(cloud, rule.id),
    vmguestip: machine?.guestIp ?? "",
    networkid: rule.networkId,
    networkname: cloud.table("networks").get(rule.networkId)?.name ?? "",
    fordisplay: true,
  };
}

function target(call: Call): MachineRow {
  const machine = call.ref("machines", "virtualmachineid");
  if (machine === undefined || machine.state === "Destroyed" || machine.state === "Expunging") throw invalid(`Invalid user vm: ${call.text("virtualmachineid") ?? ""}`);
  return machine;
}

const create: AsyncCommand = {
  kind: "async",
  begin(call) {
    const { cloud } = call;
    const address = call.must("addresses", "ipaddressid");
    const machine = target(call);
    const networkId = call.text("networkid") ?? address.networkId ?? machine.networkId;
    leadTo(cloud, address, networkId);
    if (machine.networkId !== networkId) throw invalid(`Unable to create port forwarding rule; the Instance has no nic in the network ${networkId}`);
    const protocol = call.need("protocol").toLowerCase();
    if (protocol !== "tcp" && protocol !== "udp") throw invalid(`Protocol ${protocol} is not supported in zone ${cloud.table("zones").get(address.zoneId)?.number ?? 1}`);
    const publicPort = checkedPort(call.whole("publicport")) ?? 0;
    const publicEndPort = checkedPort(call.whole("publicendport")) ?? publicPort;
    const privatePort = checkedPort(call.whole("privateport"), "Private port range") ?? 0;
    const privateEndPort = checkedPort(call.whole("privateendport"), "Private port range") ?? privatePort;
    if (publicPort > publicEndPort || privatePort > privateEndPort) throw invalid("Start port can't be bigger than end port");
    // A range must start at one port on both sides; a single port may be led to another.
    if (publicPort !== publicEndPort && publicPort !== privatePort) throw invalid("Private port start should be equal to public port start");
    if (publicEndPort - publicPort !== privateEndPort - privatePort) throw invalid("Source port and destination port ranges should be of equal sizes.");
    const cidrs = checkedCidrs(call, "cidrlist");
    checkPublicPorts(cloud, address.id, protocol, { start: publicPort, end: publicEndPort }, 4360);
    const row = cloud.table("forwards").put({
      ...cloud.identity("firewallRules"),
      ...call.owner,
      addressId: address.id,
      networkId,
      protocol,
      publicPort,
      publicEndPort,
      privatePort,
      privateEndPort,
      machineId: machine.id,
      cidrs,
      state: "Add",
    });
    if (call.flag("openfirewall") !== false) openFirewall(call, row.id, address.id, networkId, protocol, publicPort, publicEndPort);
    return { id: row.id, instanceType: "FirewallRule", instanceId: row.id, ms: cloud.durations.createForward, made: { ruleId: row.id } };
  },
  finish(call, job) {
    const rule = call.cloud.table("forwards").get(job.made.ruleId ?? "");
    if (rule === undefined) throw internal("Failed to apply port forwarding rule");
    const active = call.cloud.table("forwards").patch(rule.id, { state: "Active" });
    return { portforwardingrule: forwardAnswer(call, active) };
  },
  failed(call, job) {
    const rule = call.cloud.table("forwards").get(job.made.ruleId ?? "");
    if (rule !== undefined) removeRelated(call.cloud, rule.id, () => call.cloud.drop("forwards", rule));
  },
};

/** Mold's own words for a rule that is gone: an internal message. */
const nullRule = (): ApiError => internal('Cannot invoke "com.cloud.network.rules.PortForwardingRuleVO.setSourceCidrList(java.util.List)" because "rule" is null');

export const forwardCommands: Commands = {
  listPortForwardingRules: {
    kind: "sync",
    refs: { id: "forwards" },
    run: (call) => {
      const rules = call.cloud
        .table("forwards")
        .filter((rule) => asked(call, rule) && call.shows(rule) && equals(call, "ipaddressid", rule.addressId) && equals(call, "networkid", rule.networkId) && taggedAsAsked(call, rule.id));
      return page(call, "portforwardingrule", rules, (rule) => forwardAnswer(call, rule));
    },
  },

  createPortForwardingRule: create,

  updatePortForwardingRule: {
    kind: "async",
    refs: { id: "forwards" },
    begin(call) {
      if (call.ref("forwards", "id") === undefined) throw nullRule();
      return { ms: call.cloud.durations.changeForward };
    },
    finish(call) {
      const rule = call.ref("forwards", "id");
      if (rule === undefined) throw nullRule();
      const privatePort = checkedPort(call.whole("privateport"), "Private port range") ?? rule.privatePort;
      const privateEndPort = checkedPort(call.whole("privateendport"), "Private port range") ?? privatePort + rule.publicEndPort - rule.publicPort;
      if (rule.publicPort !== rule.publicEndPort && privatePort !== rule.publicPort) throw invalid("Unable to update the private port of port forwarding rule as  the rule has port range : Private port start should be equal to public port start");
      const cidrs = call.text("cidrlist") === undefined ? rule.cidrs : checkedCidrs(call, "cidrlist");
      const machineId = call.text("virtualmachineid") === undefined ? rule.machineId : target(call).id;
      return { portforwardingrule: forwardAnswer(call, call.cloud.table("forwards").patch(rule.id, { privatePort, privateEndPort, machineId, cidrs })) };
    },
  },

  deletePortForwardingRule: {
    kind: "async",
    refs: { id: "forwards" },
    begin(call) {
      if (call.ref("forwards", "id") === undefined) throw nullRule();
      return { ms: call.cloud.durations.changeForward };
    },
    finish(call) {
      const rule = call.ref("forwards", "id");
      if (rule !== undefined) {
        removeRelated(call.cloud, rule.id, () => call.cloud.drop("forwards", rule));
      }
      return { success: true };
    },
  },
};
