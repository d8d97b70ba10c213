/** `kill -9` of pulumi and its provider at random moments of a create and an upgrade on real nodes. Linux and root; `make test-real-full`. */
import { setTimeout as wait } from "node:timers/promises";
import { etcdMembers } from "../world/etcd";
import { until } from "../world/mold";
import { lackingForClusters, RealStack } from "../world/real-stack";
import { record } from "../world/results";

jest.setTimeout(3_600_000);
if (lackingForClusters.length > 0) console.warn(`clusters of real machines are skipped: ${lackingForClusters.join("; ")}`);

/** `ABLESTACK_SEED=7` plays a run's moments once more. */
const seed = Number(process.env.ABLESTACK_SEED ?? Math.floor(Math.random() * 1e6));

/** Numbers in [0, 1) that follow from the seed (a linear congruential generator, Numerical Recipes). */
function* draws(): Generator<number, never> {
  for (let state = seed >>> 0; ; ) yield (state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0) / 2 ** 32;
}

(lackingForClusters.length > 0 ? describe.skip : describe)("killed at random moments", () => {
  let real: RealStack;
  const random = draws();
  const times = 5;

  /** Kills as many runs, each after up to that many seconds of work (a run first waits for the lock of the dead one to end), and lets the last one end. */
  async function upKilled(config: Readonly<Record<string, string>>, longest: number): Promise<string[]> {
    const moments: string[] = [];
    await real.set(config);
    for (let count = 0; count < times; count++) {
      const running = real.stack.start(["up", "--yes", "--skip-preview"]);
      await until("it is at work", () => /: \d+ steps, about/.test(running.soFar()), 180_000);
      const after = 1 + random.next().value * longest;
      const ended = await Promise.race([running.ended, wait(after * 1000)]);
      if (ended !== undefined) throw new Error(`it had ended after ${after.toFixed(0)} s:\n${ended.output}`);
      const doing = running.soFar().trimEnd().split("\n").at(-1)?.trim() ?? "";
      await real.stack.killTree(running);
      await real.stack.succeed(["cancel", "--yes"]);
      moments.push(`${after.toFixed(0)} s (${doing.slice(0, 120)})`);
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
    real = await RealStack.create(6, { version: "1.35", controlPlanes: "3", workers: "2" });
  });
  afterAll(() => real?.close());

  test("five times while it is made: five nodes, one etcd", async () => {
    const moments = await upKilled({}, 25);
    await real.writeKubeconfig();
    isWhole("1.35");
    record({ what: `create of 3+2 at 1.35, killed five times (seed ${seed})`, seen: `ends right; killed after ${moments.join("; ")}` });
  });

  test("five times while it is upgraded: every node at 1.36, what was written is there", async () => {
    real.kubectl(["create", "configmap", "kept", "--from-literal=since=1.35"]);
    const moments = await upKilled({ version: "1.36" }, 75);
    isWhole("1.36");
    expect(real.kubectl(["get", "configmap", "kept", "-o", "jsonpath={.data.since}"])).toBe("1.35");
    record({ what: `1.35 to 1.36 of 3+2, killed five times (seed ${seed})`, seen: `ends right; killed after ${moments.join("; ")}` });
  });

  test("destroy leaves nothing", async () => {
    await real.stack.succeed(["destroy", "--yes", "--skip-preview"]);
    expect(real.stack.mold.isEmpty()).toBe(true);
  });
});
