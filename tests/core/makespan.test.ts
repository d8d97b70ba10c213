/** How long a preview says that a plan takes: as long as the executor would be at it, pools included. */
import fc from "fast-check";
import { execute } from "../../provider/core/execute";
import { makespan } from "../../provider/core/makespan";
import { planCluster } from "../../provider/core/plan";
import { estimatePlan, pools } from "../../provider/core/step";
import { StepGraph, type StepNode } from "../../provider/core/step-graph";
import { desired, nothing, owner } from "./world/observed";
import { VirtualClock } from "./world/virtual-clock";

interface Timed extends StepNode {
  readonly seconds: number;
}
const step = (id: string, seconds: number, needs: readonly string[] = [], pool?: string): Timed => ({ id, title: id, needs, seconds, ...(pool === undefined ? {} : { pool }) });
const sizes = { two: 2, three: 3 };
const span = (steps: readonly Timed[]): number => makespan(StepGraph.of(steps), ({ seconds }) => seconds, sizes);
const longestWay = (steps: readonly Timed[]): number => Math.max(0, ...StepGraph.of(steps).ends(({ seconds }) => seconds));

describe("by example", () => {
  test("five in a pool of two go two by two", () => {
    expect(span(Array.from({ length: 5 }, (_, at) => step(`${at}`, 10, [], "two")))).toBe(30);
  });

  test("without a pool, and in one that is large enough, all go at once", () => {
    const five = (pool?: string): Timed[] => Array.from({ length: 5 }, (_, at) => step(`${at}`, 10, [], pool));
    expect([span(five()), span(five("unbounded")), span([])]).toEqual([10, 10, 0]);
  });

  test("the first in the plan goes first: the long one that comes last ends last", () => {
    const short = Array.from({ length: 4 }, (_, at) => step(`${at}`, 1, [], "two"));
    expect(span([...short, step("long", 10, [], "two")])).toBe(12);
    expect(span([step("long", 10, [], "two"), ...short])).toBe(10);
  });

  test("whoever waits for another does not take a place in the pool", () => {
    const steps = [step("a", 10), step("b", 5, ["a"], "two"), ...Array.from({ length: 4 }, (_, at) => step(`c${at}`, 5, [], "two"))];
    expect(span(steps)).toBe(15);
  });

  test("pools don't take from each other, and needs that are no steps of the plan are met", () => {
    expect(span([step("a", 4, ["elsewhere"], "two"), step("b", 4, [], "two"), step("c", 4, [], "two"), step("d", 7, [], "three")])).toBe(8);
  });

  test("a thousand workers are not promised in the time of one", () => {
    const { steps } = planCluster({ desired: desired({ workers: { count: 1000, offering: "small" } }), observed: nothing(), owner });
    const deploying = steps.filter(({ work }) => work.kind === "deployMachine").reduce((sum, { estimateSeconds }) => sum + estimateSeconds, 0);
    expect(estimatePlan(steps)).toBeGreaterThanOrEqual(deploying / pools.deploy!);
  });
});

/** Steps of which each needs some that come before it; many take equally long, so that the order among those that end together counts. */
const anyPlan = fc
  .array(fc.record({ seconds: fc.integer({ min: 0, max: 4 }), pool: fc.constantFrom(undefined, "two", "two", "three"), back: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }) }), { maxLength: 40 })
  .map((rows) => rows.map(({ seconds, pool, back }, at) => step(`${at}`, seconds, [...new Set(back.map((by) => at - by).filter((to) => to >= 0))].map(String), pool)));

describe("of any plan", () => {
  test("it is what the executor takes whose steps take as long as is said", async () => {
    await fc.assert(
      fc.asyncProperty(anyPlan, async (steps) => {
        const clock = new VirtualClock();
        const began = clock.now();
        const quiet = (): void => undefined;
        const options = { steps, pools: sizes, clock, log: { debug: quiet, info: quiet, warn: quiet }, signal: new AbortController().signal };
        await clock.run(execute({ ...options, run: ({ seconds }) => clock.sleep(seconds * 1000) }));
        expect(span(steps)).toBe((clock.now() - began) / 1000);
      }),
      { numRuns: 400 },
    );
  });

  test("it is never below the critical path, nor below a pool's work shared by its places, nor above doing one after the other", () => {
    fc.assert(
      fc.property(anyPlan, (steps) => {
        const found = span(steps);
        expect(found).toBeGreaterThanOrEqual(longestWay(steps));
        for (const [pool, size] of Object.entries(sizes)) expect(found).toBeGreaterThanOrEqual(steps.reduce((sum, each) => sum + (each.pool === pool ? each.seconds : 0), 0) / size);
        expect(found).toBeLessThanOrEqual(steps.reduce((sum, { seconds }) => sum + seconds, 0));
      }),
      { numRuns: 3000 },
    );
  });
});
