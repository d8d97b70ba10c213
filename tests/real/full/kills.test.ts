/** `kill -9` of pulumi and its provider at random moments of a create and an upgrade on real nodes. Linux and root; `make test-real-full`. */
import { setTimeout as wait } from "node:timers/promises";
import { etcdMembers } from "../world/etcd";
import { until } from "../world/mold";
import { describeOnRealNodes, RealStack } from "../world/real-stack";
import { record } from "../world/results";

jest.setTimeout(3_600_000);

/** `ABLESTACK_SEED=7` plays a run's moments once more. */
const seed = Number(process.env.ABLESTACK_SEED ?? Math.floor(Math.random() * 1e6));

/** Numbers in [0, 1) that follow from the seed (a linear congruential generator, Numerical Recipes). */
function* draws(): Generator<number, never> {
  for (let state = seed >>> 0; ; ) yield (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

describeOnRealNodes("killed at random moments", () => {
  let real: RealStack;
  const random = draws();
  let left = 10;

  /**
   * Kills that many runs, each within the first quarter of the time that it has said it needs, and lets the last one end. Machines go on by themselves while
   * the next run waits for the dead one's lock, so that there may be too little left to be killed in.
   */
  async function upKilled(config: Readonly<Record<string, string>>, times: number): Promise<string[]> {
    const moments: string[] = [];
    await real.set(config);
    while (moments.length < times) {
      const running = real.stack.start(["up", "--yes", "--skip-preview"]);
      const announced = (): number => Number(/: \d+ steps, about (\d+)/.exec(running.soFar())?.[1] ?? 0);
      await until("it is at work", () => announced() > 0, 180_000);
      const after = random.next().value * (announced() / 4);
      const ended = await Promise.race([running.ended, wait(after * 1000)]);
      if (ended?.code === 0) break;
      if (ended !== undefined) throw new Error(`it failed before it was killed:\n${ended.output}`);
      const [, doing = ""] = [...running.soFar().matchAll(/ running +\d+ s {2}(.*)/g)].at(-1) ?? [];
      await real.stack.killTree(running);
      await real.stack.succeed(["cancel", "--yes"]);
      moments.push(`${after.toFixed(0)} s (${doing.trim().slice(0, 100)})`);
      left -= 1;
    }
    await real.up();
    return moments;
  }

  function isWhole(version: string): void {
    const nodes = real.nodes();
    expect(nodes.map(({ name }) => name).sort()).toEqual(["life-control-1", "life-control-2", "life-control-3", "life-worker-1", "life-worker-2"]);
    expect(nodes.filter(({ ready, schedulable, version: at }) => ready && schedulable && at.startsWith(`v${version}.`))).toHaveLength(5);
    expect(real.stack.machines).toHaveLength(5);
    expect(etcdMembers(real, "life-control-1")).toEqual(["life-control-1", "life-control-2", "life-control-3"]);
  }

  beforeAll(async () => {
    real = await RealStack.create(6, { version: "1.34", controlPlanes: "3", workers: "2" });
  });
  afterAll(() => real?.close());

  test("while it is made: five nodes, one etcd", async () => {
    const moments = await upKilled({}, 4);
    await real.writeKubeconfig();
    isWhole("1.34");
    record({ what: `create of 3+2 at 1.34, killed ${moments.length} times (seed ${seed})`, seen: `ends right; killed after ${moments.join("; ")}` });
  });

  test("while it is upgraded by two minors, ten times with those before: every node is there and at 1.36, what was written too", async () => {
    real.kubectl(["create", "configmap", "kept", "--from-literal=since=1.34"]);
    const moments = await upKilled({ version: "1.36" }, left);
    isWhole("1.36");
    expect(real.kubectl(["get", "configmap", "kept", "-o", "jsonpath={.data.since}"])).toBe("1.34");
    record({ what: `1.34 to 1.36 of 3+2, killed ${moments.length} times (seed ${seed})`, seen: `ends right; killed after ${moments.join("; ")}` });
    expect(left).toBe(0);
  });

  test("destroy leaves nothing", async () => {
    await real.stack.succeed(["destroy", "--yes", "--skip-preview"]);
    expect(real.stack.mold.isEmpty()).toBe(true);
  });
});
