import { declaration, sharedIdentity } from "../core/world/cluster";
import { byHand, changing, MadeCluster, seen, type Opened } from "../core/world/made";
import { DeclaredRule } from "./rules";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
});
afterAll(() => made.close());

const cluster = "k3x9abcdef01";
const balancer = (more: object = {}): DeclaredRule => DeclaredRule.loadBalancer("ingress", { cluster, publicPort: 80, privatePort: 30080, members: { role: "worker" }, ...more });

const rules = ({ cloud }: Opened): readonly Readonly<Record<string, unknown>>[] => seen(cloud).balancers!.filter(({ publicPort }) => publicPort !== 6443);
const machine = ({ recorded }: Opened, name: string): string => recorded.cluster.outputs.nodes.find((node) => node.name === name)!.machineId;
const workers = ["machines:prod-worker-1", "machines:prod-worker-2"];
const tagsOn = ({ cloud }: Opened): string[] => seen(cloud).tags!.flatMap((tag) => (tag.resourceType === "LoadBalancer" && tag.resourceId === "balancers:ingress" ? [`${String(tag.key)}=${String(tag.value)}`] : [])).sort();

test("is made as declared, with its members, and opens nothing to the world", async () => {
  const world = made.open();
  const firewall = seen(world.cloud).firewallRules;
  const rule = balancer({ description: "HTTP of the shop", algorithm: "leastconn", cidrList: ["10.0.0.0/8", "127.0.0.0/8"], tags: { team: "shop" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rules(world)).toMatchObject([
    {
      name: "ingress",
      description: `HTTP of the shop [ablestack-kubernetes ${cluster} pulumi:organization/project/stack ingress]`,
      publicPort: 80,
      privatePort: 30080,
      algorithm: "leastconn",
      protocol: "tcp",
      cidrs: ["10.0.0.0/8", "127.0.0.0/8"],
      memberIds: workers,
      state: "Active",
    },
  ]);
  expect(tagsOn(world)).toEqual([`ablestack-cluster=${cluster}`, "ablestack-owner=pulumi:organization/project/stack", "ablestack-resource=ingress", "ablestack-target=role=worker", "team=shop"]);
  expect(seen(world.cloud).firewallRules).toEqual(firewall);
  expect(rule.outputs.memberIds).toEqual([machine(world, "prod-worker-1"), machine(world, "prod-worker-2")].sort());
});

test("declared as it is, it changes nothing and sends nothing that changes", async () => {
  const world = made.open();
  const rule = balancer({ description: "HTTP", cidrList: ["127.0.0.0/8", "10.0.0.0/8"] });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const again = world.cloud.newRun();
  expect(await world.cloud.clock.run(rule.diff(again))).toEqual({ changes: false, replaces: [], plan: [] });
  expect(changing(again)).toEqual([]);
  expect(again.calls.length).toBeLessThanOrEqual(4);
});

test.each<[string, Readonly<Record<string, unknown>>, object, string[]?]>([
  ["members by node", { members: { nodes: ["prod-worker-2"] } }, { memberIds: ["machines:prod-worker-2"] }, ["nodes=prod-worker-2"]],
  ["members by another role", { members: { role: "control-plane" } }, { memberIds: ["machines:prod-control-1"] }, ["role=control-plane"]],
  ["protocol", { protocol: "tcp-proxy" }, { protocol: "tcp-proxy", memberIds: workers }],
  ["algorithm", { algorithm: "source" }, { algorithm: "source", memberIds: workers }],
  ["description", { description: "new words" }, { description: expect.stringMatching(/^new words \[ablestack-kubernetes/) as string }],
  ["name", { name: "front" }, { name: "front" }],
  ["cidrList", { cidrList: ["127.0.0.0/8"] }, { cidrs: ["127.0.0.0/8"] }],
  ["tags", { tags: { team: "payments" } }, { memberIds: workers }],
])("a change of its %s is made in place", async (_, change, found, targets = ["role=worker"]) => {
  const world = made.open();
  const rule = balancer({ tags: { team: "shop", tier: "front" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const before = rule.outputs.ruleId;
  rule.declare(change);
  const diff = await world.cloud.clock.run(rule.diff(world.cloud.newRun()));
  expect(diff).toMatchObject({ changes: true, replaces: [], plan: [expect.stringMatching(/^LoadBalancer ingress: change .* in place$/)] });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rule.outputs.ruleId).toBe(before);
  expect(rules(world)).toMatchObject([found]);
  expect(seen(world.cloud).tags!.flatMap(({ key, value }) => (key === "ablestack-target" ? [value] : []))).toEqual(targets);
  const teams = seen(world.cloud).tags!.flatMap(({ key, value }) => (key === "team" || key === "tier" ? [value] : []));
  expect(teams.sort()).toEqual("tags" in change ? ["payments"] : ["front", "shop"]);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("members by machine id, in any order, are the same members", async () => {
  const world = made.open();
  const ids = [machine(world, "prod-worker-2"), machine(world, "prod-worker-1")];
  const rule = balancer({ members: { machineIds: ids } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rules(world)).toMatchObject([{ memberIds: workers }]);
  rule.declare({ members: { machineIds: [...ids].reverse() } });
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test.each<[string, Readonly<Record<string, unknown>>, string, readonly string[]]>([
  [
    "public port: the new rule has its members before the old one goes",
    { publicPort: 8080 },
    "change publicPort: the new rule is made, with its members, before the old one goes",
    ["createLoadBalancerRule", "assignToLoadBalancerRule", "deleteLoadBalancerRule"],
  ],
  [
    "private port: Mold takes no two rules on one port, and the preview says that there is a gap",
    { privatePort: 31080 },
    "change privatePort: Mold can't change the private port and takes no second rule on port 80, so the old rule goes first; connections through it end, and new ones are refused for that moment",
    ["deleteLoadBalancerRule", "createLoadBalancerRule", "assignToLoadBalancerRule"],
  ],
])("another %s", async (_, change, plan, calls) => {
  const world = made.open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const before = rule.outputs.ruleId;
  expect(await world.cloud.clock.run(rule.declare(change).diff(world.cloud.newRun()))).toEqual({ changes: true, replaces: [], plan: [`LoadBalancer ingress: ${plan}`] });
  const run = world.cloud.newRun();
  await world.cloud.clock.run(rule.up(run));
  expect(run.calls.filter((call) => /LoadBalancerRule$/.test(call) && !call.startsWith("list"))).toEqual(calls);
  expect(rules(world)).toMatchObject([{ ...change, memberIds: workers }]);
  expect(rule.outputs.ruleId).not.toBe(before);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("another cluster or address is another rule: the preview says that there is a gap", async () => {
  const world = made.open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(await world.cloud.clock.run(rule.declare({ ipAddressId: "another" }).diff(world.cloud.newRun()))).toMatchObject({
    replaces: ["ipAddressId"],
    plan: [expect.stringMatching(/^LoadBalancer ingress: ipAddressId can't be changed on a rule: the old rule is deleted, then the new one is made/)],
  });
});

test("with a balancer rule made by hand, a change that Mold needs the protocol for still goes: it is always sent", async () => {
  const world = made.open();
  const { publicIpAddressId } = world.recorded.endpoint.outputs;
  // One made without a protocol: an update without it would fail (530).
  const { id } = await world.cloud.clock.run(byHand(world.cloud).run("createLoadBalancerRule", { publicipid: publicIpAddressId, name: "theirs", algorithm: "roundrobin", publicport: 80, privateport: 30080, openfirewall: false }));
  const rule = balancer({ adopt: true, algorithm: "source" });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rule.outputs.ruleId).toBe(id);
  expect(rules(world)).toMatchObject([{ name: "ingress", algorithm: "source", protocol: "tcp", memberIds: workers }]);
  expect(tagsOn(world)).toEqual([`ablestack-cluster=${cluster}`, "ablestack-owner=pulumi:organization/project/stack", "ablestack-resource=ingress", "ablestack-target=role=worker"]);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("with adopt another stack's rule on the same ports is taken over; one on the same public port that leads elsewhere is not, nor is the API's own", async () => {
  const world = made.open();
  await world.cloud.clock.run(balancer().by("pulumi:organization/project/other").up(world.cloud.newRun()));
  await expect(world.cloud.clock.run(balancer({ adopt: true, privatePort: 31080 }).up(world.cloud.newRun()))).rejects.toThrow(/port 80 of .* already has the balancer rule ingress .*Choose another port or remove that rule\./);
  await expect(world.cloud.clock.run(balancer({ adopt: true, publicPort: 6443, privatePort: 6443 }).up(world.cloud.newRun()))).rejects.toThrow(/port 6443 of .* already has the balancer rule prod-api /);
  const rule = balancer({ adopt: true });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rules(world)).toHaveLength(1);
  expect(tagsOn(world)).toContain("ablestack-owner=pulumi:organization/project/stack");
});

test("what the network's balancer can't do is told by the property", async () => {
  const world = made.open();
  await expect(world.cloud.clock.run(balancer({ protocol: "udp" }).up(world.cloud.newRun()))).rejects.toThrow(/LoadBalancer ingress: createLoadBalancerRule was refused by Mold \(431\) \(property `protocol`\): "LB service provider cannot support this rule"/);
  expect(rules(world)).toEqual([]);
});

test.each<[string, (world: Opened, id: string) => Promise<unknown>, string]>([
  ["removed by hand", ({ cloud }, id) => byHand(cloud).run("deleteLoadBalancerRule", { id }), "mend it is not there"],
  ["a member removed by hand", (world, id) => byHand(world.cloud).run("removeFromLoadBalancerRule", { id, virtualmachineids: [machine(world, "prod-worker-1")] }), "mend members"],
  ["a member added by hand", (world, id) => byHand(world.cloud).run("assignToLoadBalancerRule", { id, virtualmachineids: [machine(world, "prod-control-1")] }), "mend members"],
  ["changed by hand", ({ cloud }, id) => byHand(cloud).run("updateLoadBalancerRule", { id, algorithm: "source", name: "mine", protocol: "tcp" }), "mend algorithm, name"],
  ["described anew by hand", ({ cloud }, id) => byHand(cloud).run("updateLoadBalancerRule", { id, description: "note", protocol: "tcp" }), "mend description"],
  ["its tags removed by hand", ({ cloud }, id) => byHand(cloud).run("deleteTags", { resourcetype: "LoadBalancer", resourceids: [id] }), "mend tags"],
])("%s: it is seen and mended", async (_, meddle, plan) => {
  const world = made.open();
  const rule = balancer({ tags: { team: "shop" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const goal = world.cloud.state();
  await world.cloud.clock.run(meddle(world, String(rule.outputs.ruleId)));
  const diff = await world.cloud.clock.run(rule.diff(world.cloud.newRun()));
  expect(diff).toMatchObject({ changes: true, replaces: [], plan: [`LoadBalancer ingress: ${plan}`] });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(world.cloud.state()).toBe(goal);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("a member whose machine was destroyed by hand is no longer expected", async () => {
  const world = made.open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  await world.cloud.clock.run(byHand(world.cloud).run("destroyVirtualMachine", { id: machine(world, "prod-worker-1") }));
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rules(world)).toMatchObject([{ memberIds: ["machines:prod-worker-2"] }]);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("an unknown node is named, with those that are there, and nothing is made", async () => {
  const world = made.open();
  const run = world.cloud.newRun();
  await expect(world.cloud.clock.run(balancer({ members: { nodes: ["prod-worker-1", "prod-worker-7"] } }).up(run))).rejects.toThrow(
    "LoadBalancer ingress: the cluster has no node prod-worker-7, and none that has taken its place. It has prod-control-1, prod-worker-1, prod-worker-2.",
  );
  expect(changing(run)).toEqual([]);
});

const handMade = async ({ cloud, recorded }: Opened): Promise<string> => {
  const { publicIpAddressId } = recorded.endpoint.outputs;
  const job = byHand(cloud).run("createLoadBalancerRule", { publicipid: publicIpAddressId, name: "theirs", algorithm: "roundrobin", publicport: 80, privateport: 8080, protocol: "tcp", openfirewall: false });
  return (await cloud.clock.run(job)).id!;
};

test("a rule on that port made by hand is not taken: the error says which, and it stays as it was", async () => {
  const world = made.open();
  const id = await handMade(world);
  const before = world.cloud.state();
  await expect(world.cloud.clock.run(balancer().up(world.cloud.newRun()))).rejects.toThrow(
    new RegExp(`LoadBalancer ingress: port 80 of 127\\.90\\.0\\.\\d+ already has the balancer rule theirs \\(${id}\\), made by hand or by another program\\. Choose another port or remove that rule\\.`),
  );
  expect(world.cloud.state()).toBe(before);
});

test("moving to a port that somebody else has leaves the rule as it was", async () => {
  const world = made.open();
  const rule = balancer({ publicPort: 81 });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  await handMade(world);
  await world.cloud.clock.run(rule.destroy(world.cloud.newRun()));
  await expect(world.cloud.clock.run(rule.declare({ publicPort: 80 }).up(world.cloud.newRun()))).rejects.toThrow("already has the balancer rule theirs");
  expect(rules(world)).toMatchObject([{ name: "theirs", privatePort: 8080, memberIds: [] }]);
});

test("a rule of the same name that another stack declared is not taken either", async () => {
  const world = made.open();
  await world.cloud.clock.run(balancer().by("pulumi:organization/project/other").up(world.cloud.newRun()));
  const before = world.cloud.state();
  await expect(world.cloud.clock.run(balancer().up(world.cloud.newRun()))).rejects.toThrow("declared by pulumi:organization/project/other");
  expect(world.cloud.state()).toBe(before);
});

test("the API's own rule is out of reach", async () => {
  const world = made.open();
  const before = world.cloud.state();
  await expect(world.cloud.clock.run(balancer({ publicPort: 6443 }).up(world.cloud.newRun()))).rejects.toThrow(/port 6443 of .* already has the balancer rule prod-api .*declared by pulumi:organization\/project\/stack/);
  expect(world.cloud.state()).toBe(before);
});

test("a delete of what is gone already is done, and leaves what somebody made in its place", async () => {
  const world = made.open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  await world.cloud.clock.run(byHand(world.cloud).run("deleteLoadBalancerRule", { id: String(rule.outputs.ruleId) }));
  await handMade(world);
  const before = world.cloud.state();
  const run = world.cloud.newRun();
  await world.cloud.clock.run(rule.destroy(run));
  expect(changing(run)).toEqual([]);
  expect(world.cloud.state()).toBe(before);
});

test("what a killed create left of an earlier declaration becomes what is declared now", async () => {
  const change = { privatePort: 31080, algorithm: "source", tags: { team: "payments" } };
  const goal = made.open();
  await goal.cloud.clock.run(balancer(change).up(goal.cloud.newRun()));
  const undisturbed = made.open();
  const calls = undisturbed.cloud.newRun();
  await undisturbed.cloud.clock.run(balancer({ tags: { team: "shop" } }).up(calls));
  for (let call = 1; call <= calls.calls.length; call++) {
    const world = made.open();
    const rule = balancer({ tags: { team: "shop" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun({ killAt: { call, when: "after" } }))).catch(() => undefined);
    await world.cloud.clock.pass(2000);
    await world.cloud.clock.run(rule.declare(change).up(world.cloud.newRun()));
    expect(`${call} ${calls.calls[call - 1]}: ${world.cloud.state()}`).toBe(`${call} ${calls.calls[call - 1]}: ${goal.cloud.state()}`);
  }
});

test("a create that fails half-way is recorded with its id, and the next run completes it", async () => {
  const world = made.open();
  world.cloud.emulator.faults.order({ kind: "jobFails", command: "assignToLoadBalancerRule", text: "the router is away" });
  const rule = balancer();
  await expect(world.cloud.clock.run(rule.up(world.cloud.newRun()))).rejects.toThrow(/LoadBalancer ingress: assignToLoadBalancerRule failed in Mold .*the router is away/);
  expect(rule.recorded?.id).toMatch(/^loadBalancer\/.*\/ingress$/);
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rules(world)).toMatchObject([{ memberIds: workers }]);
});

describe("stickiness", () => {
  const policies = ({ cloud }: Opened): readonly Readonly<Record<string, unknown>>[] => seen(cloud).stickiness!;
  const cookie = { method: "LbCookie", parameters: { "cookie-name": "shop", mode: "insert" } };

  test("is given to the rule, changed by putting another beside it before the old one goes, and taken off", async () => {
    const world = made.open();
    const rule = balancer({ stickiness: { method: "SourceBased" } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(policies(world)).toMatchObject([{ balancerId: "balancers:ingress", method: "SourceBased", params: {} }]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
    const before = rule.outputs.ruleId;
    const change = world.cloud.newRun();
    await world.cloud.clock.run(rule.declare({ stickiness: cookie }).up(change));
    expect(change.calls.filter((call) => /^(create|delete)LBStick/.test(call))).toEqual(["createLBStickinessPolicy", "deleteLBStickinessPolicy"]);
    expect(policies(world)).toMatchObject([{ method: "LbCookie", params: cookie.parameters }]);
    expect(rule.outputs.ruleId).toBe(before);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
    await world.cloud.clock.run(rule.declare({ stickiness: undefined }).up(world.cloud.newRun()));
    expect(policies(world)).toEqual([]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("given by hand where none is declared, it stays, whatever else of the rule is changed", async () => {
    const world = made.open();
    const rule = balancer();
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    await world.cloud.clock.run(byHand(world.cloud).run("createLBStickinessPolicy", { lbruleid: String(rule.outputs.ruleId), name: "mine", methodname: "SourceBased" }));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
    await world.cloud.clock.run(rule.declare({ algorithm: "leastconn" }).up(world.cloud.newRun()));
    expect(policies(world)).toMatchObject([{ name: "mine" }]);
  });

  test("removed or doubled by hand, it is mended", async () => {
    const world = made.open();
    const rule = balancer({ stickiness: cookie });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    const goal = world.cloud.state();
    const mold = byHand(world.cloud);
    const lbruleid = String(rule.outputs.ruleId);
    const [list] = await world.cloud.clock.run(mold.list("listLBStickinessPolicies", { lbruleid }));
    await world.cloud.clock.run(mold.run("createLBStickinessPolicy", { lbruleid, name: "mine", methodname: "SourceBased" }));
    await world.cloud.clock.run(mold.run("deleteLBStickinessPolicy", { id: list!.stickinesspolicy![0]!.id! }));
    await world.cloud.clock.run(mold.run("createLBStickinessPolicy", { lbruleid, name: "too", methodname: "AppCookie" }));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual(["LoadBalancer ingress: mend stickiness"]);
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    expect(world.cloud.state()).toBe(goal);
  });

  test("a parameter that the network's balancer does not know is named before anything is made", async () => {
    const world = made.open();
    const run = world.cloud.newRun();
    await expect(world.cloud.clock.run(balancer({ stickiness: { method: "SourceBased", parameters: { tablsize: "200k" } } }).up(run))).rejects.toThrow(/LoadBalancer ingress: the balancer of the network prod-.* takes no tablsize with stickiness by SourceBased\. Nearest: tablesize/);
    expect(changing(run)).toEqual([]);
  });
});

describe("health checks", () => {
  const healthCheck = { path: "/healthz", interval: 10 };

  test("a network whose balancer makes none refuses them by name before anything is made", async () => {
    const world = made.open();
    const run = world.cloud.newRun();
    await expect(world.cloud.clock.run(balancer({ healthCheck }).up(run))).rejects.toThrow(/LoadBalancer ingress: the balancer of the network prod-.* asks no machines whether they are well\. Leave healthCheck out/);
    expect(changing(run)).toEqual([]);
  });

  test("where the offering has them they are made, changed and taken off; UDP is taken there too", async () => {
    const withThem = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1, networkOffering: "IsolatedNetworkOfferingWithBalancerAppliance" }));
    try {
      const world = withThem.open();
      const checks = (): readonly Readonly<Record<string, unknown>>[] => seen(world.cloud).healthChecks!;
      const rule = balancer({ healthCheck, protocol: "udp" });
      await world.cloud.clock.run(rule.up(world.cloud.newRun()));
      expect(checks()).toMatchObject([{ balancerId: "balancers:ingress", path: "/healthz", interval: 10, timeout: 2, healthy: 2, unhealthy: 10 }]);
      expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
      await world.cloud.clock.run(rule.declare({ healthCheck: { path: "/ready", unhealthyThreshold: 3 } }).up(world.cloud.newRun()));
      expect(checks()).toMatchObject([{ path: "/ready", interval: 5, unhealthy: 3 }]);
      const [list] = await world.cloud.clock.run(byHand(world.cloud).list("listLBHealthCheckPolicies", { lbruleid: String(rule.outputs.ruleId) }));
      await world.cloud.clock.run(byHand(world.cloud).run("deleteLBHealthCheckPolicy", { id: list!.healthcheckpolicy![0]!.id! }));
      expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual(["LoadBalancer ingress: mend healthCheck"]);
      await world.cloud.clock.run(rule.declare({ healthCheck: undefined }).up(world.cloud.newRun()));
      expect(checks()).toEqual([]);
    } finally {
      withThem.close();
    }
  });
});
