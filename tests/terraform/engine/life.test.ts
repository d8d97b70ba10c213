/** The life of a cluster with the real Terraform, and with OpenTofu: made, left alone, grown, upgraded, destroyed. */
import { providerAddress } from "../../../schema/terraform-resources";
import { terraformSchemaFile } from "../../../schema/terraform-schema";
import { cluster, identity, rules } from "../world/declarations";
import { changing, TerraformEngine } from "../world/engine";
import { describeWithEach } from "../world/with-terraform";

jest.setTimeout(300_000);

const registries = { Terraform: "registry.terraform.io", OpenTofu: "registry.opentofu.org" } as const;

describeWithEach("a cluster's life", (name, binary) => {
  let engine: TerraformEngine;
  beforeAll(async () => {
    engine = await TerraformEngine.create({ range: 50, binary });
    engine.declare(identity(), cluster({ version: "1.33" }), rules());
  });
  afterAll(() => engine?.close());

  test("init installs the provider from the mirror", async () => {
    expect(await engine.init()).toContain(`${name} has been successfully initialized`);
  });

  test("the schema that Terraform gets is the one that bindings are generated from", async () => {
    const own = JSON.parse(terraformSchemaFile()) as { provider_schemas: Record<string, object> };
    const printed = JSON.parse(await engine.succeed(["providers", "schema", "-json"])) as typeof own;
    // Without a host in `source`, each engine takes its own registry for it.
    expect(Object.keys(printed.provider_schemas)).toEqual([`${registries[name]}/ablestack/ablestack`]);
    expect(Object.values(printed.provider_schemas)[0]).toMatchObject(own.provider_schemas[providerAddress]!);
  });

  test("plan shows what will be done, and changes nothing", async () => {
    let output = "";
    const calls = await engine.callsOf(async () => ({ output } = await engine.plan()));
    expect(output).toContain("4 to add, 0 to change, 0 to destroy");
    expect(output).toContain("Plan of ablestack_kubernetes_cluster prod");
    expect(changing(calls)).toEqual([]);
  });

  test("apply makes it, with a kubeconfig", async () => {
    expect(await engine.apply()).toContain("4 added, 0 changed, 0 destroyed");
    expect(engine.machines).toEqual(["prod-control-1", "prod-worker-1"]);
    const made = await engine.attributes("ablestack_kubernetes_cluster.prod");
    expect(made).toMatchObject({ state: "Running", size: 1, owner: "terraform:test" });
    expect(String(made.kubeconfig)).toContain("client-certificate-data");
  });

  test("a second plan has nothing to do, and asks for no change", async () => {
    const calls = await engine.callsOf(async () => expect(await engine.plan()).toMatchObject({ isEmpty: true }));
    expect(changing(calls)).toEqual([]);
  });

  test("more workers: kubeconfig and endpoint stay known in the plan, and the balancer follows", async () => {
    engine.declare(identity(), cluster({ version: "1.33", workers: 2 }), rules());
    const { output } = await engine.plan();
    expect(output).not.toMatch(/[~+] (kubeconfig|endpoint|uid) /);
    expect(output).toContain("0 to add, 1 to change, 0 to destroy");
    await engine.apply();
    expect(engine.machines).toEqual(["prod-control-1", "prod-worker-1", "prod-worker-2"]);
  });

  test("a version two minors on: one hop after the other, in place", async () => {
    engine.declare(identity(), cluster({ version: "1.35", workers: 2 }), rules());
    const { output } = await engine.plan();
    expect(output).toMatch(/1\.34\.\d+[\s\S]*1\.35\.\d+/);
    await engine.apply();
    expect(String((await engine.attributes("ablestack_kubernetes_cluster.prod")).kubernetes_version)).toMatch(/^1\.35\./);
    expect(await engine.plan()).toMatchObject({ isEmpty: true });
  });

  test("destroy shows what it will do, and leaves nothing", async () => {
    expect((await engine.succeed(["plan", "-destroy", "-no-color", "-input=false"])).replace(/\s+/g, " ")).toMatch(/Plan of destroying ablestack_kubernetes_cluster prod .* destroy prod-worker-1/);
    await engine.destroy();
    const { machines = [], networks = [], addresses = [] } = engine.inMold;
    expect(machines.filter(({ state }) => state !== "Destroyed" && state !== "Expunging")).toEqual([]);
    expect(networks).toEqual([]);
    expect(addresses).toEqual([]);
    expect(await engine.resources()).toEqual([]);
  });
});
