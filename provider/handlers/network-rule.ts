/** NetworkRule: one rule of a public address (firewall, port forward), of a network (egress) or of an access list (acl). */
import type { CheckedNetworkRuleInputs, NetworkRuleOutputs } from "../../schema/generated/types";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import type { World } from "../core/ports";
import { sharedLists } from "../core/shared-lists";
import { hasUnknown, isUnknown, type CheckResult, type Declared, type DiffResult, type Handler, type Session, type State } from "./handler";
import { boundRule, findPlace, placeOf, type BoundRule } from "./network-rule-kinds";
import { claimName } from "./names-in-use";
import { networkRuleChange } from "./network-rule-preview";
import { portsInUse } from "./ports-in-use";
import { ruleNameFailures } from "./rule-name";

export type NetworkRuleResourceInputs = CheckedNetworkRuleInputs & Declared;
type RuleState = State<NetworkRuleResourceInputs, NetworkRuleOutputs>;

const resourceOf = ({ declaredBy }: Declared): string => `NetworkRule ${declaredBy.resource}`;

function worldOf(session: Session, inputs: NetworkRuleResourceInputs, looking?: "looking"): World {
  const world = session.world(inputs.connection, inputs.declaredBy);
  return looking ? { ...world, mold: sharedLists(world) } : world;
}

/** Undefined: its place is gone. */
async function find(world: World, inputs: NetworkRuleResourceInputs): Promise<BoundRule | undefined> {
  const place = await findPlace(world, inputs);
  return place && boundRule({ world, inputs, place });
}

async function outputsOf(rule: BoundRule, id: string): Promise<NetworkRuleOutputs> {
  const found = await rule.find();
  const { ipAddress } = rule.place;
  return { ruleId: found?.id ?? id, ...(ipAddress === undefined ? {} : { ipAddress }), state: found?.state ?? "Active" };
}

export const networkRule: Handler<NetworkRuleResourceInputs, NetworkRuleOutputs> = {
  async check(session, _olds, news): Promise<CheckResult<NetworkRuleResourceInputs>> {
    const { declaredBy, ...declaration } = news;
    const checked = checkInputs("NetworkRule", declaration, { isUnknown });
    const inputs = { ...checked.inputs, declaredBy } as NetworkRuleResourceInputs;
    const failures = [...ruleNameFailures(inputs), ...checked.failures];
    if (failures.length === 0) failures.push(...claimName(session, "NetworkRule", inputs), ...portsInUse.claimNetworkRule(inputs));
    return { inputs, failures, warnings: checked.warnings };
  },

  async diff(session, _id, olds, news): Promise<DiffResult> {
    const changed = changedProperties("NetworkRule", olds.inputs, news, { isUnknown });
    const replaces = changed.filter(({ change }) => change === "replace").map(({ property }) => property);
    if (hasUnknown(news)) return { changes: true, replaces, plan: [] };
    const said = changed.length > 0 ? [`${resourceOf(news)}: ${networkRuleChange(olds.inputs, news, changed)}`] : [];
    if (changed.length > 0) return { changes: true, replaces, plan: said };
    const world = worldOf(session, news, "looking");
    const rule = await find(world, news);
    const difference = rule ? await rule.difference() : `its ${placeWord(news)} is gone`;
    return { changes: difference !== undefined, replaces: [], plan: difference ? [`${resourceOf(news)}: ${difference}`] : [] };
  },

  async create(session, inputs) {
    const world = worldOf(session, inputs);
    const rule = boundRule({ world, inputs, place: await placeOf(world, inputs, resourceOf(inputs)) });
    if (rule.place.letsOut) world.log.warn(`${resourceOf(inputs)}: the network ${rule.place.name} lets everything out by default, so this egress rule holds back what it names`);
    const ruleId = await rule.apply({});
    return { id: `${inputs.kind}/${rule.place.id}/${inputs.declaredBy.resource}`, outputs: await outputsOf(rule, ruleId) };
  },

  async read(session, id, { inputs, outputs }) {
    const rule = await find(worldOf(session, inputs, "looking"), inputs);
    const found = await rule?.find();
    return rule && found && { id, outputs: { ...outputs, ...(await outputsOf(rule, found.id)) } };
  },

  async update(session, _id, olds: RuleState, news) {
    const world = worldOf(session, news);
    const rule = boundRule({ world, inputs: news, place: await placeOf(world, news, resourceOf(news)) });
    const ruleId = await rule.apply(olds.inputs.tags ?? {});
    return { outputs: await outputsOf(rule, ruleId) };
  },

  async delete(session, _id, { inputs }) {
    const rule = await find(worldOf(session, inputs), inputs);
    await rule?.delete();
  },
};

const placeWord = ({ kind }: NetworkRuleResourceInputs): string => (kind === "acl" ? "access list" : kind === "egress" ? "network" : "public address");
