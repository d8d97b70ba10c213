/** Whatever befalls the machines of a cluster, as long as etcd keeps its majority: the next `up` mends it, also one that is killed on the way. */
import fc from "fast-check";
import { declaration, sharedIdentity } from "./world/cluster";
import { inside, wrongs } from "./world/inside";
import { Life } from "./world/life";
import { byHand, MadeCluster } from "./world/made";
import { Mishaps } from "./world/mishaps";

const sized = (workers: number, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers, timeouts: { create: 1200, update: 1200 }, ...more });

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(sized(3), { emulator: { capacity: { hosts: 4 } } });
});
afterAll(() => made.close());

const names = ["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2", "prod-worker-3"];
const mishap = fc.record({
  what: fc.constantFrom("stop" as const, "destroy" as const, "hang" as const, "sicken" as const, "loseHost" as const, "forget" as const),
  who: fc.constantFrom(...names),
  pauseMs: fc.constantFrom(0, 20_000, 200_000),
});
const disaster = fc.record({
  mishaps: fc.array(mishap, { minLength: 1, maxLength: 4 }),
  pauseMs: fc.constantFrom(0, 50_000, 300_000),
  workers: fc.constantFrom(3, 3, 3, 4, 2),
  offering: fc.constantFrom("k8s-2c-4g", "k8s-2c-4g", "k8s-4c-8g"),
  /** Which of a hundredth of its calls the first run is killed at; most are not. */
  killedAt: fc.option(fc.integer({ min: 1, max: 150 }), { freq: 2 }),
});
type Disaster = typeof disaster extends fc.Arbitrary<infer T> ? T : never;

const isControlPlane = (name: string): boolean => name.includes("control");

/** Those on the same host. */
async function neighbours(life: Life, who: string): Promise<string[]> {
  const machines = await life.cloud.clock.run(byHand(life.cloud).list("listVirtualMachines", {}));
  const host = machines.find(({ name }) => name === who)?.hostname;
  return host === undefined ? [] : machines.filter(({ hostname }) => hostname === host).map(({ name }) => name!);
}

/** One control plane at most, so that etcd keeps its majority; and one worker at most that only its node tells of. */
async function befall(life: Life, { mishaps }: Disaster): Promise<void> {
  const by = new Mishaps(life.cloud);
  const hit = new Set<string>();
  let silent = 0;
  for (const { what, who, pauseMs } of mishaps) {
    const struck = what === "loseHost" ? await neighbours(life, who) : [who];
    const isSilent = what === "hang" || what === "sicken" || what === "forget";
    const controlPlanes = [...hit, ...struck].filter(isControlPlane);
    if (struck.length === 0 || new Set(controlPlanes).size > 1 || hit.has(who) || (isSilent && !isControlPlane(who) && silent > 0)) continue;
    if (isSilent && !isControlPlane(who)) silent += 1;
    for (const name of struck) hit.add(name);
    if (what === "forget") await life.cloud.clock.run((await life.kubernetes()).deleteNode(who));
    else await by[what](who);
    await life.cloud.clock.pass(pauseMs);
  }
}

test("random disasters within quorum end in an empty plan, every machine and node in its place, and no violation", async () => {
  let runs = 0;
  let kills = 0;
  await fc.assert(
    fc.asyncProperty(disaster, async (each) => {
      const life = new Life(made);
      const declared = sized(each.workers, { offerings: { workers: each.offering } });
      await befall(life, each);
      await life.cloud.clock.pass(each.pauseMs);
      // A fault that has not struck by now would strike the machine that takes the place of the one it was meant for.
      life.cloud.emulator.faults.clear();
      if (each.killedAt !== null) {
        await life.up(declared, { killAt: { call: each.killedAt, when: each.killedAt % 2 === 0 ? "before" : "after" } });
        if (life.run.wasKilled) kills += 1;
      }
      await life.up(declared);
      // What had fallen silent less than 40 seconds before was not known to be away yet.
      await life.cloud.clock.pass(300_000);
      if ((await life.plan(declared)).length > 0) await life.up(declared);
      expect(await life.plan(declared)).toEqual([]);
      expect(wrongs(life.cloud, { controlPlanes: 3, workers: each.workers })).toEqual([]);
      expect(inside(life.cloud).machines).toHaveLength(3 + each.workers);
      runs += 1;
    }),
    { numRuns: Number(process.env.DISASTERS ?? 40) },
  );
  expect(runs).toBeGreaterThan(0);
  expect(kills).toBeGreaterThan(0);
}, 600_000);
