/** Clusters that exist already: whoever made them in Mold, they are declared here from then on. */
import { clusterIdentity, type IdentityInputs } from "../../../provider/handlers/cluster-identity";
import { clusterAccess } from "../../../provider/handlers/cluster-access";
import { checkInputs } from "../../../schema/check";
import { Cloud } from "../world/cloud";
import { declaredBy, sharedIdentity } from "../world/cluster";
import { expectAtRestAndWholeToDestroy } from "../world/at-rest";
import { Engine } from "../world/engine";
import { byHand, changing, seen } from "../world/made";
import { Mishaps } from "../world/mishaps";
import { managed, managedIdentity } from "./managed";

beforeAll(sharedIdentity);

/** As somebody makes it at Mold's screens. */
async function madeByHand(cloud: Cloud, name = "prod", size = 2): Promise<void> {
  const mold = byHand(cloud);
  const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
  const version = (await cloud.clock.run(mold.list("listKubernetesSupportedVersions", {}))).find(({ semanticversion }) => semanticversion === "1.34.2");
  const [offering] = await cloud.clock.run(mold.list("listServiceOfferings", { name: "k8s-2c-4g" }));
  await cloud.clock.run(mold.run("createKubernetesCluster", { name, description: "by hand", zoneid: zone!.id!, kubernetesversionid: version!.id!, serviceofferingid: offering!.id!, size, controlnodes: 1 }));
}

const identityOf = async (cloud: Cloud, declared: Record<string, unknown>): Promise<typeof managedIdentity> => {
  const { inputs } = checkInputs("KubernetesCluster", declared);
  const { outputs } = await cloud.clock.run(clusterIdentity.create(cloud.newRun().session, { ...inputs, declaredBy } as IdentityInputs));
  return outputs;
};

async function adopted(cloud: Cloud, declared: Record<string, unknown>): Promise<Engine> {
  const engine = new Engine(declared, undefined, await identityOf(cloud, declared));
  await cloud.clock.run(engine.up(cloud.newRun()));
  return engine;
}

test("one that Mold runs is taken over as it is; then there is nothing to do; and a destroy takes all of it along", async () => {
  const cloud = new Cloud();
  await madeByHand(cloud);
  const before = seen(cloud);
  const engine = await adopted(cloud, managed({ adopt: true }));
  const now = seen(cloud);
  for (const table of ["networks", "addresses", "machines", "firewallRules", "forwards", "balancers", "clusters"]) expect([table, now[table]]).toEqual([table, before[table]]);
  expect(engine.cluster).toMatchObject({ state: "Running", size: 2, clusterType: "CloudManaged", networkName: "prod-network" });
  await expectAtRestAndWholeToDestroy(cloud, engine);
});

test("what is declared otherwise is changed by none but the next run, which says so before", async () => {
  const cloud = new Cloud();
  await madeByHand(cloud);
  const engine = await adopted(cloud, managed({ adopt: true, workers: 3 }));
  expect(engine.cluster.size).toBe(2);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual(["have Mold make 1 more worker of prod", expect.stringMatching(/^about/)]);
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(engine.cluster.size).toBe(3);
});

test("one that this library made for another program keeps its uid and its network", async () => {
  const cloud = new Cloud();
  const before = new Engine(managed(), "pulumi:other/project/stack", managedIdentity);
  await cloud.clock.run(before.up(cloud.newRun()));
  const engine = await adopted(cloud, managed({ adopt: true }));
  expect(engine.cluster.uid).toBe(managedIdentity.uid);
  expect(engine.endpoint.networkOwned).toBe(true);
  const owners = (seen(cloud).tags ?? []).filter(({ key }) => key === "ablestack-owner").map(({ value }) => value);
  expect(new Set(owners)).toEqual(new Set([declaredBy.owner]));
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  // Where it was declared before it is nothing to go by a destroy any more.
  const destroyed = cloud.newRun();
  await cloud.clock.run(before.destroy(destroyed));
  expect(changing(destroyed)).toEqual([]);
  await expectAtRestAndWholeToDestroy(cloud, engine);
});

test("with none of that name, or with two, it is refused before anything is made", async () => {
  const cloud = new Cloud();
  await expect(identityOf(cloud, managed({ adopt: true }))).rejects.toThrow(/there is no cluster prod of Mold's own service in the zone to take over/);
  await madeByHand(cloud);
  await madeByHand(cloud);
  await expect(identityOf(cloud, managed({ adopt: true }))).rejects.toThrow(/2 clusters of Mold's own service are called prod \(.*\): which of them is meant can't be told\. Say which by adoptId/);
  const [first] = await cloud.clock.run(byHand(cloud).list("listKubernetesClusters", {}));
  const engine = await adopted(cloud, managed({ adopt: true, adoptId: first!.id! }));
  expect(engine.cluster.moldId).toBe(first!.id);
  await expect(identityOf(cloud, managed({ adopt: true, adoptId: "nobody" }))).rejects.toThrow(/there is no cluster prod with the id nobody/);
});

test("what can't be changed in place and differs is refused, and the cluster is left as it was", async () => {
  const cloud = new Cloud();
  await madeByHand(cloud);
  await expect(adopted(cloud, managed({ adopt: true, controlPlanes: 3 }))).rejects.toThrow(/controlPlane\.count: is 3, and the cluster has 1/);
});

test("whatever fails as it is taken over, it is not taken for a create that failed: failedCreate: remove deletes none of it", async () => {
  const cloud = new Cloud();
  await madeByHand(cloud);
  const node = (seen(cloud).machines ?? []).map(({ name }) => String(name)).find((name) => name.includes("-node-"))!;
  await new Mishaps(cloud).stop(node);
  await cloud.clock.pass(60_000);
  expect((seen(cloud).clusters ?? []).map(({ state }) => state)).toEqual(["Alert"]);
  const declared = managed({ adopt: true, failedCreate: "remove" });
  const engine = new Engine(declared, undefined, await identityOf(cloud, declared));
  await cloud.clock.run(engine.upEndpoint(cloud.newRun()));
  // Those of its lock and of its life come first; a tag is tried twice, on control planes and workers at once.
  cloud.emulator.faults.order({ kind: "jobFails", command: "createTags", skip: 2, count: 4, text: "the database is away" });
  const run = cloud.newRun();
  await expect(cloud.clock.run(engine.upCluster(run))).rejects.toThrow(/the database is away/);
  expect(changing(run)).not.toContain("deleteKubernetesCluster");
  expect((seen(cloud).machines ?? []).length).toBe(3);
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(engine.cluster.state).toBe("Running");
});

test("one that failed to be made is refused and left as it is: Mold can only delete it", async () => {
  const cloud = new Cloud();
  cloud.emulator.faults.order({ kind: "serviceFails", command: "createKubernetesCluster", skip: 1, text: "Insufficient capacity" });
  await madeByHand(cloud).catch(() => undefined);
  expect((seen(cloud).clusters ?? []).map(({ state }) => state)).toEqual(["Error"]);
  const before = cloud.state();
  await expect(identityOf(cloud, managed({ adopt: true }))).rejects.toThrow(/the cluster prod is in state Error: its create failed, and Mold can only delete it/);
  expect(cloud.state()).toBe(before);
});

test("the kubeconfig is Mold's, and the same however the cluster changes", async () => {
  const cloud = new Cloud();
  const engine = new Engine(managed(), undefined, managedIdentity);
  await cloud.clock.run(engine.up(cloud.newRun()));
  const { networkId, networkOwned } = engine.endpoint;
  const inputs = { ...checkInputs("ClusterAccess", { uid: managedIdentity.uid, name: "prod", management: "mold", networkId, networkOwned }).inputs, declaredBy };
  const { outputs } = await cloud.clock.run(clusterAccess.create(cloud.newRun().session, inputs));
  expect(outputs.kubeconfig).toContain(`server: ${engine.cluster.endpoint}`);
  expect(outputs.caCertificate).toBe(engine.cluster.caCertificate);
  await cloud.clock.run(engine.declare(managed({ version: "1.35", workers: 1 })).up(cloud.newRun()));
  expect((await cloud.clock.run(clusterAccess.read(cloud.newRun().session, managedIdentity.uid, { inputs, outputs })))?.outputs).toEqual(outputs);
  const run = cloud.newRun();
  expect(await clusterAccess.diff(run.session, managedIdentity.uid, { inputs, outputs }, inputs)).toEqual({ changes: false, replaces: [], plan: [] });
  expect(run.calls).toEqual([]);
});
