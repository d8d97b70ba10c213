/** Replacing a cluster on the real engine: what was just made is never destroyed, and nothing of the former one stays. */
import { TestStack } from "./world/stack";

jest.setTimeout(150_000);

let stack: TestStack;
let undisturbed: string;
beforeAll(async () => {
  stack = await TestStack.create({ range: 20 });
  await stack.up();
  undisturbed = await stack.comparable();
});
afterAll(() => stack?.close());

const urnOf = async (kind: string): Promise<string> => (await stack.resources()).find(({ type }) => type.endsWith(`:${kind}`))!.urn;
const idOf = async (kind: string): Promise<string> => (await stack.resources()).find(({ type }) => type.endsWith(`:${kind}`))!.id!;

/** Runs `work`, and answers with the numbers of the calls that destroy machines and of those that make some. */
async function machineCalls(work: () => Promise<unknown>): Promise<{ destroyed: number[]; deployed: number[] }> {
  const calls = await stack.callsOf(work);
  const numbers = (command: string): number[] => calls.filter((call) => call.command === command).map(({ number }) => number);
  return { destroyed: numbers("destroyVirtualMachine"), deployed: numbers("deployVirtualMachine") };
}

test("up --replace of the machines destroys the old ones first and none of the new ones; uid and endpoint stay", async () => {
  const [uid, endpoint, id] = [await idOf("ClusterIdentity"), await stack.output("endpoint"), await idOf("Cluster")];
  const urn = await urnOf("Cluster");
  const { destroyed, deployed } = await machineCalls(() => stack.up("--replace", urn));
  expect([destroyed.length, deployed.length]).toEqual([6, 6]);
  expect(Math.max(...destroyed)).toBeLessThan(Math.min(...deployed));
  expect([await idOf("ClusterIdentity"), await stack.output("endpoint")]).toEqual([uid, endpoint]);
  expect(await idOf("Cluster")).not.toBe(id);
  expect(await stack.comparable()).toBe(undisturbed);
});

test("up --replace of the identity makes another cluster in the place of the former", async () => {
  const uid = await idOf("ClusterIdentity");
  const urn = await urnOf("ClusterIdentity");
  const { destroyed, deployed } = await machineCalls(() => stack.up("--replace", urn));
  expect(Math.max(...destroyed)).toBeLessThan(Math.min(...deployed));
  expect(await idOf("ClusterIdentity")).not.toBe(uid);
  expect(stack.mold.snapshot()).not.toContain(uid);
  expect(await stack.comparable()).toBe(undisturbed);
});

test("another zone replaces all of it: the former is gone, the new one is whole, and nothing is left to do", async () => {
  const uid = await idOf("ClusterIdentity");
  await stack.succeed(["config", "set", "zone", "zone-2"]);
  const preview = await stack.succeed(["preview"]);
  expect(preview).toMatch(/ClusterIdentity ha-identity (delete-replaced|create-replacement|replace)/);
  const { destroyed, deployed } = await machineCalls(() => stack.up());
  expect([destroyed.length, deployed.length]).toEqual([6, 6]);
  expect(Math.max(...destroyed)).toBeLessThan(Math.min(...deployed));
  expect(stack.machines).toHaveLength(6);
  expect(stack.mold.snapshot()).not.toContain(uid);
  expect(await stack.succeed(["preview", "--expect-no-changes"])).toMatch(/unchanged/);
});

test("destroy leaves nothing in the Mold", async () => {
  await stack.succeed(["destroy", "--yes", "--skip-preview"]);
  expect(stack.mold.isEmpty()).toBe(true);
});
