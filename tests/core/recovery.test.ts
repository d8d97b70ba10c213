/** Whatever is lost, the next `up` mends it: never a second etcd, nothing left to do, and nobody touched who was well. */
import { Cloud, type Run } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { inside, wrongs } from "./world/inside";
import { Life } from "./world/life";
import { byHand, MadeCluster } from "./world/made";
import { Mishaps } from "./world/mishaps";

const declared = declaration({ controlPlanes: 3, workers: 1, timeouts: { create: 600, update: 600 } });

beforeAll(sharedIdentity);

const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);

const kill = (run: Run): void => run.controller.abort(new Error("killed"));

describe("control plane 1 lost while a cluster is being made: before, while and after it makes etcd", () => {
  const losses = {
    "removed from Mold": (mishaps: Mishaps) => mishaps.destroy("prod-control-1"),
    stopped: (mishaps: Mishaps) => mishaps.stop("prod-control-1"),
    "with its host": (mishaps: Mishaps) => mishaps.loseHost("prod-control-1"),
  };

  test.each(Object.keys(losses) as (keyof typeof losses)[])("%s, with the run that was at it and without: mended by the next up", async (loss) => {
    const wrong: string[] = [];
    const stages = new Set<string>();
    for (let ms = 8000, goesOn = true; ms < 78_000; ms += 5000, goesOn = !goesOn) {
      const cloud = new Cloud();
      const engine = new Engine(declared);
      const run = cloud.newRun();
      const first = failureOf(engine.up(run));
      await cloud.clock.pass(ms);
      const stage = inside(cloud).machines.find(({ name }) => name === "prod-control-1")?.phase ?? "not there";
      stages.add(stage);
      const where = `${loss} after ${ms} ms, ${stage}, the run ${goesOn ? "goes on" : "is killed"}`;
      if (!goesOn) {
        kill(run);
        await cloud.clock.run(first);
      }
      const lost = await losses[loss](new Mishaps(cloud)).then(() => true, () => false);
      await cloud.clock.run(first);
      const failure = await cloud.clock.run(failureOf(engine.up(cloud.newRun())));
      if (failure) wrong.push(`${where}: ${failure.message}`);
      else wrong.push(...[...(await cloud.clock.run(engine.plan(cloud.newRun()))), ...wrongs(cloud, { controlPlanes: 3, workers: 1 })].map((each) => `${where}: ${each}`));
      if (!lost) expect(stage).toBe("not there");
    }
    expect(wrong).toEqual([]);
    expect([...stages]).toEqual(expect.arrayContaining(["kernel", "initialising", "member"]));
  }, 60_000);
});

describe("of a cluster that is there", () => {
  const sized = (controlPlanes: number, workers: number): Record<string, unknown> => declaration({ controlPlanes, workers, timeouts: { create: 600, update: 1200 } });
  const made = new Map<string, MadeCluster>();
  beforeAll(async () => {
    for (const [controlPlanes, workers] of [[3, 3], [1, 1]] as const) made.set(`${controlPlanes}+${workers}`, await MadeCluster.make(sized(controlPlanes, workers), { emulator: { capacity: { hosts: 3 } } }));
  });
  afterAll(() => made.forEach((each) => each.close()));
  const open = (size = "3+3"): { life: Life; mishaps: Mishaps } => {
    const life = new Life(made.get(size)!);
    return { life, mishaps: new Mishaps(life.cloud) };
  };
  const hostOf = async ({ cloud }: Life, wanted: string): Promise<string[]> => {
    const machines = await cloud.clock.run(byHand(cloud).list("listVirtualMachines", {}));
    return machines.filter(({ hostname }) => hostname === machines.find(({ name }) => name === wanted)!.hostname).map(({ name }) => name!).sort();
  };

  test.each([0, 60_000, 600_000])("a host with a control plane and a worker on it is lost; %i ms later the next up starts them elsewhere", async (ms) => {
    const { life, mishaps } = open();
    const lost = await mishaps.loseHost("prod-control-2");
    expect(lost).toEqual(["prod-control-2", expect.stringMatching(/worker/)]);
    await life.cloud.clock.pass(ms);
    expect(await life.plan()).toEqual(expect.arrayContaining(lost.map((name) => `start ${name} (it was found stopped)`)));
    await life.up(sized(3, 3));
    expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    expect(await life.plan()).toEqual([]);
  });

  test.each(["destroy", "hang"] as const)("the machines of a host, control plane and worker (%s): the next up mends both", async (mishap) => {
    const { life, mishaps } = open();
    for (const name of await hostOf(life, "prod-control-1")) await mishaps[mishap](name);
    await life.cloud.clock.pass(240_000);
    await life.up(sized(3, 3));
    expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    expect(await life.plan()).toEqual([]);
  });

  test.each(["prod-worker-1", "prod-control-3"])("%s, found Stopping and gone when it is to be started: planned anew by the same run", async (name) => {
    const { life, mishaps } = open();
    const going = mishaps.destroy(name);
    await life.cloud.clock.pass(2000);
    expect(life.machines).toContain(`${name} Stopping`);
    await Promise.all([going, life.up(sized(3, 3))]);
    expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    expect(await life.plan()).toEqual([]);
  });

  describe("a control plane lost while it joins leaves a learner in etcd, beside which no other can join", () => {
    /** More control planes are wanted, and the run is killed as soon as one is a learner. */
    async function untilLearner(): Promise<{ life: Life; mishaps: Mishaps; learner: string }> {
      const { life, mishaps } = open("1+1");
      const up = failureOf(life.up(sized(3, 1)));
      for (;;) {
        await life.cloud.clock.pass(1000);
        const learner = inside(life.cloud).clusters[0]?.members.find((member) => member.learner)?.name;
        if (learner === undefined) continue;
        kill(life.run);
        await life.cloud.clock.run(up);
        return { life, mishaps, learner };
      }
    }

    test.each(["destroy", "remove", "stop", "hang"] as const)("(%s): the next up takes it out, and both join", async (mishap) => {
      const { life, mishaps, learner } = await untilLearner();
      await mishaps[mishap](learner);
      if (mishap === "hang") await mishaps.destroy(learner);
      expect(inside(life.cloud).clusters[0]!.members.filter((member) => member.learner).map(({ name }) => name)).toEqual([learner]);
      await life.up(sized(3, 1));
      // One that is not expunged yet is off, and counts as a machine of the simulation.
      expect(wrongs(life.cloud, { controlPlanes: 3, workers: 1 }).filter((each) => mishap !== "remove" || !/is off$|^5 machines$/.test(each))).toEqual([]);
      expect(await life.plan()).toEqual([]);
    });

    test("and taken back: with one control plane again it goes as well", async () => {
      const { life, mishaps, learner } = await untilLearner();
      await mishaps.destroy(learner);
      await life.up(sized(1, 1));
      await life.up(sized(3, 1));
      expect(wrongs(life.cloud, { controlPlanes: 3, workers: 1 })).toEqual([]);
    });
  });

  test("a lost control plane whose node somebody has deleted is still a member of etcd: it leaves before it is made anew", async () => {
    const { life, mishaps } = open();
    await mishaps.destroy("prod-control-2");
    await life.cloud.clock.run((await life.kubernetes()).deleteNode("prod-control-2"));
    await life.up(sized(3, 3));
    expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    expect(await life.plan()).toEqual([]);
  });

  test("with every control plane gone etcd is gone: said at once, and nothing is made that would be a second one", async () => {
    const { life, mishaps } = open("1+1");
    await mishaps.destroy("prod-control-1");
    const said = /controlPlane: every control plane of prod is gone from Mold, and with them etcd, in which the whole cluster was\. Destroy the cluster and create it anew/;
    await expect(life.plan()).rejects.toThrow(said);
    await expect(life.up(sized(1, 1))).rejects.toThrow(said);
    expect(life.run.calls).not.toContain("deployVirtualMachine");
  });

  describe("with fewer control planes left than etcd needs", () => {
    const lost = /of the 3 control planes of prod only prod-control-2 is left in Mold, and etcd needs 2: its majority is lost, and with it the API\./;
    const minutes = (life: Life, since: number): number => (life.cloud.clock.now() - since) / 60_000;

    test("preview and error say so, and what can be done; nobody waits for a quarter of an hour, and no etcd is made", async () => {
      const { life, mishaps } = open();
      await mishaps.destroy("prod-control-1");
      await mishaps.destroy("prod-control-3");
      expect(await life.plan()).toContainEqual(expect.stringMatching(lost));
      const began = life.cloud.clock.now();
      const failure = await failureOf(life.up(sized(3, 3)));
      expect(failure?.message).toMatch(lost);
      expect(failure?.message).toMatch(/Restore etcd from what prod-control-2 holds .*, then run again\. Or destroy the cluster and create it anew/);
      expect(minutes(life, began)).toBeLessThan(5);
      expect(life.run.calls).not.toContain("deployVirtualMachine");
    });

    test("of which Mold still has some: they are named, and recovered they carry the cluster again", async () => {
      const { life, mishaps } = open();
      await mishaps.remove("prod-control-1");
      await mishaps.remove("prod-control-3");
      expect(await life.plan()).toContainEqual(expect.stringMatching(/Mold has not expunged prod-control-1, prod-control-3 yet: recover what there is of them \(recoverVirtualMachine\), then run again/));
      const mold = byHand(life.cloud);
      const destroyed = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).filter(({ state }) => state === "Destroyed");
      for (const { id } of destroyed) await life.cloud.clock.run(mold.call("recoverVirtualMachine", { id: id! }));
      await life.up(sized(3, 3));
      expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    });

    test("that is said of a cluster that was whole and has not answered, and of no other", async () => {
      const { life, mishaps } = open();
      await mishaps.destroy("prod-control-1");
      expect(await life.plan()).not.toContainEqual(expect.stringMatching(/majority/));
      for (const name of ["prod-control-2", "prod-control-3"]) await mishaps.stop(name);
      expect(await life.plan()).not.toContainEqual(expect.stringMatching(/majority/));
      await life.up(sized(3, 3));
      expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    });
  });
});
