import { execute, StepsFailed, type StepNode } from "../../provider/core/execute";
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
