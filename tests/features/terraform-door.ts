/** Everything validated, planned, applied, read and destroyed over gRPC by the provider's server, as Terraform's core does it. */
import { inputsTo, outputsFrom } from "../../provider/adapters/terraform/declared-values";
import { providerLog } from "../../provider/adapters/terraform/log";
import type { SchemaMessage } from "../../provider/adapters/terraform/protocol";
import { TerraformProvider } from "../../provider/adapters/terraform/provider";
import type { ObjectValue } from "../../provider/adapters/terraform/value";
import { inTerraformWords } from "../../provider/adapters/terraform/words";
import type { World } from "../../provider/core/ports";
import type { Session } from "../../provider/handlers/handler";
import type { Management, Properties } from "../../schema/property";
import { inputAttribute, terraformDataSources, terraformResources } from "../../schema/terraform-resources";
import type { ClusterEndpointOutputs, ClusterOutputs } from "../../schema/generated/types";
import type { Cloud, Run } from "../core/world/cloud";
import type { Recorded } from "../core/world/cluster";
import { Life } from "../core/world/life";
import { MadeCluster } from "../core/world/made";
import type { DeclaredRule } from "../handlers/rules";
import { Refused, TerraformCore, type Declared as Configured, type Planned, type State } from "../terraform/world/core";
import { clusterAddress, identityAddress, stateWithIdentity } from "../terraform/world/declared";
import { Wire } from "../terraform/world/wire";
import type { Declared, Door, Found } from "./door";

const owner = "shop/prod";
const ownerMark = `terraform:${owner}`;
let wire: Wire;
export const openWire = async (): Promise<void> => void (wire = await Wire.open());
export const closeWire = (): Promise<void> => wire.close();

const resourceOf = (type: string): { readonly inputs: Properties; readonly outputs: Properties } => terraformResources.find((each) => each.type === type)!;
const attributesOf = (type: string, declared: Declared): ObjectValue => inputsTo(resourceOf(type).inputs, declared);
const clusterType = "ablestack_kubernetes_cluster";
const identityType = "ablestack_cluster_identity";
const ruleTypes = { NetworkRule: "ablestack_network_rule", LoadBalancer: "ablestack_load_balancer" } as const;

/** Terraform's log: what a provider writes on its standard error. */
const logOf = ({ lines }: Run, { clock }: Cloud): World["log"] =>
  providerLog({
    now: () => clock.now(),
    write(line) {
      const { "@level": level, "@message": message } = JSON.parse(line) as Record<string, string>;
      lines.push(`${level!} ${message!}`);
    },
  });

function sessionOf(run: Run, cloud: Cloud): Session {
  const log = logOf(run, cloud);
  const worlds = new Map<string, World>();
  const world = (declared: { owner: string }): World => {
    if (!worlds.has(declared.owner)) worlds.set(declared.owner, { ...run.world(declared), log });
    return worlds.get(declared.owner)!;
  };
  return { ...run.session, world: (_connection, declared) => world(declared) };
}

/** One command. */
function coreOf(cloud: Cloud, state: State, run = cloud.newRun()): TerraformCore {
  const core = new TerraformCore(sessionOf(run, cloud), state, undefined, owner);
  return core.over(wire.to(core.provider, (work) => cloud.clock.run(work)));
}

const clusterOf = (declared: Declared): Configured => ({
  type: clusterType,
  name: "prod",
  values: (others) => {
    const identity = others(identityAddress)!;
    const names = Object.keys((resourceOf(clusterType).inputs.identity as { properties: Properties }).properties);
    return { ...attributesOf(clusterType, declared), identity: inputsTo({ identity: resourceOf(clusterType).inputs.identity! }, { identity: Object.fromEntries(names.map((name) => [name, identity[inputAttribute(name)] ?? undefined])) }).identity };
  },
});

function recordedOf(state: State): Required<Recorded> {
  const outputs = outputsFrom(resourceOf(clusterType).outputs, state.get(clusterAddress)!.value) as unknown as ClusterOutputs & ClusterEndpointOutputs;
  return { endpoint: { id: outputs.uid, outputs }, cluster: { id: outputs.uid, outputs } };
}

const ofCluster = (all: readonly Planned[]): Planned => all.find(({ address }) => address === clusterAddress)!;

/** What there is to do to the cluster, a line each. */
function planned(all: readonly Planned[]): readonly string[] {
  const { action, warnings } = ofCluster(all);
  const lines = warnings.flatMap((warning) => (warning.startsWith("Plan of ") ? warning.split("\n").slice(1).map((line) => line.replace(/^- /, "")) : []));
  return lines.length > 0 || action === "none" ? lines : [action];
}

class TerraformLife extends Life {
  /** What Terraform has recorded. */
  readonly kept: State;
  constructor(made: MadeCluster, state: State) {
    super(made);
    this.kept = new Map(state);
  }

  core(run = this.cloud.newRun()): TerraformCore {
    return coreOf(this.cloud, this.kept, run);
  }

  override async plan(declared: Declared = this.declared): Promise<readonly string[]> {
    return planned(await this.core().plan([clusterOf(declared)]));
  }

  override async up(declared: Record<string, unknown>): Promise<void> {
    this.run = this.cloud.newRun();
    await this.core(this.run).applyOne(clusterOf(declared));
    Object.assign(this.recorded, recordedOf(this.kept));
    this.declared = declared;
  }

  override async destroy(): Promise<void> {
    this.run = this.cloud.newRun();
    await this.core(this.run).destroy();
  }
}

const asTerraform = (life: Life): TerraformLife => {
  if (life instanceof TerraformLife) return life;
  throw new Error("a cluster that came in by another door");
};

const configured = ({ kind, name, declaration }: DeclaredRule): Configured => ({ type: ruleTypes[kind], name, values: () => attributesOf(ruleTypes[kind], { name, ...declaration }) });
const addressOf = ({ kind, name }: DeclaredRule): string => `${ruleTypes[kind]}.${name}`;

const managementOf = ({ management }: Declared): Management => (management === "mold" ? "mold" : "core");

/** `workers.autoscaling`, and what is said of it. */
const failureOf = ({ attribute, summary, detail }: Refused["diagnostics"][number]): Found["failures"][number] => {
  const property = (attribute?.steps ?? []).map((step) => step.attribute_name ?? step.element_key_string ?? step.element_key_int).join(".");
  return { property, reason: detail.startsWith(`${property}: `) ? detail.slice(property.length + 2) : `${summary}\n${detail}` };
};

/** Whether an attribute is sensitive, as the server tells Terraform. */
async function isSensitive(cloud: Cloud, path: readonly string[]): Promise<boolean> {
  const provider = new TerraformProvider(() => cloud.newRun().session, {}, () => undefined);
  const { resource_schemas: schemas } = (await wire.to(provider, (work) => cloud.clock.run(work)).GetProviderSchema()) as { resource_schemas: Readonly<Record<string, SchemaMessage>> };
  let attributes = schemas[clusterType]!.block.attributes;
  let found = false;
  for (const name of path) {
    const attribute = attributes.find((each) => each.name === name)!;
    found ||= attribute.sensitive;
    attributes = attribute.nested_type?.attributes ?? [];
  }
  return found;
}

export const terraformDoor: Door = {
  owner: ownerMark,

  async make(declared, prepare) {
    const state = await stateWithIdentity(ownerMark, managementOf(declared));
    const as = async (cloud: Cloud): Promise<Required<Recorded>> => {
      await coreOf(cloud, state).applyOne(clusterOf(declared));
      return recordedOf(state);
    };
    const made = await MadeCluster.make({ ...declared }, { ...(prepare ? { prepare } : {}), as });
    return { open: () => new TerraformLife(made, state), close: () => made.close() };
  },

  async adopt(cloud, declared) {
    const state: State = new Map();
    const core = coreOf(cloud, state);
    await core.applyOne({ type: identityType, name: "prod", values: () => attributesOf(identityType, declared) });
    await core.applyOne(clusterOf(declared));
    return { outputs: recordedOf(state).cluster.outputs, plan: async () => planned(await coreOf(cloud, state).plan([clusterOf(declared)])) };
  },

  async check(cloud, declared) {
    const state = await stateWithIdentity(ownerMark, managementOf(declared));
    try {
      const [{ warnings }] = (await coreOf(cloud, state).plan([clusterOf(declared)])) as [Planned];
      return { failures: [], warnings: warnings.filter((each) => each.startsWith("Declaration of ")) };
    } catch (error) {
      if (error instanceof Refused) return { failures: error.diagnostics.map(failureOf), warnings: [] };
      throw error;
    }
  },

  async read(cloud, name, given) {
    const { type, inputs, outputs } = terraformDataSources.find(({ dataSource }) => dataSource === name)!;
    return outputsFrom(outputs, await coreOf(cloud, new Map()).readData(type, inputsTo(inputs, { ...given }))) as never;
  },

  async up(life, rule) {
    const { kept } = asTerraform(life);
    await asTerraform(life).core().applyOne(configured(rule));
    const { value } = kept.get(addressOf(rule))!;
    rule.recorded = { id: String(value.id), state: { inputs: rule.inputs, outputs: outputsFrom(resourceOf(ruleTypes[rule.kind]).outputs, value) } };
  },
  async isAsDeclared(life, rule) {
    const planned = await asTerraform(life).core().plan([configured(rule)]);
    return planned.find(({ address }) => address === addressOf(rule))!.action === "none";
  },
  destroy: (life, rule) => asTerraform(life).core().remove(addressOf(rule)),

  async wayIn(life) {
    const { kubeconfig, endpoint } = asTerraform(life).kept.get(clusterAddress)!.value;
    const { value } = ofCluster(await asTerraform(life).core().plan([clusterOf({ ...life.declaration, description: "another" })]));
    return { kubeconfig: String(kubeconfig), endpoint: String(endpoint), isSecret: await isSensitive(life.cloud, ["kubeconfig"]), isKnownAhead: value!.kubeconfig === kubeconfig };
  },

  isSecretInput: (cloud, property) => isSensitive(cloud, property.split(".").map(inputAttribute)),
  inWords: inTerraformWords,
};
