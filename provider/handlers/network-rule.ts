/** NetworkRule: one firewall rule or one port forward of a public address. */
import type { CheckedNetworkRuleInputs, NetworkRuleOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { ClusterError } from "../core/errors";
import type { World } from "../core/ports";
import { applyFirewallRule, deleteFirewallRules, findFirewallRules, firewallDifference, type DesiredFirewallRule } from "../core/rules/firewall";
import { applyPortForward, deletePortForwards, findPortForwards, portForwardDifference, type DesiredPortForward } from "../core/rules/port-forward";
import { addressOf, findAddress, resolveMembers, type RuleAddress, type RuleOwner } from "../core/rules/shared";
import { sharedLists } from "../core/shared-lists";
import { hasUnknown, isUnknown, type CheckResult, type Declared, type DiffResult, type Handler, type Session, type State } from "./handler";
import { portsInUse } from "./ports-in-use";

export type NetworkRuleResourceInputs = CheckedNetworkRuleInputs & Declared;
type RuleState = State<NetworkRuleResourceInputs, NetworkRuleOutputs>;

const resourceOf = ({ declaredBy }: Declared): string => `NetworkRule ${declaredBy.resource}`;

const ownerOf = ({ declaredBy, cluster, tags }: NetworkRuleResourceInputs): RuleOwner => ({ resource: declaredBy.resource, cluster, tags: tags ?? {} });

function worldOf(session: Session, inputs: NetworkRuleResourceInputs, looking?: "looking"): World {
  const world = session.world(inputs.connection, inputs.declaredBy);
  return looking ? { ...world, mold: sharedLists(world) } : world;
}

/** The same words for both kinds, so that the handler needs to know them apart only here. */
interface Rule {
  find(): Promise<{ readonly id: string; readonly state: string } | undefined>;
  /** Undefined: as declared. */
  difference(): Promise<string | undefined>;
  /** Makes it or changes it. `former`: tags that were declared last time. */
  apply(former: NetworkRuleResourceInputs["tags"]): Promise<string>;
  delete(): Promise<void>;
}

function firewallRule(world: World, inputs: NetworkRuleResourceInputs, address: RuleAddress): Rule {
  const owner = ownerOf(inputs);
  const resource = resourceOf(inputs);
  const desired: DesiredFirewallRule = {
    protocol: inputs.protocol,
    startPort: inputs.startPort,
    endPort: inputs.endPort ?? inputs.startPort,
    icmpType: inputs.icmpType,
    icmpCode: inputs.icmpCode,
    cidrs: [...(inputs.cidrList ?? ["0.0.0.0/0"])].sort(),
  };
  return {
    find: async () => (await findFirewallRules(world, owner, address))[0],
    difference: () => firewallDifference(world, owner, address, desired),
    apply: (former) => applyFirewallRule(world, owner, address, desired, former ?? {}, resource),
    delete: () => deleteFirewallRules(world, owner, address, resource),
  };
}

function portForward(world: World, inputs: NetworkRuleResourceInputs, address: RuleAddress): Rule {
  const owner = ownerOf(inputs);
  const resource = resourceOf(inputs);
  const desired = async (): Promise<DesiredPortForward> => {
    const { target = {}, startPort = 0 } = inputs;
    const members = { role: target.role, nodes: target.node ? [target.node] : undefined, machineIds: target.machineId ? [target.machineId] : undefined };
    const [machineId] = await resolveMembers(world, owner, members, { resource, property: "target" });
    if (!machineId) throw new ClusterError("no machine of the cluster is meant by it. Name a node that is there.", { resource, property: "target" });
    const privateStartPort = inputs.privateStartPort ?? startPort;
    const endPort = inputs.endPort ?? startPort;
    return {
      protocol: inputs.protocol === "udp" ? "udp" : "tcp",
      startPort,
      endPort,
      privateStartPort,
      privateEndPort: inputs.privateEndPort ?? privateStartPort + (endPort - startPort),
      machineId,
      cidrs: [...(inputs.cidrList ?? [])].sort(),
    };
  };
  return {
    find: async () => (await findPortForwards(world, owner, address))[0],
    difference: () => portForwardDifference(world, owner, address, desired),
    apply: async (former) => applyPortForward(world, owner, address, await desired(), former ?? {}, resource),
    delete: () => deletePortForwards(world, owner, address, resource),
  };
}

const ruleOf = (world: World, inputs: NetworkRuleResourceInputs, address: RuleAddress): Rule =>
  inputs.kind === "portForward" ? portForward(world, inputs, address) : firewallRule(world, inputs, address);

async function outputsOf(rule: Rule, id: string, address: RuleAddress): Promise<NetworkRuleOutputs> {
  const found = await rule.find();
  return { ruleId: found?.id ?? id, ipAddress: address.ipAddress, state: found?.state ?? "Active" };
}

export const networkRule: Handler<NetworkRuleResourceInputs, NetworkRuleOutputs> = {
  async check(_session, _olds, news): Promise<CheckResult<NetworkRuleResourceInputs>> {
    const { declaredBy, ...declaration } = news;
    const checked = checkInputs("NetworkRule", declaration, { isUnknown });
    const inputs = { ...checked.inputs, declaredBy } as NetworkRuleResourceInputs;
    const failures = [...checked.failures];
    if (failures.length === 0) failures.push(...portsInUse.claimNetworkRule(inputs));
    return { inputs, failures, warnings: checked.warnings };
  },

  async diff(session, _id, olds, news): Promise<DiffResult> {
    const changed = changedProperties("NetworkRule", olds.inputs, news, { isUnknown });
    const replaces = changed.filter(({ change }) => change === "replace").map(({ property }) => property);
    if (replaces.length > 0 || hasUnknown(news)) return { changes: true, replaces, plan: [] };
    const world = worldOf(session, news, "looking");
    const address = await findAddress(world, ownerOf(news), news.ipAddressId);
    if (changed.length > 0) return { changes: true, replaces: [], plan: [`${resourceOf(news)}: change ${changed.map(({ property }) => property).join(", ")}`] };
    const difference = address ? await ruleOf(world, news, address).difference() : "its public address is gone";
    return { changes: difference !== undefined, replaces: [], plan: difference ? [`${resourceOf(news)}: ${difference}`] : [] };
  },

  async create(session, inputs) {
    const world = worldOf(session, inputs);
    const address = await addressOf(world, ownerOf(inputs), inputs.ipAddressId, resourceOf(inputs));
    const rule = ruleOf(world, inputs, address);
    const ruleId = await rule.apply({});
    return { id: `${inputs.kind}/${address.id}/${inputs.declaredBy.resource}`, outputs: await outputsOf(rule, ruleId, address) };
  },

  async read(session, id, { inputs, outputs }) {
    const world = worldOf(session, inputs, "looking");
    const address = await findAddress(world, ownerOf(inputs), inputs.ipAddressId);
    const found = address && (await ruleOf(world, inputs, address).find());
    return found && { id, outputs: { ...outputs, ruleId: found.id, ipAddress: address.ipAddress, state: found.state } };
  },

  async update(session, _id, olds: RuleState, news) {
    const world = worldOf(session, news);
    const address = await addressOf(world, ownerOf(news), news.ipAddressId, resourceOf(news));
    const rule = ruleOf(world, news, address);
    const ruleId = await rule.apply(olds.inputs.tags);
    return { outputs: await outputsOf(rule, ruleId, address) };
  },

  async delete(session, _id, { inputs }) {
    const world = worldOf(session, inputs);
    const address = await findAddress(world, ownerOf(inputs), inputs.ipAddressId);
    if (address) await ruleOf(world, inputs, address).delete();
  },
};
