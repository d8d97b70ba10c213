/**
 * Promise 1 for rules: killed before or after any call of a create, an update or a delete, with a job of the dead run still pending, or
 * killed once more while it goes on, the next run ends in the state of an undisturbed one, and nothing is left that says what was about
 * to be made.
 */
import type { KillAt, Run } from "../core/world/cloud";
import { intentsLeft } from "../core/world/made";
import { difference } from "../core/sweeps/sweep";
import { begin, lives, RuleWorld, startsJob, type Operation, type RuleSubject } from "./rule-lives";

let ruleWorld: RuleWorld;
beforeAll(async () => {
  ruleWorld = await RuleWorld.make();
});
afterAll(() => ruleWorld.close());

class Sweep {
  readonly wrong: string[] = [];
  tried = 0;

  constructor(
    private readonly subject: RuleSubject,
    private readonly operation: Operation,
  ) {}

  /** @returns the calls of an undisturbed one, and its end */
  async undisturbed(): Promise<{ calls: readonly string[]; goal: string }> {
    const { world, rule } = await begin(ruleWorld, this.subject, this.operation);
    const run = world.cloud.newRun();
    await world.cloud.clock.run(this.operation.work(rule, run));
    return { calls: run.calls, goal: world.cloud.state() };
  }

  /** Killed at these places, one run after another, then run until it is through. */
  async attempt(where: string, goal: string, kills: readonly KillAt[], slow?: { command: string; skip: number }): Promise<void> {
    this.tried += 1;
    const { world, rule } = await begin(ruleWorld, this.subject, this.operation);
    const { cloud } = world;
    const go = (run: Run): Promise<void> => cloud.clock.run(this.operation.work(rule, run));
    try {
      if (slow) cloud.emulator.faults.order({ kind: "slowJob", ms: 200_000, ...slow });
      for (const killAt of kills) {
        const run = cloud.newRun({ killAt });
        await go(run).catch((error: unknown) => {
          if (!run.wasKilled) throw error;
        });
        // Jobs that were begun end before the next run, unless that is what is tried.
        if (!slow) await cloud.clock.pass(3000);
      }
      await go(cloud.newRun());
      if (slow) {
        // What the dead run's job did after the second run had looked is seen and cleared up by a third.
        await cloud.clock.pass(200_000);
        await go(cloud.newRun());
      }
      if (cloud.state() !== goal) this.wrong.push(`${where}: another state\n${difference(goal, cloud.state())}`);
      if (intentsLeft(cloud).length > 0) this.wrong.push(`${where}: left ${intentsLeft(cloud).join(", ")}`);
    } catch (error) {
      this.wrong.push(`${where}: ${(error as Error).message}`);
    }
  }
}

test.each(lives)("%s: %s", async (_about, _name, subject, operation) => {
  const sweep = new Sweep(subject, operation);
  const { calls, goal } = await sweep.undisturbed();
  const skips = new Map<string, number>();
  for (let call = 1; call <= calls.length; call++) {
    const command = calls[call - 1]!;
    for (const when of ["before", "after"] as const) await sweep.attempt(`killed ${when} call ${call} (${command})`, goal, [{ call, when }]);
    if (!startsJob(command)) continue;
    const skip = skips.get(command) ?? 0;
    skips.set(command, skip + 1);
    await sweep.attempt(`killed after call ${call} (${command}), its job pending`, goal, [{ call, when: "after" }], { command, skip });
    // The one that goes on is killed as well: early, and where it has got further.
    for (const again of [3, 6, 9]) await sweep.attempt(`killed after call ${call} (${command}), the next after its call ${again}`, goal, [{ call, when: "after" }, { call: again, when: "after" }]);
  }
  expect(sweep.wrong).toEqual([]);
  expect(sweep.tried).toBeGreaterThan(calls.length * 2);
}, 240_000);
