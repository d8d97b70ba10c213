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
const cli = "provider/cli/bin";
const sdk = "sdk/pulumi/index";
const constructs = "sdk/cdktf/index";
const schema = "schema/check";

const never: Readonly<Record<string, readonly string[]>> = {
  "schema": [core, mold, kubernetes, node, handlers, emulator, adapter, sdk, "axios", "yaml"],
  "provider/core": [pulumi, "axios", "cdktf", "@kubernetes/client-node", emulator, handlers, adapter, cli, sdk, mold, kubernetes],
  "provider/mold": [pulumi, core, kubernetes, node, emulator, handlers, adapter, sdk, "yaml"],
  "provider/kubernetes": [pulumi, core, mold, node, emulator, handlers, adapter, sdk, "axios"],
  "provider/node": [pulumi, core, mold, kubernetes, emulator, handlers, adapter, sdk, "axios"],
  "provider/handlers": [pulumi, "cdktf", "axios", emulator, adapter, cli, sdk],
  "provider/adapters": ["axios", emulator, cli, sdk],
  "provider/cli": [pulumi, "cdktf", "axios", emulator, adapter, sdk],
  "provider/emulator": [pulumi, "axios", "@kubernetes/client-node", core, mold, "provider/mold/catalogue/commands", kubernetes, node, handlers, adapter, sdk, schema],
  "sdk/pulumi": ["axios", "yaml", "semver", "cdktf", "constructs", core, mold, node, kubernetes, emulator, handlers, cli, schema, constructs],
  "sdk/cdktf": ["axios", "yaml", pulumi, "cdktn", core, mold, node, kubernetes, "provider/kubernetes/kubeconfig", emulator, handlers, adapter, cli, schema, sdk],
  "sdk/topology": ["axios", pulumi, "cdktf", "constructs", core, handlers, adapter, schema, sdk, constructs],
};

const always: Readonly<Record<string, readonly string[]>> = {
  "provider/core": ["provider/mold/catalogue/commands", schema, "semver"],
  "provider/mold": ["schema/connection", "axios"],
  "provider/handlers": [core, schema, mold],
  "provider/adapters": [pulumi, handlers],
  "provider/cli": [core, handlers, mold, "schema/connection"],
  "provider/emulator": ["provider/mold/catalogue/apis.json", "yaml"],
  "sdk/pulumi": [pulumi, "schema/generated/types", adapter, "provider/kubernetes/kubeconfig", "sdk/topology/rule-place"],
  "sdk/cdktf": ["cdktf", "constructs", "sdk/topology/rule-place"],
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

const layerRules = ["import-x/no-restricted-paths", "@typescript-eslint/no-restricted-imports"];
const onImports = (rules: readonly string[]): boolean => rules.some((rule) => layerRules.includes(rule));

interface Case {
  readonly what: string;
  readonly path: string;
  readonly text: string;
}

const reaching = (table: Readonly<Record<string, readonly string[]>>, written: readonly string[]): Case[] =>
  Object.entries(table).flatMap(([layer, targets]) =>
    targets.flatMap((target) =>
      written.map((form) => ({ what: `${layer}: ${form} ${target}`, path: `${layer}/deep/snippet.ts`, text: forms[form]!(specifier(layer, target)) })),
    ),
  );

const clients = ["provider/mold", "provider/kubernetes", "provider/node"];
const types: Case[] = [
  ...clients.map((layer) => ({ what: layer, path: `${layer}/snippet.ts`, text: `import type { MoldPort } from "../core/ports";\nexport type Use = MoldPort;\n` })),
  { what: "schema", path: "schema/snippet.ts", text: `import type { Input } from "@pulumi/pulumi";\nexport type Use = Input<string>;\n` },
];
const values: Case[] = [
  ...clients.map((layer) => ({ what: layer, path: `${layer}/snippet.ts`, text: `import { something } from "../core/ports";\nexport const use = something;\n` })),
  { what: "schema", path: "schema/snippet.ts", text: `import { output } from "@pulumi/pulumi";\nexport const use = output;\n` },
];

const world = ["node:fs", "node:fs/promises", "node:http", "node:https", "node:net", "node:child_process", "node:os"];
const effects: Case[] = world.map((name) => ({ what: name, path: "provider/core/snippet.ts", text: `import * as it from "${name}";\nexport const use = it;\n` }));
const harmless: Case[] = [{ what: "node:crypto", path: "provider/core/snippet.ts", text: `import { randomUUID } from "node:crypto";\nexport const use = randomUUID;\n` }];

const printing = `console.log("here");\n`;
const prints: Case[] = ["provider/core", "provider/mold", "sdk/pulumi", "sdk/cdktf", "schema"].map((layer) => ({ what: layer, path: `${layer}/snippet.ts`, text: printing }));
const bins: Case[] = ["provider/emulator/bin.ts", "schema/generate.ts"].map((path) => ({ what: path, path, text: printing }));

describe("the layers of the house", () => {
  const forbidden = reaching(never, Object.keys(forms));
  const allowed = reaching(always, ["import"]);
  const broken = new Map<Case, readonly string[]>();

  /** All in one go: what takes long is to start ESLint. */
  beforeAll(() => {
    const cases = [...forbidden, ...allowed, ...types, ...values, ...effects, ...harmless, ...prints, ...bins];
    const out = execFileSync(process.execPath, [join(__dirname, "lint-snippets.mjs")], { cwd: root, input: JSON.stringify(cases), encoding: "utf8" });
    (JSON.parse(out) as string[][]).forEach((rules, index) => broken.set(cases[index]!, rules));
  }, 120_000);

  const refused = (cases: readonly Case[]): string[] => cases.filter((one) => onImports(broken.get(one)!)).map(({ what }) => what);
  const all = (cases: readonly Case[]): string[] => cases.map(({ what }) => what);

  test("every file that the rules are tried on is there", () => {
    const targets = [...new Set([...Object.values(never), ...Object.values(always)].flat())];
    expect(targets.filter((target) => !existsSync(join(root, ours(target) ? (target.endsWith(".json") ? target : `${target}.ts`) : `node_modules/${target}`)))).toEqual([]);
  });

  test("lint refuses every way of reaching over a line", () => {
    expect(all(forbidden).filter((what) => !refused(forbidden).includes(what))).toEqual([]);
  });

  test("lint lets pass what each layer is made of", () => {
    expect(refused(allowed)).toEqual([]);
  });

  test("the clients take types of the core's ports, and schema of Pulumi, but nothing that runs", () => {
    expect(refused(types)).toEqual([]);
    expect(refused(values)).toEqual(all(values));
  });

  test("the core opens no file, socket or process", () => {
    expect(refused(effects)).toEqual(all(effects));
    expect(refused(harmless)).toEqual([]);
  });

  test("nothing but a program that people start prints to the console", () => {
    expect(prints.filter((one) => !broken.get(one)!.includes("no-console"))).toEqual([]);
    expect(bins.filter((one) => broken.get(one)!.includes("no-console"))).toEqual([]);
  });
});
