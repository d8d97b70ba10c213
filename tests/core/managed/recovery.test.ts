/** What goes wrong in a cluster that Mold runs, and what the library makes of it. */
import { Cloud } from "../world/cloud";
import { sharedIdentity } from "../world/cluster";
import { Engine } from "../world/engine";
import { Life } from "../world/life";
import { byHand, changing, MadeCluster, seen } from "../world/made";
import { Mishaps } from "../world/mishaps";
import { managed, managedIdentity, nodesInside } from "./managed";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

const open = (): Life => new Life(made);
const node = (life: Life, role: "control" | "node"): string => life.names.find((name) => name.includes(`-${role}-`))!;

async function isWell(life: Life): Promise<void> {
  expect(await life.plan()).toEqual([]);
  expect(nodesInside(life.cloud)).toEqual(["control 1.34.2", "node 1.34.2", "node 1.34.2"]);
  await life.cloud.clock.pass(120_000);
  expect((await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {})))[0]!.state).toBe("Running");
}

test.each(["control", "node"] as const)("a %s machine that is off turns it to Alert: it is started, and Mold finds the cluster well", async (role) => {
  const life = open();
  const name = node(life, role);
  await new Mishaps(life.cloud).stop(name);
  await life.cloud.clock.pass(60_000);
  expect(await life.plan()).toEqual([`start ${name} (it was found stopped)`, expect.stringMatching(/wait for Mold to find prod well.*Mold shows it as Alert/), expect.stringMatching(/planned when it runs/), expect.stringMatching(/^about/)]);
  await life.up(managed());
  expect(life.outputs.state).toBe("Running");
  await isWell(life);
});

test("an Alert that Mold does not mend is mended by a stop and a start of the whole", async () => {
  const life = open();
  await new Mishaps(life.cloud).hang(node(life, "node"));
  await new Mishaps(life.cloud).stop(node(life, "node"));
  life.cloud.emulator.faults.order({ kind: "machineNeverBoots", name: node(life, "node") });
  await life.cloud.clock.pass(60_000);
  await life.up(managed());
  expect(life.run.lines.join("\n")).toMatch(/it stays in Alert: it is stopped and started/);
  await isWell(life);
});

test("a start that hangs is stopped and started once more, within its time", async () => {
  const life = open();
  await life.up(managed({ powerState: "stopped" }));
  life.cloud.emulator.faults.order({ kind: "serviceHangs", command: "startKubernetesCluster", ms: 30 * 86_400_000 });
  const began = life.cloud.clock.now();
  await life.up(managed({ timeouts: { update: 1200 } }));
  expect(life.cloud.clock.now() - began).toBeLessThan(1_200_000);
  expect(life.run.lines.join("\n")).toMatch(/startKubernetesCluster has not ended within .* It is stopped and started once more/);
  expect(life.outputs.state).toBe("Running");
  await isWell(life);
});

test("a start that a dead run has left hanging is seen by the next one, and mended", async () => {
  const life = open();
  await life.up(managed({ powerState: "stopped" }));
  life.cloud.emulator.faults.order({ kind: "serviceHangs", command: "startKubernetesCluster", ms: 30 * 86_400_000 });
  const [record] = await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {}));
  await life.cloud.clock.run(byHand(life.cloud).start("startKubernetesCluster", { id: record!.id! }));
  await life.cloud.clock.pass(10_000);
  expect((await life.plan(managed()))[0]).toMatch(/wait for prod to be running \(Mold shows it as Starting\)/);
  await life.up(managed({ timeouts: { update: 600 } }));
  expect(life.run.lines.join("\n")).toMatch(/it hangs in Starting: it is stopped and started/);
  await isWell(life);
});

const engineOf = (declared: Record<string, unknown>): Engine => new Engine(declared, undefined, managedIdentity);
const half = { kind: "serviceFails", command: "createKubernetesCluster", skip: 1, text: "Insufficient capacity" } as const;

test("a create that failed half-way stays to be looked at, with Mold's words; the next run makes it anew in the same place", async () => {
  const cloud = new Cloud();
  cloud.emulator.faults.order(half);
  const engine = engineOf(managed());
  await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/"Insufficient capacity".*Mold shows the cluster as Error; its events say: "Error while creating Kubernetes cluster.*Run again: it goes on from there/s);
  expect((seen(cloud).clusters ?? []).map(({ state }) => state)).toEqual(["Error"]);
  const place = engine.endpoint;
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(changing(run).filter((call) => /KubernetesCluster$/.test(call))).toEqual(["deleteKubernetesCluster", "createKubernetesCluster"]);
  expect(engine.cluster.state).toBe("Running");
  expect(engine.endpoint).toEqual(place);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
});

test("with failedCreate: remove nothing of it is left, and the error is the same", async () => {
  const cloud = new Cloud();
  cloud.emulator.faults.order(half);
  const engine = engineOf(managed({ failedCreate: "remove" }));
  await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/"Insufficient capacity".*What Mold had made of it was deleted again, as failedCreate says/s);
  expect([seen(cloud).clusters, seen(cloud).machines]).toEqual([[], []]);
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(engine.cluster.state).toBe("Running");
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("with failedCreate: remove one that is only slow is left alone, and the next run goes on from there", async () => {
  const cloud = new Cloud();
  cloud.emulator.faults.order({ kind: "serviceHangs", command: "createKubernetesCluster", ms: 1_800_000 });
  const engine = engineOf(managed({ failedCreate: "remove", timeouts: { create: 600 } }));
  await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/Mold shows the cluster as Starting.*Run again: it goes on from there\.$/s);
  expect(seen(cloud).clusters).toHaveLength(1);
  await cloud.clock.pass(1_800_000);
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(changing(run)).not.toContain("createKubernetesCluster");
  expect(engine.cluster.state).toBe("Running");
});

test("a create whose API never answers ends in Mold's own time, and a destroy takes all of it along", async () => {
  const cloud = new Cloud({ kubernetesStartTimeout: 600_000 });
  cloud.emulator.faults.order({ kind: "machineNeverBoots", name: "prod-control-*" });
  const engine = engineOf(managed());
  await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/unable to provision API endpoint for the cluster/);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("a destroy of one that is just being made waits until Mold can delete it", async () => {
  const cloud = new Cloud();
  const engine = engineOf(managed());
  await cloud.clock.run(engine.upEndpoint(cloud.newRun()));
  const dying = cloud.newRun({ killAt: { call: 12, when: "after" } });
  await cloud.clock.run(engine.upCluster(dying)).catch(() => undefined);
  expect((seen(cloud).clusters ?? []).length).toBe(1);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("a cluster that somebody deleted in Mold is not made anew unasked", async () => {
  const life = open();
  const mold = byHand(life.cloud);
  const [record] = await life.cloud.clock.run(mold.list("listKubernetesClusters", {}));
  await life.cloud.clock.run(mold.run("deleteKubernetesCluster", { id: record!.id! }));
  await expect(life.plan()).rejects.toThrow(/management: Mold has no such cluster any more: it was deleted outside this program\. Refresh/);
});

test("a cluster that lost a machine to a scaling by hand that stopped half-way is refused with the reason, and is still deleted: Mold takes no scaling of it any more", async () => {
  const cloud = new Cloud();
  const engine = engineOf(managed({ workers: 3 }));
  await cloud.clock.run(engine.up(cloud.newRun()));
  const { mold } = cloud.newRun().world({ owner: "by hand" });
  const [record] = await cloud.clock.run(mold.list("listKubernetesClusters", {}));
  cloud.emulator.faults.order({ kind: "serviceFails", command: "scaleKubernetesCluster", skip: 1, text: "the host is away" });
  await expect(cloud.clock.run(mold.run("scaleKubernetesCluster", { id: record!.id!, size: 1 }))).rejects.toThrow(/the host is away/);
  await expect(cloud.clock.run(engine.up(cloud.newRun()))).rejects.toThrow(/workers\.count: Mold counts 4 machines of the cluster, and 3 are there/);
  expect((seen(cloud).clusters ?? []).map(({ state }) => state)).toEqual(["Alert"]);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});
