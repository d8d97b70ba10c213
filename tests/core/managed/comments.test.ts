/** Comments on a cluster that Mold runs, and its storage driver: the same arguments as for the core's clusters. */
import { Cloud } from "../world/cloud";
import { sharedIdentity } from "../world/cluster";
import { Engine } from "../world/engine";
import { Life } from "../world/life";
import { byHand, changing, MadeCluster } from "../world/made";
import { managed, managedIdentity } from "./managed";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed({ workers: 1, comments: ["ask Min"] }));
}, 60_000);
afterAll(() => made.close());

const on = (comments: string[], more: object = {}): Record<string, unknown> => managed({ workers: 1, comments, ...more });
async function commentsOn(cloud: Cloud): Promise<string[]> {
  const [record] = await cloud.clock.run(byHand(cloud).list("listKubernetesClusters", {}));
  return (await cloud.clock.run(byHand(cloud).list("listAnnotations", { entitytype: "KUBERNETES_CLUSTER", entityid: record!.id! }))).map(({ annotation }) => annotation!).sort();
}
const writtenByHand = async (cloud: Cloud, annotation: string): Promise<void> => {
  const [record] = await cloud.clock.run(byHand(cloud).list("listKubernetesClusters", {}));
  await cloud.clock.run(byHand(cloud).call("addAnnotation", { entitytype: "KUBERNETES_CLUSTER", entityid: record!.id!, annotation }));
};

test("are written as it is made, and there is nothing left to do", async () => {
  const life = new Life(made);
  expect(await commentsOn(life.cloud)).toEqual(["ask Min"]);
  expect(await life.plan()).toEqual([]);
});

test("are changed in place: missing ones are written, those no longer declared go, those of people stay", async () => {
  const life = new Life(made);
  await writtenByHand(life.cloud, "disk is slow");
  expect(await life.plan(on(["ask Ho"]))).toEqual(['comment on prod: "ask Ho"', 'remove the comment on prod: "ask Min"', expect.stringMatching(/^about/)]);
  await life.up(on(["ask Ho"]));
  expect(changing(life.run).filter((call) => !call.endsWith("Tags"))).toEqual(["addAnnotation", "removeAnnotation"]);
  expect(await commentsOn(life.cloud)).toEqual(["ask Ho", "disk is slow"]);
  await life.up(on([]));
  expect(await commentsOn(life.cloud)).toEqual(["disk is slow"]);
  expect(await life.plan()).toEqual([]);
});

test("are written on one that is stopped", async () => {
  const life = new Life(made);
  await life.up(on(["ask Min"], { powerState: "stopped" }));
  await life.up(on(["ask Min", "off until May"], { powerState: "stopped" }));
  expect(await commentsOn(life.cloud)).toEqual(["ask Min", "off until May"]);
  expect(await life.plan()).toEqual([]);
});

test("killed between two of them, the next run writes the other alone", async () => {
  const life = new Life(made);
  const probe = new Life(made);
  await probe.up(on(["one", "two"]));
  const call = probe.run.calls.indexOf("addAnnotation") + 1;
  await life.up(on(["one", "two"]), { killAt: { call, when: "after" } });
  life.cloud.ended.add(life.run.name);
  await life.up(on(["one", "two"]));
  expect(await commentsOn(life.cloud)).toEqual(["one", "two"]);
});

test("the storage driver is asked for as it is made; later it is neither added nor removed, and the preview says so", async () => {
  const cloud = new Cloud();
  const engine = new Engine(managed({ workers: 1, addons: { csi: true } }), undefined, managedIdentity);
  await cloud.clock.run(engine.up(cloud.newRun()));
  const [record] = await cloud.clock.run(byHand(cloud).list("listKubernetesClusters", {}));
  expect(record!.csienabled).toBe(true);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  engine.declare(managed({ workers: 1 }));
  await expect(cloud.clock.run(engine.plan(cloud.newRun()))).rejects.toThrow(/addons\.csi: is false, and the cluster was made with the storage driver: Mold installs it as it makes a cluster/);
  await expect(new Life(made).plan(on(["ask Min"], { addons: { csi: true } }))).rejects.toThrow(/addons\.csi: is true, and the cluster was made without the storage driver/);
});
