/**
 * The corpus of wrong declarations: every file of this folder that exports `cases`. Each is declared as a program would, against a Mold
 * with one cluster; it has to be refused before any call that changes something, in a message that names the property.
 */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { rowsOnly } from "../../provider/emulator";
import { clusterIdentity } from "../../provider/handlers/cluster-identity";
import type { CheckFailure, Handler } from "../../provider/handlers/handler";
import { loadBalancer } from "../../provider/handlers/load-balancer";
import { networkRule } from "../../provider/handlers/network-rule";
import type { Cloud, Run } from "../core/world/cloud";
import { declaration, owner, sharedIdentity } from "../core/world/cluster";
import { changing, MadeCluster } from "../core/world/made";

interface WrongCase {
  readonly resource: string;
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly property: string;
  readonly words: string;
}

type AnyHandler = Handler<Record<string, unknown>, unknown>;
/** Which handler says that a declaration is wrong; a cluster's identity is the first of it that is made, and carries all of it. */
const handlers: Readonly<Record<string, AnyHandler>> = {
  NetworkRule: networkRule as unknown as AnyHandler,
  LoadBalancer: loadBalancer as unknown as AnyHandler,
  KubernetesCluster: clusterIdentity as unknown as AnyHandler,
};

const files = readdirSync(__dirname).filter((file) => file.endsWith(".ts") && !file.endsWith(".test.ts"));
// eslint-disable-next-line @typescript-eslint/no-require-imports -- which files there are is found out
const corpus = files.map((file) => ({ file, cases: (require(join(__dirname, file)) as { cases?: readonly WrongCase[] }).cases ?? [] })).filter(({ cases }) => cases.length > 0);

let made: MadeCluster;
let cloud: Cloud;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
  ({ cloud } = made.open({ hypervisor: rowsOnly }));
});
afterAll(() => made.close());

/** What an engine would hear: from check, else from create. */
async function refusals(run: Run, { resource, inputs }: WrongCase): Promise<readonly CheckFailure[]> {
  const handler = handlers[resource]!;
  const checked = await handler.check(run.session, undefined, { ...inputs, declaredBy: { owner, resource: "wrong" } });
  if (checked.failures.length > 0) return checked.failures;
  try {
    await handler.create(run.session, checked.inputs);
    return [];
  } catch (error) {
    const { details, message } = error as Error & { details?: { property?: string } };
    return [{ property: details?.property ?? "", reason: message }];
  }
}

const found: { file: string; declared: number; atCheck: number; withALook: number }[] = [];

describe.each(corpus)("$file", ({ file, cases }) => {
  const counts = { file, declared: cases.length, atCheck: 0, withALook: 0 };
  beforeAll(() => void found.push(counts));

  test.each(cases.map((one, at) => [`${at + 1}. ${one.property}: ${one.words}`, one] as const))("%s", async (_, wrong) => {
    const run = cloud.newRun();
    const before = cloud.state();
    const failures = await cloud.clock.run(refusals(run, wrong));
    const named = failures.filter(({ property }) => property === wrong.property).map(({ reason }) => reason);
    expect(named.length > 0 ? named.join("\n") : JSON.stringify(failures)).toContain(wrong.words);
    expect(named).not.toEqual([]);
    expect(changing(run)).toEqual([]);
    expect(cloud.state()).toBe(before);
    counts[run.calls.length > 0 ? "withALook" : "atCheck"] += 1;
  });
});

test("as many as were promised, counted", () => {
  const rows = found.map(({ file, declared, atCheck, withALook }) => `  ${file.padEnd(24)} ${String(declared).padStart(9)} ${String(atCheck).padStart(18)} ${String(withALook).padStart(20)}`);
  const total = corpus.reduce((sum, { cases }) => sum + cases.length, 0);
  process.stdout.write(`\n  ${"wrong declarations".padEnd(24)} ${"declared".padStart(9)} ${"refused unasked".padStart(18)} ${"after a look at Mold".padStart(20)}\n${rows.join("\n")}\n  ${"together".padEnd(24)} ${String(total).padStart(9)}\n`);
  const rules = corpus.filter(({ file }) => file === "network-rule.ts" || file === "load-balancer.ts").reduce((sum, { cases }) => sum + cases.length, 0);
  expect(rules).toBeGreaterThanOrEqual(75);
  for (const { cases } of corpus) expect(new Set(cases.map((one) => JSON.stringify(one))).size).toBe(cases.length);
});
