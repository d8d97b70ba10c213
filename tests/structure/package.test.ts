import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** What is published, and what importing it costs. Looks at dist/: `make test` builds it first. */
const root = join(__dirname, "../..");
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  main: string;
  types: string;
  exports: Record<string, string | Record<string, string>>;
  bin: Record<string, string>;
  peerDependencies: Record<string, string>;
  peerDependenciesMeta: Record<string, { optional?: boolean } | undefined>;
};

interface Packed {
  readonly files: readonly { readonly path: string; readonly mode: number }[];
  readonly size: number;
}

describe("the package", () => {
  let packed: Packed;

  beforeAll(() => {
    if (!existsSync(join(root, "dist/provider"))) throw new Error("dist/ is not built: make build");
    const out = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts"], { cwd: root, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    packed = (JSON.parse(out) as Packed[])[0]!;
  }, 60_000);

  const paths = (): string[] => packed.files.map(({ path }) => path);

  test("holds every file that its manifest points at", () => {
    const exported = Object.values(manifest.exports).flatMap((target) => (typeof target === "string" ? [target] : Object.values(target)));
    const named = [manifest.main, manifest.types, ...exported, ...Object.values(manifest.bin)].map((path) => path.replace(/^\.\//, ""));
    expect([...new Set(named)].filter((path) => !paths().includes(path))).toEqual([]);
  });

  test("holds what is compiled, generated and written for people, and nothing else", () => {
    const expected = /^(dist\/(provider|sdk|schema)\/|schema\/generated\/|package\.json$|README\.md$|LICENSE$|CHANGELOG\.md$)/;
    expect(paths().filter((path) => !expected.test(path))).toEqual([]);
    expect(paths()).toEqual(expect.arrayContaining(["LICENSE", "README.md", "CHANGELOG.md", "schema/generated/pulumi-schema.json", "dist/provider/mold/catalogue/apis.json"]));
  });

  test("holds no test, no recording, no key and no configuration of a stack", () => {
    expect(paths().filter((path) => /\.test\.|tests\/|recorded\/|\.state|\.pem$|\.key$|Pulumi\..*\.yaml$|\.tsbuildinfo$/.test(path))).toEqual([]);
  });

  test("is under 2 MB to fetch", () => {
    expect(packed.size).toBeLessThan(2_000_000);
  });

  test("what people start is a script of node's", () => {
    for (const path of Object.values(manifest.bin)) expect(readFileSync(join(root, path), "utf8").split("\n")[0]).toBe("#!/usr/bin/env node");
  });

  test.each([
    ["cdktf", ["@pulumi", "cdktn"]],
    ["cdktn", ["@pulumi", "cdktf"]],
  ])("importing the constructs for %s loads nothing of %p, nor of the provider", (engine, others) => {
    const asked = `require("./dist/sdk/${engine}"); process.stdout.write(JSON.stringify(Object.keys(require.cache)))`;
    const loaded = JSON.parse(execFileSync(process.execPath, ["-e", asked], { cwd: root, encoding: "utf8" })) as string[];
    expect(loaded.filter((path) => path.includes(`/node_modules/${engine}/`)).length).toBeGreaterThan(0);
    expect(loaded.filter((path) => others.some((other) => path.includes(`/node_modules/${other}/`)) || path.includes("/dist/provider/"))).toEqual([]);
  });

  test("asks of a program's folder for the engine that it is a program of, and for no other", () => {
    expect(Object.keys(manifest.peerDependencies)).toEqual(["@pulumi/pulumi", "cdktf", "cdktn", "constructs"]);
    expect(Object.keys(manifest.peerDependencies).filter((name) => !manifest.peerDependenciesMeta[name]?.optional)).toEqual([]);
  });

  test("importing the SDK loads nothing heavy: a program's start is its own", () => {
    const loadedBy = (module: string): string[] => {
      const asked = `require(${JSON.stringify(module)}); process.stdout.write(JSON.stringify(Object.keys(require.cache)))`;
      return JSON.parse(execFileSync(process.execPath, ["-e", asked], { cwd: root, encoding: "utf8" })) as string[];
    };
    const pulumi = new Set(loadedBy("@pulumi/pulumi"));
    const foreign = loadedBy("./dist/sdk/pulumi/index.js").filter((path) => !pulumi.has(path) && !/\/dist\/(sdk|schema\/generated|provider\/kubernetes\/kubeconfig|provider\/adapters)/.test(path));
    expect(foreign).toEqual([]);
  });
});
