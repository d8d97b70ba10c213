/** An `up` goes on with machines that are there already, in whatever state somebody or something has left them. */
import type { MoldPort } from "../../provider/core/ports";
import { Cloud, type UserName } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, changing, MadeCluster, seen, type Opened } from "./world/made";
import { difference, violations } from "./sweeps/sweep";

const declared = declaration({ controlPlanes: 1, workers: 2, timeouts: { create: 600 } });
const made = {} as Record<UserName, MadeCluster>;
beforeAll(async () => {
  await sharedIdentity();
  for (const user of ["admin", "user"] as const) made[user] = await MadeCluster.make(declared, { user, emulator: { expungeDelay: 150_000 } });
});
afterAll(() => {
  made.admin.close();
  made.user.close();
});

const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);
const machines = (cloud: Cloud): string[] => seen(cloud).machines!.filter(({ state }) => state !== "Destroyed").map(({ name, state }) => `${String(name)} ${String(state)}`);
const idOf = ({ recorded }: Opened, name: string): string => recorded.cluster.outputs.nodes.find((node) => node.name === name)!.machineId;
const engineOf = ({ recorded }: Opened): Engine => Object.assign(new Engine(declared), { recorded: { ...recorded } });

describe.each(["admin", "user"] as const)("of a cluster of a plain user's or an admin's (%s)", (user) => {
  const meddling: readonly [string, (mold: MoldPort, id: string) => Promise<unknown>][] = [
    ["stopped by hand", (mold, id) => mold.run("stopVirtualMachine", { id })],
    ["stopped by force", (mold, id) => mold.run("stopVirtualMachine", { id, forced: true })],
    ["rebooted by hand", (mold, id) => mold.run("rebootVirtualMachine", { id })],
  ];

  test.each(meddling)("machines %s run again after the next up, and nothing else changes", async (_, meddle) => {
    const world = made[user].open();
    const { cloud } = world;
    const goal = cloud.state();
    for (const name of ["prod-worker-1", "prod-worker-2"]) await cloud.clock.run(meddle(byHand(cloud, user), idOf(world, name)));
    const run = cloud.newRun({ user });
    await cloud.clock.run(engineOf(world).up(run));
    await cloud.clock.pass(120_000);
    expect(changing(run).filter((call) => !/Tags$|^startVirtualMachine$/.test(call))).toEqual([]);
    expect(difference(goal, cloud.state())).toBe("");
  });

  test("all machines stopped by hand run again, control plane and workers", async () => {
    const world = made[user].open();
    const { cloud } = world;
    const goal = cloud.state();
    for (const { machineId } of world.recorded.cluster.outputs.nodes) await cloud.clock.run(byHand(cloud, user).run("stopVirtualMachine", { id: machineId }));
    await cloud.clock.run(engineOf(world).up(cloud.newRun({ user })));
    await cloud.clock.pass(120_000);
    expect(difference(goal, cloud.state())).toBe("");
    expect(violations(cloud)).toEqual([]);
  });

  test("a worker destroyed by hand is made anew, and joins", async () => {
    const world = made[user].open();
    const { cloud } = world;
    await cloud.clock.run(byHand(cloud, user).run("destroyVirtualMachine", { id: idOf(world, "prod-worker-1") }));
    const engine = engineOf(world);
    const failure = await cloud.clock.run(failureOf(engine.up(cloud.newRun({ user }))));
    if (failure) {
      // A plain user does not see what is destroyed: its name is free again once Mold has expunged it.
      expect(user).toBe("user");
      expect(failure.message).toMatch(/deploy prod-worker-1: KubernetesCluster prod: machine prod-worker-1: .*"The vm with hostName prod-worker-1 already exists/);
      await cloud.clock.pass(200_000);
      await cloud.clock.run(engine.up(cloud.newRun({ user })));
    }
    expect(machines(cloud)).toHaveLength(3);
    expect(engine.cluster.nodes.map(({ state, role }) => `${role} ${state}`)).toEqual(["control-plane Running", "worker Running", "worker Running"]);
    expect(violations(cloud)).toEqual([]);
    expect(await cloud.clock.run(engine.plan(cloud.newRun({ user })))).toEqual([]);
  });

  test("an only control plane destroyed by hand: the error says that it is gone and still counted, or that the API is away; nothing is initialised anew", async () => {
    const world = made[user].open();
    const { cloud } = world;
    await cloud.clock.run(byHand(cloud, user).run("destroyVirtualMachine", { id: idOf(world, "prod-control-1") }));
    await cloud.clock.pass(200_000);
    const failure = await cloud.clock.run(failureOf(engineOf(world).up(cloud.newRun({ user }))));
    expect(failure?.message).toMatch(/API|control/);
    expect(violations(cloud)).toEqual([]);
  });
});

describe("while a cluster is being made", () => {
  const small = declaration({ controlPlanes: 1, workers: 2, timeouts: { create: 600 } });

  /** A create that dies in the middle of its deploys, and what is done to its machines until somebody runs it again. */
  async function interrupted(meddle: (cloud: Cloud, ids: Readonly<Record<string, string>>) => Promise<unknown>): Promise<{ cloud: Cloud; engine: Engine }> {
    const world = new Cloud({ expungeDelay: 150_000 });
    const engine = new Engine(small);
    await world.clock.run(engine.upEndpoint(world.newRun()));
    const run = world.newRun();
    const dying = failureOf(engine.upCluster(run));
    for (let deploys = 0; deploys < 3; deploys = run.calls.filter((call) => call === "deployVirtualMachine").length) await world.clock.pass(100);
    run.controller.abort(new Error("killed"));
    await world.clock.run(dying);
    const mold = byHand(world);
    const ids = Object.fromEntries((await world.clock.run(mold.list("listVirtualMachines", {}))).map(({ name, id }) => [name!, id!]));
    await meddle(world, ids);
    return { cloud: world, engine };
  }
  let goal: string;
  beforeAll(async () => {
    const cloud = new Cloud();
    await cloud.clock.run(new Engine(small).up(cloud.newRun()));
    goal = cloud.state();
  });

  test.each<[string, (cloud: Cloud, ids: Readonly<Record<string, string>>) => Promise<unknown>]>([
    ["still being deployed", () => Promise.resolve()],
    [
      "stopped by hand before they ran, which leaves them in state Error",
      async (cloud, ids) => {
        for (const id of [ids["prod-control-1"]!, ids["prod-worker-1"]!]) await cloud.clock.run(failureOf(byHand(cloud).run("stopVirtualMachine", { id })));
      },
    ],
    [
      "stopped by hand as soon as they ran",
      async (cloud, ids) => {
        await cloud.clock.pass(30_000);
        for (const id of [ids["prod-control-1"]!, ids["prod-worker-1"]!]) await cloud.clock.run(byHand(cloud).run("stopVirtualMachine", { id }));
      },
    ],
    [
      "destroyed by hand, the first control plane and a worker",
      async (cloud, ids) => {
        await cloud.clock.pass(30_000);
        for (const id of [ids["prod-control-1"]!, ids["prod-worker-2"]!]) await cloud.clock.run(byHand(cloud).run("destroyVirtualMachine", { id, expunge: true }));
      },
    ],
  ])("machines that are %s are gone on with, in the same state", async (_, meddle) => {
    const { cloud, engine } = await interrupted(meddle);
    await cloud.clock.run(engine.up(cloud.newRun()));
    expect(difference(goal, cloud.state())).toBe("");
    expect(violations(cloud)).toEqual([]);
  });

  test.each(["admin", "user"] as const)("as %s: machines that Mold could not deploy are made anew", async (user) => {
    const cloud = new Cloud({ expungeDelay: 150_000 });
    const engine = new Engine(small);
    cloud.emulator.faults.order({ kind: "noCapacity", name: "prod-*", count: 2 });
    expect((await cloud.clock.run(failureOf(engine.up(cloud.newRun({ user })))))?.message).toMatch(/No destination found for a deployment.*(add capacity|No host has room)/s);
    expect(machines(cloud).filter((machine) => machine.endsWith("Error"))).toHaveLength(2);
    let failure = await cloud.clock.run(failureOf(engine.up(cloud.newRun({ user }))));
    if (failure) {
      expect(user).toBe("user");
      expect(failure.message).toMatch(/already exists/);
      await cloud.clock.pass(200_000);
      failure = await cloud.clock.run(failureOf(engine.up(cloud.newRun({ user }))));
    }
    expect(failure).toBeUndefined();
    expect(machines(cloud).map((machine) => machine.split(" ")[1])).toEqual(["Running", "Running", "Running"]);
    expect(violations(cloud)).toEqual([]);
  });
});
