/** examples/lifecycle on the real engine, step by step: kubectl looks in its script, the Mold's own listing here. */
import { cpSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../provider/core/clock";
import { createMoldClient } from "../../provider/mold/client";
import { lifecycle } from "./world/paths";
import { TestStack } from "./world/stack";

jest.setTimeout(300_000);

let stack: TestStack;
beforeAll(async () => {
  stack = await TestStack.create({ range: 8, example: lifecycle, emulator: { speed: 40 } });
  cpSync(join(lifecycle, "lifecycle.sh"), join(stack.program, "lifecycle.sh"));
});
afterAll(() => stack?.close());

async function step(name: string): Promise<string> {
  const { code, output } = await stack.script("lifecycle.sh", [name]);
  if (code !== 0) throw new Error(`lifecycle.sh ${name} ended with ${code}:\n${output}`);
  return output;
}

interface Listed {
  readonly name?: string;
  readonly state?: string;
  readonly serviceofferingname?: string;
  readonly isoid?: string;
}

/** What Mold itself lists, as anybody may ask it: machines, and members of the balancer. */
async function listed(): Promise<{ machines: readonly Listed[]; names: readonly string[]; behindWeb: number }> {
  const mold = createMoldClient(
    { apiUrl: stack.apiUrl, ...stack.admin, digest: "sha256", timeoutSeconds: 10, jobTimeoutSeconds: 60 },
    { clock: systemClock, log: { debug: () => undefined, warn: () => undefined } },
  );
  try {
    const machines = (await mold.list("listVirtualMachines", {})).filter(({ state }) => state !== "Destroyed" && state !== "Expunging");
    const web = (await mold.list("listLoadBalancerRules", {})).find(({ publicport }) => Number(publicport) === 80);
    const members = web ? await mold.list("listLoadBalancerRuleInstances", { id: web.id! }) : [];
    return { machines, names: machines.map(({ name }) => name ?? "").sort(), behindWeb: members.length };
  } finally {
    mold.close();
  }
}

const named = (workers: readonly number[]): string[] => [...[1, 2, 3].map((index) => `life-control-${index}`), ...workers.map((index) => `life-worker-${index}`)];

test("create: three control planes and three workers at 1.34", async () => {
  await step("create");
  const { names, machines, behindWeb } = await listed();
  expect(names).toEqual(named([1, 2, 3]));
  expect(new Set(machines.map(({ state }) => state))).toEqual(new Set(["Running"]));
  expect(behindWeb).toBe(3);
});

test("more: six workers, behind the balancer too, which is no change of it", async () => {
  expect(await step("more")).not.toMatch(/LoadBalancer web (update|replace)/);
  const { names, behindWeb } = await listed();
  expect(names).toEqual(named([1, 2, 3, 4, 5, 6]));
  expect(behindWeb).toBe(6);
});

test("fewer: the newest two go", async () => {
  await step("fewer");
  const { names, behindWeb } = await listed();
  expect(names).toEqual(named([1, 2, 3, 4]));
  expect(behindWeb).toBe(4);
});

test("upgrade: over two minors, every node; no machine is made anew, and no disc stays in a drive", async () => {
  const before = (await stack.output<{ name: string; machineId: string }[]>("nodes")).map(({ machineId }) => machineId);
  const output = await step("upgrade");
  expect(output).toMatch(/life-worker-4: upgraded 1\.36\.3/);
  const { machines, behindWeb } = await listed();
  expect((await stack.output<{ name: string; machineId: string }[]>("nodes")).map(({ machineId }) => machineId)).toEqual(before);
  expect(machines.filter(({ isoid }) => isoid !== undefined)).toEqual([]);
  expect(behindWeb).toBe(4);
});

test("stop: every machine is off", async () => {
  await step("stop");
  expect((await listed()).machines.map(({ state }) => state)).toEqual(Array(7).fill("Stopped"));
});

test("fewer while it is stopped: one worker goes, none is started for it", async () => {
  await step("fewer-while-stopped");
  const { names, machines } = await listed();
  expect(names).toEqual(named([1, 2, 3]));
  expect(new Set(machines.map(({ state }) => state))).toEqual(new Set(["Stopped"]));
});

test("start: the cluster is whole again, at the version it had", async () => {
  await step("start");
  const { machines, behindWeb } = await listed();
  expect(machines.map(({ state }) => state)).toEqual(Array(6).fill("Running"));
  expect(behindWeb).toBe(3);
});

test("offering: one node has another, the others keep theirs", async () => {
  await step("offering");
  const { machines } = await listed();
  expect(machines.filter(({ serviceofferingname }) => serviceofferingname === "k8s-4c-8g").map(({ name }) => name)).toEqual(["life-worker-1"]);
});

test("destroy: nothing is left", async () => {
  await step("destroy");
  expect((await listed()).names).toEqual([]);
  expect(stack.mold.isEmpty()).toBe(true);
});
