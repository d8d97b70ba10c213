/** A cluster that the core runs, in Mold's own screens: its record there, the machines in it, the comments on it. */
import type { Answer } from "../../provider/core/ports";
import { Engine } from "./world/engine";
import { declaration, sharedIdentity } from "./world/cluster";
import { Cloud } from "./world/cloud";
import { Life } from "./world/life";
import { byHand, changing, MadeCluster } from "./world/made";

const uid = "k3x9abcdef01";
const small = (more: Record<string, unknown> = {}, workers = 1): Record<string, unknown> => declaration({ controlPlanes: 1, workers, version: "1.34", ...more });

let made: MadeCluster;

beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(small());
}, 60_000);
afterAll(() => made.close());

type ClusterRecord = Answer<"listKubernetesClusters">;
const records = (cloud: Cloud): Promise<ClusterRecord[]> => byHand(cloud).list("listKubernetesClusters", {});
const namesIn = ({ virtualmachines }: ClusterRecord): string[] => ((virtualmachines ?? []) as { name: string }[]).map(({ name }) => name).sort();
const commentsOn = async (cloud: Cloud, { id }: ClusterRecord): Promise<string[]> => (await byHand(cloud).list("listAnnotations", { entitytype: "KUBERNETES_CLUSTER", entityid: id })).map(({ annotation }) => annotation!).sort();

test("it shows as ExternalManaged with its version, its network and its machines, control planes as such", async () => {
  const { cloud } = made.open();
  const all = await records(cloud);
  expect(all).toHaveLength(1);
  expect(all[0]).toMatchObject({ name: "prod", clustertype: "ExternalManaged", state: "Running", controlnodes: 1, size: 1, description: `prod [ablestack-kubernetes ${uid}]`, associatednetworkname: `prod-${uid}` });
  expect(all[0]!.kubernetesversionname).toContain("1.34.");
  expect(namesIn(all[0]!)).toEqual(["prod-control-1", "prod-worker-1"]);
  expect(new Life(made).outputs).toMatchObject({ moldId: all[0]!.id, name: "prod" });
});

test("it is kept as the cluster scales: workers are in it once they are Ready, and out of it before they go", async () => {
  const life = new Life(made);
  const [before] = await records(life.cloud);
  await life.up(small({}, 3));
  expect(await records(life.cloud)).toMatchObject([{ id: before!.id, controlnodes: 1, size: 3 }]);
  await life.up(small());
  expect(await records(life.cloud)).toMatchObject([{ id: before!.id, controlnodes: 1, size: 1 }]);
  expect(namesIn((await records(life.cloud))[0]!)).toEqual(["prod-control-1", "prod-worker-1"]);
  expect(await life.plan()).toEqual([]);
}, 60_000);

test("another version is registered anew; what people wrote on the former record comes along, signed, and declared comments once", async () => {
  const life = new Life(made);
  await life.up(small({ comments: ["ask Min"] }));
  const [before] = await records(life.cloud);
  await byHand(life.cloud).call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: before!.id, annotation: "disk is slow" });
  expect(await life.plan(small({ comments: ["ask Min"], version: "1.35" }))).toEqual(expect.arrayContaining([expect.stringMatching(/^register prod with Mold \(it is there with Kubernetes 1\.34\.\d+, and Mold can't change that\)$/), "delete the former record of prod in Mold"]));
  await life.up(small({ comments: ["ask Min"], version: "1.35" }));
  const [after, ...more] = await records(life.cloud);
  expect(more).toEqual([]);
  expect(after!.id).not.toBe(before!.id);
  expect(after!.kubernetesversionname).toContain("1.35.4");
  expect(namesIn(after!)).toEqual(["prod-control-1", "prod-worker-1"]);
  expect(await commentsOn(life.cloud, after!)).toEqual(["ask Min", expect.stringMatching(/^disk is slow \(admin, \d{4}-\d\d-\d\d\)$/)]);
  expect(await life.plan()).toEqual([]);
  // A signature is put once.
  await life.up(small({ comments: ["ask Min"], version: "1.35", description: "Payments" }));
  expect(await commentsOn(life.cloud, (await records(life.cloud))[0]!)).toEqual(["ask Min", expect.stringMatching(/^disk is slow \(admin, [\d-]+\)$/)]);
}, 60_000);

test("comments are changed in place: missing ones are written, those no longer declared go, those of others stay", async () => {
  const life = new Life(made);
  await life.up(small({ comments: ["one", "two"] }));
  const [record] = await records(life.cloud);
  await byHand(life.cloud).call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: record!.id, annotation: "by hand" });
  expect(await life.plan()).toEqual([]);
  await life.up(small({ comments: ["two", "three"] }));
  expect(changing(life.run).filter((call) => !call.endsWith("Tags"))).toEqual(["addAnnotation", "removeAnnotation"]);
  expect(await commentsOn(life.cloud, record!)).toEqual(["by hand", "three", "two"]);
  await life.up(small());
  expect(await commentsOn(life.cloud, record!)).toEqual(["by hand"]);
  expect((await records(life.cloud)).map(({ id }) => id)).toEqual([record!.id]);
}, 60_000);

test("a machine that was destroyed and expunged by hand is counted no longer; a record that is gone is made again", async () => {
  const life = new Life(made);
  const mold = byHand(life.cloud);
  const [worker] = await mold.list("listVirtualMachines", { name: "prod-worker-1" });
  await life.cloud.clock.run(mold.run("destroyVirtualMachine", { id: worker!.id!, expunge: true }));
  await life.up(small());
  expect(await records(life.cloud)).toMatchObject([{ controlnodes: 1, size: 1 }]);
  const [record] = await records(life.cloud);
  await life.cloud.clock.run(mold.run("deleteKubernetesCluster", { id: record!.id! }));
  expect(await life.plan()).toEqual(["register prod with Mold (its screens show the cluster then)", "enter prod-control-1 in Mold's record of prod", "enter prod-worker-1 in Mold's record of prod", expect.stringMatching(/^about/)]);
  await life.up(small());
  expect(await records(life.cloud)).toMatchObject([{ controlnodes: 1, size: 1 }]);
}, 60_000);

test("a destroy takes the record along, and leaves one of the same name that is somebody else's", async () => {
  const cloud = new Cloud();
  const mold = byHand(cloud);
  const [[zone], [offering]] = await Promise.all([mold.list("listZones", {}), mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" })]);
  const network = await mold.call("createNetwork", { name: "theirs", displaytext: "theirs", zoneid: zone!.id!, networkofferingid: offering!.id! });
  const theirs = await cloud.clock.run(mold.run("createKubernetesCluster", { name: "prod", description: "theirs", zoneid: zone!.id!, networkid: network.id, clustertype: "ExternalManaged" }));
  const engine = new Engine(small());
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(await records(cloud)).toHaveLength(2);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(await records(cloud)).toMatchObject([{ id: theirs.id, description: "theirs" }]);
}, 60_000);

test("a record that is left when all else is gone goes with the rest of the cluster", async () => {
  const life = new Life(made);
  const mold = byHand(life.cloud);
  const [[network], machines] = await Promise.all([mold.list("listNetworks", { keyword: uid }), mold.list("listVirtualMachines", { keyword: uid })]);
  for (const { id } of machines) await life.cloud.clock.run(mold.run("destroyVirtualMachine", { id: id!, expunge: true }));
  await life.cloud.clock.run(mold.run("deleteNetwork", { id: network!.id! }));
  expect(await records(life.cloud)).toHaveLength(1);
  await life.destroy();
  expect(await records(life.cloud)).toEqual([]);
  expect(life.cloud.emulator.isEmpty()).toBe(true);
}, 60_000);
