import { clusterIdentity, type IdentityInputs } from "../../../provider/handlers/cluster-identity";
import { Cloud } from "../world/cloud";
import { declaredBy, sharedIdentity } from "../world/cluster";
import { Engine } from "../world/engine";
import { changing, locksLeft, seen } from "../world/made";
import { managed, managedIdentity, nodesInside } from "./managed";

beforeAll(sharedIdentity);

const engineOf = (declared: Record<string, unknown>): Engine => new Engine(declared, undefined, managedIdentity);

test("from nothing to a cluster that Mold runs, with the outputs of any other; run again there is nothing to do; and back to nothing", async () => {
  const cloud = new Cloud();
  const engine = engineOf(managed({ controlPlanes: 3, workers: 2 }));
  await cloud.clock.run(engine.up(cloud.newRun()));
  const { nodes, ...facts } = engine.cluster;
  expect(facts).toMatchObject({ state: "Running", kubernetesVersion: "1.34.2", size: 2, controlPlaneCount: 3, clusterType: "CloudManaged", cpuCores: 10, memoryMb: 20_480, autoscalingEnabled: false });
  expect(facts.endpoint).toBe(engine.endpoint.endpoint);
  expect(nodes.map(({ role, state, version, offering }) => `${role} ${state} ${version} ${offering}`)).toEqual([...Array<string>(3).fill("control-plane Running 1.34.2 k8s-2c-4g"), ...Array<string>(2).fill("worker Running 1.34.2 k8s-2c-4g")]);
  expect(nodesInside(cloud)).toHaveLength(5);

  const again = cloud.newRun();
  const before = cloud.emulator.calls().length;
  expect(await cloud.clock.run(engine.plan(again))).toEqual([]);
  expect(cloud.emulator.calls(before).filter(({ changing: changes }) => changes)).toEqual([]);
  expect(again.calls.filter((call) => call.startsWith("kubernetes"))).toEqual(["kubernetes GET /api/v1/nodes"]);
  expect(again.calls.length).toBeLessThanOrEqual(9);
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(changing(run)).toEqual([]);
  expect(locksLeft(cloud)).toEqual([]);

  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

test("what is asked for reaches Mold: registry, key pair, disks, a network of the user's, which stays", async () => {
  const cloud = new Cloud();
  const mold = cloud.newRun().world({ owner: "by hand" }).mold;
  const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
  const [offering] = await cloud.clock.run(mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" }));
  await cloud.clock.run(mold.call("createNetwork", { name: "apps", displaytext: "apps", zoneid: zone!.id!, networkofferingid: offering!.id! }));
  await cloud.clock.run(mold.call("registerSSHKeyPair", { name: "ops", publickey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGRhZGFkYWRhZGFkYWRhZGFkYWRhZGFkYWRhZGFkYWRh x" }));
  const engine = engineOf(
    managed({ network: "apps", sshKeyPair: "ops", description: "Payments", privateRegistry: { url: "https://r.example.com", username: "puller", password: "hush-hush" }, workers: 1 }),
  );
  await cloud.clock.run(engine.up(cloud.newRun()));
  const [record] = await cloud.clock.run(mold.list("listKubernetesClusters", {}));
  expect(record).toMatchObject({ keypair: "ops", associatednetworkname: "apps", description: `Payments [ablestack-kubernetes ${managedIdentity.uid}]` });
  expect(engine.endpoint.networkOwned).toBe(false);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect((seen(cloud).networks ?? []).map(({ name }) => name)).toEqual(["apps"]);
  for (const table of ["machines", "clusters", "tags", "firewallRules", "balancers"]) expect([table, seen(cloud)[table]]).toEqual([table, []]);
});

test("what an administrator has to allow first is said: a private registry by the preview, more machines in Mold's own words", async () => {
  const cloud = new Cloud({ kubernetesExperimentalFeatures: false, kubernetesMaxSize: 10 });
  const declared = { ...managed({ privateRegistry: { url: "https://r.example.com", username: "puller", password: "hush-hush" } }), declaredBy };
  const checked = (at: Cloud): Promise<unknown> => at.clock.run(clusterIdentity.check(at.newRun().session, undefined, declared as unknown as IdentityInputs)).then(({ failures }) => failures);
  expect(await checked(cloud)).toEqual([{ property: "privateRegistry", reason: expect.stringMatching(/takes none here.*cloud\.kubernetes\.cluster\.experimental\.features\.enabled/) as string }]);
  expect(await checked(new Cloud({ kubernetesExperimentalFeatures: true }))).toEqual([]);
  await expect(cloud.clock.run(engineOf(managed({ workers: 10 })).up(cloud.newRun()))).rejects.toThrow(/can not be more than 10/);
});

test("on a shared network the API is where the balancer of the user's is; without its address it is refused before anything is made", async () => {
  const cloud = new Cloud();
  const mold = cloud.newRun().world({ owner: "by hand" }).mold;
  const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
  const [offering] = await cloud.clock.run(mold.list("listNetworkOfferings", { name: "DefaultSharedNetworkOffering" }));
  await cloud.clock.run(mold.call("createNetwork", { name: "lan", displaytext: "lan", zoneid: zone!.id!, networkofferingid: offering!.id! }));
  const before = cloud.state();
  await expect(cloud.clock.run(engineOf(managed({ network: "lan" })).up(cloud.newRun()))).rejects.toThrow(/the network lan is shared.*give externalLoadBalancerIp/);
  expect(cloud.state()).toBe(before);

  const engine = engineOf(managed({ network: "lan", externalLoadBalancerIp: "192.0.2.40", controlPlanes: 3, workers: 1 }));
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(engine.cluster).toMatchObject({ state: "Running", endpoint: "https://192.0.2.40:6443" });
  expect(nodesInside(cloud)).toHaveLength(4);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
  engine.declare(managed({ network: "lan", externalLoadBalancerIp: "192.0.2.40", controlPlanes: 3, workers: 2, version: "1.35" }));
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(nodesInside(cloud)).toEqual([...Array<string>(3).fill("control 1.35.4"), ...Array<string>(2).fill("node 1.35.4")]);
  await cloud.clock.run(engine.destroy(cloud.newRun()));
  expect((seen(cloud).networks ?? []).map(({ name }) => name)).toEqual(["lan"]);
  for (const table of ["machines", "clusters", "tags", "addresses"]) expect([table, seen(cloud)[table]]).toEqual([table, []]);
});

test("a name that somebody else's cluster has is refused, and says whose id it is", async () => {
  const cloud = new Cloud();
  await cloud.clock.run(engineOf(managed()).up(cloud.newRun()));
  const other = new Engine(managed(), "pulumi:other/project/stack", { ...managedIdentity, uid: "other0000001" });
  await expect(cloud.clock.run(other.up(cloud.newRun()))).rejects.toThrow(/name: there is a cluster prod of Mold's own service already.*adopt: true/);
});
