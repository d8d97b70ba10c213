/**
 * A program may give any argument as an output that the preview doesn't know yet. The classes and components pass it on as that, nothing else turns
 * unknown with it, and the provider takes what they register.
 */
import * as pulumi from "@pulumi/pulumi";
import type { Kind } from "../../provider/adapters/pulumi-dynamic/kinds";
import { isRecord, type ObjectProperty, type Properties } from "../../schema/property";
import { resources } from "../../schema/resources";
import { HighlyAvailableCluster, KubernetesCluster, LoadBalancer, NetworkRule, type HighlyAvailableClusterArgs, type KubernetesClusterArgs, type LoadBalancerArgs, type NetworkRuleArgs } from "../../sdk/pulumi";
import type { Cloud } from "../core/world/cloud";
import { furnished, marker, Previewed, standIn } from "./world/previewed";
import { runProgram, valueOf, type Registered } from "./world/program";
import { eachUnknown, type Variant } from "./world/unknown-parts";
import { autoscale, balancer, declarations, ofCore, ofMold, type Values } from "./world/whole-declarations";

jest.setTimeout(120_000);

let cloud: Cloud;
beforeAll(async () => {
  cloud = await furnished();
});

/** As an output that isn't known. */
const later = pulumi.output(pulumi.unknown);

/** What was registered as the engine hands it to the provider. */
function handed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(handed);
  if (!isRecord(value)) return value;
  const [[only, inner] = [], ...more] = Object.entries(value);
  if (more.length === 0 && only === "unknown" && inner === true) return marker;
  if (more.length === 0 && only === "secret") return handed(inner);
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, handed(each)]));
}

const texts = (value: unknown): string[] => (typeof value === "string" ? [value] : typeof value === "object" && value !== null ? Object.values(value).flatMap(texts) : []);

const kindOf = ({ type }: Registered): Kind | undefined => /^pulumi-nodejs:dynamic\/ablestack:(\w+)$/.exec(type)?.[1] as Kind | undefined;

/** Everything is still to be made, or only what is made of machines is in doubt. */
const previews = { "to be made": ["ClusterIdentity", "ClusterEndpoint", "Cluster", "ClusterAccess", "NetworkRule", "LoadBalancer"], there: ["Cluster"] } as const;

const access = { caCertificate: "CA", kubeconfig: "kubeconfig", kubeconfigExpires: "2027-01-01T00:00:00.000Z" };

/** A program begins; what it answers with is called for each of the variants, with a name of its own. */
type Program<Made> = () => (name: string, args: never) => Made;

/**
 * What is wrong with what a program registers that has one resource for each of the variants.
 * @param look at what stays of one when only the machines are in doubt
 */
async function wrongWith<Made>(variants: readonly Variant<Values>[], program: Program<Made>, look: (made: Made, variant: Variant<Values>) => Promise<readonly string[]> = async () => []): Promise<string[]> {
  const wrong: string[] = [];
  for (const [about, unknown] of Object.entries(previews)) {
    const say = (at: number, what: string): void => void wrong.push(`${variants[at]!.path}, ${about}: ${what}`);
    const made = new Map<number, Made>();
    const all = (): void => {
      const make = program();
      variants.forEach(({ value }, at) => {
        try {
          made.set(at, make(`n${at}`, value as never));
        } catch (error) {
          say(at, String(error));
        }
      });
    };
    const { registered } = await runProgram(all, { preview: true, unknown, outputs: { ClusterAccess: access } });
    if (about === "there") for (const [at, one] of made) (await look(one, variants[at]!)).forEach((what) => say(at, what));
    for (const resource of registered) {
      const kind = kindOf(resource);
      const at = Number(/^n(\d+)/.exec(resource.name)?.[1]);
      if (!kind || Number.isNaN(at)) continue;
      const { __provider, declaredBy: _theirs, ...inputs } = handed(resource.inputs) as Values;
      for (const text of texts(inputs)) if (text !== marker && standIn.test(text)) say(at, `${kind} is registered with ${text}`);
      const { failures } = await new Previewed(cloud, kind).check(inputs);
      if (variants[at]!.isGiven && failures.length > 0) say(at, `${kind}: ${failures.map(({ reason }) => reason).join("; ")}`);
    }
  }
  return wrong;
}

/** Whoever runs the cluster has to be known when the program runs. */
const { management: _management, ...clusterProperties } = resources.KubernetesCluster.inputs;

/** Neither kubeconfig nor endpoint turns unknown with what changes in place. */
async function staysKnown(cluster: KubernetesCluster, { replaces, path }: Variant<Values>): Promise<string[]> {
  const [kubeconfig, endpoint] = await Promise.all([valueOf(cluster.kubeconfig), valueOf(cluster.endpoint)]);
  if (replaces || path.startsWith("adopt")) return [];
  return [...(kubeconfig.known ? [] : ["the kubeconfig is unknown"]), ...(endpoint.known ? [] : ["the endpoint is unknown"])];
}

/** Pulumi takes a stack for each promise, thousands here, and jest looks each up in source maps. */
const { stackTraceLimit } = Error;
beforeAll(() => void (Error.stackTraceLimit = 0));
afterAll(() => void (Error.stackTraceLimit = stackTraceLimit));

beforeEach(() => void jest.spyOn(pulumi.log, "info").mockResolvedValue(undefined));

test.each([
  ["the core's", ofCore],
  ["Mold's", ofMold],
])("a cluster of %s", async (_whose, declared) => {
  const variants = eachUnknown(clusterProperties, declared, later);
  expect(await wrongWith(variants, () => (name, args: KubernetesClusterArgs) => new KubernetesCluster(name, args), staysKnown)).toEqual([]);
});

/** What a rule takes from the cluster that it is given is not said again. */
const ofCluster = ({ connection: _connection, cluster: _cluster, ipAddressId: _address, ...declared }: Values): Values => declared;

describe("rules of a cluster", () => {
  const { cluster: _cluster, ...ruleProperties } = resources.NetworkRule.inputs;
  const { cluster: _itsCluster, ...balancerProperties } = resources.LoadBalancer.inputs;
  const made = (): KubernetesCluster => new KubernetesCluster("prod", ofCore as unknown as KubernetesClusterArgs);

  test.each(declarations.filter(([, kind]) => kind === "NetworkRule"))("%s", async (_about, _kind, declared) => {
    const variants = eachUnknown(ruleProperties, ofCluster(declared), later);
    expect(await wrongWith(variants, (cluster = made()) => (name, args: NetworkRuleArgs) => new NetworkRule(name, { ...args, cluster }))).toEqual([]);
  });

  test.each([
    ["a balancer", { ...balancer, members: { role: "worker" } }],
    ["a balancer that Mold scales", { ...balancer, autoscale }],
  ])("%s", async (_about, declared) => {
    const variants = eachUnknown(balancerProperties, ofCluster(declared), later);
    expect(await wrongWith(variants, (cluster = made()) => (name, args: LoadBalancerArgs) => new LoadBalancer(name, { ...args, cluster }))).toEqual([]);
  });
});

test("rules of a cluster by its uid, which another stack tells", async () => {
  const rules: Variant<Values>[] = declarations.flatMap(([path, kind, value]) => (kind === "NetworkRule" || kind === "LoadBalancer" ? [{ path, isGiven: true, replaces: true, value: { ...value, cluster: later } }] : []));
  expect(await wrongWith(rules, () => (name, args: NetworkRuleArgs & LoadBalancerArgs) => (args.kind === undefined ? new LoadBalancer(name, args) : new NetworkRule(name, args)))).toEqual([]);
});

describe("HighlyAvailableCluster", () => {
  const object = (properties: Properties): ObjectProperty => ({ type: "object", typeName: "", description: "", properties });
  const { cluster: _cluster, kind: _kind, ...ruleProperties } = resources.NetworkRule.inputs;
  const port = resources.LoadBalancer.inputs.publicPort!;
  const ports = object({ port, nodePort: port });
  const waysIn: Properties = { ingress: object({ ports: object({ http: ports, https: ports }), cidrList: ruleProperties.cidrList! }), firewallRules: object({ ssh: object(ruleProperties) }), portForwards: object({ ssh: object(ruleProperties) }) };
  const declared: Values = {
    ingress: { ports: { http: { port: 80, nodePort: 30_080 }, https: { port: 443, nodePort: 30_443 } }, cidrList: ["198.51.100.0/24"] },
    firewallRules: { ssh: { protocol: "tcp", startPort: 2222, cidrList: ["198.51.100.0/24"] } },
    portForwards: { ssh: { protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-control-1" } } },
  };
  /** A program names the parts when it runs. */
  const isValue = ({ path }: Variant<Values>): boolean => !/^(ingress(\.ports(\.\w+)?)?|(firewallRules|portForwards)(\.\w+)?)$/.test(path);

  test("its ways in", async () => {
    const variants = eachUnknown(waysIn, declared, later).filter(isValue);
    expect(variants.map(({ path }) => path)).toEqual(expect.arrayContaining(["ingress.ports.http.nodePort", "ingress.cidrList", "firewallRules.ssh.cidrList[0]", "portForwards.ssh.target.node"]));
    expect(await wrongWith(variants, () => (name, args: HighlyAvailableClusterArgs) => new HighlyAvailableCluster(name, { ...(ofCore as unknown as KubernetesClusterArgs), ...args }))).toEqual([]);
  });
});
