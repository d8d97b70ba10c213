/**
 * A hundred thousand random values, through Terraform itself: what it sends is read as what it is, what is sent back it holds to be the
 * same, and values of every type that are made here it shows as they are. A provider of the test's own stands behind the real codec.
 */
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as fc from "fast-check";
import { encodeJson } from "../../../provider/adapters/terraform/json";
import { decodeMsgpack, encodeMsgpack } from "../../../provider/adapters/terraform/msgpack";
import { reattachment } from "../../../provider/adapters/terraform/handshake";
import { callNames, type DynamicValueMessage } from "../../../provider/adapters/terraform/protocol";
import type { TerraformProvider } from "../../../provider/adapters/terraform/provider";
import { schemaMessage } from "../../../provider/adapters/terraform/schema-message";
import { serve, type Serving } from "../../../provider/adapters/terraform/server";
import { BigNumber, DynamicValue, isObjectValue, sameDecimal, type ObjectValue, type Value } from "../../../provider/adapters/terraform/value";
import { providerAddresses } from "../../../schema/terraform-resources";
import type { CtyType, TerraformSchema } from "../../../schema/terraform-schema";
import { ofAnyType, type TypedValue } from "../world/any-value";
import { terraform } from "../world/engine";
import { describeWithTerraform } from "../world/with-terraform";

jest.setTimeout(600_000);

const sent = 50_000;
const made = 50_000;
/** Each block is one value of the protocol: a few MB. */
const perBlock = 5_000;

const attribute = { description: "", description_kind: "markdown" } as const;
const source: TerraformSchema = {
  version: 0,
  block: {
    description: "",
    description_kind: "markdown",
    attributes: { number: { ...attribute, type: "number", required: true }, sent: { ...attribute, type: "dynamic", required: true }, echo: { ...attribute, type: "dynamic", computed: true }, made: { ...attribute, type: "dynamic", computed: true } },
  },
};
const type: CtyType = ["object", { number: "number", sent: "dynamic", echo: "dynamic", made: "dynamic" }];

/** As `jsondecode` reads it: tuples and objects, null without a type. */
const asJson = (value: Value): Value => (value instanceof DynamicValue ? asJson(value.value) : Array.isArray(value) ? (value as readonly Value[]).map(asJson) : isObjectValue(value) ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, asJson(each)])) : value);

function same(one: Value, other: Value): boolean {
  if (one instanceof DynamicValue) return same(one.value, other);
  if (other instanceof DynamicValue) return same(one, other.value);
  const text = (value: Value): string | undefined => (value instanceof BigNumber ? value.text : typeof value === "number" ? String(value) : undefined);
  const [a, b] = [text(one), text(other)];
  if (a !== undefined && b !== undefined) return typeof one === typeof other ? (one instanceof BigNumber ? sameDecimal(a, b) : one === other) : sameDecimal(a, b);
  if (Array.isArray(one)) return Array.isArray(other) && one.length === other.length && (one as readonly Value[]).every((each, at) => same(each, (other as readonly Value[])[at] as Value));
  if (isObjectValue(one)) return isObjectValue(other) && Object.keys(one).length === Object.keys(other).length && Object.entries(one).every(([key, each]) => Object.hasOwn(other, key) && same(each, other[key] as Value));
  return one === other;
}

const sample = (count: number, options: Parameters<typeof ofAnyType>[0], seed: number): TypedValue[] => fc.sample(ofAnyType(options), { numRuns: count, seed });

describeWithTerraform("random values through Terraform", () => {
  const inputs = sample(sent, { unknowns: false, dynamic: false }, 1);
  // JSON.parse of Node.js 20 keeps no more of a number than a double holds.
  const outputs = sample(made, { unknowns: false, dynamic: false, bigNumbers: false }, 2);
  const received = new Map<number, Value>();
  let folder: string;
  let serving: Serving;
  let environment: Readonly<Record<string, string>>;

  beforeAll(async () => {
    folder = realpathSync(mkdtempSync(join(tmpdir(), "terraform-values-")));
    const nothing = Object.fromEntries(callNames.map((name) => [name, () => ({})]));
    const provider = {
      ...nothing,
      GetProviderSchema: () => ({ provider: schemaMessage({ version: 0, block: { attributes: {}, description: "", description_kind: "markdown" } }), data_source_schemas: { ablestack_values: schemaMessage(source) } }),
      ReadDataSource({ config }: { readonly config: DynamicValueMessage }) {
        const read = decodeMsgpack(type, config.msgpack!) as ObjectValue;
        const number = read.number as number;
        received.set(number, read.sent as Value);
        const mine = outputs.slice(number * perBlock, (number + 1) * perBlock);
        const answer: ObjectValue = { ...read, echo: read.sent as Value, made: new DynamicValue(["tuple", mine.map((each) => each.type)], mine.map((each) => each.value)) };
        return { state: { msgpack: encodeMsgpack(type, answer) } };
      },
    } as unknown as TerraformProvider;
    serving = await serve({ provider, ports: { from: 0, to: 0 }, onShutdown: () => undefined });
    environment = { PATH: process.env.PATH ?? "", HOME: folder, TF_REATTACH_PROVIDERS: reattachment(providerAddresses, serving.address, process.pid), CHECKPOINT_DISABLE: "1" };
    const blocks = inputs.length / perBlock;
    for (let at = 0; at < blocks; at++) {
      const values = inputs.slice(at * perBlock, (at + 1) * perBlock).map((each) => encodeJson(each.type, each.value));
      writeFileSync(join(folder, `values-${at}.json`), `[${values.join(",\n")}]`);
    }
    const numbers = Array.from({ length: blocks }, (_, at) => at);
    writeFileSync(
      join(folder, "main.tf"),
      [
        'terraform {\n  required_providers {\n    ablestack = {\n      source = "ablestack/ablestack"\n    }\n  }\n}',
        ...numbers.map((at) => `data "ablestack_values" "v${at}" {\n  number = ${at}\n  sent   = jsondecode(file("values-${at}.json"))\n}`),
        `output "same" {\n  value = [${numbers.map((at) => `data.ablestack_values.v${at}.echo == data.ablestack_values.v${at}.sent`).join(", ")}]\n}`,
        ...numbers.map((at) => `output "made_${at}" {\n  # Or Terraform draws all of it.\n  sensitive = true\n  value     = data.ablestack_values.v${at}.made\n}`),
      ].join("\n\n"),
    );
  });
  afterAll(async () => {
    await serving?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** What it printed to standard output. */
  const run = (args: readonly string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = spawn(terraform!, args, { cwd: folder, env: environment, stdio: ["ignore", "pipe", "pipe"] });
      const [out, errors]: [Buffer[], Buffer[]] = [[], []];
      child.stdout.on("data", (data: Buffer) => out.push(data));
      child.stderr.on("data", (data: Buffer) => errors.push(data));
      child.once("error", reject).once("close", (code) => (code === 0 ? resolve(Buffer.concat(out).toString()) : reject(new Error(Buffer.concat(errors).toString().slice(0, 4000)))));
    });

  test(`${sent} that Terraform sends are read as what they are, and ${made} that are made here are shown as they are`, async () => {
    await run(["init", "-no-color", "-input=false"]);
    await run(["apply", "-no-color", "-input=false", "-auto-approve"]);
    const shown = JSON.parse(await run(["output", "-json"])) as Readonly<Record<string, { readonly value: unknown }>>;

    const misread = inputs.flatMap(({ value }, at) => {
      const block = received.get(Math.floor(at / perBlock)) as DynamicValue;
      const found = (block.value as readonly Value[])[at % perBlock] as Value;
      return same(asJson(value), found) ? [] : [{ sent: value, found }];
    });
    expect(misread.slice(0, 3)).toEqual([]);
    expect(shown.same!.value).toEqual(Array.from({ length: inputs.length / perBlock }, () => true));

    const misshown = outputs.flatMap((each, at) => {
      const there = (shown[`made_${Math.floor(at / perBlock)}`]!.value as readonly unknown[])[at % perBlock];
      return JSON.stringify(sorted(JSON.parse(encodeJson(each.type, each.value)))) === JSON.stringify(sorted(there)) ? [] : [{ made: each, there }];
    });
    expect(misshown.slice(0, 3)).toEqual([]);
  });
});

const sorted = (value: unknown): unknown =>
  Array.isArray(value) ? value.map(sorted) : typeof value === "object" && value !== null ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, each]) => [key, sorted(each)])) : value;
