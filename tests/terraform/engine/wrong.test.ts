/**
 * Every wrong declaration of the corpus is refused by `terraform validate` or, where only a look at Mold tells, by the plan; what this
 * library says of it is what it says in Pulumi, in HCL's names. One run validates them all.
 */
import { handlerOf } from "../../../provider/adapters/pulumi-dynamic/kinds";
import { Provider } from "../../../provider/adapters/pulumi-dynamic/provider";
import { attributePath } from "../../../provider/adapters/terraform/attribute-path";
import { inputsTo, outputsTo } from "../../../provider/adapters/terraform/declared-values";
import { identityOutputs } from "../../../schema/cluster-identity";
import { isRecord } from "../../../schema/property";
import { inputAttribute, snakeCase, terraformResources, type TerraformResource } from "../../../schema/terraform-resources";
import { resources } from "../../../schema/resources";
import type { Session } from "../../../provider/handlers/handler";
import { Cloud } from "../../core/world/cloud";
import { sharedIdentity } from "../../core/world/cluster";
import { cases as clusters } from "../../wrong/kubernetes-cluster";
import { cases as balancers } from "../../wrong/load-balancer";
import { cases as networkRules } from "../../wrong/network-rule";
import { Refused, TerraformCore, configured } from "../world/core";
import { TerraformEngine } from "../world/engine";
import { describeWithTerraform } from "../world/with-terraform";
import { terraformSchema } from "../../../schema/terraform-schema";

jest.setTimeout(300_000);

interface WrongCase {
  readonly resource: "KubernetesCluster" | "LoadBalancer" | "NetworkRule";
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly property: string;
  readonly words: string;
}
const corpus: readonly WrongCase[] = [...clusters, ...balancers, ...networkRules];

const kindsIn = { KubernetesCluster: "ClusterIdentity", LoadBalancer: "LoadBalancer", NetworkRule: "NetworkRule" } as const;
const declarationOf = (resource: WrongCase["resource"]): TerraformResource => terraformResources.find((each) => each.resource === resource)!;

/** HCL's names of declared properties, whatever the values; what isn't declared stays as it is. */
function inHcl(properties: TerraformResource["inputs"], values: Readonly<Record<string, unknown>>, naming: (name: string) => string): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).flatMap(([name, value]): [string, unknown][] => {
      const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
      if (value === undefined) return [];
      if (property?.type === "object" && isRecord(value)) return [[naming(name), inHcl(property.properties, value, snakeCase)]];
      const inner = property?.type === "map" ? property.values : property?.type === "list" ? property.items : undefined;
      if (inner?.type === "object" && Array.isArray(value)) return [[naming(name), value.map((each: unknown) => (isRecord(each) ? inHcl(inner.properties, each, snakeCase) : each))]];
      if (inner?.type === "object" && isRecord(value)) return [[naming(name), Object.fromEntries(Object.entries(value).map(([key, each]) => [key, isRecord(each) ? inHcl(inner.properties, each, snakeCase) : each]))]];
      return [[property === undefined ? name : naming(name), value]];
    }),
  );
}

/** The two engines' names are one: `nodes.prod-worker-1` is `node_operations["prod-worker-1"]`. */
const nameless = (text: string): string =>
  text
    .replace(/node_operations/g, "nodes")
    .replace(/connection_name/g, "connection")
    .replace(/^(\S*?)\["([^"]+)"\]/, "$1.$2")
    .replace(/[_\s]/g, "")
    .toLowerCase();

/**
 * What Terraform makes right itself, or lets nobody see: a number becomes a text, a set has nothing twice, and what is too much in an
 * object is dropped (https://github.com/hashicorp/terraform/issues/33570).
 */
const neverSeen = /write it as a text in quotes|is in the list twice|is not a property of/;

/** What Pulumi shows of a declaration, without a look at Mold. */
async function saidByPulumi({ resource, inputs }: WrongCase): Promise<string[]> {
  const look = (): never => {
    throw new Error("a look at Mold");
  };
  const session: Session = { world: look, credentials: look };
  try {
    const { failures } = await new Provider(session, () => undefined).check(handlerOf(kindsIn[resource]), {}, { ...inputs, declaredBy: { owner: "pulumi:a/b/c", resource: "wrong" } });
    return failures.map(({ reason }) => reason);
  } catch (error) {
    if ((error as Error).message !== "a look at Mold") throw error;
    return [];
  }
}

interface Diagnostic {
  readonly summary: string;
  readonly detail: string;
  readonly snippet?: { readonly context?: string };
}

describeWithTerraform("wrong declarations", () => {
  let engine: TerraformEngine;
  let said: readonly Diagnostic[][];
  beforeAll(async () => {
    engine = await TerraformEngine.create({ range: 53 });
    const identity = outputsTo(identityOutputs, { ...(await sharedIdentity()), userCertificates: ["x"], userKey: "x" });
    const blocks: Record<string, Record<string, unknown>> = {};
    corpus.forEach(({ resource, inputs }, at) => {
      const of = declarationOf(resource);
      const values = inHcl(of.inputs, inputs, inputAttribute);
      (blocks[of.type] ??= {})[`case_${at}`] = { ...(resource === "KubernetesCluster" ? { identity } : resource === "NetworkRule" ? { name: `case-${at}` } : {}), ...values };
    });
    engine.write("main.tf.json", JSON.stringify({ terraform: { required_providers: { ablestack: { source: "ablestack/ablestack" } } }, resource: blocks }));
    await engine.succeed(["init", "-no-color", "-input=false"]);
    const { output } = await engine.run(["validate", "-json", "-no-color"]);
    const { diagnostics } = JSON.parse(output) as { diagnostics: readonly Diagnostic[] };
    said = corpus.map((_, at) => diagnostics.filter(({ snippet }) => new RegExp(`\\bcase_${at}\\b`).test(snippet?.context ?? "")));
  });
  afterAll(() => engine?.close());

  test("what is wrong in itself is refused by validate, and what Pulumi says of it is said", async () => {
    const wrong: string[] = [];
    let [same, own, later, unseen] = [0, 0, 0, 0];
    for (const [at, each] of corpus.entries()) {
      const expected = (await saidByPulumi(each)).filter((reason) => !isOfNew(reason));
      const here = said[at]!;
      const missing = expected.filter((reason) => !here.some(({ detail }) => nameless(detail) === nameless(reason)));
      if (expected.length === 0) later += 1;
      else if (missing.length === 0) same += 1;
      // Types, missing and unknown arguments are Terraform's own to say, before a provider is asked.
      else if (here.length > 0 && here.every(({ summary }) => terraformsOwn.test(summary))) own += 1;
      else if (missing.every((reason) => neverSeen.test(reason))) unseen += 1;
      else wrong.push(`${at} ${each.resource} ${each.property} (${JSON.stringify(each.inputs)}):\n  pulumi: ${missing.join(" | ")}\n  terraform: ${here.map(({ summary, detail }) => `${summary}: ${detail}`).join(" | ")}`);
    }
    process.stdout.write(`  ${corpus.length} wrong declarations: ${same} refused by validate in Pulumi's words, ${own} in Terraform's own, ${later} by the plan or a look at Mold, ${unseen} mended or never seen\n`);
    expect(wrong).toEqual([]);
    expect(same).toBeGreaterThan(corpus.length / 2);
  });

  test("no secret is shown", () => {
    // What Terraform cites of the configuration itself is its own affair.
    expect(JSON.stringify(said.flat().map(({ summary, detail }) => [summary, detail]))).not.toContain("hush-hush");
  });
});

/** Of a cluster that is not there yet, which only the plan knows. */
const isOfNew = (reason: string): boolean => /not there yet|no such node yet|there will be no node/.test(reason);

const terraformsOwn = /^(Missing required argument|Unsupported argument|Incorrect attribute value type|Extraneous JSON object property|Invalid JSON|Inappropriate value)/;

test("what only a look at Mold tells is refused by the plan, in the same words", async () => {
  const cloud = new Cloud();
  const identity = outputsTo(identityOutputs, { ...(await sharedIdentity()) });
  const attributes = terraformSchema().resource_schemas.ablestack_kubernetes_cluster!.block.attributes;
  const wrong: string[] = [];
  let looked = 0;
  for (const each of clusters) {
    // In Terraform an identity is taken over by the resource that it is (`adopt_identity`), and no argument of the cluster.
    if (!Object.hasOwn(declarationOf("KubernetesCluster").inputs, each.property.split(/[.[]/)[0]!)) continue;
    if ((await saidByPulumi(each)).some((reason) => !isOfNew(reason))) continue;
    looked += 1;
    const run = cloud.newRun();
    const pulumi = await cloud.clock.run(new Provider(run.session, () => undefined).check(handlerOf("ClusterIdentity"), {}, { ...each.inputs, declaredBy: { owner: "terraform:sweep", resource: "prod" } }));
    const expected = pulumi.failures.map(({ reason }) => reason);
    const values = configured(attributes, { ...inputsTo(resources.KubernetesCluster.inputs, each.inputs), identity });
    const refused = await cloud.clock.run(new TerraformCore(run.session).plan([{ type: "ablestack_kubernetes_cluster", name: "prod", values: () => values }])).then(
      () => [],
      (error: unknown) => (error instanceof Refused ? error.diagnostics : []),
    );
    const missing = expected.filter((reason) => !refused.some(({ detail }) => nameless(detail) === nameless(reason)));
    if (expected.length === 0 || missing.length > 0) wrong.push(`${each.property}: ${expected.join(" | ")} / ${refused.map(({ detail }) => detail).join(" | ")}`);
    const pointed = refused.flatMap(({ attribute }) => attribute?.steps ?? []);
    if (attributePath(declarationOf("KubernetesCluster").inputs, each.property).steps.length > 0 && pointed.length === 0) wrong.push(`${each.property}: nothing is pointed at`);
  }
  expect(wrong).toEqual([]);
  expect(looked).toBeGreaterThan(15);
});
