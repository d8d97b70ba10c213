/** What an `up` asks of Mold that finds nothing to do: as much for 250 rules as for 25. And how many change at a time. */
import { rowsOnly } from "../../provider/emulator";
import { createSession } from "../../provider/handlers/session";
import type { Run } from "../core/world/cloud";
import { declaration, owner, sharedIdentity } from "../core/world/cluster";
import { byHand, changing, intentsLeft, MadeCluster, seen, type Opened } from "../core/world/made";
import { inParallel, manyRules, upAll, type Amount } from "./many-rules";
import type { DeclaredRule } from "./rules";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
});
afterAll(() => made.close());

async function program(amount: Amount): Promise<{ world: Opened; rules: DeclaredRule[] }> {
  const world = made.open({ hypervisor: rowsOnly });
  const rules = manyRules(amount);
  await world.cloud.clock.run(upAll(rules, world.cloud.newRun()));
  return { world, rules };
}

test("a look at 200 rules and 50 balancers that are as declared takes as many calls as one at 20 and 5", async () => {
  const calls: string[][] = [];
  for (const amount of [{ rules: 20, balancers: 5 }, { rules: 200, balancers: 50 }]) {
    const { world, rules } = await program(amount);
    const run = world.cloud.newRun();
    let changes = 0;
    await world.cloud.clock.run(inParallel(rules, 16, async (rule) => (changes += (await rule.diff(run)).changes ? 1 : 0)));
    expect(changes).toBe(0);
    expect(changing(run)).toEqual([]);
    expect(intentsLeft(world.cloud)).toEqual([]);
    calls.push([...run.calls].sort());
    if (amount.rules < 200) continue;
    // A refresh reads the same lists; whom a balancer has is asked of each.
    const refresh = world.cloud.newRun();
    await world.cloud.clock.run(inParallel(rules.slice(0, 200), 16, (rule) => rule.read(refresh)));
    expect(refresh.calls.length).toBeLessThanOrEqual(6);
  }
  expect(calls[1]).toEqual(calls[0]);
  expect(calls[1]!.length).toBeLessThanOrEqual(12);
});

test("what was changed by hand among many is seen, and nothing else is touched", async () => {
  const { world, rules } = await program({ rules: 12, balancers: 6 });
  const goal = world.cloud.state();
  const mold = byHand(world.cloud);
  const one = (name: string): string => String(rules.find(({ inputs }) => inputs.declaredBy.resource === name)!.outputs.ruleId);
  const worker = world.recorded.cluster.outputs.nodes.find(({ name }) => name === "prod-worker-1")!.machineId;
  await world.cloud.clock.run(mold.run("deleteFirewallRule", { id: one("in-3") }));
  await world.cloud.clock.run(mold.run("removeFromLoadBalancerRule", { id: one("lb-1"), virtualmachineids: [worker] }));
  const plans: string[] = [];
  const run = world.cloud.newRun();
  await world.cloud.clock.run(inParallel(rules, 16, async (rule) => plans.push(...(await rule.diff(run)).plan)));
  expect(plans.sort()).toEqual(["LoadBalancer lb-1: mend members", "NetworkRule in-3: make it: it is not there"]);
  await world.cloud.clock.run(upAll(rules, world.cloud.newRun()));
  expect(world.cloud.state()).toBe(goal);
});

test("a look that follows a change of our own sees it, whatever was looked at a moment before", async () => {
  const { world, rules } = await program({ rules: 3, balancers: 2 });
  // The session of a real run: it is there that lists are forgotten.
  const actual = world.cloud.newRun();
  const session = createSession({
    config: () => undefined,
    env: { ABLESTACK_API_URL: "http://127.0.0.1:1/client/api", ABLESTACK_API_KEY: "key", ABLESTACK_SECRET_KEY: "secret" },
    log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
    signal: actual.controller.signal,
    clock: world.cloud.clock,
    createMold: () => actual.world({ owner }).mold,
  });
  const run = { session, throwIfKilled: () => undefined } as unknown as Run;
  const [rule] = rules;
  expect((await world.cloud.clock.run(rule!.diff(run))).changes).toBe(false);
  rule!.declare({ cidrList: ["127.0.0.0/8"] });
  await world.cloud.clock.run(rule!.up(run));
  expect((await world.cloud.clock.run(rule!.diff(run))).changes).toBe(false);
});

test("the changes of one address's rules are made one after another, those of its network's egress rules beside them", async () => {
  const world = made.open({ hypervisor: rowsOnly });
  world.cloud.emulator.clearCalls();
  await world.cloud.clock.run(upAll(manyRules({ rules: 24, balancers: 6 }), world.cloud.newRun()));
  const begun = world.cloud.emulator.calls().filter(({ command, changing: changes }) => changes && /Rule$/.test(command));
  const apart = (there: typeof begun): number => Math.min(...there.slice(1).map(({ time }, at) => time - there[at]!.time));
  const [egress, address] = [begun.filter(({ command }) => /Egress/.test(command)), begun.filter(({ command }) => !/Egress/.test(command))];
  expect([egress.length, address.length]).toEqual([8, 16 + 2 * 6]);
  // Each such job takes 500 ms or more.
  expect(apart(egress)).toBeGreaterThanOrEqual(500);
  expect(apart(address)).toBeGreaterThanOrEqual(500);
  expect(egress.at(-1)!.time).toBeLessThan(address.at(-1)!.time);
  expect(apart(begun)).toBeLessThan(500);
  expect(seen(world.cloud).forwards).toHaveLength(8);
});
