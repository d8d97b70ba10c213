/** What is written into the state of every resource: small, always the same, and able to find the package wherever it lies. */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { providerText, type Kind } from "../../sdk/pulumi/provider";

const kinds: Kind[] = ["ClusterIdentity", "ClusterEndpoint", "Cluster", "ClusterAccess", "NetworkRule", "LoadBalancer"];

let folder: string;
beforeEach(() => void (folder = realpathSync(mkdtempSync(join(tmpdir(), "ablestack-provider-")))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(path: string, content: unknown): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
}

/** An installed package that answers with where it is and what it was asked. */
function install(at: string): void {
  write(`${at}/package.json`, { name: "ablestack-kubernetes", exports: { "./dynamic": "./entry.js" } });
  write(`${at}/entry.js`, "exports.handle = async (...call) => ({ at: __dirname, call });");
}

/** As cmd/dynamic-provider does: compiled from the text, in a process whose working directory is the program's folder. */
function ask(kind: Kind, cwd = folder): { at: string; call: unknown[] } {
  const script = `
    const m = new (require("module"))(""); m.paths = require("module")._nodeModulePaths(".");
    m._compile(${JSON.stringify(providerText(kind))}, "");
    m.exports.handler().create({ size: 3 }).then((answer) => console.log(JSON.stringify(answer)), (error) => console.log(JSON.stringify({ at: error.message, call: [] })));`;
  return JSON.parse(execFileSync(process.execPath, ["-e", script], { cwd, encoding: "utf8" })) as { at: string; call: unknown[] };
}

test.each(kinds)("%s: what the state carries stays below 2,048 bytes", (kind) => {
  expect(Buffer.byteLength(providerText(kind))).toBeLessThan(2048);
});

test("it is byte for byte what the first release wrote: states carry it for years", () => {
  expect(createHash("sha256").update(providerText("Cluster")).digest("hex")).toBe("0558caf333d999ab5f7c3915f47aa49a9fc526fdeedc4be3e8fee57815b5a056");
});

test("kinds differ in their name alone", () => {
  const [first, ...others] = kinds.map((kind) => providerText(kind).replaceAll(kind, "?"));
  for (const other of others) expect(other).toBe(first);
});

test("a call reaches the package that is installed in the program's folder, with its kind, method and arguments", () => {
  write("package.json", { dependencies: { "ablestack-kubernetes": "1" } });
  install("node_modules/ablestack-kubernetes");
  expect(ask("NetworkRule")).toEqual({ at: join(folder, "node_modules/ablestack-kubernetes"), call: ["NetworkRule", "create", { size: 3 }] });
});

test("it is found from a folder inside the program's", () => {
  write("package.json", {});
  write("src/index.js", "");
  install("node_modules/ablestack-kubernetes");
  expect(ask("Cluster", join(folder, "src")).at).toBe(join(folder, "node_modules/ablestack-kubernetes"));
});

test("it is found where a wrapper package nests it", () => {
  write("package.json", { dependencies: { "left-pad": "1", "@org/wrapper": "1" } });
  write("node_modules/@org/wrapper/package.json", { dependencies: { "ablestack-kubernetes": "1" } });
  install("node_modules/@org/wrapper/node_modules/ablestack-kubernetes");
  expect(ask("Cluster").at).toBe(join(folder, "node_modules/@org/wrapper/node_modules/ablestack-kubernetes"));
});

test("it is found in pnpm's layout, where only the wrapper of a wrapper can see it", () => {
  const store = "node_modules/.pnpm";
  write("package.json", { devDependencies: { outer: "1" } });
  write(`${store}/outer@1/node_modules/outer/package.json`, { dependencies: { "@org/inner": "1" } });
  write(`${store}/@org+inner@1/node_modules/@org/inner/package.json`, { dependencies: { "ablestack-kubernetes": "1" } });
  install(`${store}/ablestack-kubernetes@1/node_modules/ablestack-kubernetes`);
  const link = (from: string, to: string): void => {
    mkdirSync(dirname(join(folder, from)), { recursive: true });
    symlinkSync(join(folder, to), join(folder, from));
  };
  link("node_modules/outer", `${store}/outer@1/node_modules/outer`);
  link(`${store}/outer@1/node_modules/@org/inner`, `${store}/@org+inner@1/node_modules/@org/inner`);
  link(`${store}/@org+inner@1/node_modules/ablestack-kubernetes`, `${store}/ablestack-kubernetes@1/node_modules/ablestack-kubernetes`);
  expect(ask("Cluster").at).toBe(join(folder, `${store}/ablestack-kubernetes@1/node_modules/ablestack-kubernetes`));
});

test("dependencies that go round in a circle are looked at once", () => {
  write("package.json", { dependencies: { a: "1" } });
  write("node_modules/a/package.json", { dependencies: { b: "1" } });
  write("node_modules/b/package.json", { dependencies: { a: "1" } });
  expect(ask("Cluster").at).toMatch(/not installed/);
});

test("where it isn't installed the error says where and what to do", () => {
  write("package.json", { dependencies: {} });
  expect(ask("Cluster").at).toBe(`ablestack-kubernetes is not installed for ${folder}. Install what the program depends on (npm install), then run again.`);
});
