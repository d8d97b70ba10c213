import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * design.md's lines, written down a second time on purpose: .config/layers.mjs says what is allowed, this says what must never be.
 * Every target is there (the first test), since a path that leads nowhere is refused by the compiler and not by this rule.
 */
const root = join(__dirname, "../..");
const pulumi = "@pulumi/pulumi";
const emulator = "provider/emulator/cloud";
const handlers = "provider/handlers/handler";
const core = "provider/core/plan";
const mold = "provider/mold/client";
const node = "provider/node/user-data";
const kubernetes = "provider/kubernetes/client";
const adapter = "provider/adapters/pulumi-dynamic/entry";
const sdk = "sdk/pulumi/index";
const schema = "schema/check";

const never: Readonly<Record<string, readonly string[]>> = {
  "schema": [core, mold, kubernetes, node, handlers, emulator, adapter, sdk, "axios", "yaml"],
  "provider/core": [pulumi, "axios", "cdktf", "@kubernetes/client-node", emulator, handlers, adapter, sdk, mold, kubernetes],
  "provider/mold": [pulumi, core, kubernetes, node, emulator, handlers, adapter, sdk, "yaml"],
  "provider/kubernetes": [pulumi, core, mold, node, emulator, handlers, adapter, sdk, "axios"],
  "provider/node": [pulumi, core, mold, kubernetes, emulator, handlers, adapter, sdk, "axios"],
  "provider/handlers": [pulumi, "cdktf", "axios", emulator, adapter, sdk],
  "provider/adapters": ["axios", emulator, sdk],
  "provider/emulator": [pulumi, "axios", "@kubernetes/client-node", core, mold, "provider/mold/catalogue/commands", kubernetes, node, handlers, adapter, sdk, schema],
  "sdk": ["axios", "yaml", "zod", core, mold, node, kubernetes, emulator, handlers, schema],
};

const always: Readonly<Record<string, readonly string[]>> = {
  "provider/core": ["provider/mold/catalogue/commands", schema, "semver"],
  "provider/mold": ["schema/connection", "axios"],
  "provider/handlers": [core, schema, mold],
  "provider/adapters": [pulumi, handlers],
  "provider/emulator": ["provider/mold/catalogue/apis.json", "yaml"],
  "sdk": [pulumi, "schema/generated/types", adapter, "provider/kubernetes/kubeconfig"],
};

const ours = (target: string): boolean => /^(provider|schema|sdk)\//.test(target);
/** As it is written in `<layer>/deep/snippet.ts`. */
const specifier = (layer: string, target: string): string => (ours(target) ? `${"../".repeat(layer.split("/").length + 1)}${target}` : target);

const forms: Readonly<Record<string, (from: string) => string>> = {
  "import": (from) => `import * as it from "${from}";\nexport const use = it;\n`,
  "import type": (from) => `import type * as It from "${from}";\nexport type Use = It.X;\n`,
  "export from": (from) => `export * from "${from}";\n`,
  "import()": (from) => `export const load = () => import("${from}");\n`,
  "require()": (from) => `export const load = () => require("${from}");\n`,
};

interface Snippet {
  readonly path: string;
  readonly text: string;
}

function lint(snippets: readonly Snippet[]): string[][] {
  const out = execFileSync(process.execPath, [join(__dirname, "lint-snippets.mjs")], { cwd: root, input: JSON.stringify(snippets), encoding: "utf8" });
  return JSON.parse(out) as string[][];
}

const layerRules = ["import-x/no-restricted-paths", "@typescript-eslint/no-restricted-imports"];
const refuses = (rules: readonly string[]): boolean => rules.some((rule) => layerRules.includes(rule));

function verdicts(table: Readonly<Record<string, readonly string[]>>, written: Readonly<Record<string, (from: string) => string>>): [what: string, refused: boolean][] {
  const cases = Object.entries(table).flatMap(([layer, targets]) =>
    targets.flatMap((target) => Object.entries(written).map(([form, write]) => ({ what: `${layer}: ${form} ${target}`, path: `${layer}/deep/snippet.ts`, text: write(specifier(layer, target)) }))),
  );
  const broken = lint(cases);
  return cases.map(({ what }, index) => [what, refuses(broken[index] ?? [])]);
}

describe("the layers of the house", () => {
  test("every file the rules below are tried on is there", () => {
    const targets = [...new Set([...Object.values(never), ...Object.values(always)].flat())];
    expect(targets.filter((target) => !existsSync(join(root, ours(target) ? (target.endsWith(".json") ? target : `${target}.ts`) : `node_modules/${target}`)))).toEqual([]);
  });

  test("lint refuses every way of reaching over a line", () => {
    expect(verdicts(never, forms).filter(([, refused]) => !refused)).toEqual([]);
  }, 120_000);

  test("lint lets pass what each layer is made of", () => {
    expect(verdicts(always, { import: (from) => `import * as it from "${from}";\nexport const use = it;\n` }).filter(([, refused]) => refused)).toEqual([]);
  }, 120_000);

  test("the clients take types of the core's ports, and nothing that runs", () => {
    const path = (layer: string): string => `provider/${layer}/snippet.ts`;
    const layers = ["mold", "kubernetes", "node"];
    const types = lint(layers.map((layer) => ({ path: path(layer), text: `import type { MoldPort } from "../core/ports";\nexport type Use = MoldPort;\n` })));
    const values = lint(layers.map((layer) => ({ path: path(layer), text: `import { something } from "../core/ports";\nexport const use = something;\n` })));
    expect(types.map(refuses)).toEqual([false, false, false]);
    expect(values.map(refuses)).toEqual([true, true, true]);
  }, 120_000);

  test("schema names Pulumi in types only", () => {
    const [type, value] = lint([
      { path: "schema/snippet.ts", text: `import type { Input } from "@pulumi/pulumi";\nexport type Use = Input<string>;\n` },
      { path: "schema/snippet.ts", text: `import { output } from "@pulumi/pulumi";\nexport const use = output;\n` },
    ]);
    expect([refuses(type ?? []), refuses(value ?? [])]).toEqual([false, true]);
  }, 120_000);

  test("the core opens no file, socket or process", () => {
    const modules = ["node:fs", "node:fs/promises", "node:http", "node:https", "node:net", "node:child_process", "node:os", "node:timers"];
    const broken = lint(modules.map((name) => ({ path: "provider/core/snippet.ts", text: `import * as it from "${name}";\nexport const use = it;\n` })));
    expect(modules.filter((_, index) => refuses(broken[index] ?? []))).toEqual(modules.filter((name) => name !== "node:timers"));
  }, 120_000);

  test("nothing but a program that people start prints to the console", () => {
    const text = `console.log("here");\n`;
    const [core, bin] = lint([{ path: "provider/core/snippet.ts", text }, { path: "provider/emulator/bin.ts", text }]);
    expect([core, bin]).toEqual([["no-console"], []]);
  }, 120_000);
});
