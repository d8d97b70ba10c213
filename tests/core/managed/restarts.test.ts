/**
 * Mold is restarted, or fails as it does not expect to, in the middle of what its Kubernetes service does to a cluster: the job is gone, and the cluster is
 * left in a state that nobody takes it out of, or that Mold gives up some minutes later. The next run, or a destroy, ends right (promise 7).
 */
import { Cloud } from "../world/cloud";
import { sharedIdentity } from "../world/cluster";
import { Engine } from "../world/engine";
import { Life } from "../world/life";
import { changing, MadeCluster, seen } from "../world/made";
import { managed, managedIdentity, nodesInside } from "./managed";

jest.setTimeout(120_000);

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

const states = (cloud: Cloud): unknown[] => (seen(cloud).clusters ?? []).map(({ state }) => state);
const service = (calls: readonly string[]): string[] => calls.filter((call) => /KubernetesCluster$/.test(call));

/** A create that ends so. */
async function interrupted(skip: number, effect: "before" | "after"): Promise<{ cloud: Cloud; engine: Engine }> {
  const cloud = new Cloud();
  cloud.emulator.faults.order({ kind: "serviceRestarts", command: "createKubernetesCluster", skip, effect });
  const engine = new Engine(managed(), undefined, managedIdentity);
  await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/gives no reason.*restarted.*Mold shows the cluster as Starting.*Run again/s);
  return { cloud, engine };
}

const creates = [
  ["which lacks machines, and which Mold gives up some minutes later", 1, "before", "Alert"],
  ["of which all machines run, so that it stays Starting for good", 2, "after", "Starting"],
] as const;

test.each(creates)("a create that a restart interrupted, %s, is made anew by the next run", async (_which, skip, effect, becomes) => {
  const { cloud, engine } = await interrupted(skip, effect);
  await cloud.clock.pass(400_000);
  expect(states(cloud)).toEqual([becomes]);
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(service(changing(run))).toEqual([...(becomes === "Starting" ? ["stopKubernetesCluster"] : []), "deleteKubernetesCluster", "createKubernetesCluster"]);
  expect(states(cloud)).toEqual(["Running"]);
  expect(nodesInside(cloud)).toEqual(["control 1.34.2", "node 1.34.2", "node 1.34.2"]);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
});

test.each(creates)("a create that a restart interrupted, %s, is destroyed without a rest", async (_which, skip, effect) => {
  const { cloud, engine } = await interrupted(skip, effect);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("a create that is only slow is neither stopped nor deleted, however long it is waited for", async () => {
  const cloud = new Cloud();
  cloud.emulator.faults.order({ kind: "serviceHangs", command: "createKubernetesCluster", ms: 1_500_000 });
  const engine = new Engine(managed({ timeouts: { create: 600 } }), undefined, managedIdentity);
  for (let run = 0; run < 2; run += 1) await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/Starting/);
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(service(changing(run))).toEqual([]);
  expect(states(cloud)).toEqual(["Running"]);
});

test("one that came up before the run that made it died, and is off since, is started rather than made anew", async () => {
  const cloud = new Cloud();
  const engine = new Engine(managed(), undefined, managedIdentity);
  await cloud.clock.run(engine.upEndpoint(cloud.newRun()));
  const probe = cloud.newRun({ killAt: { call: 14, when: "after" } });
  await cloud.clock.run(engine.upCluster(probe)).catch(() => undefined);
  expect(probe.calls).toContain("createKubernetesCluster");
  await cloud.clock.pass(1_800_000);
  expect(states(cloud)).toEqual(["Running"]);
  const { mold } = cloud.newRun().world({ owner: "by hand" });
  const [record] = await cloud.clock.run(mold.list("listKubernetesClusters", {}));
  await cloud.clock.run(mold.run("stopKubernetesCluster", { id: record!.id! }));
  cloud.ended.add(probe.name);
  const run = cloud.newRun();
  await cloud.clock.run(engine.upCluster(run));
  expect(service(changing(run))).toEqual(["startKubernetesCluster"]);
});

test.each([
  ["more workers", managed({ workers: 3 }), "scaleKubernetesCluster", ["control 1.34.2", "node 1.34.2", "node 1.34.2", "node 1.34.2"]],
  ["a hop", managed({ version: "1.35" }), "upgradeKubernetesCluster", ["control 1.35.4", "node 1.35.4", "node 1.35.4"]],
] as const)("%s that a restart interrupted: Mold gives it up, and the next run goes on", async (_what, declared, command, nodes) => {
  const life = new Life(made);
  life.cloud.emulator.faults.order({ kind: "serviceRestarts", command, ...(command === "upgradeKubernetesCluster" ? { skip: 1 } : {}) });
  await expect(life.up(declared)).rejects.toThrow(/restarted/);
  await life.up(declared);
  expect(nodesInside(life.cloud)).toEqual(nodes);
  expect(await life.plan()).toEqual([]);
});

test.each([
  ["by a restart", "serviceRestarts"],
  ["by what Mold had not expected, and does not try again", "serviceFails"],
] as const)("a destroy that was interrupted %s is completed by the next one", async (_how, kind) => {
  const life = new Life(made);
  life.cloud.emulator.faults.order({ kind, command: "deleteKubernetesCluster", skip: 1, effect: "after" });
  await life.destroy().catch(() => undefined);
  await life.destroy();
  expect(life.cloud.emulator.isEmpty()).toBe(true);
});

test("a stop that a restart interrupted leaves a state that no command ends: the error says so, and who can", async () => {
  const life = new Life(made);
  const stopped = managed({ powerState: "stopped", timeouts: { update: 600 } });
  life.cloud.emulator.faults.order({ kind: "serviceRestarts", command: "stopKubernetesCluster" });
  await expect(life.up(stopped)).rejects.toThrow(/restarted/);
  await expect(life.up(stopped)).rejects.toThrow(/Mold still shows prod as Stopping after 600 s.*no job of Mold's is at work on a cluster.*an administrator.*database.*Run again/s);
});
