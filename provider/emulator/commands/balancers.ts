/** Load balancer rules and their members. */
import { asked, equals, keyword, owner, page, taggedAsAsked, tagsOn, zone } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { ApiError, internal, invalid } from "../errors";
import type { BalancerRow, MachineRow } from "../model";
import { leadTo } from "./addresses";
import { openFirewall } from "../open-firewall";
import { checkPublicPorts } from "../ports-in-use";
import { removeRelated } from "../power";
import { checkedCidrs, checkedPort } from "./firewall";
import { machineAnswer } from "./machine-answer";

const algorithms = ["roundrobin", "leastconn", "source"];
const protocols = ["tcp", "tcp-proxy", "ssl"];

function balancerAnswer(call: Call, rule: BalancerRow): object {
  const { cloud } = call;
  const address = cloud.table("addresses").get(rule.addressId);
  return {
    id: rule.id,
    name: rule.name,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    publicipid: rule.addressId,
    publicip: address?.address ?? "",
    publicport: String(rule.publicPort),
    privateport: String(rule.privatePort),
    algorithm: rule.algorithm,
    networkid: rule.networkId,
    ...(rule.cidrs.length > 0 ? { cidrlist: rule.cidrs.join(" ") } : {}),
    ...owner(cloud, rule),
    state: rule.state,
    ...zone(cloud, address?.zoneId ?? ""),
    ...(rule.protocol === undefined ? {} : { protocol: rule.protocol }),
    tags: tagsOn(cloud, rule.id),
    fordisplay: true,
  };
}

/** These answers carry 9999 where others of the same kind carry 4350 (recorded). */
const refused = (text: string): ApiError => new ApiError(431, text);

function checkedAlgorithm(call: Call): string | undefined {
  const algorithm = call.text("algorithm")?.toLowerCase();
  if (algorithm !== undefined && !algorithms.includes(algorithm)) throw refused(`Invalid algorithm: ${algorithm}`);
  return algorithm;
}

function checkedProtocol(call: Call, networkId: string): string | undefined {
  const protocol = call.text("protocol")?.toLowerCase();
  // UDP hangs on the network offering, and the usual ones do not have it.
  const offeringId = call.cloud.table("networks").get(networkId)?.networkOfferingId ?? "";
  const isAppliance = call.cloud.table("networkOfferings").get(offeringId)?.healthChecks === true;
  if (protocol !== undefined && !protocols.includes(protocol) && !(protocol === "udp" && isAppliance)) throw refused("LB service provider cannot support this rule");
  return protocol;
}

const create: AsyncCommand = {
  kind: "async",
  begin(call) {
    const { cloud } = call;
    const address = call.must("addresses", "publicipid");
    const networkId = call.text("networkid") ?? address.networkId;
    if (networkId === undefined) throw invalid("Unable to create load balancer rule; the IP address is not associated with any network");
    leadTo(cloud, address, networkId);
    const algorithm = checkedAlgorithm(call) ?? "";
    const publicPort = checkedPort(call.whole("publicport")) ?? 0;
    const privatePort = checkedPort(call.whole("privateport"), "Private port") ?? 0;
    const protocol = checkedProtocol(call, networkId);
    const cidrs = checkedCidrs(call, "cidrlist");
    checkPublicPorts(cloud, address.id, protocol, { start: publicPort, end: publicPort }, 9999);
    const row = cloud.table("balancers").put({
      // Balancer, forwarding and firewall rules share one sequence of numbers.
      ...cloud.identity("firewallRules"),
      ...call.owner,
      name: call.need("name"),
      description: call.text("description"),
      addressId: address.id,
      networkId,
      publicPort,
      privatePort,
      algorithm,
      protocol,
      cidrs,
      memberIds: [],
      state: "Add",
    });
    if (call.flag("openfirewall") !== false) openFirewall(call, row.id, address.id, networkId, "tcp", publicPort, publicPort);
    return { id: row.id, instanceType: "FirewallRule", instanceId: row.id, ms: cloud.durations.createBalancer, made: { ruleId: row.id } };
  },
  finish(call, job) {
    const rule = call.cloud.table("balancers").get(job.made.ruleId ?? "");
    if (rule === undefined) throw internal("Failed to create load balancer rule");
    return { loadbalancer: balancerAnswer(call, rule) };
  },
  failed(call, job) {
    const rule = call.cloud.table("balancers").get(job.made.ruleId ?? "");
    if (rule !== undefined) removeRelated(call.cloud, rule.id, () => call.cloud.drop("balancers", rule));
  },
};

/** The rule, or the 431 in the job that Mold gives for one that is gone. */
function existing(call: Call): BalancerRow {
  const rule = call.ref("balancers", "id");
  if (rule === undefined) throw invalid(`Unable to find load balancer rule: ${call.numberOf("balancers", call.need("id"))}`);
  return rule;
}

/** The machines that a member change names: by ids, or by `vmidipmap[n].vmid`. */
function members(call: Call): string[] {
  return [...call.list("virtualmachineids"), ...call.maps("vmidipmap").flatMap((map) => map.vmid ?? [])];
}

function checkedMember(call: Call, rule: BalancerRow, id: string): MachineRow {
  const machine = call.cloud.table("machines").get(id);
  if (machine === undefined || machine.state === "Destroyed" || machine.state === "Expunging") throw invalid(`Invalid instance ID: ${id}`);
  if (!call.mayUse(machine)) throw new ApiError(531, "Caller does not have permission to operate with provided resource.", 4365);
  if (machine.networkId !== rule.networkId) throw invalid(`VM ${machine.number} cannot be added because it doesn't belong in the same network.`);
  if (rule.memberIds.includes(id)) throw internal(`Failed to assign load balancer rule due to: VM ${machine.number} with ${machine.guestIp} is already mapped to load balancer.`);
  return machine;
}

const assign: AsyncCommand = {
  kind: "async",
  refs: { id: "balancers" },
  begin: (call) => ({ ms: call.cloud.durations.assign }),
  finish(call) {
    const rule = existing(call);
    if (call.cloud.table("scaleGroups").find(({ balancerId }) => balancerId === rule.id) !== undefined) throw invalid(`Failed to assign to load balancer ${rule.number} because it is being used by an Autoscale VM group.`);
    const added = [...new Set(members(call))];
    if (added.length === 0) throw invalid("list of vms is null or empty");
    for (const id of added) checkedMember(call, rule, id);
    call.cloud.table("balancers").patch(rule.id, { memberIds: [...rule.memberIds, ...added], state: "Active" });
    return { success: true };
  },
};

const unassign: AsyncCommand = {
  kind: "async",
  refs: { id: "balancers" },
  begin: (call) => ({ ms: call.cloud.durations.unassign }),
  finish(call) {
    const rule = existing(call);
    const gone = new Set(members(call));
    call.cloud.table("balancers").patch(rule.id, { memberIds: rule.memberIds.filter((id) => !gone.has(id)) });
    return { success: true };
  },
};

export const balancerCommands: Commands = {
  listLoadBalancerRules: {
    kind: "sync",
    refs: { id: "balancers" },
    run: (call) => {
      const rules = call.cloud.table("balancers").filter(
        (rule) =>
          asked(call, rule) &&
          call.shows(rule) &&
          keyword(call, rule.name) &&
          equals(call, "name", rule.name) &&
          equals(call, "publicipid", rule.addressId) &&
          equals(call, "networkid", rule.networkId) &&
          equals(call, "zoneid", call.cloud.table("addresses").get(rule.addressId)?.zoneId) &&
          (call.text("virtualmachineid") === undefined || rule.memberIds.includes(call.need("virtualmachineid"))) &&
          taggedAsAsked(call, rule.id),
      );
      return page(call, "loadbalancerrule", rules, (rule) => balancerAnswer(call, rule));
    },
  },

  listLoadBalancerRuleInstances: {
    kind: "sync",
    refs: { id: "balancers" },
    run: (call) => {
      const rule = call.ref("balancers", "id");
      if (rule === undefined || !call.mayUse(rule)) return {};
      const inside = rule.memberIds.flatMap((id) => call.cloud.table("machines").get(id) ?? []);
      // `applied=false` asks for those that could be members and are not.
      const machines =
        call.flag("applied") === false
          ? call.cloud.table("machines").filter((machine) => machine.networkId === rule.networkId && !rule.memberIds.includes(machine.id) && machine.state !== "Destroyed" && machine.state !== "Expunging")
          : inside;
      return page(call, "loadbalancerruleinstance", machines, (machine) => {
        const { hostid: _id, hostname: _name, instancename: _instance, arch: _arch, ...shown } = machineAnswer(call, machine);
        return call.flag("lbvmips") === true ? { loadbalancerruleinstance: shown, lbvmipaddresses: [machine.guestIp] } : shown;
      });
    },
  },

  createLoadBalancerRule: create,

  updateLoadBalancerRule: {
    kind: "async",
    refs: { id: "balancers" },
    begin: (call) => ({ ms: call.cloud.durations.changeBalancer }),
    finish(call) {
      const rule = existing(call);
      const algorithm = checkedAlgorithm(call);
      const protocol = checkedProtocol(call, rule.networkId);
      // A rule made without a protocol has none, and upstream compares with it: always send `protocol`.
      if (protocol === undefined && rule.protocol === undefined) {
        throw internal('Cannot invoke "String.equals(Object)" because the return value of "com.cloud.network.dao.LoadBalancerVO.getLbProtocol()" is null');
      }
      const updated = call.cloud.table("balancers").patch(rule.id, {
        ...(algorithm === undefined ? {} : { algorithm }),
        ...(protocol === undefined ? {} : { protocol }),
        ...(call.text("name") === undefined ? {} : { name: call.need("name") }),
        ...(call.params.description === undefined ? {} : { description: call.params.description }),
        ...(call.text("cidrlist") === undefined ? {} : { cidrs: checkedCidrs(call, "cidrlist") }),
      });
      return { loadbalancer: balancerAnswer(call, updated) };
    },
  },

  deleteLoadBalancerRule: {
    kind: "async",
    refs: { id: "balancers" },
    begin(call) {
      const { deleteBalancer, refuse } = call.cloud.durations;
      return { ms: call.ref("balancers", "id") === undefined ? refuse : deleteBalancer };
    },
    finish(call) {
      const rule = existing(call);
      if (call.cloud.table("scaleGroups").find(({ balancerId }) => balancerId === rule.id) !== undefined) throw internal(`Load Balancer ${rule.name} is still used by an AutoScale Vm Group: delete that first`);
      removeRelated(call.cloud, rule.id, () => call.cloud.drop("balancers", rule));
      return { success: true };
    },
  },

  assignToLoadBalancerRule: assign,
  removeFromLoadBalancerRule: unassign,
};
