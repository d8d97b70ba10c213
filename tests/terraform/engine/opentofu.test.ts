/** What is OpenTofu's own: another registry stands for a `source` without a host, and states that Terraform wrote are taken on. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { cluster, identity, rules } from "../world/declarations";
import { changing, openTofu, requiring, terraform, TerraformEngine } from "../world/engine";
import { describeWithEach } from "../world/with-terraform";

jest.setTimeout(300_000);

describeWithEach("where the provider comes from", (_name, binary) => {
  test.each(["ablestack/ablestack", "registry.terraform.io/ablestack/ablestack", "registry.opentofu.org/ablestack/ablestack"])("init finds %s in the mirror, and locks it by its checksums", async (source) => {
    const engine = await TerraformEngine.create({ range: 56, binary });
    try {
      engine.write("main.tf", requiring(source));
      await engine.init();
      const lock = readFileSync(join(engine.program, ".terraform.lock.hcl"), "utf8");
      expect(lock).toMatch(/hashes = \[\s+"h1:[^"]+",/);
      expect(await engine.succeed(["providers"])).toMatch(source.includes("registry") ? `provider[${source}]` : /provider\[registry\.(terraform\.io|opentofu\.org)\/ablestack\/ablestack\]/);
    } finally {
      await engine.close();
    }
  });
});

const both = openTofu !== undefined && terraform !== undefined && openTofu !== terraform ? describe : describe.skip;

both("a state that Terraform has written", () => {
  test("OpenTofu takes it on: nothing to do, no change asked for, and its destroy leaves nothing", async () => {
    const engine = await TerraformEngine.create({ range: 59 });
    try {
      engine.declare(identity(), cluster(), rules());
      await engine.init();
      await engine.apply();
      engine.use(openTofu!);
      await engine.init();
      const calls = await engine.callsOf(async () => {
        const { isEmpty, output } = await engine.plan();
        expect(isEmpty ? "" : output).toBe("");
      });
      expect(changing(calls)).toEqual([]);
      await engine.destroy();
      expect(engine.mold.isEmpty()).toBe(true);
    } finally {
      await engine.close();
    }
  });
});
