/** Machines: where they are placed, how many at a time, and who may do what with them. */
import type { EmulatorOptions, MachineSpec, PublicExposure } from "../../provider/emulator";
import { rowsOnly } from "../../provider/emulator";
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

const hostsOf = async (world: World): Promise<string[]> => (await world.list("listVirtualMachines")).map(({ hostname }) => String(hostname));

test("four machines are placed at a time, whatever is asked", async () => {
  const world = made();
  const network = await world.network();
  const params = await world.deployParams(network, "x");
  const begun = await Promise.all(Array.from({ length: 13 }, (_, n) => world.call("deployVirtualMachine", { ...params, name: `m-${n}` })));
  expect(begun.every(({ inner }) => inner.id !== undefined && inner.jobid !== undefined)).toBe(true);
  const from = world.clock.now();
  expect((await world.list("listVirtualMachines", { state: "Starting" })).length).toBe(4);
  for (const { inner } of begun) await world.ended(inner.jobid);
  // 13 in fours: four rounds of 6.3 s.
  expect(world.clock.now() - from).toBe(4 * 6300);
  expect((await world.list("listVirtualMachines", { state: "Running" })).length).toBe(13);
});

test("a machine goes where there is room; where there is none the job fails with 533 and the machine stays in Error", async () => {
  const world = made({ capacity: { hosts: 1, cpus: 4, memoryMb: 8192 } });
  const network = await world.network();
  await world.machine(network, "m-1");
  await world.machine(network, "m-2");
  const { job, inner } = await world.job("deployVirtualMachine", await world.deployParams(network, "m-3"));
  expect(job).toMatchObject({ jobstatus: 2, jobresultcode: 533 });
  expect(await world.state(inner.id)).toBe("Error");
  await world.job("destroyVirtualMachine", { id: inner.id, expunge: "true" });
  expect(await world.state(inner.id)).toBeUndefined();
});

test("strict anti-affinity fails where hosts run out, non-strict shares them", async () => {
  const world = made({ capacity: { hosts: 2 } });
  const network = await world.network();
  const strict = await world.made("createAffinityGroup", { name: "strict", type: "host anti-affinity" });
  for (const name of ["a-1", "a-2"]) await world.machine(network, name, { affinitygroupids: strict });
  expect(new Set(await hostsOf(world)).size).toBe(2);
  expect((await world.job("deployVirtualMachine", await world.deployParams(network, "a-3", { affinitygroupids: strict }))).job?.jobresultcode).toBe(533);
  const loose = await world.made("createAffinityGroup", { name: "loose", type: "non-strict host anti-affinity" });
  for (const name of ["b-1", "b-2", "b-3"]) await world.machine(network, name, { affinitygroupids: loose });
  const [group] = await world.list("listAffinityGroups", { name: "loose" });
  expect(group?.virtualmachineIds).toHaveLength(3);
  expect((await world.job("deleteAffinityGroup", { id: loose })).job?.jobstatus).toBe(1);
});

test("a machine that is still being deployed is destroyed after it, as upstream queues work per machine", async () => {
  const world = made();
  const network = await world.network();
  const { inner } = await world.call("deployVirtualMachine", await world.deployParams(network, "m-1"));
  const { job } = await world.job("destroyVirtualMachine", { id: inner.id, expunge: "true" });
  expect(job?.jobstatus).toBe(1);
  expect((await world.ended(inner.jobid)).job.jobstatus).toBe(1);
  expect(await world.list("listVirtualMachines", { id: inner.id })).toEqual([]);
});

describe("a root disk", () => {
  const disk = async (world: World, machine: string): Promise<{ id: string; size: number }> => (await world.list("listVolumes", { virtualmachineid: machine, type: "ROOT" }))[0] as { id: string; size: number };
  const gb = 2 ** 30;

  test.each(["Running", "Stopped"])("of a machine that is %s grows, and shrinks only when that is signed off", async (state) => {
    const world = made();
    const machine = await world.machine(await world.network(), "m-1", { rootdisksize: "20", ...(state === "Stopped" ? { startvm: "false" } : {}) });
    const { id } = await disk(world, machine);
    expect((await world.job("resizeVolume", { id, size: "40" })).result).toMatchObject({ volume: { id, size: 40 * gb, vmstate: state } });
    const refused = await world.job("resizeVolume", { id, size: "30" });
    expect(refused.result).toMatchObject({ errorcode: 431, errortext: expect.stringMatching(/would shrink the volume/) as unknown });
    expect(await disk(world, machine)).toMatchObject({ size: 40 * gb });
    await world.job("resizeVolume", { id, size: "30", shrinkok: "true" });
    expect(await disk(world, machine)).toMatchObject({ size: 30 * gb });
  });

  test("has the size that its offering fixes, and keeps it; it is never smaller than the template", async () => {
    const world = made();
    const network = await world.network();
    const { inner } = await world.call("createServiceOffering", { name: "fixed", displaytext: "fixed", cpunumber: "1", cpuspeed: "1000", memory: "512", rootdisksize: "25" });
    const machine = await world.machine(network, "m-1", { serviceofferingid: inner.serviceoffering.id, rootdisksize: "40" });
    const { id, size } = await disk(world, machine);
    expect(size).toBe(25 * gb);
    expect((await world.job("resizeVolume", { id, size: "40" })).result).toMatchObject({ errorcode: 431, errortext: expect.stringMatching(/configured with a root disk size/) as unknown });
    expect(await world.call("deployVirtualMachine", await world.deployParams(network, "m-2", { rootdisksize: "5" }))).toMatchObject({ status: 431 });
  });
});

test("an ISO can't be attached while a machine is starting", async () => {
  const world = made();
  const network = await world.network();
  const { inner } = await world.call("deployVirtualMachine", await world.deployParams(network, "m-1"));
  const { isoid } = await world.first("listKubernetesSupportedVersions", { keyword: "1.35.4" });
  expect((await world.job("attachIso", { id: isoid, virtualmachineid: inner.id })).result).toMatchObject({ errorcode: 431 });
});

test("user data is counted before its encoding: 32,768 bytes pass, one more does not", async () => {
  const world = made();
  const network = await world.network();
  const fits = Buffer.alloc(32_768, "a").toString("base64");
  const machine = await world.machine(network, "m-1", { userdata: fits, startvm: "false" });
  expect((await world.call("getVirtualMachineUserData", { virtualmachineid: machine })).inner.virtualmachineuserdata.userdata).toBe(fits);
  expect((await world.call("deployVirtualMachine", await world.deployParams(network, "m-2", { userdata: Buffer.alloc(32_769, "a").toString("base64") }))).status).toBe(431);
});

describe("as a plain user", () => {
  test("a destroyed machine is out of sight, keeps its network, and is expunged when the server's delay is over", async () => {
    const world = made({ expungeDelay: 100_000 });
    const network = await world.network("n", "u1");
    const machine = await world.machine(network, "m-1", {}, "u1");
    const refused = await world.job("destroyVirtualMachine", { id: machine, expunge: "true" }, "u1");
    expect(refused.result.errortext).toMatch(/expunge can be passed by Admin only/);
    expect((await world.first("listVirtualMachines", { id: machine }, "u1")).state).toBe("Running");
    await world.job("destroyVirtualMachine", { id: machine }, "u1");
    expect(await world.list("listVirtualMachines", { id: machine }, "u1")).toEqual([]);
    expect(await world.state(machine)).toBe("Destroyed");
    expect((await world.job("deleteNetwork", { id: network }, "u1")).job?.jobstatus).toBe(2);
    expect(world.emulator.isEmpty("u1")).toBe(false);
    world.clock.pass(100_000);
    expect((await world.job("deleteNetwork", { id: network }, "u1")).job?.jobstatus).toBe(1);
    expect(world.emulator.isEmpty("u1")).toBe(true);
  });

  test("with the settings of another server it may expunge and sees what is destroyed", async () => {
    const world = made({ allowUserExpungeRecoverVm: true, allowUserViewDestroyedVm: true });
    const network = await world.network("n", "u1");
    const kept = await world.machine(network, "m-1", {}, "u1");
    await world.job("destroyVirtualMachine", { id: kept }, "u1");
    expect(await world.list("listVirtualMachines", { id: kept }, "u1")).toMatchObject([{ state: "Destroyed" }]);
    expect((await world.call("recoverVirtualMachine", { id: kept }, "u1")).status).toBe(200);
    expect((await world.job("destroyVirtualMachine", { id: kept, expunge: "true" }, "u1")).job?.jobstatus).toBe(1);
    expect(await world.list("listVirtualMachines", {}, "u1")).toEqual([]);
  });

  test("others' things are not listed, nor touched, nor tagged; an admin lists them with listall or by id", async () => {
    const world = made();
    const network = await world.network();
    const machine = await world.machine(network, "m-1");
    expect(await world.list("listVirtualMachines", { listall: "true" }, "u1")).toEqual([]);
    expect((await world.call("deleteNetwork", { id: network }, "u1")).status).toBe(531);
    expect((await world.call("createTags", { resourcetype: "UserVm", resourceids: machine, "tags[0].key": "a", "tags[0].value": "b" }, "u1")).status).toBe(531);
    const theirs = await world.network("theirs", "u1");
    expect((await world.list("listNetworks")).map(({ id }) => String(id))).toEqual([network]);
    expect((await world.list("listNetworks", { listall: "true" })).map(({ id }) => String(id))).toEqual([network, theirs]);
    expect(await world.list("listNetworks", { id: theirs })).toHaveLength(1);
  });

  test("what a project owns is listed when the project is named", async () => {
    const world = made();
    const { id } = await world.first("listProjects", {}, "u1");
    const { zone, networkOffering } = await world.basics();
    const { inner } = await world.call("createNetwork", { name: "shared", zoneid: zone, networkofferingid: networkOffering, projectid: id }, "u1");
    expect(inner.network).toMatchObject({ project: "platform", projectid: id });
    expect(await world.list("listNetworks", {}, "u1")).toEqual([]);
    expect(await world.list("listNetworks", { projectid: id }, "admin")).toHaveLength(1);
  });
});

test("the hypervisor is told of machines, of what is in their drives, and of exactly the public ports that are open", async () => {
  const told: string[] = [];
  const specs = new Map<string, MachineSpec>();
  let exposed: readonly PublicExposure[] = [];
  const world = made({
    hypervisor: (context) => ({
      ...rowsOnly(context),
      start: (spec) => {
        specs.set(spec.id, spec);
        told.push(`start ${spec.name}`);
      },
      stop: (id, { forced }) => void told.push(`stop ${specs.get(id)?.name ?? ""}${forced ? " forced" : ""}`),
      reboot: (id) => void told.push(`reboot ${specs.get(id)?.name ?? ""}`),
      destroy: (id) => void told.push(`destroy ${specs.get(id)?.name ?? ""}`),
      attachIso: (id, iso) => void told.push(`attach ${iso.version ?? ""} to ${specs.get(id)?.name ?? ""}`),
      detachIso: (id) => void told.push(`detach from ${specs.get(id)?.name ?? ""}`),
      updateUserData: (id, data) => void told.push(`user data of ${specs.get(id)?.name ?? ""}: ${data ?? ""}`),
      exposure: (rules) => void (exposed = rules),
    }),
  });
  const network = await world.network();
  const address = await world.address(network);
  const { ipaddress } = await world.first("listPublicIpAddresses", { id: address });
  const machine = await world.machine(network, "m-1", { userdata: "I2E=" });
  expect(specs.get(machine)).toMatchObject({ name: "m-1", guestIp: "10.1.1.10", gateway: "10.1.1.1", networkCidr: "10.1.1.0/24", cpu: 2, memoryMb: 2048, userData: "I2E=", templateName: "debian-13-containerd" });
  const rule = await world.made("createLoadBalancerRule", { name: "lb", algorithm: "roundrobin", protocol: "tcp", publicipid: address, publicport: "6443", privateport: "6443", openfirewall: "false" });
  expect(exposed).toMatchObject([{ address: ipaddress, port: 6443, allowedCidrs: [], targets: [] }]);
  await world.job("assignToLoadBalancerRule", { id: rule, virtualmachineids: machine });
  const firewall = await world.made("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "6443", endport: "6443", cidrlist: "127.0.0.0/8,10.1.1.0/24" });
  expect(exposed).toEqual([{ address: ipaddress, port: 6443, protocol: "tcp", kind: "loadBalancer", ruleId: rule, networkId: network, algorithm: "roundrobin", allowedCidrs: ["10.1.1.0/24", "127.0.0.0/8"], targets: [{ machineId: machine, guestIp: "10.1.1.10", privatePort: 6443 }] }]);
  await world.job("deleteFirewallRule", { id: firewall });
  expect(exposed).toMatchObject([{ allowedCidrs: [] }]);
  const { isoid } = await world.first("listKubernetesSupportedVersions", { keyword: "1.35.4" });
  await world.job("attachIso", { id: isoid, virtualmachineid: machine });
  await world.job("detachIso", { virtualmachineid: machine });
  await world.call("updateVirtualMachine", { id: machine, userdata: "I2I=" });
  await world.job("rebootVirtualMachine", { id: machine });
  await world.job("stopVirtualMachine", { id: machine });
  await world.job("startVirtualMachine", { id: machine });
  await world.job("destroyVirtualMachine", { id: machine, expunge: "true" });
  expect(told).toEqual(["start m-1", "attach 1.35.4 to m-1", "detach from m-1", "user data of m-1: I2I=", "reboot m-1", "stop m-1", "start m-1", "stop m-1 forced", "destroy m-1"]);
  expect(exposed).toMatchObject([{ targets: [] }]);
});

test("the same calls in another order end in the same snapshot", async () => {
  const build = async (names: readonly string[]): Promise<string> => {
    const world = made({ seed: names.join() });
    const network = await world.network();
    for (const name of names) await world.machine(network, name);
    return world.emulator.snapshot();
  };
  expect(await build(["m-1", "m-2", "m-3"])).toBe(await build(["m-3", "m-1", "m-2"]));
});

test("where machines take their own time to stop, the job that stops one ends when it is off, and not before", async () => {
  let off = (): void => undefined;
  const asked: string[] = [];
  const hypervisor: EmulatorOptions["hypervisor"] = (context) => ({
    ...rowsOnly(context),
    shutDown: (machineId, { forced }) => {
      asked.push(`${machineId} ${forced ? "at once" : "in order"}`);
      return new Promise((resolve) => (off = resolve));
    },
  });
  const world = made({ hypervisor });
  const id = await world.machine(await world.network(), "m-1");
  for (const [command, how, jobstatus, state] of [
    ["stopVirtualMachine", "in order", 1, "Stopped"],
    ["startVirtualMachine", undefined, 1, "Running"],
    ["destroyVirtualMachine", "at once", 1, "Destroyed"],
  ] as const) {
    const { inner } = await world.call(command, { id });
    if (how !== undefined) {
      expect(asked.splice(0)).toEqual([`${id} ${how}`]);
      while (world.clock.step());
      expect((await world.call("queryAsyncJobResult", { jobid: inner.jobid })).inner.jobstatus).toBe(0);
      expect(await world.state(id)).toBe("Stopping");
      off();
      await Promise.resolve();
    }
    expect((await world.ended(inner.jobid)).job.jobstatus).toBe(jobstatus);
    expect(await world.state(id)).toBe(state);
  }
});

test("no job is seen to have ended before the router has its rules", async () => {
  let applied = (): void => undefined;
  const world = made({ hypervisor: (context) => ({ ...rowsOnly(context), exposed: () => new Promise((resolve) => (applied = resolve)) }) });
  const { inner } = await world.call("associateIpAddress", { networkid: await world.network() });
  while (world.clock.step());
  let answered = false;
  const query = world.call("queryAsyncJobResult", { jobid: inner.jobid }).finally(() => (answered = true));
  await new Promise(setImmediate);
  expect(answered).toBe(false);
  applied();
  expect((await query).inner.jobstatus).toBe(1);
});
