/** A program that moves from Pulumi to CDKTF declares the same, whatever its arguments. */
import fc from "fast-check";
import { kubernetesCluster } from "../../schema/kubernetes-cluster";
import { loadBalancer } from "../../schema/load-balancer";
import { networkRule } from "../../schema/network-rule";
import { isRecord, type Properties, type Property } from "../../schema/property";
import { inputAttribute, snakeCase } from "../../schema/terraform-resources";
import type { HighlyAvailableClusterArgs as ConstructArgs, LoadBalancerArgs, NetworkRuleArgs } from "../../sdk/cdktf";
import * as pulumi from "../../sdk/pulumi";
import type { HighlyAvailableClusterArgs as ComponentArgs, LoadBalancerArgs as PulumiLoadBalancerArgs, NetworkRuleArgs as PulumiNetworkRuleArgs } from "../../sdk/pulumi";
import { runProgram, type Registered } from "../pulumi/world/program";
import { objectOf } from "./world/any-arguments";
import { imports, synthesized } from "./world/synthesized";

const declarations: Readonly<Record<string, Properties>> = { Cluster: kubernetesCluster.inputs, NetworkRule: networkRule.inputs, LoadBalancer: loadBalancer.inputs };
const kinds: Readonly<Record<string, string>> = { kubernetes_cluster: "Cluster", network_rule: "NetworkRule", load_balancer: "LoadBalancer" };

/** By what a cluster gives to others, as the engine of the test answers it (tests/pulumi/world/program.ts). */
const given: Readonly<Record<string, string>> = { uid: "k3v9x0a2m7qd", public_ip_address_id: "address-1", network_id: "network-1" };

/** A value of Terraform's JSON as the declaration has it; only names of properties are in snake case, keys of maps are not. */
function fromTerraform(value: unknown, property: Property): unknown {
  if (typeof value === "string") return value.replace(/^\$\{ablestack_kubernetes_cluster\.\S+\.(\w+)\}$/, (all, output: string) => given[output] ?? all);
  if (property.type === "list" && Array.isArray(value)) return value.map((item) => fromTerraform(item, property.items));
  if (!isRecord(value)) return value;
  if (property.type === "map") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, fromTerraform(inner, property.values)]));
  if (property.type === "object") return properties(value, property.properties, snakeCase);
  return value;
}
const properties = (attributes: Readonly<Record<string, unknown>>, declared: Properties, nameOf: (name: string) => string): Record<string, unknown> =>
  Object.fromEntries(Object.entries(declared).flatMap(([name, property]) => (nameOf(name) in attributes ? [[name, fromTerraform(attributes[nameOf(name)], property)]] : [])));

interface Declared {
  readonly kind: string;
  /** What the library knows it by from run to run: where it is no input, the name of Pulumi's resource. */
  readonly name: unknown;
  readonly inputs: Readonly<Record<string, unknown>>;
}

const sorted = (all: readonly Declared[]): readonly Declared[] => [...all].sort((a, b) => (`${a.kind} ${String(a.name)}` < `${b.kind} ${String(b.name)}` ? -1 : 1));

/** A secret is one in the engine's hands, and in Terraform's by its schema. */
const plain = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(plain);
  if (!isRecord(value)) return value;
  return Object.keys(value).join() === "secret" ? value.secret : Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
};

function byPulumi(registered: readonly Registered[]): readonly Declared[] {
  return sorted(
    registered.flatMap(({ type, inputs }) => {
      const kind = type.split(":").at(-1)!;
      const declared = declarations[kind];
      if (!type.startsWith("pulumi-nodejs:dynamic/") || declared === undefined) return [];
      return [{ kind, name: "name" in declared ? inputs.name : (inputs.declaredBy as { resource: string }).resource, inputs: Object.fromEntries(Object.entries(inputs).filter(([input]) => input in declared).map(([input, value]) => [input, plain(value)])) }];
    }),
  );
}

function byConstructs(text: string): readonly Declared[] {
  const { resource } = JSON.parse(text) as { resource: Record<string, Record<string, Readonly<Record<string, unknown>>>> };
  return sorted(
    Object.entries(resource).flatMap(([type, byId]) => {
      const kind = kinds[type.replace(/^ablestack_/, "")];
      return kind === undefined ? [] : Object.values(byId).map((attributes) => ({ kind, name: attributes.name, inputs: properties(attributes, declarations[kind]!, inputAttribute) }));
    }),
  );
}

const over = imports("cdktf");
const settings = { numRuns: 40 };

const port = fc.integer({ min: 1, max: 65_535 });
const some = <T>(names: readonly string[], value: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> => fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 3, noNullPrototype: true });
const rule = objectOf(networkRule.inputs, ["cluster", "kind"]);

const highlyAvailable = fc
  .tuple(
    objectOf(kubernetesCluster.inputs),
    fc.record(
      {
        ingress: fc.oneof(fc.constant(false), fc.record({ ports: some(["http", "web"], fc.record({ port, nodePort: port }, { noNullPrototype: true })), cidrList: fc.constant(["198.51.100.0/24"]) }, { requiredKeys: [], noNullPrototype: true })),
        firewallRules: some(["ssh", "db-1"], rule),
        portForwards: some(["http", "ssh"], rule),
      },
      { requiredKeys: [], noNullPrototype: true },
    ),
  )
  .map(([cluster, ways]) => ({ ...cluster, ...ways }));

test("a HighlyAvailableCluster declares the same resources with the same inputs, under the same names", async () => {
  await fc.assert(
    fc.asyncProperty(highlyAvailable, async (args) => {
      const { registered } = await runProgram(() => new pulumi.HighlyAvailableCluster("ha", args as unknown as ComponentArgs));
      const { text } = synthesized(over, (stack) => new over.sdk.HighlyAvailableCluster(stack, "ha", args as unknown as ConstructArgs));
      expect(byConstructs(text)).toEqual(byPulumi(registered));
    }),
    settings,
  );
}, 240_000);

test("so do rules by themselves, with the cluster, with its uid, and without", async () => {
  const cluster = { zone: "zone-1", version: "1.35", controlPlane: { offering: "small" }, workers: { offering: "large" } } as const;
  const about = fc.constantFrom("itself", "k3v9x0a2m7qd", undefined);
  await fc.assert(
    fc.asyncProperty(about, objectOf(networkRule.inputs, ["cluster"]), objectOf(loadBalancer.inputs, ["cluster"]), async (named, ruleArgs, balancerArgs) => {
      const { registered } = await runProgram(() => {
        const made = new pulumi.KubernetesCluster("prod", { ...cluster, connection: "seoul" });
        const of = named === undefined ? {} : { cluster: named === "itself" ? made : named };
        new pulumi.NetworkRule("rule", { ...(ruleArgs as unknown as PulumiNetworkRuleArgs), ...of });
        new pulumi.LoadBalancer("balancer", { name: "balancer", ...(balancerArgs as unknown as PulumiLoadBalancerArgs), ...of });
      });
      const { text } = synthesized(over, (stack) => {
        const made = new over.sdk.KubernetesCluster(stack, "prod", { ...cluster, connection: "seoul" });
        const of = named === undefined ? {} : { cluster: named === "itself" ? made : named };
        new over.sdk.NetworkRule(stack, "rule", { ...(ruleArgs as unknown as NetworkRuleArgs), ...of });
        new over.sdk.LoadBalancer(stack, "balancer", { ...(balancerArgs as unknown as LoadBalancerArgs), ...of });
      });
      expect(byConstructs(text)).toEqual(byPulumi(registered));
    }),
    settings,
  );
}, 240_000);

test.each([
  ["of an ingress port", { firewallRules: { http: { protocol: "tcp", startPort: 8080 } } }, /firewallRules\.http .* ingress port/],
  ["of a port forward", { firewallRules: { "ssh-forward": { protocol: "all" } }, portForwards: { ssh: { protocol: "tcp", startPort: 22, target: { role: "control-plane" } } } }, /firewallRules\.ssh-forward and portForwards\.ssh/],
] as const)("a firewall rule with the name %s is refused by both, before anything is declared of it", async (_, more, message) => {
  const args = { zone: "zone-1", version: "1.35", controlPlane: { offering: "small" }, workers: { offering: "large" }, ...more };
  await expect(runProgram(() => new pulumi.HighlyAvailableCluster("ha", args))).rejects.toThrow(message);
  expect(() => synthesized(over, (stack) => new over.sdk.HighlyAvailableCluster(stack, "ha", args))).toThrow(message);
});
