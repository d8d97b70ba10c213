import fc from "fast-check";
import { execute, StepsFailed } from "../../provider/core/execute";
import type { StepNode } from "../../provider/core/step-graph";
import { Interrupted } from "../../provider/core/errors";
import { VirtualClock } from "./world/virtual-clock";

const quiet = { debug: () => undefined, info: () => undefined, warn: () => undefined };

interface Timed extends StepNode {
  readonly ms: number;
  readonly fails?: string;
}

const step = (id: string, needs: string[] = [], rest: Partial<Timed> = {}): Timed => ({ id, title: id, needs, ms: 1000, ...rest });

function runner(clock: VirtualClock) {
  const began: Record<string, number> = {};
  const ended: string[] = [];
  const start = clock.now();
  return {
    began,
    ended,
    run: (steps: Timed[], options: { pools?: Record<string, number>; signal?: AbortSignal; keep?: () => Promise<void> } = {}) =>
      clock.run(
        execute({
          steps,
          clock,
          log: quiet,
          signal: options.signal ?? new AbortController().signal,
          ...(options.pools ? { pools: options.pools } : {}),
          ...(options.keep ? { keep: options.keep } : {}),
          async run(each) {
            began[each.id] = clock.now() - start;
            await clock.sleep(each.ms, options.signal);
            if (each.fails) throw new Error(each.fails);
            ended.push(each.id);
          },
        }),
      ),
  };
}

test("steps begin as soon as what they need is done, and no sooner", async () => {
  const { run, began } = runner(new VirtualClock());
  await run([step("a"), step("b", [], { ms: 3000 }), step("c", ["a"]), step("d", ["b", "c"])]);
  expect(began).toEqual({ a: 0, b: 0, c: 1000, d: 3000 });
});

test("a pool bounds how many of its steps run at once", async () => {
  const { run, began } = runner(new VirtualClock());
  await run(["1", "2", "3", "4", "5"].map((id) => step(id, [], { pool: "deploy" })), { pools: { deploy: 2 } });
  expect(Object.values(began)).toEqual([0, 0, 1000, 1000, 2000]);
});

test("when a step fails, what doesn't need it is finished, what needs it is named as not begun", async () => {
  const { run, ended } = runner(new VirtualClock());
  const failed = await run([step("a", [], { fails: "no capacity" }), step("b"), step("c", ["b"]), step("d", ["a"])]).catch((error: unknown) => error);
  expect(failed).toBeInstanceOf(StepsFailed);
  expect((failed as StepsFailed).message).toBe("a: no capacity\nNot begun: d.");
  expect(ended).toEqual(["b", "c"]);
});

test("an interruption begins no further step", async () => {
  const clock = new VirtualClock();
  const { run, began } = runner(clock);
  const gone = new AbortController();
  clock.after(1500, () => gone.abort(new Interrupted("the engine is gone")));
  await expect(run([step("a"), step("b", ["a"]), step("c", ["b"])], { signal: gone.signal })).rejects.toThrow("the engine is gone");
  expect(Object.keys(began)).toEqual(["a", "b"]);
});

test("a lock that is lost ends the whole before the next step", async () => {
  const clock = new VirtualClock();
  const { run, began } = runner(clock);
  let ours = true;
  clock.after(1500, () => (ours = false));
  const keep = (): Promise<void> => (ours ? Promise.resolve() : Promise.reject(new Error("another run took over")));
  await expect(run([step("a"), step("b", ["a"]), step("c", ["b"])], { keep })).rejects.toThrow("another run took over");
  expect(Object.keys(began)).toEqual(["a", "b"]);
});

test("a lock is kept while steps take long", async () => {
  const clock = new VirtualClock();
  const { run } = runner(clock);
  const kept: number[] = [];
  await run([step("a", [], { ms: 60_000 })], { keep: () => Promise.resolve(void kept.push(clock.now())) });
  expect(kept.length).toBeGreaterThanOrEqual(4);
});

test("a signal that was aborted before begins nothing", async () => {
  const { run, began } = runner(new VirtualClock());
  const gone = AbortSignal.abort(new Interrupted("gone"));
  await expect(run([step("a")], { signal: gone })).rejects.toThrow("gone");
  expect(began).toEqual({});
});

describe("whatever the graph", () => {
  const pools = { few: 2, one: 1 };
  /** Needs are places of earlier steps, modulo: the graph can be walked, in whatever order it is given. */
  const graph = fc
    .array(fc.record({ needs: fc.array(fc.nat(), { maxLength: 3 }), pool: fc.constantFrom(undefined, "few", "one"), ms: fc.integer({ min: 1, max: 5 }), fails: fc.nat({ max: 15 }).map((one) => one === 0) }), { maxLength: 25 })
    .map((all) => all.map(({ needs, fails, ...rest }, at) => step(`s${at}`, at === 0 ? [] : needs.map((need) => `s${need % at}`), { ...rest, ...(fails ? { fails: "fails" } : {}) })))
    .chain((steps) => fc.shuffledSubarray(steps, { minLength: steps.length }));

  /** The rule, said plainly: whenever a step has ended, the first in the plan that can begin does, until none can. */
  function asTheRuleSays(steps: readonly Timed[]): Record<string, number> {
    const began: Record<string, number> = {};
    const done = new Set<string>();
    const running: { step: Timed; end: number }[] = [];
    for (let now = 0; ; ) {
      for (const each of steps) {
        const { id, needs, pool, ms } = each;
        const room = pool === undefined || running.filter((other) => other.step.pool === pool).length < pools[pool as keyof typeof pools];
        if (began[id] !== undefined || !room || !needs.every((need) => done.has(need))) continue;
        began[id] = now;
        running.push({ step: each, end: now + ms });
      }
      const next = running.reduce<(typeof running)[number] | undefined>((first, each) => (first && first.end <= each.end ? first : each), undefined);
      if (!next) return began;
      running.splice(running.indexOf(next), 1);
      now = next.end;
      if (!next.step.fails) done.add(next.step.id);
    }
  }

  test("every step begins when the rule says, and in the plan's order among those that begin together", async () => {
    await fc.assert(
      fc.asyncProperty(graph, async (steps) => {
        const { run, began } = runner(new VirtualClock());
        await run(steps, { pools }).catch((error: unknown) => expect(error).toBeInstanceOf(StepsFailed));
        expect(Object.entries(began)).toEqual(Object.entries(asTheRuleSays(steps)));
      }),
      { numRuns: 500 },
    );
  });

  test("a step's needs are looked at as often as it has some, not once for each other step that ends", async () => {
    let looks = 0;
    const counted = (id: string, needs: string[]): Timed => Object.defineProperty(step(id, [], { ms: 0 }), "needs", { get: () => ((looks += 1), needs) }) as Timed;
    const steps = Array.from({ length: 1000 }, (_, at) => counted(`s${at}`, at === 0 ? [] : [`s${at - 1}`]));
    const { run, ended } = runner(new VirtualClock());
    await run(steps);
    expect(ended).toHaveLength(1000);
    expect(looks).toBeLessThanOrEqual(3 * steps.length);
  });
});
