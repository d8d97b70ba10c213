/** At plan any argument may follow from something that is still to be made: each is planned so, for what is to be made and for what is there. */
import { unknown } from "../../provider/handlers/handler";
import { isRecord } from "../../schema/property";
import { inputAttribute, terraformResources } from "../../schema/terraform-resources";
import { Cloud } from "../core/world/cloud";
import { sharedIdentity } from "../core/world/cluster";
import { changing } from "../core/world/made";
import { Refused, TerraformCore, type Declared, type State } from "./world/core";
import { balancer, cluster, firewall, identity, stateWithIdentity } from "./world/declared";

jest.setTimeout(120_000);
beforeAll(sharedIdentity);

type Values = Readonly<Record<string, unknown>>;

const all = { ablestack_cluster_identity: identity, ablestack_kubernetes_cluster: cluster({ timeouts: { create: 3000 } }), ablestack_network_rule: firewall({ cidr_list: ["10.0.0.0/8"] }), ablestack_load_balancer: balancer() };

/** The declaration with one argument after the other unknown, and with each that is inside of one. */
function eachUnknown(type: string, values: Values): (readonly [path: string, values: Values])[] {
  const names = Object.keys(terraformResources.find((each) => each.type === type)!.inputs).map(inputAttribute);
  const inside = names.flatMap((name) => (name !== "identity" && isRecord(values[name]) ? Object.keys(values[name]).map((key) => [`${name}.${key}`, { ...values, [name]: { ...(values[name] as Values), [key]: unknown } }] as const) : []));
  return [...names.map((name) => [name, { ...values, [name]: unknown }] as const), ...inside];
}

/** What was not planned: what the provider threw, or planned against Terraform's rules. An argument may be refused where it doesn't fit the others. */
async function notPlanned(declared: Declared, state: State, cloud: Cloud): Promise<string[]> {
  const { type } = declared;
  const values = declared.values((address) => state.get(address)?.value);
  const wrong: string[] = [];
  for (const [path, some] of eachUnknown(type, values)) {
    const run = cloud.newRun();
    const core = new TerraformCore(run.session, new Map(state));
    try {
      const [planned] = await cloud.clock.run(core.plan([{ ...declared, values: () => some }]));
      if (planned!.action === "none") wrong.push(`${path}: nothing to do, although it isn't known`);
    } catch (error) {
      if (!(error instanceof Refused)) wrong.push(`${path}: ${String(error)}`);
    }
    if (changing(run).length > 0) wrong.push(`${path}: the plan changed something`);
  }
  return wrong;
}

test.each(Object.entries(all))("%s that is to be made", async (type, declared) => {
  const state = await stateWithIdentity();
  if (type === identity.type) state.clear();
  expect(await notPlanned(declared, state, new Cloud())).toEqual([]);
});

describe("of what is there", () => {
  const cloud = new Cloud();
  let state: State;
  beforeAll(async () => {
    state = await stateWithIdentity();
    await cloud.clock.run(new TerraformCore(cloud.newRun().session, state).apply(Object.values(all)));
  });
  test.each(Object.entries(all))("%s", async (_, declared) => {
    expect(await notPlanned(declared, state, cloud)).toEqual([]);
  });
});
