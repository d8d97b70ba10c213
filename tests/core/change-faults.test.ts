/**
 * Whatever goes wrong during a change, one of two things comes of it: it is done in the end, or an error says what failed and what to
 * do; and then the next run completes it, in the state of an undisturbed change.
 */
import type { FaultOrder } from "../../provider/emulator";
import { sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { locksLeft, MadeCluster } from "./world/made";
import { changeNames, changes, restMs, type Change } from "./sweeps/change";
import { difference, violations } from "./sweeps/sweep";

beforeAll(sharedIdentity);

/** What changes something in one of the changes; of those that look, some. */
const commands = ["stopVirtualMachine", "startVirtualMachine", "scaleVirtualMachine", "resizeVolume", "rebootVirtualMachine", "destroyVirtualMachine", "deployVirtualMachine", "attachIso", "detachIso", "assignToLoadBalancerRule", "removeFromLoadBalancerRule", "createTags", "deleteTags", "listVirtualMachines", "queryAsyncJobResult"];
const isJob = (command: string): boolean => !/^(list|query)/.test(command);

/** Each kind of fault at the first, a middle and the last call of each command that the change makes. */
function ordersFor(calls: readonly string[]): FaultOrder[] {
  return commands.flatMap((command) => {
    // The last tag that goes is the lock: where that fails it ends by itself.
    const count = calls.filter((call) => call === command).length - (command === "deleteTags" ? 1 : 0);
    const moments = [...new Set([0, Math.floor(count / 2), count - 1])].filter((skip) => skip >= 0 && skip < count);
    return moments.flatMap((skip): FaultOrder[] => [
      { kind: "droppedBefore", command, skip },
      { kind: "droppedAfter", command, skip },
      { kind: "httpError", command, skip, code: 502 },
      { kind: "rateLimit", command, skip },
      ...(isJob(command) ? ([{ kind: "jobFails", command, skip, text: "the storage is away" }, { kind: "slowJob", command, skip, ms: 120_000 }] as const) : []),
    ]);
  });
}

/** How often what came of which kind of fault during which change. */
const outcomes = new Map<string, number>();
afterAll(() => void process.stdout.write(`${[...outcomes].map(([what, times]) => `${what} ${String(times).padStart(3)} times`).join("\n")}\n`));

async function begin(made: MadeCluster, { before }: Change): Promise<Life> {
  const life = new Life(made);
  if (before) await life.up(before);
  return life;
}

async function atRest(life: Life, { then }: Change): Promise<string> {
  if (then) await life.up(then);
  await life.cloud.clock.pass(restMs);
  return life.cloud.state();
}

test.each(changeNames)("%s", async (name) => {
  const change: Change = changes[name];
  const made = await MadeCluster.make(change.from);
  const undisturbed = await begin(made, change);
  await undisturbed.up(change.to);
  const { calls } = undisturbed.run;
  const goal = await atRest(undisturbed, change);
  const wrong: string[] = [];
  for (const order of ordersFor(calls)) {
    const what = `${order.kind.padEnd(14)} ${String(order.command).padEnd(28)} ${order.skip ? `after ${order.skip}` : ""}`;
    const life = await begin(made, change);
    life.cloud.emulator.faults.order(order);
    const first = await life.up(change.to).then(() => undefined, (error: unknown) => error as Error);
    let outcome = "done all the same";
    if (first) {
      if (!/run again|running again|Run again|[Rr]un later|Check |add capacity|[Ll]ook (at|whether)/.test(first.message)) wrong.push(`${what}: does not say what to do: ${first.message}`);
      life.cloud.emulator.faults.clear();
      const second = await life.up(change.to).then(() => undefined, (error: unknown) => error as Error);
      if (second) wrong.push(`${what}: ${first.message}\n  and the next run: ${second.message}`);
      outcome = second ? "NOT COMPLETED" : "an error, and completed by the next run";
    }
    const row = `${name.padEnd(40)} ${order.kind.padEnd(14)} ${outcome.padEnd(40)}`;
    outcomes.set(row, (outcomes.get(row) ?? 0) + 1);
    const state = await atRest(life, change);
    if (state !== goal) wrong.push(`${what}: another state\n${difference(goal, state)}`);
    if (violations(life.cloud).length > 0) wrong.push(`${what}: ${JSON.stringify(violations(life.cloud))}`);
    if (locksLeft(life.cloud).length > 0) wrong.push(`${what}: a lock is left`);
  }
  made.close();
  expect(wrong).toEqual([]);
}, 600_000);
