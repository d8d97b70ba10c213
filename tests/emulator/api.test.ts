/** The rules of the API that recordings alone do not hold. */
import { commands } from "../../provider/emulator/commands";
import recorded from "../../provider/mold/catalogue/apis.json";
import { World, type Item } from "./test-client";

const apis = recorded as unknown as Readonly<Record<string, { readonly params: Readonly<Record<string, { readonly required?: boolean }>> }>>;

let world: World;
beforeEach(() => (world = new World()));
afterEach(() => world.emulator.close());

describe("checking a call", () => {
  test("a parameter that the command does not have is an error, and says that a real server ignores it", async () => {
    const { status, inner } = await world.call("listZones", { nmae: "zone-1" });
    expect(status).toBe(431);
    expect(inner.errortext).toMatch(/listZones has no parameter nmae.*stricter here than a real server/);
  });

  test("with strict off it is ignored", async () => {
    const lenient = new World({ strict: false });
    expect((await lenient.call("listZones", { nosuch: "1" })).status).toBe(200);
    await lenient.emulator.close();
  });

  test.each(["~ ! ' ( ) * - _ . + & = % / ü 漢", "a b", "[x]"])("a signed value with %s is accepted", async (value) => {
    expect((await world.call("listZones", { keyword: value })).status).toBe(200);
    expect((await world.call("listZones", { keyword: value }, "admin", "GET")).status).toBe(200);
  });

  test("what can't be printed is refused in any value, but for line breaks", async () => {
    const { status, inner } = await world.call("listZones", { keyword: "zone\t1" });
    expect([status, inner.errortext]).toEqual([431, "Received value containing illegal ASCII non-printable characters for parameter keyword"]);
    expect((await world.call("listZones", { keyword: "zone\r\n1" })).status).toBe(200);
  });

  test("a server of the other digest answers 401", async () => {
    const sha1 = new World({ digest: "sha1" });
    expect((await sha1.call("listZones")).status).toBe(401);
    await sha1.emulator.close();
  });

  test("a command of the catalogue that is not played says so", async () => {
    const unplayed = Object.entries(apis).find(([name, { params }]) => !Object.hasOwn(commands, name) && Object.values(params).every(({ required }) => required !== true))![0];
    expect((await world.call(unplayed, {})).inner.errortext).toBe(`${unplayed} is not supported by the embedded Mold yet`);
  });

  test("a list without paging ends at the default page size and counts all", async () => {
    const small = new World({ pageSize: 3 });
    const { inner } = await small.call("listServiceOfferings");
    expect(inner.serviceoffering).toHaveLength(3);
    expect(inner.count).toBe(8);
    await small.emulator.close();
  });

  test("listApis shows what is played, with its parameters", async () => {
    const api = await world.first("listApis", { name: "deployVirtualMachine" });
    expect(api).toMatchObject({ name: "deployVirtualMachine", isasync: true });
    expect((api.params as Item[]).find(({ name }) => name === "zoneid")).toMatchObject({ required: true });
  });
});

describe("tags", () => {
  test("of sixteen that set one key at the same time exactly one wins", async () => {
    const network = await world.network();
    const begun = await Promise.all(Array.from({ length: 16 }, (_, n) => world.call("createTags", { resourcetype: "Network", resourceids: network, "tags[0].key": "lock", "tags[0].value": `run-${n}` })));
    const ended = await Promise.all(begun.map(({ inner }) => world.ended(inner.jobid)));
    expect(ended.filter(({ job }) => job.jobstatus === 1)).toHaveLength(1);
  });

  test("a key in other letters is the same key", async () => {
    const network = await world.network();
    const tag = async (key: string): Promise<Item> => (await world.ended((await world.call("createTags", { resourcetype: "Network", resourceids: network, "tags[0].key": key, "tags[0].value": "x" })).inner.jobid as string)).job;
    expect((await tag("Team")).jobstatus).toBe(1);
    for (const key of ["team", "TEAM "]) expect(await tag(key)).toMatchObject({ jobstatus: 2, jobresultcode: 530 });
  });

  test("deleting another value than the one that is there fails its job and leaves the tag", async () => {
    const network = await world.network();
    const tag = { resourcetype: "Network", resourceids: network, "tags[0].key": "lock" };
    await world.job("createTags", { ...tag, "tags[0].value": "mine" });
    expect((await world.job("deleteTags", { ...tag, "tags[0].value": "theirs" })).job?.jobstatus).toBe(2);
    expect(await world.list("listTags", { key: "lock" })).toHaveLength(1);
    expect((await world.job("deleteTags", { ...tag, "tags[0].value": "mine" })).job?.jobstatus).toBe(1);
    expect(await world.list("listTags", { key: "lock" })).toHaveLength(0);
  });

  test("what can't be tagged is refused at once", async () => {
    const group = await world.made("createAffinityGroup", { name: "g", type: "host anti-affinity" });
    expect((await world.call("createTags", { resourcetype: "AffinityGroup", resourceids: group, "tags[0].key": "a", "tags[0].value": "b" })).status).toBe(431);
  });

  test("every kind that carries the mark of a cluster is found by it", async () => {
    const network = await world.network();
    const machine = await world.machine(network, "m-1");
    const address = await world.address(network);
    const balancer = await world.made("createLoadBalancerRule", { name: "lb", algorithm: "roundrobin", protocol: "tcp", publicipid: address, publicport: "6443", privateport: "6443", openfirewall: "false" });
    const firewall = await world.made("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "6443" });
    const forward = await world.made("createPortForwardingRule", { ipaddressid: address, protocol: "tcp", publicport: "22", privateport: "22", virtualmachineid: machine, openfirewall: "false" });
    const all = [["UserVm", machine, "listVirtualMachines"], ["Network", network, "listNetworks"], ["PublicIpAddress", address, "listPublicIpAddresses"], ["LoadBalancer", balancer, "listLoadBalancerRules"], ["FirewallRule", firewall, "listFirewallRules"], ["PortForwardingRule", forward, "listPortForwardingRules"]] as const;
    for (const [type, id, list] of all) {
      await world.job("createTags", { resourcetype: type, resourceids: id, "tags[0].key": "ablestack-cluster", "tags[0].value": "uid" });
      const found = await world.list(list, { "tags[0].key": "ablestack-cluster", "tags[0].value": "uid" });
      expect(found.map((item) => String(item.id))).toEqual([id]);
      expect(found[0]?.tags).toMatchObject([{ key: "ablestack-cluster", value: "uid" }]);
      expect(await world.list(list, { "tags[0].key": "ablestack-cluster", "tags[0].value": "other" })).toEqual([]);
    }
    expect((await world.list("listTags", { key: "ablestack-cluster" })).length).toBe(6);
  });
});

describe("rules", () => {
  test("openfirewall left out makes a world-open rule that carries no tag, and goes with its rule", async () => {
    const network = await world.network();
    const address = await world.address(network);
    const rule = await world.made("createLoadBalancerRule", { name: "lb", algorithm: "source", protocol: "tcp", publicipid: address, publicport: "80", privateport: "30080" });
    expect(await world.list("listFirewallRules", { ipaddressid: address })).toMatchObject([{ startport: 80, cidrlist: "0.0.0.0/0", tags: [] }]);
    await world.job("deleteLoadBalancerRule", { id: rule });
    expect(await world.list("listFirewallRules", { ipaddressid: address })).toEqual([]);
  });

  test("firewall rules do not conflict with balancer and forwarding rules", async () => {
    const network = await world.network();
    const address = await world.address(network);
    await world.made("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "6443", endport: "6443" });
    await world.made("createLoadBalancerRule", { name: "lb", algorithm: "roundrobin", protocol: "tcp", publicipid: address, publicport: "6443", privateport: "6443", openfirewall: "false" });
  });

  test("a balancer rule is Add until it has a member, then Active; its ports are strings, a firewall rule's are numbers", async () => {
    const network = await world.network();
    const address = await world.address(network);
    const machine = await world.machine(network, "m-1");
    const rule = await world.made("createLoadBalancerRule", { name: "lb", algorithm: "roundrobin", protocol: "tcp", publicipid: address, publicport: "6443", privateport: "6443", openfirewall: "false" });
    expect((await world.first("listLoadBalancerRules", { id: rule })).state).toBe("Add");
    await world.job("assignToLoadBalancerRule", { id: rule, virtualmachineids: machine });
    expect(await world.first("listLoadBalancerRules", { id: rule })).toMatchObject({ state: "Active", publicport: "6443" });
  });

  test("expunging a machine takes it out of balancers and takes its forwarding rules along", async () => {
    const network = await world.network();
    const address = await world.address(network);
    const machine = await world.machine(network, "m-1");
    const rule = await world.made("createLoadBalancerRule", { name: "lb", algorithm: "roundrobin", protocol: "tcp", publicipid: address, publicport: "6443", privateport: "6443", openfirewall: "false" });
    await world.job("assignToLoadBalancerRule", { id: rule, virtualmachineids: machine });
    await world.made("createPortForwardingRule", { ipaddressid: address, protocol: "tcp", publicport: "22", privateport: "22", virtualmachineid: machine, openfirewall: "false" });
    await world.job("destroyVirtualMachine", { id: machine, expunge: "true" });
    expect(await world.list("listLoadBalancerRuleInstances", { id: rule })).toEqual([]);
    expect(await world.list("listPortForwardingRules", { ipaddressid: address })).toEqual([]);
  });
});

describe("networks and addresses", () => {
  test("the first machine implements its network, which then has a source NAT address", async () => {
    const network = await world.network();
    expect((await world.first("listNetworks", { id: network })).state).toBe("Allocated");
    await world.machine(network, "m-1");
    expect((await world.first("listNetworks", { id: network })).state).toBe("Implemented");
    expect(await world.list("listPublicIpAddresses", { associatednetworkid: network, issourcenat: "true" })).toHaveLength(1);
  });

  test("the first address of a network without a router becomes its source NAT address, and can't be given back once it has one", async () => {
    const network = await world.network();
    const address = await world.address(network);
    expect((await world.first("listPublicIpAddresses", { id: address })).issourcenat).toBe(true);
    const machine = await world.machine(network, "m-1");
    expect((await world.job("disassociateIpAddress", { id: address })).result.errortext).toMatch(/source nat/);
    await world.job("destroyVirtualMachine", { id: machine, expunge: "true" });
    expect((await world.job("deleteNetwork", { id: network })).job?.jobstatus).toBe(1);
    expect(world.emulator.isEmpty()).toBe(true);
  });

  test("a wanted address is given if it is free, and 533 if not", async () => {
    const network = await world.network();
    const { ipaddress } = await world.first("listPublicIpAddresses", { allocatedonly: "false", state: "Free" });
    const { zone } = await world.basics();
    await world.made("associateIpAddress", { networkid: network, ipaddress });
    expect(await world.list("listPublicIpAddresses", { ipaddress })).toMatchObject([{ ipaddress, state: "Allocated" }]);
    expect((await world.call("associateIpAddress", { zoneid: zone, ipaddress })).status).toBe(533);
  });

  test("free addresses are shown only when they are asked for", async () => {
    expect(await world.list("listPublicIpAddresses")).toEqual([]);
    const free = await world.list("listPublicIpAddresses", { allocatedonly: "false", pagesize: "500", page: "1" });
    expect(free.length).toBe(253);
    expect(free[0]).toMatchObject({ state: "Free", ipaddress: "127.80.0.2" });
  });

  test("two networks may have one name; deleting one that has machines, or destroyed ones, fails its job", async () => {
    const network = await world.network("twin");
    await world.network("twin");
    expect(await world.list("listNetworks", { name: "twin" })).toHaveLength(2);
    const machine = await world.machine(network, "m-1");
    await world.job("destroyVirtualMachine", { id: machine });
    expect((await world.job("deleteNetwork", { id: network })).result).toEqual({ errorcode: 530, errortext: "Failed to delete network" });
    world.clock.pass(60_000);
    expect((await world.job("deleteNetwork", { id: network })).job?.jobstatus).toBe(1);
  });
});

describe("events and jobs", () => {
  test("a job tells how it was made, planned, begun and done, and its failure as an error", async () => {
    const network = await world.network();
    const machine = await world.machine(network, "m-1");
    const events = await world.list("listEvents", { resourceid: machine, type: "VM.CREATE" });
    expect(events.map(({ state }) => String(state))).toEqual(["Created", "Scheduled", "Started", "Completed"]);
    expect(new Set(events.slice(1).map(({ parentid }) => String(parentid)))).toEqual(new Set([events[0]?.id]));
    await world.job("detachIso", { virtualmachineid: machine });
    expect(await world.list("listEvents", { resourceid: machine, level: "ERROR" })).toMatchObject([{ type: "ISO.DETACH" }]);
  });

  test("every call is logged with who made it, whether it changes something, and what came of it", async () => {
    const network = await world.network();
    await world.call("deleteFirewallRule", { id: network }, "u1");
    const records = world.emulator.calls();
    expect(records.find(({ command }) => command === "createNetwork")).toMatchObject({ user: "admin", changing: true, status: 200 });
    expect(records.at(-1)).toMatchObject({ user: "u1", command: "deleteFirewallRule", changing: true, status: 431, errorCode: 431, names: ["net"] });
    expect(records.filter(({ command }) => /^(list|query|get)/.test(command)).every(({ changing }) => !changing)).toBe(true);
  });
});
