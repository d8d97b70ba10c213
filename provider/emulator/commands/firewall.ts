/** Firewall rules of public addresses, and egress rules of networks. */
import { asked, equals, page, taggedAsAsked, tagsOn } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { ApiError, internal, invalid } from "../errors";
import { range } from "../guest-addresses";
import type { FirewallRow } from "../model";
import { checkFirewall } from "../ports-in-use";

export function firewallAnswer(call: Call, rule: FirewallRow): object {
  const address = rule.addressId === undefined ? undefined : call.cloud.table("addresses").get(rule.addressId);
  return {
    id: rule.id,
    protocol: rule.protocol,
    ...(rule.startPort === undefined ? {} : { startport: rule.startPort }),
    ...(rule.endPort === undefined ? {} : { endport: rule.endPort }),
    ...(address === undefined ? {} : { ipaddressid: address.id }),
    networkid: rule.networkId,
    ...(address === undefined ? {} : { ipaddress: address.address }),
    state: rule.state,
    cidrlist: rule.cidrs.join(","),
    ...(rule.icmpType === undefined ? {} : { icmptype: rule.icmpType }),
    ...(rule.icmpCode === undefined ? {} : { icmpcode: rule.icmpCode }),
    tags: tagsOn(call.cloud, rule.id),
    fordisplay: true,
    destcidrlist: rule.destCidrs.join(","),
    traffictype: rule.direction,
  };
}

/** Checks cidrs as the server does. */
export function checkedCidrs(call: Call, name: string): string[] {
  const cidrs = call.list(name);
  for (const cidr of cidrs) if (range(cidr) === undefined) throw invalidCidr(name, cidr);
  return cidrs;
}

function isWithin(cidr: string, whole: string): boolean {
  const [inner, outer] = [range(cidr), range(whole)];
  return inner !== undefined && outer !== undefined && inner.first >= outer.first && inner.last <= outer.last;
}

const invalidCidr = (name: string, cidr: string): ApiError => new ApiError(431, `${name === "destcidrlist" ? "Dest" : "Source"} CIDRs formatting error ${cidr}`);

export function checkedPort(value: number | undefined, what = "Public port range"): number | undefined {
  if (value !== undefined && (value < 1 || value > 65_535)) throw invalid(`${what} is an invalid value: ${value}`);
  return value;
}

/** Of firewall rules and of access lists alike (upstream: validateIcmpTypeAndCode). */
export function checkIcmp(type: number | undefined, code: number | undefined): void {
  if (type === undefined) return;
  if (type !== -1 && (type < 0 || type > 255)) throw invalid(`Invalid icmp type [${type}]. It should belong to [0-255] range`);
  if (code === undefined || code === -1) return;
  if (code < 0 || code > 16) throw invalid(`Invalid icmp code [${code}]. It should belong to [0-16] range and can be defined when icmpType belongs to [0-40] range`);
}

function begin(direction: FirewallRow["direction"]): AsyncCommand["begin"] {
  return (call) => {
    const { cloud } = call;
    const address = direction === "Ingress" ? call.must("addresses", "ipaddressid") : undefined;
    const network = direction === "Egress" ? call.must("networks", "networkid") : cloud.table("networks").get(address?.networkId ?? "");
    if (network === undefined) throw invalid("Unable to create firewall rule ; ip with specified id is not associated with any network");
    if (network.vpcId !== undefined) throw invalid(`Unable to create firewall rule for the network ${network.id}: it belongs to a VPC, whose access lists do that`);
    const protocol = call.need("protocol").toLowerCase();
    const known = direction === "Egress" ? ["tcp", "udp", "icmp", "all"] : ["tcp", "udp", "icmp"];
    if (!known.includes(protocol)) throw invalid(`Protocol ${protocol} is not supported in zone ${cloud.table("zones").get(network.zoneId)?.number ?? 1}`);
    const cidrs = checkedCidrs(call, "cidrlist");
    const destCidrs = checkedCidrs(call, "destcidrlist");
    if (direction === "Egress") for (const cidr of cidrs) if (cidr !== "0.0.0.0/0" && !isWithin(cidr, network.cidr)) throw new ApiError(431, `${cidr} is not within the guest cidr ${network.cidr}`);
    const startPort = checkedPort(call.whole("startport"));
    const endPort = checkedPort(call.whole("endport")) ?? startPort;
    if (startPort !== undefined && endPort !== undefined && startPort > endPort) throw invalid(`Start port can't be bigger than end port`);
    const icmp = protocol === "icmp";
    if (!icmp && (call.text("icmptype") !== undefined || call.text("icmpcode") !== undefined)) throw invalid("Can specify icmpCode and icmpType for ICMP protocol only");
    if (icmp && startPort !== undefined) throw invalid("Can't specify start/end port when protocol is ICMP");
    checkIcmp(call.whole("icmptype"), call.whole("icmpcode"));
    const rule: Omit<FirewallRow, "id" | "number" | "created" | "state" | "accountId"> = {
      direction,
      addressId: address?.id,
      networkId: network.id,
      protocol,
      ...(startPort === undefined ? {} : { startPort, endPort }),
      ...(icmp ? { icmpType: call.whole("icmptype") ?? -1, icmpCode: call.whole("icmpcode") ?? -1 } : {}),
      cidrs: cidrs.length > 0 ? cidrs : [direction === "Ingress" ? "0.0.0.0/0" : network.cidr],
      destCidrs,
    };
    checkFirewall(cloud, rule);
    const row = cloud.table("firewallRules").put({ ...cloud.identity("firewallRules"), ...call.owner, ...rule, state: "Add" });
    const { firewallRule, egressRule } = cloud.durations;
    return { id: row.id, instanceType: "FirewallRule", instanceId: row.id, ms: direction === "Ingress" ? firewallRule : egressRule, made: { ruleId: row.id } };
  };
}

function create(direction: FirewallRow["direction"]): AsyncCommand {
  return {
    kind: "async",
    begin: begin(direction),
    finish(call, job) {
      const rule = call.cloud.table("firewallRules").get(job.made.ruleId ?? "");
      if (rule === undefined) throw internal("Failed to create firewall rule");
      const active = call.cloud.table("firewallRules").patch(rule.id, { state: "Active" });
      return { firewallrule: firewallAnswer(call, active) };
    },
    failed(call, job) {
      const rule = call.cloud.table("firewallRules").get(job.made.ruleId ?? "");
      if (rule !== undefined) call.cloud.drop("firewallRules", rule);
    },
  };
}

function remove(direction: FirewallRow["direction"]): AsyncCommand {
  return {
    kind: "async",
    refs: { id: "firewallRules" },
    begin(call) {
      const id = call.need("id");
      if (call.ref("firewallRules", "id")?.direction !== direction) throw invalid(`Unable to find ${direction === "Egress" ? "egress " : ""}firewall rule by ID=${call.numberOf("firewallRules", id)}`);
      return { ms: call.cloud.durations.firewallRule };
    },
    finish(call) {
      const rule = call.ref("firewallRules", "id");
      if (rule !== undefined) {
        call.cloud.drop("firewallRules", rule);
      }
      return { success: true };
    },
  };
}

function update(direction: FirewallRow["direction"]): AsyncCommand {
  return {
    kind: "async",
    refs: { id: "firewallRules" },
    begin(call) {
      if (call.ref("firewallRules", "id")?.direction !== direction) throw invalid(`Unable to find firewall rule by ID=${call.numberOf("firewallRules", call.need("id"))}`);
      return { ms: call.cloud.durations.firewallRule };
    },
    finish: (call) => ({ firewallrule: firewallAnswer(call, call.must("firewallRules", "id")) }),
  };
}

function list(call: Call, direction: FirewallRow["direction"]): object {
  const rules = call.cloud
    .table("firewallRules")
    .filter((rule) => rule.direction === direction && asked(call, rule) && call.shows(rule) && equals(call, "ipaddressid", rule.addressId) && equals(call, "networkid", rule.networkId) && taggedAsAsked(call, rule.id));
  // The newest first, as recorded.
  return page(call, "firewallrule", rules.reverse(), (rule) => firewallAnswer(call, rule));
}

export const firewallCommands: Commands = {
  listFirewallRules: { kind: "sync", refs: { id: "firewallRules" }, run: (call) => list(call, "Ingress") },
  createFirewallRule: create("Ingress"),
  updateFirewallRule: update("Ingress"),
  deleteFirewallRule: remove("Ingress"),
  listEgressFirewallRules: { kind: "sync", refs: { id: "firewallRules" }, run: (call) => list(call, "Egress") },
  createEgressFirewallRule: create("Egress"),
  updateEgressFirewallRule: update("Egress"),
  deleteEgressFirewallRule: remove("Egress"),
};
