/** What a look did not show is not gone: a list that lacks a machine for a moment, and an API that drops a connection, cost nobody anything. */
import { planCluster } from "../../provider/core/plan";
import { tagKeys } from "../../provider/core/ownership";
import type { ObservedCluster } from "../../provider/core/observe";
import { Cloud, type Run } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine, type EngineRun } from "./world/engine";
import { expectAtRestAndWholeToDestroy } from "./world/at-rest";
import { inside, wrongs } from "./world/inside";
import { byHand, changing, MadeCluster } from "./world/made";
import { desired, machine, nodeOf, owner, whole } from "./world/observed";
import { seeing } from "./world/seeing";

beforeAll(sharedIdentity);

const hours = 3_600_000;
const declared = declaration({ controlPlanes: 3, workers: 1, timeouts: { create: 600, update: 600 } });
const removed = (observed: ObservedCluster): string[] =>
  planCluster({ desired: desired(), observed, owner }).steps.flatMap(({ work, title }) => (["discardMachine", "destroyMachine", "leaveEtcd", "deleteNode"].includes(work.kind) ? [title] : []));

describe("machines whose run died before it recorded that they have joined, long ago", () => {
  const long = (observed: ObservedCluster): ObservedCluster => ({ ...observed, at: observed.at + 5 * hours });
  const { [tagKeys.joined]: _joined, ...notRecorded } = machine("control-plane", 2).tags;
  const seen = (): ObservedCluster => {
    const observed = whole(3, 1);
    return long({ ...observed, machines: observed.machines.map((each) => (["prod-control-2", "prod-control-3"].includes(each.name) ? { ...each, tags: notRecorded } : each)) });
  };

  test("are kept while nobody can be asked whether they are nodes: two of three members of etcd would go", () => {
    expect(removed(seen())).toEqual([]);
  });

  test("are made anew once the cluster says that they are none", () => {
    const observed = seen();
    expect(removed({ ...observed, nodes: [nodeOf("prod-control-1"), nodeOf("prod-worker-1")] })).toEqual(["remove prod-control-2", "remove prod-control-3"]);
  });

  test("in a cluster that runs all that time, an API that does not answer once costs none of them", async () => {
    const probe = new Cloud();
    const whole = probe.newRun();
    await probe.clock.run(new Engine(declared).up(whole));
    const tagged = whole.calls.length - [...whole.calls].reverse().findIndex((call) => call === "detachIso");
    const cloud = new Cloud();
    const engine = new Engine(declared);
    const killed: Run = cloud.newRun({ killAt: { call: tagged, when: "after" } });
    await cloud.clock.run(engine.up(killed)).catch(() => undefined);
    expect(killed.wasKilled).toBe(true);
    await cloud.clock.pass(5 * hours);
    expect(wrongs(cloud, { controlPlanes: 3, workers: 1 }).filter((wrong) => !wrong.startsWith("lock"))).toEqual([]);
    const before = inside(cloud).machines.map(({ name }) => name);
    jest.spyOn(cloud.emulator, "request").mockResolvedValueOnce(undefined);
    const run = cloud.newRun();
    await cloud.clock.run(engine.up(run));
    expect(run.calls).not.toContain("destroyVirtualMachine");
    expect(inside(cloud).machines.map(({ name }) => name)).toEqual(before);
    expect(wrongs(cloud, { controlPlanes: 3, workers: 1 })).toEqual([]);
  });
});

describe("a machine that Mold's list lacks for a moment", () => {
  const sized = declaration({ controlPlanes: 3, workers: 2, timeouts: { create: 600, update: 600 } });
  let made: MadeCluster;
  beforeAll(async () => {
    made = await MadeCluster.make(sized);
  });
  afterAll(() => made.close());

  /** So many lists of the run are without it. */
  function without(run: Run, name: string, lists: number): EngineRun {
    let left = lists;
    const isMeant = (command: string, params: object): boolean => command === "listVirtualMachines" && ("keyword" in params || "tags" in params);
    return { session: seeing(run.session, (command, params, items) => (isMeant(command, params) && left-- > 0 ? items.filter((item) => item.name !== name) : items)), throwIfKilled: () => run.throwIfKilled() };
  }

  test.each(["prod-control-2", "prod-worker-1"])("%s: it stays a node, and a member of etcd; the next run has nothing to do", async (name) => {
    const { cloud, recorded } = made.open();
    const engine = new Engine(sized);
    Object.assign(engine.recorded, recorded);
    const before = inside(cloud);
    const run = cloud.newRun();
    await cloud.clock.run(engine.up(without(run, name, 4)));
    expect(run.calls.filter((call) => /DELETE .*nodes|member remove/.test(call))).toEqual([]);
    expect(inside(cloud).clusters.map(({ members, nodes }) => [members, nodes.map((node) => node.name)])).toEqual(before.clusters.map(({ members, nodes }) => [members, nodes.map((node) => node.name)]));
    await cloud.clock.run(engine.up(cloud.newRun()));
    expect(wrongs(cloud, { controlPlanes: 3, workers: 2 })).toEqual([]);
    expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  });

  test("all of them, as the cluster is created once more and does not answer: no second etcd is made beside theirs", async () => {
    const { cloud, recorded } = made.open();
    const engine = new Engine(sized);
    engine.recorded.endpoint = recorded.endpoint;
    jest.spyOn(cloud.emulator, "request").mockResolvedValue(undefined);
    const run = cloud.newRun();
    let left = 2;
    const session = seeing(run.session, (command, params, items) => (command === "listVirtualMachines" && ("keyword" in params || "tags" in params) && left-- > 0 ? [] : items));
    const failure = await cloud.clock.run(engine.up({ session, throwIfKilled: () => run.throwIfKilled() })).then(() => "no failure", (error: unknown) => (error as Error).message);
    expect(failure).toMatch(/the API at .* does not answer/);
    expect(changing(run).filter((call) => /VirtualMachine/.test(call))).toEqual([]);
    jest.restoreAllMocks();
    await cloud.clock.run(engine.up(cloud.newRun()));
    expect(wrongs(cloud, { controlPlanes: 3, workers: 2 })).toEqual([]);
  });

  const renamed = async (cloud: Cloud, name: string, names: { readonly name?: string; readonly displayname?: string }): Promise<void> => {
    const mold = byHand(cloud);
    const [machine] = await cloud.clock.run(mold.list("listVirtualMachines", { name }));
    await cloud.clock.run(mold.call("updateVirtualMachine", { id: machine!.id!, ...names }));
  };
  const opened = (): { cloud: Cloud; engine: Engine } => {
    const { cloud, recorded } = made.open();
    const engine = new Engine(sized);
    Object.assign(engine.recorded, recorded);
    return { cloud, engine };
  };

  test.each(["prod-control-2", "prod-worker-1"])("%s, whose display name somebody has changed in Mold, is the cluster's as before, and goes with it", async (name) => {
    const { cloud, engine } = opened();
    await renamed(cloud, name, { displayname: "the one with the noisy fan" });
    await expectAtRestAndWholeToDestroy(cloud, engine);
  });

  test.each(["prod-control-2", "prod-worker-1"])("%s, to which somebody gave another name in Mold: its node stays, and the run says what to do", async (name) => {
    const { cloud, engine } = opened();
    await renamed(cloud, name, { name: "web" });
    const before = inside(cloud);
    const run = cloud.newRun();
    const failure = await cloud.clock.run(engine.up(run)).then(() => "no failure", (error: unknown) => (error as Error).message);
    expect(failure).toMatch(new RegExp(`the node ${name} stays: its machine is there, and is called web \\(.*\\) by now\\. Call it ${name} again in Mold`));
    expect(run.calls.filter((call) => /DELETE .*nodes|member remove/.test(call))).toEqual([]);
    await renamed(cloud, "web", { name });
    await cloud.clock.run(engine.up(cloud.newRun()));
    expect(inside(cloud).clusters[0]!.members.map((member) => member.name).sort()).toEqual(before.clusters[0]!.members.map((member) => member.name).sort());
    expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  });
});
