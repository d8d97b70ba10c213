/** A program that moves from Pulumi to CDKTF takes its cluster along: the same arguments, everything imported, nothing to do. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { imports, synthesized } from "../cdktf/world/synthesized";
import { changing, TerraformEngine } from "../terraform/world/engine";
import { describeWithTerraform } from "../terraform/world/with-terraform";
import { TestStack } from "./world/stack";

jest.setTimeout(300_000);

const args = {
  zone: "zone-1",
  version: "1.35",
  template: "debian-13-containerd",
  controlPlane: { count: 1, offering: "k8s-2c-4g" },
  workers: { count: 2, offering: "k8s-2c-4g" },
  tags: { team: "payments" },
  ingress: { ports: { web: { port: 80, nodePort: 30080 } }, cidrList: ["198.51.100.0/24"] },
  firewallRules: { ssh: { protocol: "tcp", startPort: 2222, cidrList: ["192.0.2.0/24"] } },
  portForwards: { ssh: { protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "ha-control-1" } } },
} as const;

describeWithTerraform("a program that moves", () => {
  let stack: TestStack;
  let engine: TerraformEngine;
  afterAll(async () => {
    await engine?.close();
    await stack?.close();
  });

  test("imports what Pulumi has made, and neither import nor the next plan changes anything", async () => {
    stack = await TestStack.create({ range: 61 });
    stack.write("index.ts", `import { HighlyAvailableCluster } from "ablestack-kubernetes";\nnew HighlyAvailableCluster("ha", ${JSON.stringify(args)});\n`);
    await stack.up();

    engine = await TerraformEngine.create({ range: 62 });
    const there = { ABLESTACK_API_URL: stack.apiUrl, ABLESTACK_API_KEY: stack.admin.apiKey, ABLESTACK_SECRET_KEY: stack.admin.secretKey };
    writeFileSync(join(engine.program, "stack.json"), await stack.succeed(["stack", "export", "--show-secrets"]), { mode: 0o600 });
    const over = imports("cdktf");
    const { text, declared, addressOf } = synthesized(over, (at) => new over.sdk.HighlyAvailableCluster(at, "ha", JSON.parse(JSON.stringify(args)) as ConstructorParameters<typeof over.sdk.HighlyAvailableCluster>[2]));
    engine.write("cdk.tf.json", text);
    await engine.init();

    const calls = await stack.callsOf(async () => {
      for (const what of declared) {
        const { code, output } = await engine.run(["import", "-no-color", "-input=false", addressOf(what), `${what.split(" ")[1]!}@stack.json`], there);
        expect(code === 0 ? "" : output).toBe("");
      }
      const { code, output } = await engine.run(["plan", "-no-color", "-input=false", "-detailed-exitcode"], there);
      expect(code === 0 ? "" : output).toBe("");
    });
    expect(declared).toHaveLength(6);
    expect(changing(calls)).toEqual([]);
  });

  test("Terraform destroys it then, and leaves nothing", async () => {
    const { code, output } = await engine.run(["destroy", "-no-color", "-input=false", "-auto-approve"], { ABLESTACK_API_URL: stack.apiUrl, ABLESTACK_API_KEY: stack.admin.apiKey, ABLESTACK_SECRET_KEY: stack.admin.secretKey });
    expect(code === 0 ? "" : output).toBe("");
    expect(stack.mold.isEmpty()).toBe(true);
  });
});
