/** What constructs declare, in the hands of the real Terraform: the examples, as they stand. */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { built, root } from "../../engine/world/paths";
import { changing, TerraformEngine } from "../world/engine";
import { describeWithTerraform } from "../world/with-terraform";

jest.setTimeout(300_000);

/** A copy of the example in CDKTF, synthesised as its README says. @param engine "cdktn": as a program for the continuation has it */
function synthesise(folder: string, engine: "cdktf" | "cdktn"): string {
  const program = join(folder, engine);
  cpSync(join(root, "examples/cdktf-ha-cluster"), program, { recursive: true, filter: (path) => !path.includes("node_modules") });
  mkdirSync(join(program, "node_modules"));
  for (const name of [engine, "constructs"]) symlinkSync(join(root, "node_modules", name), join(program, "node_modules", name));
  symlinkSync(root, join(program, "node_modules/ablestack-kubernetes"));
  const main = join(program, "main.ts");
  if (engine === "cdktn") execFileSync("sed", ["-i", "s/cdktf\"/cdktn\"/", main]);
  execFileSync(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), "main.ts"], { cwd: program, stdio: ["ignore", "ignore", "inherit"] });
  return readFileSync(join(program, "cdktf.out/stacks/ha-cluster/cdk.tf.json"), "utf8");
}

/** Without what says where and by which release it was written. */
const declared = (text: string): unknown => {
  const { resource, output, variable, provider } = JSON.parse(text) as Record<string, unknown>;
  return { resource, output, variable, provider };
};

describeWithTerraform("a cluster by CDKTF", () => {
  let engine: TerraformEngine;
  let text: string;
  beforeAll(async () => {
    built();
    engine = await TerraformEngine.create({ range: 58 });
    text = synthesise(engine.folder, "cdktf");
    // Its state is the test's.
    const { terraform, ...program } = JSON.parse(text) as { terraform: { backend: unknown } };
    engine.write("cdk.tf.json", JSON.stringify({ ...program, terraform: { ...terraform, backend: undefined } }, undefined, 2));
  });
  afterAll(() => engine?.close());

  test("the provider says of itself what the bindings were made of", async () => {
    await engine.init();
    const printed = JSON.parse(await engine.succeed(["providers", "schema", "-json"])) as unknown;
    expect(printed).toEqual(JSON.parse(readFileSync(join(root, "schema/generated/terraform.json"), "utf8")));
  });

  test("the example is valid, and is made as it stands", async () => {
    expect(await engine.succeed(["validate", "-no-color"])).toContain("Success! The configuration is valid.");
    expect(await engine.apply()).toContain("6 added, 0 changed, 0 destroyed");
    expect(engine.machines).toEqual(["ha-control-1", "ha-control-2", "ha-control-3", "ha-worker-1", "ha-worker-2", "ha-worker-3"]);
    expect(await engine.succeed(["output", "-raw", "kubeconfig"])).toContain("client-certificate-data");
    expect((JSON.parse(await engine.succeed(["output", "-json", "nodes"])) as { name: string }[]).map(({ name }) => name)).toEqual(engine.machines);
  });

  test("a second plan has nothing to do, and changes nothing", async () => {
    const calls = await engine.callsOf(async () => expect(await engine.plan()).toMatchObject({ isEmpty: true }));
    expect(changing(calls)).toEqual([]);
  });

  test("a variable scales it, and the balancers that follow its workers with it", async () => {
    expect(await engine.apply("-var", "workers=4")).toContain("0 added");
    expect(engine.machines).toHaveLength(7);
  });

  test("destroy leaves nothing", async () => {
    await engine.destroy();
    expect(engine.machines).toEqual([]);
    expect(await engine.resources()).toEqual([]);
  });

  test("a program for CDKTF's continuation declares the same", () => {
    expect(declared(synthesise(engine.folder, "cdktn"))).toEqual(declared(text));
  });
});

describeWithTerraform("a cluster in HCL", () => {
  test("the example's plan is that of the CDKTF program", async () => {
    const engine = await TerraformEngine.create({ range: 57 });
    try {
      const example = join(root, "examples/terraform-ha-cluster");
      for (const file of readdirSync(example).filter((name) => name.endsWith(".tf"))) engine.write(file, readFileSync(join(example, file), "utf8"));
      await engine.init();
      const { output } = await engine.plan();
      expect(output).toContain("6 to add, 0 to change, 0 to destroy");
      expect(output).toMatch(/ha-control-1…3, ha-worker-1…3/);
    } finally {
      await engine.close();
    }
  });
});
