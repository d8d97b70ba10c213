/** Machines of the user's as nodes of a cluster that Mold runs: named by id, taken in and out as they are declared. */
import type { Cloud } from "../world/cloud";
import { sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { byHand, changing, MadeCluster } from "../world/made";
import { budget, deployment, podsOf } from "../world/workloads";
import { checkInputs } from "../../../schema/check";
import { cluster as declaredCluster } from "../../schema/declarations";
import { managed } from "./managed";

jest.setTimeout(120_000);

const on = (externalNodes?: string[], more: object = {}): Record<string, unknown> => managed({ network: "apps", workers: 1, ...(externalNodes ? { externalNodes } : {}), ...more });

async function network(cloud: Cloud): Promise<string> {
  const mold = byHand(cloud);
  const [zone] = await cloud.clock.run(mold.list("listZones", { name: "zone-1" }));
  const [offering] = await cloud.clock.run(mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" }));
  return (await cloud.clock.run(mold.call("createNetwork", { name: "apps", displaytext: "apps", zoneid: zone!.id!, networkofferingid: offering!.id! }))).id!;
}
async function machine(cloud: Cloud, name: string, template = "debian-13-containerd"): Promise<string> {
  const mold = byHand(cloud);
  const [[there], [offering], [image]] = await cloud.clock.run(Promise.all([mold.list("listNetworks", { keyword: "apps" }), mold.list("listServiceOfferings", { name: "k8s-2c-4g" }), mold.list("listTemplates", { templatefilter: "executable", name: template })]));
  const made = await cloud.clock.run(mold.run("deployVirtualMachine", { zoneid: there!.zoneid!, serviceofferingid: offering!.id!, templateid: image!.id!, networkids: [there!.id!], name }));
  return made.id!;
}

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(on(), { prepare: async (cloud) => void (await network(cloud)) });
});
afterAll(() => made.close());

const records = async (life: Life): Promise<{ size?: number | string; state?: string; virtualmachines?: unknown[] }> => (await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {})))[0]!;
const plain = (names: readonly string[]): string[] => names.map((name) => name.replace(/-[0-9a-f]{11}\b/g, "-…")).sort();

test("one that is declared joins, beside the workers that Mold makes; again there is nothing to do; taken out it is drained, and stays", async () => {
  const life = new Life(made);
  const id = await machine(life.cloud, "edge-1");
  expect(await life.plan(on([id]))).toEqual(["have Mold take edge-1 into prod (rebooted as it joins)", expect.stringMatching(/^about/)]);
  await life.up(on([id]));
  expect(plain(await life.nodes())).toEqual(["edge-1", "prod-control-…", "prod-node-…"]);
  expect(await records(life)).toMatchObject({ size: 2, state: "Running" });
  expect(life.outputs).toMatchObject({ size: 1, nodes: expect.arrayContaining([expect.objectContaining({ machineId: id, role: "worker" })]) as unknown });
  expect(await life.plan()).toEqual([]);

  await deployment(life, "web", 4);
  await budget(life, "web", 3);
  expect((await podsOf(life, "web")).some(({ node }) => node === "edge-1")).toBe(true);
  expect(await life.plan(on())).toEqual(["cordon edge-1", "drain edge-1", "have Mold take edge-1 out of prod (it is not declared any more; the machine stays)", expect.stringMatching(/^about/)]);
  await life.up(on());
  expect(plain(await life.nodes())).toEqual(["prod-control-…", "prod-node-…"]);
  expect((await podsOf(life, "web")).some(({ node }) => node === "edge-1")).toBe(false);
  expect(life.machines).toContain("edge-1 Running");
  expect(await records(life)).toMatchObject({ size: 1, state: "Running" });
  expect(await life.plan()).toEqual([]);
});

test("the size stays that of Mold's own machines: scaled beside it, upgraded along, and stopped with it", async () => {
  const life = new Life(made);
  const id = await machine(life.cloud, "edge-1");
  await life.up(on([id]));
  await life.up(on([id], { workers: 2, version: "1.35" }));
  expect(life.outputs).toMatchObject({ size: 2, kubernetesVersion: "1.35.4" });
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  expect(nodes.map(({ version }) => version)).toEqual(Array(4).fill("1.35.4"));
  await life.up(on([id], { workers: 2, version: "1.35", powerState: "stopped" }));
  expect(await life.plan()).toEqual([]);
  await life.up(on([id], { workers: 2, version: "1.35" }));
  expect(await life.plan()).toEqual([]);
});

test("one that people have added is left alone, and one that was declared once goes only by its own id", async () => {
  const life = new Life(made);
  const [mine, theirs] = [await machine(life.cloud, "edge-1"), await machine(life.cloud, "edge-2")];
  const [record] = await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {}));
  await life.cloud.clock.run(byHand(life.cloud).run("addNodesToKubernetesCluster", { id: record!.id!, nodeids: [theirs] }));
  expect(await life.plan()).toEqual([]);
  await life.up(on([mine]));
  await life.up(on());
  expect(plain(await life.nodes())).toEqual(["edge-2", "prod-control-…", "prod-node-…"]);
});

test("killed while it joins, the next run finds it in the cluster", async () => {
  const life = new Life(made);
  const id = await machine(life.cloud, "edge-1");
  const probe = new Life(made);
  const other = await machine(probe.cloud, "edge-1");
  await probe.up(on([other]));
  const call = probe.run.calls.indexOf("addNodesToKubernetesCluster") + 1;
  await life.up(on([id]), { killAt: { call, when: "after" } });
  life.cloud.ended.add(life.run.name);
  await life.up(on([id]));
  expect(life.run.calls).not.toContain("addNodesToKubernetesCluster");
  expect(plain(await life.nodes())).toEqual(["edge-1", "prod-control-…", "prod-node-…"]);
  expect(await life.plan()).toEqual([]);
});

test("one that Mold can't log in to is told with what Mold says; the cluster runs on without it", async () => {
  const life = new Life(made);
  const id = await machine(life.cloud, "edge-1");
  life.cloud.emulator.faults.order({ kind: "serviceFails", command: "addNodesToKubernetesCluster", name: "edge-1" });
  await expect(life.up(on([id]))).rejects.toThrow(/have Mold take edge-1 into prod: .*Not every node was added to the CKS cluster.*nodes added: 0 out of 1/);
  expect(await records(life)).toMatchObject({ size: 1, state: "Running" });
  await life.up(on([id]));
  expect(await life.plan()).toEqual([]);
});

test("one of a template that is not marked for Mold's service is told with that, which Mold keeps to its log", async () => {
  const life = new Life(made);
  const id = await machine(life.cloud, "edge-1");
  life.cloud.emulator.faults.order({ kind: "jobFails", command: "addNodesToKubernetesCluster", text: "No valid nodes found to be added to the Kubernetes cluster" });
  await expect(life.up(on([id]))).rejects.toThrow(/No valid nodes found to be added.*of a template that is marked for its Kubernetes service \(forcks\)/s);
  expect(await records(life)).toMatchObject({ size: 1, state: "Running" });
});

test("what can't be taken in is refused by its place in the list, before anything is asked of Mold", async () => {
  const life = new Life(made);
  const off = await machine(life.cloud, "edge-1");
  await life.cloud.clock.run(byHand(life.cloud).run("stopVirtualMachine", { id: off }));
  const own = life.outputs.nodes.find(({ role }) => role === "worker")!.machineId;
  const failure = (...ids: string[]): Promise<unknown> => life.up(on(ids)).catch((error: unknown) => (error as Error).message);
  expect(await failure("nobody")).toMatch(/externalNodes\[0\]: is nobody, and no machine of that id is on the cluster's network.*there are edge-1/);
  expect(await failure(off)).toMatch(/externalNodes\[0\]: edge-1 is Stopped: Mold takes in a machine that runs/);
  expect(await failure(own)).toMatch(/externalNodes\[0\]: prod-node-\S+ is a machine of the cluster itself/);
  expect(changing(life.run).filter((call) => !call.endsWith("Tags"))).toEqual([]);
  expect(checkInputs("KubernetesCluster", { ...declaredCluster, externalNodes: ["a"] }).failures).toEqual([{ property: "externalNodes", reason: expect.stringContaining("the core makes all machines of its clusters") as string }]);
});

test("a destroy takes them out first, those that people added too: Mold would destroy them along with the cluster", async () => {
  const life = new Life(made);
  const [mine, theirs] = [await machine(life.cloud, "edge-1"), await machine(life.cloud, "edge-2")];
  await life.up(on([mine]));
  const { id } = (await records(life)) as { id?: string };
  await life.cloud.clock.run(byHand(life.cloud).run("addNodesToKubernetesCluster", { id: id!, nodeids: [theirs] }));
  await life.destroy();
  expect(life.machines).toEqual(["edge-1 Running", "edge-2 Running"]);
  expect(await records(life)).toBeUndefined();
});

test("one that can't be taken out keeps the cluster: nothing of it is deleted, and the error says whose end that would be", async () => {
  const life = new Life(made);
  await life.up(on([await machine(life.cloud, "edge-1")]));
  life.cloud.emulator.faults.order({ kind: "serviceFails", command: "removeNodesFromKubernetesCluster", name: "edge-1", count: Infinity });
  await expect(life.destroy()).rejects.toThrow(/edge-1 is a node of it and no machine of Mold's, which would destroy it with the cluster, and it could not be taken out: .*Failed to remove node.*destroy again/s);
  expect(changing(life.run)).not.toContain("deleteKubernetesCluster");
  expect(life.machines).toContain("edge-1 Running");

  life.cloud.emulator.faults.clear();
  await life.up(on(life.declaration.externalNodes as string[], { powerState: "stopped" }));
  await expect(life.destroy()).rejects.toThrow(/edge-1 is a node of it.*Mold takes nodes out of a cluster that runs, and it is Stopped.*Start it/s);
  expect(life.machines).toContain("edge-1 Stopped");
});

test("on the cluster's own network, which goes with it, they are named before anything is deleted", async () => {
  const own = await MadeCluster.make(managed({ workers: 1 }));
  const life = new Life(own);
  const mold = byHand(life.cloud);
  const [[there], [offering], [image]] = await life.cloud.clock.run(Promise.all([mold.list("listNetworks", {}), mold.list("listServiceOfferings", { name: "k8s-2c-4g" }), mold.list("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" })]));
  const { id } = await life.cloud.clock.run(mold.run("deployVirtualMachine", { zoneid: there!.zoneid!, serviceofferingid: offering!.id!, templateid: image!.id!, networkids: [there!.id!], name: "edge-1" }));
  await life.up(managed({ workers: 1, externalNodes: [id!] }));
  await expect(life.destroy()).rejects.toThrow(/network: edge-1 is on the cluster's own network, which goes with it/);
  expect(await records(life)).toMatchObject({ state: "Running", size: 2 });
  own.close();
});
