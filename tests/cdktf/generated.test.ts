import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { trimmed, versionConstraint } from "../../sdk/generator/bindings";
import { argsFile } from "../../sdk/generator/args";

const root = join(__dirname, "../..");
const committed = (file: string): string => readFileSync(join(root, "sdk/cdktf/generated", file), "utf8");

test("what is committed is what CDKTF's generator makes of the declarations: else run npm run generate", () => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "node_modules/tsx/dist/cli.mjs"), join(root, "sdk/generator/generate.ts"), "--check"], { encoding: "utf8", cwd: root });
  expect({ status, stdout, stderr }).toEqual({ status: 0, stdout: "", stderr: "" });
}, 60_000);

test("every argument has its words, with its default and an example where the declaration has them", () => {
  const lines = argsFile().split("\n");
  const members = lines.filter((line) => /^ {2}readonly /.test(line));
  expect(members.length).toBeGreaterThan(80);
  for (const member of members) expect(lines[lines.indexOf(member) - 1]).toMatch(/\*\/$/);
  expect(argsFile()).toContain("@default 3");
  expect(argsFile()).toMatch(/@default the construct's id\n[^/]*\*\/\n {2}readonly name\?: string;/);
});

test("no binding leads a reader to a page that isn't there", () => {
  for (const file of ["kubernetes-cluster.ts", "network-rule.ts", "load-balancer.ts", "provider.ts"]) expect(committed(file)).not.toMatch(/registry\.terraform\.io\/providers|Docs at Terraform Registry/);
});

test("a link that the generator writes otherwise some day is an error, and so is a resource that nothing declares", () => {
  expect(() => trimmed("network-rule", "// see https://registry.terraform.io/providers/ablestack/ablestack")).toThrow(/network-rule: .* leads nowhere/);
  expect(() => trimmed("volume", "")).toThrow(/volume, which no declaration is about/);
});

test.each([
  ["0.1.0", "~> 0.1.0"],
  ["1.4.2", "~> 1.4.0"],
  ["0.2.0-rc.1", "0.2.0-rc.1"],
])("bindings of %s go with providers %s", (version, constraint) => {
  expect(versionConstraint(version)).toBe(constraint);
});
