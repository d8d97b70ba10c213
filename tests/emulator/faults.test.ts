/** Every fault that can be ordered happens, where and as often as it was ordered, and nowhere else. */
import { faultKinds, rowsOnly, type FaultKind, type FaultOrder } from "../../provider/emulator";
import { Faults } from "../../provider/emulator/faults";
import { createSimulatedHypervisor } from "../../provider/emulator/simulated";
import { World } from "./test-client";

const closing: World[] = [];
function made(options: ConstructorParameters<typeof World>[0] = {}): World {
  const world = new World(options);
  closing.push(world);
  return world;
}
afterEach(async () => {
  for (const world of closing.splice(0)) await world.emulator.close();
});

async function ready(options: ConstructorParameters<typeof World>[0] = {}): Promise<{ world: World; network: string; order: (order: FaultOrder) => number }> {
  const world = made(options);
  const network = await world.network();
  await world.deployParams(network, "warm");
  return { world, network, order: (order) => world.emulator.faults.order(order) };
}

const deploy = async (world: World, network: string, name: string): ReturnType<World["job"]> => world.job("deployVirtualMachine", await world.deployParams(network, name));

async function serviceParams(world: World): Promise<Record<string, string>> {
  const { zone } = await world.basics();
  const versions = await world.list("listKubernetesSupportedVersions");
  return { name: "cm", zoneid: zone, kubernetesversionid: versions.find(({ semanticversion }) => semanticversion === "1.34.2")?.id as string, serviceofferingid: await world.offering("k8s-2c-4g"), size: "1" };
}

const cases: Record<FaultKind, () => Promise<void>> = {
  async serviceFails() {
    const { world, order } = await ready();
    order({ kind: "serviceFails", command: "createKubernetesCluster", name: "cm-node-*", text: "the hypervisor is away" });
    const { result } = await world.job("createKubernetesCluster", await serviceParams(world));
    expect(result).toEqual({ errorcode: 530, errortext: "the hypervisor is away" });
    const cluster = await world.first("listKubernetesClusters");
    expect([cluster.state, (cluster.virtualmachines as unknown[]).length]).toEqual(["Error", 1]);
  },
  async serviceRestarts() {
    const { world, order } = await ready({ hypervisor: createSimulatedHypervisor });
    order({ kind: "serviceRestarts", command: "createKubernetesCluster", name: "cm-node-*" });
    const { job } = await world.job("createKubernetesCluster", await serviceParams(world));
    expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
    expect(job).not.toHaveProperty("jobresult");
    expect((await world.first("listKubernetesClusters")).state).toBe("Starting");
    expect(await world.list("listAsyncJobs")).toEqual([]);
    // Some of its machines are missing: five minutes after its start the server gives it up.
    for (let turn = 0; turn < 40 && (await world.first("listKubernetesClusters")).state === "Starting"; turn += 1) world.clock.step();
    expect((await world.first("listKubernetesClusters")).state).toBe("Alert");
  },
  async serviceHangs() {
    const { world, order } = await ready({ hypervisor: createSimulatedHypervisor });
    order({ kind: "serviceHangs", command: "createKubernetesCluster", ms: 3_600_000 });
    const began = world.clock.now();
    expect((await world.job("createKubernetesCluster", await serviceParams(world))).job?.jobstatus).toBe(2);
    expect(world.clock.now() - began).toBeGreaterThanOrEqual(3_600_000);
  },
  async jobFails() {
    const { world, network, order } = await ready();
    order({ kind: "jobFails", command: "deployVirtualMachine", name: "m-2", text: "the storage is away" });
    expect((await deploy(world, network, "m-1")).job?.jobstatus).toBe(1);
    const { job, result, inner } = await deploy(world, network, "m-2");
    expect(job?.jobstatus).toBe(2);
    expect(result).toEqual({ errorcode: 530, errortext: "the storage is away" });
    expect(await world.state(inner.id)).toBe("Error");
    order({ kind: "jobFails", command: "associateIpAddress" });
    expect((await world.job("associateIpAddress", { networkid: network })).job?.jobstatus).toBe(2);
    expect(await world.list("listPublicIpAddresses", { issourcenat: "false" })).toEqual([]);
    order({ kind: "jobFails", command: "stopVirtualMachine" });
    const [running] = await world.list("listVirtualMachines", { name: "m-1" });
    await world.job("stopVirtualMachine", { id: running?.id });
    expect(await world.state(running?.id)).toBe("Running");
  },
  async noCapacity() {
    const { world, network, order } = await ready();
    order({ kind: "noCapacity", name: "m-*", skip: 1 });
    expect((await deploy(world, network, "m-1")).job?.jobstatus).toBe(1);
    const { job, inner } = await deploy(world, network, "m-2");
    expect(job?.jobresultcode).toBe(533);
    expect(await world.state(inner.id)).toBe("Error");
    expect((await deploy(world, network, "m-3")).job?.jobstatus).toBe(1);
  },
  async httpError() {
    const { world, order } = await ready();
    order({ kind: "httpError", command: "createNetwork", code: 502 });
    order({ kind: "httpError", command: "createNetwork", skip: 0, effect: "after" });
    const { zone, networkOffering } = await world.basics();
    const params = { name: "x", zoneid: zone, networkofferingid: networkOffering };
    expect((await world.call("createNetwork", params)).status).toBe(502);
    expect(await world.list("listNetworks", { name: "x" })).toHaveLength(0);
    expect((await world.call("createNetwork", params)).status).toBe(503);
    expect(await world.list("listNetworks", { name: "x" })).toHaveLength(1);
  },
  async droppedBefore() {
    const { world, order } = await ready();
    order({ kind: "droppedBefore", changing: true });
    await world.call("listZones");
    await expect(world.network("x")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await world.list("listNetworks", { name: "x" })).toHaveLength(0);
  },
  async droppedAfter() {
    const { world, order } = await ready();
    order({ kind: "droppedAfter", changing: true });
    await expect(world.network("x")).rejects.toMatchObject({ code: "ECONNRESET" });
    expect(await world.list("listNetworks", { name: "x" })).toHaveLength(1);
  },
  async slowAnswer() {
    const { world, order } = await ready();
    order({ kind: "slowAnswer", command: "listZones", ms: 7000 });
    const from = world.clock.now();
    await world.call("listZones");
    expect(world.clock.now() - from).toBe(7000);
    await world.call("listZones");
    expect(world.clock.now() - from).toBe(7000);
  },
  async slowJob() {
    const { world, network, order } = await ready();
    order({ kind: "slowJob", command: "deployVirtualMachine", ms: 30_000 });
    const from = world.clock.now();
    await deploy(world, network, "m-1");
    expect(world.clock.now() - from).toBe(36_300);
  },
  async jobPending() {
    const { world, network, order } = await ready();
    order({ kind: "jobPending", command: "deployVirtualMachine" });
    const { inner } = await world.call("deployVirtualMachine", await world.deployParams(network, "m-1"));
    world.clock.pass(300_000);
    expect((await world.call("queryAsyncJobResult", { jobid: inner.jobid })).inner.jobstatus).toBe(0);
    expect(await world.state(inner.id)).toBe("Starting");
    world.emulator.faults.release();
    expect((await world.ended(inner.jobid)).job.jobstatus).toBe(1);
    expect(await world.state(inner.id)).toBe("Running");
  },
  async hostLost() {
    const { world, network, order } = await ready({ capacity: { hosts: 2 } });
    order({ kind: "hostLost", name: "m-1" });
    const lost = await world.made("deployVirtualMachine", await world.deployParams(network, "m-1"));
    const other = await world.made("deployVirtualMachine", await world.deployParams(network, "m-2"));
    world.clock.pass(30_000);
    expect(await world.state(lost)).toBe("Stopped");
    expect(await world.state(other)).toBe("Running");
    expect((await world.list("listHosts", { state: "Down" })).length).toBe(1);
    world.clock.pass(60_000);
    expect((await world.list("listHosts", { state: "Down" })).length).toBe(0);
    expect((await world.job("startVirtualMachine", { id: lost })).job?.jobstatus).toBe(1);
    // Ordered for one that runs, it counts from the order.
    order({ kind: "hostLost", name: "m-2", ms: 1000 });
    world.clock.pass(999);
    expect(await world.state(other)).toBe("Running");
    world.clock.pass(1);
    expect(await world.state(other)).toBe("Stopped");
  },
  machineNeverBoots: () => asksForMachineFault("machineNeverBoots"),
  nodeNeverReady: () => asksForMachineFault("nodeNeverReady"),
  async rateLimit() {
    const { world, order } = await ready();
    order({ kind: "rateLimit", count: 2 });
    expect((await world.call("listZones")).status).toBe(429);
    expect((await world.call("listNetworks")).inner.errortext).toMatch(/retry after/);
    expect((await world.call("listZones")).status).toBe(200);
  },
  async expiredCredentials() {
    const { world, order } = await ready();
    order({ kind: "expiredCredentials", account: "u1", count: -1 });
    for (let n = 0; n < 3; n += 1) expect((await world.call("listZones", {}, "u1")).status).toBe(401);
    expect((await world.call("listZones")).status).toBe(200);
  },
  async processKilled() {
    const { world, network, order } = await ready();
    const begun = await world.call("deployVirtualMachine", await world.deployParams(network, "m-1"));
    order({ kind: "processKilled", command: "createNetwork", effect: "after" });
    await expect(world.network("x")).rejects.toMatchObject({ code: "ECONNRESET" });
    await expect(world.call("listZones")).rejects.toMatchObject({ code: "ECONNREFUSED" });
    world.clock.pass(5000);
    await new Promise(setImmediate);
    expect(await world.list("listNetworks", { name: "x" })).toHaveLength(1);
    expect((await world.ended(begun.inner.jobid)).job.jobstatus).toBe(1);
  },
};

async function asksForMachineFault(kind: "machineNeverBoots" | "nodeNeverReady"): Promise<void> {
  const answers: string[] = [];
  const { world, network, order } = await ready({
    hypervisor: (context) => ({ ...rowsOnly(context), start: ({ name }) => void answers.push(`${name} ${String(context.faultFor(kind, name))}`) }),
  });
  order({ kind, name: "*-2" });
  for (const name of ["m-1", "m-2"]) await deploy(world, network, name);
  const [second] = await world.list("listVirtualMachines", { name: "m-2" });
  await world.job("stopVirtualMachine", { id: second?.id });
  await world.job("startVirtualMachine", { id: second?.id });
  expect(answers).toEqual(["m-1 false", "m-2 true", "m-2 false"]);
}

test.each(faultKinds)("%s", (kind) => cases[kind]());

test("an unknown kind is refused with the kinds there are", () => {
  expect(() => new Faults().order({ kind: "earthquake" as FaultKind })).toThrow(/there is no fault "earthquake"; there are jobFails, /);
});

test("a call that ends in a kill of another process goes on itself", async () => {
  const killed: [number, unknown][] = [];
  const spy = jest.spyOn(process, "kill").mockImplementation((pid, signal) => {
    killed.push([pid, signal]);
    return true;
  });
  const { world, order } = await ready();
  order({ kind: "processKilled", pid: 4_000_000, changing: true, skip: 1 });
  await world.network("a");
  expect(killed).toEqual([]);
  await world.network("b");
  expect(killed).toEqual([[4_000_000, "SIGKILL"]]);
  spy.mockRestore();
});
