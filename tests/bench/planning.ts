/**
 * Figures of planning and of walking a plan, for clusters far larger than anybody's: the time it takes, how that grows, and what a
 * plan weighs. Beside the machine that it was measured on they say little; that they grow with the machines and not faster says much.
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { execute } from "../../provider/core/execute";
import { planCluster } from "../../provider/core/plan";
import { planLines } from "../../provider/core/preview";
import { pools, type Step } from "../../provider/core/step";
import { VirtualClock } from "../core/world/virtual-clock";
import { figure, type Figure } from "./figures";
import { plans, type PlanOf } from "./plans";

const [fewest, few, many] = [100, 1000, 5000] as const;
const rounds = 3;

/** Five times the machines take five times as long, and more as they outgrow the processor's caches. Their square would be twenty-five times. */
const growth = { atMost: 12 };

export async function planningFigures(): Promise<Figure[]> {
  return [...plans.flatMap(figuresOf), ...(await walkingFigures())];
}

function figuresOf(plan: PlanOf): Figure[] {
  // Whatever is compiled on the way is compiled before.
  for (const machines of [few, many, few]) stepsOf(plan, machines);
  const [ms100, ms1000, ms5000] = [fewest, few, many].map((machines) => leastMs(machines, () => plan.input(machines), (input) => planLines(planCluster(input)))) as [number, number, number];
  const [small, large] = [weight(plan, few), weight(plan, many)];
  const each = (bytes: number, machines: number): number => Math.max(0, bytes) / 1024 / machines;
  return [
    figure(`plan ${plan.name}, ${many} machines: time`, ms5000, "ms", { atMost: 1000 }, `${stepsOf(plan, many).length} steps; ${ms100.toFixed(1)} ms for ${fewest}, ${ms1000.toFixed(1)} ms for ${few}`),
    figure(`plan ${plan.name}: time for ${many} / for ${few}`, ms5000 / ms1000, "ratio", growth),
    figure(`plan ${plan.name}, ${many} machines: memory per machine`, each(large, many), "KiB", { atMost: 16 }, `${(large / 2 ** 20).toFixed(1)} MiB; ${each(small, few).toFixed(2)} KiB per machine of ${few}`),
  ];
}

/** @throws Error when the plan is not what it is called: then its time says nothing */
function stepsOf({ name, input, changed, stepsEach }: PlanOf, machines: number): readonly Step[] {
  const { steps, problems } = planCluster(input(machines));
  const least = stepsEach * changed(machines);
  if (problems.length > 0 || steps.length < least || (least === 0 && steps.length > 0)) throw new Error(`plan ${name} of ${machines} machines has ${steps.length} steps: ${JSON.stringify(problems)}`);
  return steps;
}

/**
 * The least of some rounds: whatever else the machine does can only add. Each round is about as many machines, so that the collector
 * has as much to do; everything of it is made anew.
 */
function leastMs<T>(machines: number, prepare: () => T, work: (given: T) => unknown): number {
  const times = many / machines;
  return Math.min(
    ...Array.from({ length: rounds }, () => {
      const given = Array.from({ length: times }, prepare);
      const watch = stopwatch();
      given.forEach(work);
      return watch() / times;
    }),
  );
}

/**
 * Milliseconds of work since, at most. While others are busy too the processor's time tells it better than the clock, and while
 * nobody is the clock does: the collector's threads work beside ours.
 */
function stopwatch(): () => number {
  const [began, before] = [performance.now(), process.cpuUsage()];
  return () => {
    const { user, system } = process.cpuUsage(before);
    return Math.min(performance.now() - began, (user + system) / 1000);
  };
}

/** Bytes that stay as long as the plan does. */
function weight({ input }: PlanOf, machines: number): number {
  const given = input(machines);
  collect();
  const before = process.memoryUsage().heapUsed;
  const plan = planCluster(given);
  collect();
  const after = process.memoryUsage().heapUsed;
  // It is held until here.
  return plan.steps.length >= 0 ? after - before : 0;
}

setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

/** What the executor itself takes: steps that do nothing, under a clock that stands still. */
async function walkingFigures(): Promise<Figure[]> {
  const create = plans.find(({ name }) => name === "create")!;
  const walk = async (machines: number): Promise<{ ms: number; steps: number }> => {
    const steps = stepsOf(create, machines);
    let done = 0;
    const quiet = (): void => undefined;
    const watch = stopwatch();
    await execute({ steps, run: () => Promise.resolve(void (done += 1)), pools, clock: new VirtualClock(), log: { debug: quiet, info: quiet, warn: quiet }, signal: new AbortController().signal });
    const ms = watch();
    if (done !== steps.length) throw new Error(`${done} of ${steps.length} steps were done`);
    return { ms, steps: done };
  };
  const least = async (machines: number): Promise<{ ms: number; steps: number }> => {
    const walks = [];
    for (let round = 0; round < rounds; round++) walks.push(await walk(machines));
    return walks.reduce((best, each) => (each.ms < best.ms ? each : best));
  };
  await walk(few);
  const [small, large] = [await least(few), await least(many)];
  return [
    figure(`walk a create of ${many} machines: time`, large.ms, "ms", { atMost: 1000 }, `${large.steps} steps; ${small.ms.toFixed(1)} ms for ${few} machines`),
    figure(`walk a create: time for ${many} / for ${few}`, large.ms / small.ms, "ratio", growth),
  ];
}
