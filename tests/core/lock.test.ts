import type { FaultOrder } from "../../provider/emulator";
import { withLock, lockSeconds, type Anchor, type Lease } from "../../provider/core/lock";
import type { World } from "../../provider/core/ports";
import { LockError } from "../../provider/core/errors";
import { Cloud, type Run } from "./world/cloud";
import { declaration, owner, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, locksLeft, seen } from "./world/made";
import { difference, violations } from "./sweeps/sweep";

beforeAll(sharedIdentity);

const declared = declaration({ controlPlanes: 1, workers: 1 });
const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);

/** A cloud with a network to lock. */
async function withNetwork(): Promise<{ cloud: Cloud; anchor: Anchor }> {
  const cloud = new Cloud();
  const mold = byHand(cloud);
  const [[zone], offerings] = await cloud.clock.run(Promise.all([mold.list("listZones", {}), mold.list("listNetworkOfferings", {})]));
  const offering = offerings.find(({ name }) => name === "DefaultNetworkOfferingforKubernetesService");
  const network = await cloud.clock.run(mold.call("createNetwork", { name: "theirs", zoneid: zone!.id!, networkofferingid: offering!.id! }));
  return { cloud, anchor: { kind: "Network", id: network.id! } };
}

const worldOf = (run: Run): World => run.world({ owner });

/** It takes the lock, and dies before it gives it back. */
const deadSoon = (cloud: Cloud): Run => cloud.newRun({ killAt: { call: 3, when: "before" } });

/** Holds the lock for as long as that, as a long operation does. */
const hold = (world: World, anchor: Anchor, ms: number): Promise<void> =>
  withLock(world, anchor, "KubernetesCluster prod", async (lease) => {
    for (let passed = 0; passed < ms; passed += 1000) {
      await world.clock.sleep(1000);
      await lease.keep();
    }
  });

describe("the lock", () => {
  test("is held while there is work, renewed, and given back", async () => {
    const { cloud, anchor } = await withNetwork();
    const run = cloud.newRun();
    const holding = hold(worldOf(run), anchor, 300_000);
    await cloud.clock.pass(200_000);
    expect(locksLeft(cloud)).toEqual([expect.stringMatching(/^host\.\d+\.test:\d+$/)]);
    const until = Number(locksLeft(cloud)[0]!.split(":")[1]) * 1000;
    expect(until).toBeGreaterThan(cloud.clock.now());
    expect(until).toBeLessThanOrEqual(cloud.clock.now() + lockSeconds * 1000 + 1000);
    await cloud.clock.run(holding);
    expect(locksLeft(cloud)).toEqual([]);
  });

  test("held by another run is waited for, with its name, and taken when it is given back", async () => {
    const { cloud, anchor } = await withNetwork();
    const [first, second] = [cloud.newRun(), cloud.newRun()];
    const order: string[] = [];
    const holding = hold(worldOf(first), anchor, 30_000).then(() => order.push("first ended"));
    await cloud.clock.pass(1000);
    const waiting = withLock(worldOf(second), anchor, "KubernetesCluster prod", async () => void order.push("second at work"));
    await cloud.clock.run(Promise.all([holding, waiting]));
    expect(order).toEqual(["first ended", "second at work"]);
    expect(second.lines.filter((line) => line.includes("waiting for"))).toEqual([expect.stringMatching(`^info KubernetesCluster prod: waiting for run ${first.name}; its lock ends at .* unless it is renewed$`)]);
    expect(locksLeft(cloud)).toEqual([]);
  });

  test("that is renewed is not waited for any longer: the error says who is at work and what to do", async () => {
    const { cloud, anchor } = await withNetwork();
    const [first, second] = [cloud.newRun(), cloud.newRun()];
    const holding = hold(worldOf(first), anchor, 300_000);
    await cloud.clock.pass(1000);
    const began = cloud.clock.now();
    const failure = await cloud.clock.run(failureOf(withLock(worldOf(second), anchor, "KubernetesCluster prod", () => Promise.resolve())));
    expect(failure).toBeInstanceOf(LockError);
    expect(failure!.message).toMatch(new RegExp(`^KubernetesCluster prod: run ${first.name} is at work on it .*Wait for that run to end, or stop it; then run again\\.$`));
    expect(cloud.clock.now() - began).toBeLessThan(lockSeconds * 1000);
    await cloud.clock.run(holding);
  });

  test("is never taken in the moment in which its holder renews it", async () => {
    for (let offset = 0; offset < 5000; offset += 130) {
      const { cloud, anchor } = await withNetwork();
      const [first, second] = [cloud.newRun(), cloud.newRun()];
      const holding = failureOf(hold(worldOf(first), anchor, 120_000));
      await cloud.clock.pass(1000 + offset);
      const failure = await cloud.clock.run(failureOf(withLock(worldOf(second), anchor, "second", () => Promise.resolve())));
      expect(`${offset}: ${failure?.name ?? "taken"}`).toBe(`${offset}: LockError`);
      expect(await cloud.clock.run(holding)).toBeUndefined();
    }
  });

  test("of a dead run ends by itself", async () => {
    const { cloud, anchor } = await withNetwork();
    const first = deadSoon(cloud);
    await cloud.clock.run(failureOf(hold(worldOf(first), anchor, 20_000)));
    expect(first.wasKilled).toBe(true);
    const began = cloud.clock.now();
    const second = cloud.newRun();
    await cloud.clock.run(withLock(worldOf(second), anchor, "second", () => Promise.resolve()));
    expect(cloud.clock.now() - began).toBeLessThanOrEqual((lockSeconds + 20) * 1000);
    expect(second.lines).toContainEqual(`info taking over the lock that run ${first.name} left behind`);
  });

  test("of a run that is known to have ended is taken at once", async () => {
    const { cloud, anchor } = await withNetwork();
    const first = deadSoon(cloud);
    await cloud.clock.run(failureOf(hold(worldOf(first), anchor, 5000)));
    const began = cloud.clock.now();
    const world: World = { ...worldOf(cloud.newRun()), runEnded: (run) => run === first.name };
    await cloud.clock.run(withLock(world, anchor, "second", () => Promise.resolve()));
    expect(cloud.clock.now() - began).toBeLessThan(5000);
  });

  test.each([10_000, -10_000])("holds against a run whose clock differs by %i ms", async (ms) => {
    const { cloud, anchor } = await withNetwork();
    const first = cloud.newRun();
    // It is at work, and due to renew the lock in its last moment: what counts is what is written.
    const expires = cloud.clock.now() + lockSeconds * 1000;
    const holding = withLock(worldOf(first), anchor, "first", () => worldOf(first).clock.sleep(lockSeconds * 1000 - 500));
    await cloud.clock.pass(1000);
    const second = worldOf(cloud.newRun());
    const skewed: World = { ...second, clock: { ...second.clock, now: () => second.clock.now() + ms } };
    let taken = 0;
    const waiting = withLock(skewed, anchor, "second", async () => void (taken = cloud.clock.now()));
    await cloud.clock.run(Promise.all([holding, waiting]));
    expect(taken).toBeGreaterThanOrEqual(expires - 500);
  });

  test("of a dead run whose clock was a day ahead is not waited for until then: nobody renews it any more", async () => {
    const { cloud, anchor } = await withNetwork();
    const first = deadSoon(cloud);
    const ahead = worldOf(first);
    await cloud.clock.run(failureOf(hold({ ...ahead, clock: { ...ahead.clock, now: () => ahead.clock.now() + 86_400_000 } }, anchor, 20_000)));
    expect(first.wasKilled).toBe(true);
    const began = cloud.clock.now();
    await cloud.clock.run(withLock(worldOf(cloud.newRun()), anchor, "second", () => Promise.resolve()));
    expect(cloud.clock.now() - began).toBeLessThanOrEqual((lockSeconds + 30) * 1000);
  });

  test("is one for all resources of a run: it goes when the last of them has ended", async () => {
    const { cloud, anchor } = await withNetwork();
    const run = cloud.newRun();
    const world = worldOf(run);
    const seenLocks: string[][] = [];
    const resource = (ms: number): Promise<void> =>
      withLock(world, anchor, "resource", async () => {
        await world.clock.sleep(ms);
        seenLocks.push(locksLeft(cloud));
      });
    await cloud.clock.run(Promise.all([resource(1000), resource(20_000), resource(5000)]));
    expect(seenLocks.map(({ length }) => length)).toEqual([1, 1, 1]);
    expect(run.calls.filter((call) => call === "createTags")).toHaveLength(1);
    expect(locksLeft(cloud)).toEqual([]);
  });

  test("that is just being given back is not shared: the next resource of the run takes it anew", async () => {
    for (let offset = 0; offset < 1200; offset += 40) {
      const { cloud, anchor } = await withNetwork();
      const world = worldOf(cloud.newRun());
      const first = withLock(world, anchor, "first", () => world.clock.sleep(1000));
      const second = world.clock.sleep(900 + offset).then(() => withLock(world, anchor, "second", (lease) => keepFor(world, lease, 100_000, () => locksLeft(cloud).length === 1)));
      await cloud.clock.run(Promise.all([first, second]));
      expect(locksLeft(cloud)).toEqual([]);
    }
  });

  const keepFor = async (world: World, lease: Lease, ms: number, check: () => boolean): Promise<void> => {
    for (let passed = 0; passed < ms; passed += 5000) {
      await world.clock.sleep(5000);
      await lease.keep();
      if (!check()) throw new Error("no lock is there");
    }
  };
});

describe("renewing the lock", () => {
  test.each([
    ["createTags", "droppedBefore"],
    ["createTags", "droppedAfter"],
    ["deleteTags", "droppedBefore"],
    ["deleteTags", "droppedAfter"],
    ["createTags", "jobFails"],
    ["deleteTags", "jobFails"],
    ["createTags", "httpError"],
  ] as const)("%s %s: the run goes on, and its lock is there", async (command, kind) => {
    const { cloud, anchor } = await withNetwork();
    const world = worldOf(cloud.newRun());
    const holding = withLock(world, anchor, "first", async (lease) => {
      await world.clock.sleep(46_000);
      cloud.emulator.faults.order({ kind, command });
      await lease.keep();
      expect(cloud.emulator.faults.standing()).toEqual([]);
      expect(locksLeft(cloud)).toHaveLength(1);
      await world.clock.sleep(60_000);
      await lease.keep();
      expect(locksLeft(cloud)).toHaveLength(1);
    });
    await cloud.clock.run(holding);
    expect(locksLeft(cloud)).toEqual([]);
  });

  test("with Mold away for longer than the lock holds, nothing more is begun", async () => {
    const { cloud, anchor } = await withNetwork();
    const world = worldOf(cloud.newRun());
    const failure = await cloud.clock.run(
      failureOf(
        withLock(world, anchor, "KubernetesCluster prod", async (lease) => {
          await world.clock.sleep(46_000);
          cloud.emulator.faults.order({ kind: "droppedBefore", count: -1 });
          await lease.keep();
        }),
      ),
    );
    expect(failure).toBeInstanceOf(LockError);
    expect(failure!.message).toMatch(/could not renew its lock in time.*run again/);
  });

  test("an answer that was lost when the lock was taken is looked for, and not waited for", async () => {
    const { cloud, anchor } = await withNetwork();
    cloud.emulator.faults.order({ kind: "droppedAfter", command: "queryAsyncJobResult", count: 4 });
    const world = worldOf(cloud.newRun());
    const began = cloud.clock.now();
    await cloud.clock.run(withLock(world, anchor, "first", () => Promise.resolve()));
    expect(cloud.clock.now() - began).toBeLessThan(20_000);
  });
});

describe("giving the lock back", () => {
  /** What comes of it while that goes wrong which is ordered just before. */
  async function givenBack(...orders: readonly FaultOrder[]): Promise<{ attempts: number; ms: number; left: string[]; name: string; cloud: Cloud; anchor: Anchor }> {
    const { cloud, anchor } = await withNetwork();
    const run = cloud.newRun();
    let ended = 0;
    const answer = await cloud.clock.run(
      withLock(worldOf(run), anchor, "KubernetesCluster prod", () => {
        for (const order of orders) cloud.emulator.faults.order(order);
        ended = cloud.clock.now();
        return Promise.resolve("done");
      }),
    );
    // The work that it guarded is done, whatever becomes of the lock.
    expect(answer).toBe("done");
    return { attempts: run.calls.filter((call) => call === "deleteTags").length, ms: cloud.clock.now() - ended, left: locksLeft(cloud), name: run.name, cloud, anchor };
  }

  test.each<readonly [string, FaultOrder]>([
    ["whose call never arrived", { kind: "droppedBefore", command: "deleteTags" }],
    ["whose call was answered by something else", { kind: "httpError", command: "deleteTags", code: 502 }],
    ["whose job failed", { kind: "jobFails", command: "deleteTags", text: "the database is away" }],
  ])("%s is tried once more, and the next run need not wait", async (_, order) => {
    const { attempts, ms, left, cloud, anchor } = await givenBack(order);
    expect([attempts, left]).toEqual([2, []]);
    expect(ms).toBeGreaterThanOrEqual(2000);
    const began = cloud.clock.now();
    await cloud.clock.run(withLock(worldOf(cloud.newRun()), anchor, "second", () => Promise.resolve()));
    expect(cloud.clock.now() - began).toBeLessThan(2000);
  });

  test("whose answer was lost ends when the second attempt is refused: by then it is gone", async () => {
    const { attempts, left } = await givenBack({ kind: "droppedAfter", command: "deleteTags" });
    expect([attempts, left]).toEqual([2, []]);
  });

  test("is given up after the third time: it ends by itself, and nothing fails for it", async () => {
    const { attempts, left, name } = await givenBack({ kind: "droppedBefore", command: "deleteTags", count: -1 });
    expect([attempts, left]).toEqual([3, [expect.stringMatching(`^${name}:`)]]);
  });

  test("is not tried again where that can't help", async () => {
    const { attempts, left } = await givenBack({ kind: "expiredCredentials", command: "deleteTags", count: -1 });
    expect([attempts, left.length]).toEqual([1, 1]);
  });

  test("is tried again where Mold does not even say what is there", async () => {
    const { attempts, left } = await givenBack({ kind: "droppedBefore", command: "deleteTags" }, { kind: "expiredCredentials", command: "listTags" });
    expect([attempts, left]).toEqual([2, []]);
  });

  test("leaves alone what another run has put in its place meanwhile", async () => {
    const { cloud, anchor } = await withNetwork();
    const run = cloud.newRun();
    const mold = byHand(cloud);
    const theirs = { resourcetype: "Network", resourceids: [anchor.id] };
    await cloud.clock.run(
      withLock(worldOf(run), anchor, "KubernetesCluster prod", async () => {
        await mold.run("deleteTags", { ...theirs, tags: [{ key: "ablestack-lock", value: locksLeft(cloud)[0]! }] });
        await mold.run("createTags", { ...theirs, tags: [{ key: "ablestack-lock", value: "another:1767226000" }] });
      }),
    );
    expect([run.calls.filter((call) => call === "deleteTags").length, locksLeft(cloud)]).toEqual([1, ["another:1767226000"]]);
  });
});

/** A process that is stopped (a laptop that sleeps): whatever comes back to it waits until it goes on. */
class Sleeper {
  private asleep: Promise<void> | undefined;
  private wake: () => void = () => undefined;

  sleep(): void {
    this.asleep = new Promise((resolve) => (this.wake = resolve));
  }

  awake(): void {
    this.asleep = undefined;
    this.wake();
  }

  private through<A extends unknown[], R>(work: (...args: A) => Promise<R>): (...args: A) => Promise<R> {
    return async (...args) => {
      await this.asleep;
      try {
        return await work(...args);
      } finally {
        await this.asleep;
      }
    };
  }

  world(world: World): World {
    const { mold, clock } = world;
    return {
      ...world,
      mold: {
        call: this.through(mold.call.bind(mold) as never) as typeof mold.call,
        list: this.through(mold.list.bind(mold) as never) as typeof mold.list,
        run: this.through(mold.run.bind(mold) as never) as typeof mold.run,
        start: this.through(async (...args: Parameters<typeof mold.start>) => {
          const job = await mold.start(...args);
          return { ...job, done: this.through(() => job.done()) };
        }) as typeof mold.start,
      },
      clock: { now: () => clock.now(), sleep: this.through(clock.sleep.bind(clock)), hold: (work) => clock.hold(work) },
    };
  }
}

test("a run that was stopped for minutes has lost its lock, and stops before its next step", async () => {
  const goal = new Cloud();
  await goal.clock.run(new Engine(declared).up(goal.newRun()));
  const cloud = new Cloud();
  const engine = new Engine(declared);
  const [first, second] = [cloud.newRun(), cloud.newRun()];
  await cloud.clock.run(engine.upEndpoint(first));
  const sleeper = new Sleeper();
  const sleepy = new Engine(declared);
  sleepy.recorded.endpoint = engine.recorded.endpoint!;
  const world = sleeper.world(worldOf(first));
  const running = failureOf(sleepy.upCluster({ session: { world: () => world }, throwIfKilled: () => undefined } as unknown as Run));
  // In the middle of the deploys.
  await cloud.clock.pass(3000);
  sleeper.sleep();
  await cloud.clock.run(engine.upCluster(second));
  const before = cloud.emulator.calls().length;
  sleeper.awake();
  const failure = await cloud.clock.run(running);
  expect(failure?.message).toMatch(/lost its lock|could not renew its lock/);
  const late = cloud.emulator.calls(before).filter(({ changing, command }) => changing && !/Tags$/.test(command));
  expect(late).toEqual([]);
  expect(cloud.state()).toBe(goal.state());
  expect(violations(cloud)).toEqual([]);
});

describe("two runs that create one cluster at once", () => {
  let goal: string;
  beforeAll(async () => {
    const cloud = new Cloud();
    await cloud.clock.run(new Engine(declared).up(cloud.newRun()));
    goal = cloud.state();
  });
  const offsets = [0, 1, 20, 50, 51, 99, 200, 300, 500, 700, 900, 999, 1000, 1100, 1200, 1500, 2000, 2500, 3000, 5000, 10_000, 40_000];

  test.each(offsets)("%i ms apart, one network stays, one etcd is made, and both end well or know who is at work", async (ms) => {
    const cloud = new Cloud();
    const engines = [new Engine(declared), new Engine(declared)];
    const runs = [cloud.newRun(), cloud.newRun()];
    const failures = await cloud.clock.run(
      Promise.all([failureOf(engines[0]!.up(runs[0]!)), cloud.clock.sleep(ms).then(() => failureOf(engines[1]!.up(runs[1]!)))]),
    );
    for (const failure of failures) if (failure) expect(failure.message).toMatch(/run host\.\d\.test is at work on it/);
    expect(failures.filter((failure) => failure === undefined).length).toBeGreaterThan(0);
    expect(seen(cloud).networks).toHaveLength(1);
    expect(difference(goal, cloud.state())).toBe("");
    expect(violations(cloud)).toEqual([]);
    expect(locksLeft(cloud)).toEqual([]);
    // Both states know the same cluster.
    const third = cloud.newRun();
    for (const [at, engine] of engines.entries()) if (failures[at]) await cloud.clock.run(engine.up(third));
    expect(engines[0]!.endpoint.networkId).toBe(engines[1]!.endpoint.networkId);
    expect(engines[0]!.endpoint.publicIpAddressId).toBe(engines[1]!.endpoint.publicIpAddressId);
    expect(difference(goal, cloud.state())).toBe("");
  });

  test.each([0, 20, 300, 900, 1100])("in a network of the user's, %i ms apart, one address is taken", async (ms) => {
    const { cloud } = await withNetwork();
    const inTheirs = declaration({ controlPlanes: 1, workers: 1, network: "theirs" });
    const engines = [new Engine(inTheirs), new Engine(inTheirs)];
    const failures = await cloud.clock.run(
      Promise.all([failureOf(engines[0]!.up(cloud.newRun())), cloud.clock.sleep(ms).then(() => failureOf(engines[1]!.up(cloud.newRun())))]),
    );
    for (const failure of failures) if (failure) expect(failure.message).toMatch(/run host\.\d\.test is at work on it/);
    expect(seen(cloud).addresses).toHaveLength(1);
    expect(violations(cloud)).toEqual([]);
    expect(locksLeft(cloud)).toEqual([]);
    expect(seen(cloud).tags!.filter(({ resourceType }) => resourceType === "Network")).toEqual([]);
  });
});
