/** Promise 4: nothing that isn't ours is changed or deleted. Promise 1, where it is about what is left. */
import type { MoldPort } from "../../provider/core/ports";
import type { ClusterIdentityOutputs } from "../../schema/generated/types";
import { createClusterCertificates } from "../../provider/kubernetes/certificates";
import { cluster } from "../../provider/handlers/cluster";
import { DeclaredRule } from "../handlers/rules";
import { Cloud } from "./world/cloud";
import { clusterInputs, declaration, destroy, sharedIdentity } from "./world/cluster";
import { Engine } from "./world/engine";
import { byHand, changing, locksLeft, MadeCluster, seen } from "./world/made";

const uid = "k3x9abcdef01";
const otherUid = "m4y8bcdefg02";
const small = { controlPlanes: 1, workers: 1 };
let made: MadeCluster;
let another: ClusterIdentityOutputs;
beforeAll(async () => {
  await sharedIdentity();
  another = { uid: otherUid, ...(await createClusterCertificates({ uid: otherUid, now: Date.parse("2026-01-01T00:00:00Z") })) };
  made = await MadeCluster.make(declaration(small));
});
afterAll(() => made.close());

const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);

async function named(mold: MoldPort): Promise<{ zone: string; networkOffering: string; template: string; offering: string }> {
  const [zones, networkOfferings, templates, offerings] = await Promise.all([
    mold.list("listZones", {}),
    mold.list("listNetworkOfferings", {}),
    mold.list("listTemplates", { templatefilter: "executable" }),
    mold.list("listServiceOfferings", {}),
  ]);
  const id = (all: readonly { id?: string; name?: string }[], name: string): string => all.find((each) => each.name === name)!.id!;
  return {
    zone: id(zones, "zone-1"),
    networkOffering: id(networkOfferings, "DefaultNetworkOfferingforKubernetesService"),
    template: id(templates, "debian-13-containerd"),
    offering: id(offerings, "k8s-2c-2g"),
  };
}

async function machineByHand(cloud: Cloud, networkId: string, name: string): Promise<string> {
  const mold = byHand(cloud);
  const { zone, template, offering } = await cloud.clock.run(named(mold));
  return (await cloud.clock.run(mold.run("deployVirtualMachine", { zoneid: zone, templateid: template, serviceofferingid: offering, networkids: [networkId], name }))).id!;
}

/** A network of the user's with a machine, an address and rules of its own. */
async function theirs(cloud: Cloud, name = "theirs"): Promise<string> {
  const mold = byHand(cloud);
  const { zone, networkOffering } = await cloud.clock.run(named(mold));
  const network = (await cloud.clock.run(mold.call("createNetwork", { name, zoneid: zone, networkofferingid: networkOffering }))).id!;
  const machine = await machineByHand(cloud, network, "db");
  const address = (await cloud.clock.run(mold.run("associateIpAddress", { networkid: network }))).id!;
  await cloud.clock.run(mold.run("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: 6443, endport: 6443, cidrlist: ["0.0.0.0/0"] }));
  await cloud.clock.run(mold.run("createPortForwardingRule", { ipaddressid: address, protocol: "tcp", publicport: 22, privateport: 22, virtualmachineid: machine, openfirewall: false }));
  await cloud.clock.run(mold.run("createTags", { resourcetype: "Network", resourceids: [network], tags: [{ key: "team", value: "db" }] }));
  // Its machine has booted.
  await cloud.clock.pass(60_000);
  return network;
}

describe("on the cluster's own network", () => {
  test("a machine that isn't of the cluster keeps a destroy from beginning, and is named", async () => {
    const { cloud, recorded } = made.open();
    await machineByHand(cloud, recorded.endpoint.outputs.networkId, "db");
    const before = cloud.state();
    const run = cloud.newRun();
    const failure = await cloud.clock.run(failureOf(destroy(run, { ...recorded }, made.declared)));
    expect(failure?.message).toMatch(/^KubernetesCluster prod: network: machines that are not of this cluster are on its network prod-k3x9abcdef01: db \([0-9a-f-]{36}\)\. .*Move or remove them, then destroy again\. Nothing was deleted\./);
    expect(changing(run).filter((call) => !/Tags$/.test(call))).toEqual([]);
    expect(cloud.state()).toBe(before);
    expect(locksLeft(cloud)).toEqual([]);
  });

  test("once that machine is gone, the destroy leaves nothing", async () => {
    const { cloud, recorded } = made.open();
    const id = await machineByHand(cloud, recorded.endpoint.outputs.networkId, "db");
    await cloud.clock.run(failureOf(destroy(cloud.newRun(), recorded, made.declared)));
    await cloud.clock.run(byHand(cloud).run("destroyVirtualMachine", { id, expunge: true }));
    await cloud.clock.run(destroy(cloud.newRun(), recorded, made.declared));
    expect(cloud.emulator.isEmpty()).toBe(true);
  });

  test("public addresses of others go with it, which is said", async () => {
    const { cloud, recorded } = made.open();
    await cloud.clock.run(byHand(cloud).run("associateIpAddress", { networkid: recorded.endpoint.outputs.networkId }));
    const run = cloud.newRun();
    await cloud.clock.run(destroy(run, recorded, made.declared));
    expect(run.lines.filter((line) => line.startsWith("warn"))).toEqual([
      expect.stringMatching(/^warn KubernetesCluster prod: lost with it, or left behind: public address 127\.90\.0\.\d+ \([0-9a-f-]{36}\) with all rules on it, of the network prod-k3x9abcdef01: note what it is used for; it goes with its network$/),
    ]);
  });

  test("rules and tags of others on the cluster's address and machines are as they were after changes of the cluster", async () => {
    const { cloud, recorded } = made.open();
    const mold = byHand(cloud);
    const { publicIpAddressId } = recorded.endpoint.outputs;
    const { machineId } = recorded.cluster.outputs.nodes.find(({ role }) => role === "worker")!;
    await cloud.clock.run(mold.run("createFirewallRule", { ipaddressid: publicIpAddressId, protocol: "tcp", startport: 22, endport: 22, cidrlist: ["0.0.0.0/0"] }));
    await cloud.clock.run(mold.run("createPortForwardingRule", { ipaddressid: publicIpAddressId, protocol: "tcp", publicport: 22, privateport: 22, virtualmachineid: machineId, openfirewall: false }));
    await cloud.clock.run(mold.run("createLoadBalancerRule", { publicipid: publicIpAddressId, name: "theirs", algorithm: "source", publicport: 8080, privateport: 80, openfirewall: false }));
    await cloud.clock.run(mold.run("createTags", { resourcetype: "UserVm", resourceids: [machineId], tags: [{ key: "note", value: "theirs" }] }));
    const others = (): unknown => {
      const { firewallRules, forwards, balancers, tags } = seen(cloud);
      return [firewallRules!.filter(({ startPort }) => startPort === 22), forwards, balancers!.filter(({ name }) => name === "theirs"), tags!.filter(({ key }) => key === "note")];
    };
    const before = others();
    const olds = { inputs: await clusterInputs(made.declared, recorded.endpoint.outputs), outputs: recorded.cluster.outputs };
    const news = await clusterInputs(declaration({ ...small, workers: 2, description: "new", tags: { team: "shop" }, apiAccess: { cidrList: ["127.0.0.0/8"] } }), recorded.endpoint.outputs);
    await cloud.clock.run(cluster.update(cloud.newRun().session, recorded.cluster.id, olds, news));
    expect(others()).toEqual(before);
  });
});

describe.each(["its tags", "its display name"])("a copy of a node on a network of the user's, that carries %s", (what) => {
  test.each(["db-rescue", "prod-worker-1"])("called %s is neither destroyed nor taken for the cluster's: a destroy names it, and goes on once it is judged", async (name) => {
    const { cloud, recorded } = made.open();
    const mold = byHand(cloud);
    const network = await theirs(cloud);
    const id = await machineByHand(cloud, network, name);
    if (what === "its tags") await cloud.clock.run(mold.run("createTags", { resourcetype: "UserVm", resourceids: [id], tags: [{ key: "ablestack-cluster", value: uid }, { key: "ablestack-role", value: "worker" }] }));
    else await cloud.clock.run(mold.call("updateVirtualMachine", { id, displayname: `prod-worker-1 [ablestack-kubernetes ${uid}]` }));
    const isThere = (): unknown => seen(cloud).machines!.filter((machine) => machine.name === name && machine.state === "Running").length;
    const before = isThere();
    const olds = { inputs: await clusterInputs(made.declared, recorded.endpoint.outputs), outputs: recorded.cluster.outputs };
    expect((await cloud.clock.run(cluster.diff(cloud.newRun().session, recorded.cluster.id, olds, olds.inputs))).plan).toEqual([]);
    const failure = await cloud.clock.run(failureOf(destroy(cloud.newRun(), recorded, made.declared)));
    expect(failure?.message).toMatch(new RegExp(`${name} \\(${id}\\) is marked as the cluster's, and called otherwise than its machines or on another network`));
    expect(isThere()).toBe(name === "db-rescue" ? before : 1);
    await cloud.clock.run(mold.call("updateVirtualMachine", { id, displayname: name }));
    if (what === "its tags") await cloud.clock.run(mold.run("deleteTags", { resourcetype: "UserVm", resourceids: [id], tags: [{ key: "ablestack-cluster" }] }));
    await cloud.clock.run(destroy(cloud.newRun(), recorded, made.declared));
    expect(seen(cloud).networks!.map((each) => each.name)).toEqual(["theirs"]);
    expect(isThere()).toBe(1);
  });
});

test("with keys that show nothing of it a destroy touches nothing, and says that it may be there all the same", async () => {
  const { cloud, recorded } = made.open();
  const before = cloud.state();
  const run = cloud.newRun({ user: "user" });
  await cloud.clock.run(destroy(run, { ...recorded }, made.declared));
  expect(changing(run)).toEqual([]);
  expect(cloud.state()).toBe(before);
  expect(run.lines).toContainEqual(expect.stringMatching(/^warn KubernetesCluster prod: its network or its address is not to be seen in Mold with these keys .* restore its state, and destroy it with the right ones$/));
});

describe("a delete of an earlier life of the cluster", () => {
  test("touches nothing", async () => {
    const { cloud, recorded } = made.open();
    const inputs = await clusterInputs(made.declared, recorded.endpoint.outputs);
    const before = cloud.state();
    const run = cloud.newRun();
    await cloud.clock.run(cluster.delete(run.session, `${uid}/00000000`, { inputs, outputs: recorded.cluster.outputs }));
    expect(changing(run)).toEqual([]);
    expect(cloud.state()).toBe(before);
    expect(run.lines).toContainEqual(expect.stringContaining("life 00000000 is over"));
  });

  test("touches nothing of the life that begins while it waits for the lock", async () => {
    const { cloud, recorded } = made.open();
    const inputs = await clusterInputs(made.declared, recorded.endpoint.outputs);
    const [creating, deleting] = [cloud.newRun(), cloud.newRun()];
    const create = cluster.create(creating.session, inputs);
    // It has looked before the new life is written down, and comes to its turn afterwards.
    const remove = cluster.delete(deleting.session, recorded.cluster.id, { inputs, outputs: recorded.cluster.outputs });
    const [{ outputs }] = await cloud.clock.run(Promise.all([create, failureOf(remove)]));
    expect(outputs.clusterId).not.toBe(recorded.cluster.id);
    expect(seen(cloud).machines!.map(({ name, state }) => `${String(name)} ${String(state)}`)).toEqual(["prod-control-1 Running", "prod-worker-1 Running"]);
  });
});

describe("in a network of the user's", () => {
  const inTheirs = (more: object = {}): Record<string, unknown> => declaration({ ...small, network: "theirs", ...more });

  test("create, a second up and destroy leave the network and everything else on it as it was", async () => {
    const cloud = new Cloud();
    await theirs(cloud);
    const before = seen(cloud);
    const engine = new Engine(inTheirs());
    await cloud.clock.run(engine.up(cloud.newRun()));
    const during = seen(cloud);
    for (const table of ["networks", "firewallRules", "forwards", "addresses", "machines", "tags"]) expect(during[table]).toEqual(expect.arrayContaining([...before[table]!]));
    expect(during.networks).toEqual(before.networks);
    expect(during.tags!.filter(({ resourceType }) => resourceType === "Network")).toEqual(before.tags);
    const again = cloud.newRun();
    await cloud.clock.run(engine.up(again));
    expect(changing(again)).toEqual([]);
    await cloud.clock.run(engine.destroy(cloud.newRun()));
    expect(seen(cloud)).toEqual(before);
  });

  test("a destroy after a create that was killed at any call does, too", async () => {
    const whole = new Cloud();
    await theirs(whole);
    const undisturbed = whole.newRun();
    await whole.clock.run(new Engine(inTheirs()).upEndpoint(undisturbed));
    for (let call = 1; call <= undisturbed.calls.length; call++) {
      for (const when of ["before", "after"] as const) {
        const cloud = new Cloud();
        await theirs(cloud);
        const before = seen(cloud);
        const engine = new Engine(inTheirs());
        await cloud.clock.run(failureOf(engine.upEndpoint(cloud.newRun({ killAt: { call, when } }))));
        await cloud.clock.pass(2000);
        // The engine knows the identity alone: its destroy finds by itself what there is.
        engine.recorded.endpoint ??= { id: uid, outputs: {} as never };
        await cloud.clock.run(engine.destroy(cloud.newRun()));
        expect({ where: `${when} ${call} ${undisturbed.calls[call - 1]}`, ...seen(cloud) }).toEqual({ where: `${when} ${call} ${undisturbed.calls[call - 1]}`, ...before });
      }
    }
  }, 60_000);

  test("an address that becomes the source NAT of the network stays with it, without our tags", async () => {
    const cloud = new Cloud();
    const mold = byHand(cloud);
    const { zone, networkOffering } = await cloud.clock.run(named(mold));
    await cloud.clock.run(mold.call("createNetwork", { name: "theirs", zoneid: zone, networkofferingid: networkOffering }));
    const engine = new Engine(inTheirs());
    await cloud.clock.run(engine.up(cloud.newRun()));
    await cloud.clock.run(engine.destroy(cloud.newRun()));
    const left = seen(cloud);
    expect([left.networks!.length, left.addresses!.length, left.machines!.length, left.firewallRules!.length, left.balancers!.length]).toEqual([1, 1, 0, 0, 0]);
    expect(left.tags).toEqual([]);
  });

  test("two clusters live side by side, and each goes alone", async () => {
    const cloud = new Cloud();
    await theirs(cloud);
    const before = seen(cloud);
    const first = new Engine(inTheirs());
    const second = new Engine(inTheirs({ name: "test" }), "pulumi:organization/project/other", another);
    await cloud.clock.run(first.up(cloud.newRun()));
    const alone = cloud.state();
    await cloud.clock.run(second.up(cloud.newRun()));
    expect(second.cluster.nodes.map(({ name }) => name)).toEqual(["test-control-1", "test-worker-1"]);
    expect(await cloud.clock.run(first.plan(cloud.newRun()))).toEqual([]);
    await cloud.clock.run(second.destroy(cloud.newRun()));
    expect(cloud.state()).toBe(alone);
    expect(await cloud.clock.run(first.plan(cloud.newRun()))).toEqual([]);
    await cloud.clock.run(first.destroy(cloud.newRun()));
    expect(seen(cloud)).toEqual(before);
  });

  test("a cluster of the same name that another stack declares there is named with its owner, before anything is made", async () => {
    const cloud = new Cloud();
    await theirs(cloud);
    await cloud.clock.run(new Engine(inTheirs()).up(cloud.newRun()));
    const before = cloud.state();
    const second = new Engine(inTheirs(), "pulumi:organization/project/other", another);
    const failure = await cloud.clock.run(failureOf(second.up(cloud.newRun())));
    expect(failure?.message).toMatch(/^KubernetesCluster prod: the network theirs has a machine prod-(control|worker)-1 already, of a cluster that pulumi:organization\/project\/stack declares; .*Choose another name or another network\.$/);
    expect(cloud.state()).toBe(before);
  });

  test("an address of the same number that somebody else took later is not ours", async () => {
    const cloud = new Cloud();
    const network = await theirs(cloud);
    const whole = new Cloud();
    await theirs(whole);
    const undisturbed = whole.newRun();
    await whole.clock.run(new Engine(inTheirs()).upEndpoint(undisturbed));
    // It dies when it has written down which address it is about to ask for.
    const call = undisturbed.calls.indexOf("associateIpAddress") + 1;
    const engine = new Engine(inTheirs());
    await cloud.clock.run(failureOf(engine.upEndpoint(cloud.newRun({ killAt: { call, when: "before" } }))));
    const intent = seen(cloud).tags!.find(({ key }) => String(key).startsWith("ablestack-intent-address-"))!;
    await cloud.clock.pass(3_600_000);
    const mold = byHand(cloud);
    const address = String(intent.value).split("@")[0]!;
    const taken = (await cloud.clock.run(mold.run("associateIpAddress", { networkid: network, ipaddress: address }))).id!;
    await cloud.clock.run(engine.upEndpoint(cloud.newRun()));
    expect(engine.endpoint.publicIpAddressId).not.toBe(taken);
    await cloud.clock.run(engine.destroy(cloud.newRun()));
    expect(await cloud.clock.run(mold.list("listPublicIpAddresses", { id: taken }))).toMatchObject([{ state: "Allocated", tags: [] }]);
  });
});

test("the same name in two stacks makes two clusters, each in a network of its own; each goes alone", async () => {
  const cloud = new Cloud();
  const first = new Engine(declaration(small));
  const second = new Engine(declaration(small), "pulumi:organization/project/other", another);
  await cloud.clock.run(first.up(cloud.newRun()));
  const alone = cloud.state();
  await cloud.clock.run(second.up(cloud.newRun()));
  expect(seen(cloud).networks!.map(({ name }) => name)).toEqual([`prod-${uid}`, `prod-${otherUid}`]);
  expect(await cloud.clock.run(first.plan(cloud.newRun()))).toEqual([]);
  await cloud.clock.run(second.destroy(cloud.newRun()));
  expect(cloud.state()).toBe(alone);
  await cloud.clock.run(first.destroy(cloud.newRun()));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

describe("what somebody removed by hand is no hindrance to a destroy, and nothing is left", () => {
  const removals: readonly [string, (mold: MoldPort, outputs: { publicIpAddressId: string; machineId: string; ruleId: string; groupId: string }) => Promise<unknown>][] = [
    ["a machine", (mold, { machineId }) => mold.run("destroyVirtualMachine", { id: machineId, expunge: true })],
    ["a machine, not expunged", (mold, { machineId }) => mold.run("destroyVirtualMachine", { id: machineId })],
    ["the API's balancer rule", (mold, { ruleId }) => mold.run("deleteLoadBalancerRule", { id: ruleId })],
    ["the anti-affinity group's machine", (mold, { machineId }) => mold.run("stopVirtualMachine", { id: machineId, forced: true })],
  ];

  test.each(removals)("%s", async (_, remove) => {
    const { cloud, recorded } = made.open();
    const mold = byHand(cloud);
    const [[rule], [group]] = await cloud.clock.run(Promise.all([mold.list("listLoadBalancerRules", {}), mold.list("listAffinityGroups", {})]));
    const { machineId } = recorded.cluster.outputs.nodes[0]!;
    await cloud.clock.run(remove(mold, { publicIpAddressId: recorded.endpoint.outputs.publicIpAddressId, machineId, ruleId: rule!.id!, groupId: group!.id! }));
    await cloud.clock.run(destroy(cloud.newRun(), recorded, made.declared));
    expect(cloud.emulator.isEmpty()).toBe(true);
  });

  test("the public address, in a network of the user's", async () => {
    const cloud = new Cloud();
    await theirs(cloud);
    const before = seen(cloud);
    const engine = new Engine(declaration({ ...small, network: "theirs" }));
    await cloud.clock.run(engine.up(cloud.newRun()));
    await cloud.clock.run(byHand(cloud).run("disassociateIpAddress", { id: engine.endpoint.publicIpAddressId }));
    await cloud.clock.run(engine.destroy(cloud.newRun()));
    const after = seen(cloud);
    expect(after.machines).toEqual(before.machines);
    expect(after.affinityGroups).toEqual(before.affinityGroups);
    expect(after).toEqual(before);
  });
});

test("a rule of the cluster's goes with the cluster, also where its own delete was never called", async () => {
  const { cloud, recorded } = made.open();
  await cloud.clock.run(DeclaredRule.networkRule("web", { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 443 }).up(cloud.newRun()));
  await cloud.clock.run(DeclaredRule.loadBalancer("ingress", { cluster: uid, publicPort: 80, privatePort: 30080, members: { role: "worker" } }).up(cloud.newRun()));
  await cloud.clock.run(destroy(cloud.newRun(), recorded, made.declared));
  expect(cloud.emulator.isEmpty()).toBe(true);
});

describe("a plain user, who may not expunge", () => {
  let users: MadeCluster;
  beforeAll(async () => (users = await MadeCluster.make(declaration({ ...small, timeouts: { delete: 60 } }), { user: "user", emulator: { expungeDelay: 3_600_000 } })));
  afterAll(() => users.close());

  test("waits for as long as was declared, is told what remains, and the next destroy completes it", async () => {
    const { cloud, recorded } = users.open();
    const began = cloud.clock.now();
    const first = cloud.newRun({ user: "user" });
    const failure = await cloud.clock.run(failureOf(destroy(first, recorded, users.declared)));
    expect(failure?.message).toMatch(/^KubernetesCluster prod: the network prod-k3x9abcdef01 is still there after 6\d s: destroyed machines on it are not expunged yet .*Everything else is gone\. Destroy again later, or ask an administrator to expunge them\. Mold said: Failed to delete network$/);
    expect(cloud.clock.now() - began).toBeLessThan(120_000);
    expect(recorded.cluster).toBeUndefined();
    const left = seen(cloud);
    expect(left.machines!.map(({ state }) => state)).toEqual(["Destroyed", "Destroyed"]);
    expect([left.balancers!.length, left.firewallRules!.length, left.affinityGroups!.length]).toEqual([0, 0, 0]);
    expect(locksLeft(cloud)).toEqual([]);
    await cloud.clock.pass(3_700_000);
    await cloud.clock.run(destroy(cloud.newRun({ user: "user" }), recorded, users.declared));
    expect(cloud.emulator.isEmpty()).toBe(true);
  });

  test("a create while the destroyed machines are still there says so, and completes once they are gone", async () => {
    const { cloud, recorded } = users.open();
    const inputs = await clusterInputs(users.declared, recorded.endpoint.outputs);
    await cloud.clock.run(cluster.delete(cloud.newRun({ user: "user" }).session, recorded.cluster.id, { inputs, outputs: recorded.cluster.outputs }));
    const failure = await cloud.clock.run(failureOf(cluster.create(cloud.newRun({ user: "user" }).session, inputs)));
    expect(failure?.message).toMatch(/prod-control-1.*already exists/s);
    await cloud.clock.pass(3_700_000);
    const { outputs } = await cloud.clock.run(cluster.create(cloud.newRun({ user: "user" }).session, inputs));
    expect(outputs.nodes.map(({ name, state }) => `${name} ${state}`)).toEqual(["prod-control-1 Running", "prod-worker-1 Running"]);
  });
});
