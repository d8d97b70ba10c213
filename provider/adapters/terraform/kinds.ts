/** Which handler serves which of Terraform's resources, and what of a declaration it is given. */
import { checkInputs } from "../../../schema/check";
import { checkRecord } from "../../../schema/check-value";
import { isUnknownMark, type Properties } from "../../../schema/property";
import type { Failure, ResourceName } from "../../../schema/resource";
import { resources } from "../../../schema/resources";
import { terraformResources, type TerraformResource } from "../../../schema/terraform-resources";
import { adoptionFailures, clusterIdentity, type IdentityInputs } from "../../handlers/cluster-identity";
import { hasUnknown, type CheckFailure, type Declared, type Handler, type Session, type State } from "../../handlers/handler";
import { loadBalancer } from "../../handlers/load-balancer";
import { networkRule } from "../../handlers/network-rule";
import { createPlan } from "../../handlers/create-plan";
import { checkDeclaration, kubernetesCluster, planOfDestroy } from "./kubernetes-cluster";

export type Inputs = Readonly<Record<string, unknown>>;
export interface CheckedDeclaration {
  readonly inputs: Inputs;
  readonly failures: readonly CheckFailure[];
  readonly warnings: readonly string[];
}
/** Each handler knows its own inputs and outputs; what passes through here is not looked into. */
export type AnyHandler = Handler<Declared & Inputs, Inputs>;

export interface Kind {
  readonly of: TerraformResource;
  readonly handler: AnyHandler;
  /** What is declared, without a look at Mold, with defaults filled in. */
  readonly validate: (inputs: Inputs) => CheckedDeclaration;
  /** The properties that its handler knows. */
  readonly taken: Properties;
  /**
   * What becomes of a create that failed half-way. `recorded`: Terraform calls it tainted, and makes it anew with the next apply.
   * `found`: nothing is recorded, and the next apply's create goes on from what it finds: its identity is in the state already.
   */
  readonly halfMade: "recorded" | "found";
  /** What will be done to make it, a line each. */
  readonly planOfCreate: (inputs: Inputs) => readonly string[];
  /** What destroying it will do and meet, a line each. */
  readonly planOfDestroy: (session: Session, state: State<Declared & Inputs, Inputs>) => Promise<readonly string[]>;
  /** Outputs that stay although their declaration doesn't say so: those of which nothing but a refresh makes others. */
  readonly kept: readonly string[];
}

const declarationOf = (type: string): TerraformResource => terraformResources.find((each) => each.type === type)!;

const byHandler =
  (name: ResourceName) =>
  (inputs: Inputs): CheckedDeclaration =>
    checkInputs(name, inputs) as unknown as CheckedDeclaration;

/** An identity is declared without the rest of its cluster; what its end goes by has defaults. */
const identityHandler: Handler<IdentityInputs, Awaited<ReturnType<typeof clusterIdentity.create>>["outputs"]> = {
  ...clusterIdentity,
  async check(_session, olds, { declaredBy, ...news }) {
    const { inputs, failures, warnings } = checkInputs("ClusterIdentity", news);
    const missing = olds ? [] : await adoptionFailures(inputs);
    return { inputs: { ...inputs, declaredBy } as unknown as IdentityInputs, failures: [...failures, ...missing], warnings };
  },
  delete: (session, id, { inputs: { declaredBy, ...inputs }, outputs }) =>
    clusterIdentity.delete(session, id, { inputs: { ...checkInputs("KubernetesCluster", inputs).inputs, declaredBy }, outputs }),
};

/** A rule's name is Terraform's alone: Mold's record of it has none. */
function checkRuleName(name: unknown, property: Properties[string]): readonly Failure[] {
  const failures: Failure[] = [];
  checkRecord("ablestack_network_rule", { name: property }, { name }, "", { isUnknown: isUnknownMark, management: undefined, fail: (path, reason) => failures.push({ property: path, reason }) });
  return failures;
}

const simple = (type: string, handler: unknown, more: Partial<Kind> = {}): Kind => {
  const of = declarationOf(type);
  return {
    of,
    handler: handler as AnyHandler,
    validate: byHandler(of.resource),
    taken: resources[of.resource].inputs,
    halfMade: "recorded",
    planOfCreate: () => [],
    planOfDestroy: async () => [],
    kept: [],
    ...more,
  };
};

const rule = declarationOf("ablestack_network_rule");

const all: readonly Kind[] = [
  simple("ablestack_cluster_identity", identityHandler),
  simple("ablestack_kubernetes_cluster", kubernetesCluster, {
    validate: (inputs) => checkDeclaration(inputs) as unknown as CheckedDeclaration,
    taken: declarationOf("ablestack_kubernetes_cluster").inputs,
    halfMade: "found",
    // Its lines name machines by counts, networks by name: of what isn't known there is nothing to say.
    planOfCreate: ({ identity: _, ...declaration }) => (hasUnknown(declaration) ? [] : createPlan(declaration)),
    planOfDestroy: (session, state) => planOfDestroy(session, state as unknown as Parameters<typeof planOfDestroy>[1]),
    kept: ["kubeconfigExpires"],
  }),
  simple("ablestack_network_rule", networkRule, {
    validate({ name, ...inputs }) {
      const checked = byHandler("NetworkRule")(inputs);
      return { ...checked, inputs: { name, ...checked.inputs }, failures: [...checkRuleName(name, rule.inputs.name!), ...checked.failures] };
    },
  }),
  simple("ablestack_load_balancer", loadBalancer),
];

export const kinds: ReadonlyMap<string, Kind> = new Map(all.map((kind) => [kind.of.type, kind]));
