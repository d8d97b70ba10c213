/** Mold's own Kubernetes service, played: states, machines one after another, rules of its own, what fails and how it is left. */
import { createSimulatedHypervisor } from "../../provider/emulator/simulated";
import type { FaultOrder } from "../../provider/emulator";
import { World, type Item, type Params } from "./test-client";

const settings = { hypervisor: createSimulatedHypervisor };

async function version(world: World, wanted = "1.34.2"): Promise<string> {
  return (await world.list("listKubernetesSupportedVersions")).find(({ semanticversion }) => semanticversion === wanted)?.id as string;
}

async function params(world: World, more: Params = {}): Promise<Params> {
  const { zone } = await world.basics();
  return { name: "cm", description: "cm", zoneid: zone, kubernetesversionid: await version(world), serviceofferingid: await world.offering("k8s-2c-4g"), size: "1", controlnodes: "1", ...more };
}

const clusterOf = (world: World): Promise<Item> => world.first("listKubernetesClusters");

async function created(more: Params = {}): Promise<{ world: World; id: string }> {
  const world = new World(settings);
  return { world, id: await world.made("createKubernetesCluster", await params(world, more)) };
}

async function outcome(world: World, command: string, asked: Params): Promise<string> {
  const { job, inner } = await world.job(command, asked);
  return job === undefined ? String(inner.errortext) : job.jobstatus === 1 ? "done" : String((job.jobresult as Item).errortext);
}

/** Every state that is seen while a job runs. */
async function statesOf(world: World, command: string, asked: Params): Promise<string[]> {
  const { inner } = await world.call(command, asked);
  const seen: string[] = [];
  for (;;) {
    const [cluster] = await world.list("listKubernetesClusters");
    const state = String(cluster?.state ?? "gone");
    if (seen.at(-1) !== state) seen.push(state);
    const { inner: job } = await world.call("queryAsyncJobResult", { jobid: inner.jobid as string });
    if (job.jobstatus !== 0) return seen;
    world.clock.step();
  }
}

const machines = (cluster: Item): string[] => (cluster.virtualmachines as Item[]).map(({ name, state }) => `${String(name).replace(/-[0-9a-f]+$/, "")} ${String(state)}`);

test("a cluster comes up: Created, Starting, Running, with its machines, its rules and a kubeconfig that works", async () => {
  const world = new World(settings);
  expect(await statesOf(world, "createKubernetesCluster", await params(world, { size: "2" }))).toEqual(["Created", "Starting", "Running"]);
  const cluster = await clusterOf(world);
  expect(machines(cluster)).toEqual(["cm-control Running", "cm-node Running", "cm-node Running"]);
  expect(cluster).toMatchObject({ clustertype: "CloudManaged", size: 2, controlnodes: 1, cpunumber: "6", memory: "12288", associatednetworkname: "cm-network", autoscalingenabled: false });
  expect(cluster.endpoint).toBe(`https://${String(cluster.ipaddress)}:6443/`);
  const firewall = await world.list("listFirewallRules", { ipaddressid: cluster.ipaddressid as string });
  expect(firewall.map(({ startport, endport }) => `${String(startport)}-${String(endport)}`).sort()).toEqual(["2222-2224", "6443-6443"]);
  expect((await world.list("listPortForwardingRules", { listall: "true" })).map(({ publicport }) => String(publicport))).toEqual(["2222", "2223", "2224"]);
  expect((await world.first("listLoadBalancerRules", { listall: "true" })).name).toBe("api-lb");
  const { inner } = await world.call("getKubernetesClusterConfig", { id: cluster.id as string });
  const certificate = /client-certificate-data: (\S+)/.exec(String((inner.clusterconfig as Item).configdata))![1]!;
  const asked = world.emulator.request(String(cluster.ipaddress), 6443, { method: "GET", path: "/api/v1/nodes", headers: {}, body: undefined, clientCertificate: Buffer.from(certificate, "base64").toString() });
  const nodes = JSON.parse((await world.clock.settle(asked))!.body) as { items: { metadata: { name: string } }[] };
  expect(nodes.items).toHaveLength(3);
});

test("three control nodes make one etcd", async () => {
  const { world } = await created({ controlnodes: "3" });
  const { clusters, violations } = (JSON.parse(world.emulator.snapshot()) as { hypervisor: { clusters: { members: unknown[] }[]; violations: unknown[] } }).hypervisor;
  expect(clusters.map(({ members }) => members.length)).toEqual([3]);
  expect(violations).toEqual([]);
});

test("scaling up adds machines, down takes the newest or those that are named, and the rules follow", async () => {
  const { world, id } = await created();
  expect(await statesOf(world, "scaleKubernetesCluster", { id, size: "3" })).toEqual(["Running", "Scaling", "Running"]);
  const [, first, second, third] = (await clusterOf(world)).virtualmachines as Item[];
  expect(await outcome(world, "scaleKubernetesCluster", { id, nodeids: first!.id as string })).toBe("done");
  expect(((await clusterOf(world)).virtualmachines as Item[]).slice(1).map((each) => each.id as string)).toEqual([second!.id as string, third!.id as string]);
  expect(await outcome(world, "scaleKubernetesCluster", { id, size: "1" })).toBe("done");
  const cluster = await clusterOf(world);
  expect(cluster.size).toBe(1);
  expect((cluster.virtualmachines as Item[])[1]!.id).toBe(second!.id);
  expect((await world.list("listPortForwardingRules", { listall: "true" })).length).toBe(2);
});

test("an upgrade goes one minor at a time, node by node", async () => {
  const { world, id } = await created();
  expect(await outcome(world, "upgradeKubernetesCluster", { id, kubernetesversionid: await version(world, "1.36.3") })).toMatch(/next minor or patch/);
  expect(await statesOf(world, "upgradeKubernetesCluster", { id, kubernetesversionid: await version(world, "1.35.4") })).toEqual(["Running", "Upgrading", "Running"]);
  const cluster = await clusterOf(world);
  expect(cluster.kubernetesversionname).toBe("v1.35.4");
  expect((cluster.virtualmachines as Item[]).map(({ kubernetesnodeversion }) => String(kubernetesnodeversion))).toEqual(["1.35.4", "1.35.4"]);
});

test("stop and start, with offerings changed in between, which a running cluster refuses", async () => {
  const { world, id } = await created();
  const larger = await world.offering("k8s-4c-8g");
  expect(await outcome(world, "scaleKubernetesCluster", { id, serviceofferingid: larger })).toMatch(/running VMs on hypervisor KVM is not supported/);
  expect(await statesOf(world, "stopKubernetesCluster", { id })).toEqual(["Running", "Stopping", "Stopped"]);
  expect(await outcome(world, "scaleKubernetesCluster", { id, "nodeofferings[0].node": "worker", "nodeofferings[0].offering": larger })).toBe("done");
  expect(await statesOf(world, "startKubernetesCluster", { id })).toEqual(["Stopped", "Starting", "Running"]);
  expect((await clusterOf(world)).workerofferingname).toBe("k8s-4c-8g");
});

const fault = (command: string, more: Partial<FaultOrder> = {}): FaultOrder => ({ kind: "serviceFails", command, ...more });

test("a create that fails half-way is in Error, with what was made by then, and can only be deleted", async () => {
  const world = new World(settings);
  world.emulator.faults.order(fault("createKubernetesCluster", { skip: 1, text: "Insufficient capacity" }));
  expect(await outcome(world, "createKubernetesCluster", await params(world))).toBe("Insufficient capacity");
  const cluster = await clusterOf(world);
  expect([cluster.state, machines(cluster)]).toEqual(["Error", ["cm-control Running"]]);
  expect(await outcome(world, "scaleKubernetesCluster", { id: cluster.id as string, size: "2" })).toBe("Kubernetes cluster cm is in Error state and can not be scaled");
  expect(await outcome(world, "deleteKubernetesCluster", { id: cluster.id as string })).toBe("done");
  expect(world.emulator.isEmpty()).toBe(true);
});

test("an upgrade that stops half-way leaves a node cordoned and the old version shown; the scanner calls it Running again", async () => {
  const { world, id } = await created();
  world.emulator.faults.order(fault("upgradeKubernetesCluster", { effect: "after" }));
  expect(await outcome(world, "upgradeKubernetesCluster", { id, kubernetesversionid: await version(world, "1.35.4") })).toMatch(/unable to uncordon/);
  expect((await clusterOf(world)).state).toBe("Alert");
  for (let turn = 0; turn < 40 && (await clusterOf(world)).state !== "Running"; turn += 1) world.clock.step();
  expect((await clusterOf(world)).kubernetesversionname).toBe("v1.34.2");
  const { nodes } = (JSON.parse(world.emulator.snapshot()) as { hypervisor: { clusters: [{ nodes: { version: string; unschedulable: boolean }[] }] } }).hypervisor.clusters[0];
  expect(nodes.map(({ version: runs, unschedulable }) => `${runs} ${String(unschedulable)}`)).toEqual(["v1.35.4 true", "v1.34.2 false"]);
});

test("a start that hangs stays Starting, and a stop gets it out of there", async () => {
  const { world, id } = await created();
  await world.job("stopKubernetesCluster", { id });
  world.emulator.faults.order({ kind: "serviceHangs", command: "startKubernetesCluster", ms: 86_400_000 });
  await world.call("startKubernetesCluster", { id });
  for (let turn = 0; turn < 20; turn += 1) world.clock.step();
  expect((await clusterOf(world)).state).toBe("Starting");
  expect(await outcome(world, "stopKubernetesCluster", { id })).toBe("done");
  expect(await outcome(world, "startKubernetesCluster", { id })).toBe("done");
  expect((await clusterOf(world)).state).toBe("Running");
});

test("a machine that stops by itself turns the cluster to Alert, and once it is back to Running", async () => {
  const { world } = await created();
  const worker = ((await clusterOf(world)).virtualmachines as Item[])[1]!.id as string;
  await world.job("stopVirtualMachine", { id: worker });
  for (let turn = 0; turn < 40 && (await clusterOf(world)).state !== "Alert"; turn += 1) world.clock.step();
  expect((await clusterOf(world)).state).toBe("Alert");
  await world.job("startVirtualMachine", { id: worker });
  for (let turn = 0; turn < 60 && (await clusterOf(world)).state !== "Running"; turn += 1) world.clock.step();
  expect((await clusterOf(world)).state).toBe("Running");
});

test("a network of the user's stays when the cluster goes, without the rules; and takes no second cluster", async () => {
  const world = new World(settings);
  const networkid = await world.network("apps");
  const id = await world.made("createKubernetesCluster", await params(world, { networkid }));
  expect(await outcome(world, "createKubernetesCluster", await params(world, { name: "two", networkid }))).toMatch(/already under use by another Kubernetes cluster/);
  expect(await outcome(world, "deleteKubernetesCluster", { id })).toBe("done");
  expect((await world.list("listNetworks")).map(({ name }) => String(name))).toEqual(["apps"]);
  for (const command of ["listFirewallRules", "listPortForwardingRules", "listLoadBalancerRules", "listVirtualMachines"]) expect([command, await world.list(command, { listall: "true" })]).toEqual([command, []]);
});

test("a network whose address has rules on the ports of the service takes no cluster", async () => {
  const world = new World(settings);
  const networkid = await world.network("apps");
  await world.job("associateIpAddress", { networkid });
  const address = (await world.first("listPublicIpAddresses", { associatednetworkid: networkid, issourcenat: "true" })).id as string;
  const refused = async (): Promise<string> => outcome(world, "createKubernetesCluster", await params(world, { networkid }));
  const rule = await world.made("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "6000", endport: "7000" });
  expect(await refused()).toBe("Network: apps has conflicting firewall rules to provision Kubernetes cluster for API access");
  await world.job("deleteFirewallRule", { id: rule });
  await world.made("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "2223" });
  expect(await refused()).toBe("Network: apps has conflicting firewall rules to provision Kubernetes cluster for node VM SSH access");
});
