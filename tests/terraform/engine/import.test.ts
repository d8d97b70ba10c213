/** A cluster and its rules that Pulumi's provider has made are taken over by Terraform as they are: no difference, and nothing changed. */
import { handlerOf } from "../../../provider/adapters/pulumi-dynamic/kinds";
import { Provider, type Results } from "../../../provider/adapters/pulumi-dynamic/provider";
import { createSession } from "../../../provider/handlers/session";
import { identityOutputs } from "../../../schema/cluster-identity";
import { endpointOutputs } from "../../../schema/cluster-endpoint";
import { cluster, identity, rules } from "../world/declarations";
import { changing, TerraformEngine } from "../world/engine";
import { describeWithTerraform } from "../world/with-terraform";

jest.setTimeout(300_000);

const owner = "pulumi:acme/shop/prod";
type Made = Results["create"];
type Properties = Readonly<Record<string, unknown>>;

/** What `pulumi stack export --show-secrets` prints of a resource. */
const exported = (kind: string, { id, outs: { declared, ...outs } }: Made): Properties => ({
  type: `pulumi-nodejs:dynamic/ablestack:${kind}`,
  id,
  outputs: { ...outs, declared: { "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270", plaintext: JSON.stringify(declared) } },
});

/** As `sdk/pulumi` composes them. */
async function byPulumi(engine: TerraformEngine): Promise<string> {
  const config: Properties = { "ablestack:apiUrl": engine.apiUrl, "ablestack:apiKey": engine.admin.apiKey, "ablestack:secretKey": engine.admin.secretKey };
  const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined };
  const provider = new Provider(createSession({ config: (key) => config[key] as string | undefined, env: {}, log: silent, signal: new AbortController().signal }), () => undefined);
  const make = async (kind: string, resource: string, given: Properties): Promise<Made> => {
    const { inputs, failures } = await provider.check(handlerOf(kind), {}, { ...given, declaredBy: { owner, resource } });
    expect(failures).toEqual([]);
    return provider.create(handlerOf(kind), inputs);
  };
  const names = (all: Properties): string[] => Object.keys(all);
  const pick = ({ outs }: Made, wanted: readonly string[]): Properties => Object.fromEntries(wanted.map((name) => [name, outs[name]]));
  const declaration = { name: "prod", zone: "zone-1", version: "1.35", template: "debian-13-containerd", controlPlane: { count: 1, offering: "k8s-2c-4g" }, workers: { count: 1, offering: "k8s-2c-4g" } };
  const of = await make("ClusterIdentity", "prod-identity", declaration);
  const { name, zone } = declaration;
  const place = await make("ClusterEndpoint", "prod-endpoint", { uid: of.id, name, zone, timeouts: { create: 3600, delete: 1800 } });
  const machineIdentity = names(identityOutputs).filter((each) => !/^user/.test(each));
  const machines = await make("Cluster", "prod", { ...declaration, identity: pick(of, machineIdentity), endpoint: pick(place, names(endpointOutputs)) });
  const balancer = await make("LoadBalancer", "https", { name: "https", cluster: of.id, publicPort: 443, privatePort: 30_443, members: { role: "worker" } });
  const firewall = await make("NetworkRule", "https", { cluster: of.id, kind: "firewall", protocol: "tcp", startPort: 443 });
  const resources = [exported("ClusterIdentity", of), exported("ClusterEndpoint", place), exported("Cluster", machines), exported("LoadBalancer", balancer), exported("NetworkRule", firewall)];
  return JSON.stringify({ version: 3, deployment: { resources } });
}

describeWithTerraform("what Pulumi has made", () => {
  let engine: TerraformEngine;
  beforeAll(async () => {
    engine = await TerraformEngine.create({ range: 52 });
    engine.declare(identity(), cluster(), rules());
    engine.write("stack.json", await byPulumi(engine));
    await engine.init();
  });
  afterAll(() => engine?.close());

  test("import changes nothing, and the next plan shows no difference", async () => {
    const calls = await engine.callsOf(async () => {
      for (const address of ["ablestack_cluster_identity.prod", "ablestack_kubernetes_cluster.prod", "ablestack_load_balancer.https", "ablestack_network_rule.https"]) {
        const name = address.split(".")[1]!;
        await engine.succeed(["import", "-no-color", "-input=false", address, `${name}@stack.json`]);
      }
      const { isEmpty, output } = await engine.plan();
      expect(isEmpty ? "" : output).toBe("");
    });
    expect(changing(calls)).toEqual([]);
  });

  test("it keeps the owner that it has, and is changed and destroyed by Terraform from now on", async () => {
    expect(await engine.attributes("ablestack_kubernetes_cluster.prod")).toMatchObject({ owner, state: "Running", size: 1 });
    engine.declare(identity(), cluster({ workers: 2 }), rules());
    await engine.apply();
    expect(engine.machines).toEqual(["prod-control-1", "prod-worker-1", "prod-worker-2"]);
    await engine.destroy();
    expect(engine.mold.isEmpty()).toBe(true);
  });

  test("what is not there, and what is no export, is said in words", async () => {
    const failed = async (id: string): Promise<string> => (await engine.run(["import", "-no-color", "-input=false", "ablestack_kubernetes_cluster.prod", id])).output.replace(/\s+/g, " ");
    expect(await failed("other@stack.json")).toContain("has no KubernetesCluster called other; it has prod");
    expect(await failed("prod")).toContain("pulumi stack export --show-secrets");
    expect(await failed("prod@missing.json")).toContain("can't be read");
  });
});
