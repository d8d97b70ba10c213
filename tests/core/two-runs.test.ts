/**
 * Two runs on one cluster at once, the second begun at many moments of the first: whoever comes second waits, or is told who is at work;
 * nothing breaks meanwhile, and running again ends as declared.
 */
import { Interrupted } from "../../provider/core/errors";
import { Cloud, type Run } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { wrongs } from "./world/inside";
import { intentsLeft, locksLeft, MadeCluster, seen } from "./world/made";
import { violations } from "./sweeps/sweep";

const sized = (workers: number, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 1, workers, ...more });
const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(sized(1));
});
afterAll(() => made.close());

/** Somebody's engine, which knows of the cluster that is there. */
const engineOf = (recorded: Engine["recorded"], declared: Record<string, unknown>): Engine => Object.assign(new Engine(declared), { recorded: { ...recorded } });

interface Scene {
  readonly cloud: Cloud;
  /** What the first does, and the second; each by an engine of its own. */
  readonly first: (run: Run) => Promise<void>;
  readonly second: (run: Run) => Promise<void>;
}

/** Said to whoever comes to change what another run has deleted. */
const isDeleted = ({ message }: Error): boolean => /^KubernetesCluster prod: (network: .* is gone from Mold|controlPlane: every control plane .* is gone|what its lock is kept on is gone|it was deleted meanwhile)/.test(message);

/** What is wrong about what came of the two, where it is. */
type Look = (scene: Scene) => Promise<string[]>;

/** The second begins at every `step`-th call of the first. @returns what went wrong, and how often the second was told, waited, or was not in the way */
async function interleaved(begin: () => Scene, after: Look, step: number, beside?: (run: Run) => void): Promise<{ wrong: string[]; told: number; waited: number }> {
  const alone = begin();
  const undisturbed = alone.cloud.newRun();
  await alone.cloud.clock.run(alone.first(undisturbed));
  const wrong: string[] = [];
  let [told, waited] = [0, 0];
  for (let call = 1; call <= undisturbed.calls.length; call += step) {
    const scene = begin();
    const { cloud } = scene;
    const where = `at call ${call} (${undisturbed.calls[call - 1]})`;
    const runs: Run[] = [];
    const failures = await cloud.clock.run(
      new Promise<(Error | undefined)[]>((resolve) => {
        runs[0] = cloud.newRun({
          atCall: {
            call,
            then: () => {
              runs[1] = cloud.newRun();
              if (beside) beside(runs[0]!);
              resolve(Promise.all([first, failureOf(scene.second(runs[1]))]));
            },
          },
        });
        const first = failureOf(scene.first(runs[0]));
      }),
    );
    for (const [at, failure] of failures.entries()) {
      if (failure === undefined) continue;
      const other = runs[1 - at]!.name;
      if (failure.message.includes(`run ${other} is at work on it`) && failure.message.includes("run again")) told += 1;
      else if (!(beside && failure instanceof Interrupted) && !isDeleted(failure)) wrong.push(`${where}: the ${at === 0 ? "first" : "second"}: ${failure.message}`);
    }
    if (runs[1]!.lines.some((line) => line.includes(`waiting for run ${runs[0]!.name}`))) waited += 1;
    wrong.push(...violations(cloud).map((violation) => `${where}: ${JSON.stringify(violation)}`));
    wrong.push(...(await after(scene)).map((each) => `${where}: and then: ${each}`));
    wrong.push(...[...locksLeft(cloud), ...intentsLeft(cloud)].map((each) => `${where}: left: ${each}`));
  }
  return { wrong, told, waited };
}

/** It is as declared after another run, and stays so. */
const endsAs =
  (workers: number, again: (scene: Scene) => Engine): Look =>
  async (scene) => {
    const { cloud } = scene;
    const engine = again(scene);
    const failure = await cloud.clock.run(failureOf(engine.up(cloud.newRun())));
    if (failure) return [failure.message];
    return [...(await cloud.clock.run(engine.plan(cloud.newRun()))), ...wrongs(cloud, { controlPlanes: 1, workers }), ...(seen(cloud).networks!.length === 1 ? [] : ["another network"])];
  };

test("create and create: one cluster, one etcd, and both know it", async () => {
  const engines = new WeakMap<Cloud, Engine[]>();
  const begin = (): Scene => {
    const cloud = new Cloud();
    const both = [new Engine(sized(1)), new Engine(sized(1))];
    engines.set(cloud, both);
    return { cloud, first: (run) => both[0]!.up(run), second: (run) => both[1]!.up(run) };
  };
  const { wrong, told, waited } = await interleaved(begin, endsAs(1, ({ cloud }) => engines.get(cloud)![1]!), 9);
  expect(wrong).toEqual([]);
  expect(told).toBeGreaterThan(0);
  expect(waited).toBeGreaterThan(0);
}, 120_000);

describe("of a cluster that is there", () => {
  const scene = (first: (engine: Engine, run: Run) => Promise<void>, second: (engine: Engine, run: Run) => Promise<void>, declared: readonly [Record<string, unknown>, Record<string, unknown>]) => {
    const engines = new WeakMap<Cloud, readonly [Engine, Engine]>();
    const begin = (): Scene => {
      const { cloud, recorded } = made.open();
      const both = [engineOf(recorded, declared[0]), engineOf(recorded, declared[1])] as const;
      engines.set(cloud, both);
      return { cloud, first: (run) => first(both[0], run), second: (run) => second(both[1], run) };
    };
    return { begin, engine: ({ cloud }: Scene, which: 0 | 1): Engine => engines.get(cloud)![which] };
  };
  const up = (engine: Engine, run: Run): Promise<void> => engine.up(run);
  const destroy = (engine: Engine, run: Run): Promise<void> => engine.destroy(run);

  /** Nothing is left once it has been destroyed again. */
  const endsEmpty =
    (engine: (scene: Scene) => Engine): Look =>
    async (each) => {
      const failure = await each.cloud.clock.run(failureOf(engine(each).destroy(each.cloud.newRun())));
      return [...(failure ? [failure.message] : []), ...(each.cloud.emulator.isEmpty() ? [] : [`left over\n${each.cloud.state()}`])];
    };

  test("more workers and fewer, with another offering: whoever runs last is right", async () => {
    const { begin, engine } = scene(up, up, [sized(3), sized(2, { offerings: { workers: "k8s-4c-8g" } })]);
    const { wrong, told, waited } = await interleaved(begin, endsAs(2, (each) => engine(each, 1)), 7);
    expect(wrong).toEqual([]);
    expect(told + waited).toBeGreaterThan(0);
  }, 120_000);

  test("the same change twice: nothing is made twice", async () => {
    const { begin, engine } = scene(up, up, [sized(3), sized(3)]);
    const { wrong } = await interleaved(begin, endsAs(3, (each) => engine(each, 0)), 5);
    expect(wrong).toEqual([]);
  }, 120_000);

  test("a change, and a delete that comes meanwhile: it goes, then or when it is destroyed again", async () => {
    const { begin, engine } = scene(up, destroy, [sized(3), sized(1)]);
    const { wrong, told, waited } = await interleaved(begin, endsEmpty((each) => engine(each, 1)), 4);
    expect(wrong).toEqual([]);
    expect(told + waited).toBeGreaterThan(0);
  }, 120_000);

  test("a delete, and a change that comes meanwhile: nothing is made anew of what another run deletes", async () => {
    const { begin, engine } = scene(destroy, up, [sized(1), sized(3)]);
    let deploys = 0;
    const look: Look = async (each) => {
      deploys += each.cloud.emulator.calls().filter(({ command }) => command === "deployVirtualMachine").length;
      return endsEmpty((which) => engine(which, 0))(each);
    };
    const { wrong } = await interleaved(begin, look, 2);
    expect(wrong).toEqual([]);
    expect(deploys).toBe(0);
  }, 120_000);

  test("a run, and the provider of a killed engine that has not noticed yet: it ends by itself, and running again ends as declared", async () => {
    const { begin, engine } = scene(up, up, [sized(3), sized(3)]);
    // The engine is gone at that call; its provider notices some seconds later, ends the step in hand and begins none.
    const orphaned = (run: Run): void => void run.world({ owner: "" }).clock.sleep(3000).then(() => run.controller.abort(new Interrupted("the engine is gone")));
    const { wrong } = await interleaved(begin, endsAs(3, (each) => engine(each, 1)), 4, orphaned);
    expect(wrong).toEqual([]);
  }, 120_000);
});
