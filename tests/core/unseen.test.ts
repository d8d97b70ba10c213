/** What a look did not show is not gone: a list that lacks a machine for a moment, and an API that drops a connection, cost nobody anything. */
import { planCluster } from "../../provider/core/plan";
import { tagKeys } from "../../provider/core/ownership";
import type { ObservedCluster } from "../../provider/core/observe";
import { Cloud, type Run } from "./world/cloud";
import { declaration, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { inside, wrongs } from "./world/inside";
import { desired, machine, nodeOf, owner, whole } from "./world/observed";

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
    const tagged = whole.calls.length - [...whole.calls].reverse().findIndex((call) => call === "detachIso") ;
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
