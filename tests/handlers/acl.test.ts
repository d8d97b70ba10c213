/** Rules of access lists, and what leads to machines on a tier of a VPC. */
import { rowsOnly } from "../../provider/emulator";
import { declaration, sharedIdentity } from "../core/world/cluster";
import { byHand, changing, MadeCluster, seen, type Opened } from "../core/world/made";
import { DeclaredRule } from "./rules";
import { makeVpc, type Vpc } from "./vpc";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1 }));
});
afterAll(() => made.close());

async function opened(): Promise<Opened & { vpc: Vpc }> {
  const world = made.open({ hypervisor: rowsOnly });
  return { ...world, vpc: await makeVpc(world) };
}

const acl = (aclId: string, more: object = {}, name = "web"): DeclaredRule => DeclaredRule.networkRule(name, { aclId, kind: "acl", protocol: "tcp", startPort: 443, ...more });
const items = ({ cloud }: Opened): readonly Readonly<Record<string, unknown>>[] => seen(cloud).aclItems!;
const tagsOn = ({ cloud }: Opened): string[] => seen(cloud).tags!.flatMap((tag) => (tag.resourceType === "NetworkACL" ? [`${String(tag.key)}=${String(tag.value)}`] : [])).sort();
const signature = "[ablestack-kubernetes - pulumi:organization/project/stack web]";

test.each<[string, object, object]>([
  ["lets a port in", {}, { protocol: "tcp", startPort: 443, endPort: 443, action: "Allow", direction: "Ingress", place: 1, cidrs: ["0.0.0.0/0"] }],
  ["denies a range, at its place", { action: "deny", number: 30, startPort: 1000, endPort: 2000, cidrList: ["198.51.100.0/24", "192.0.2.0/24"] }, { action: "Deny", place: 30, startPort: 1000, endPort: 2000, cidrs: ["192.0.2.0/24", "198.51.100.0/24"] }],
  ["rules what goes out", { trafficType: "egress", protocol: "udp", startPort: 53, cidrList: ["203.0.113.53/32"] }, { direction: "Egress", protocol: "udp", cidrs: ["203.0.113.53/32"] }],
  ["pings", { protocol: "icmp", startPort: undefined, icmpType: 8, icmpCode: 0 }, { protocol: "icmp", icmpType: 8, icmpCode: 0 }],
  ["denies everything", { protocol: "all", startPort: undefined, action: "deny" }, { protocol: "all", action: "Deny" }],
])("an acl rule that %s is made as declared, says whose it is, and is known again", async (_, declared, found) => {
  const world = await opened();
  const rule = acl(world.vpc.aclId, { ...declared, tags: { team: "shop" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(items(world)).toMatchObject([{ ...found, state: "Active", reason: signature }]);
  expect(tagsOn(world)).toEqual(["ablestack-owner=pulumi:organization/project/stack", "ablestack-resource=web", "team=shop"]);
  expect(rule.outputs).toEqual({ ruleId: expect.any(String) as string, state: "Active" });
  const again = world.cloud.newRun();
  expect(await world.cloud.clock.run(rule.diff(again))).toEqual({ changes: false, replaces: [], plan: [] });
  expect(again.calls).toEqual(["listNetworkACLLists", "listNetworkACLs"]);
});

test.each<[string, Readonly<Record<string, unknown>>, object]>([
  ["action", { action: "deny" }, { action: "Deny" }],
  ["number", { number: 70 }, { place: 70 }],
  ["ranges", { cidrList: ["10.0.0.0/8"] }, { cidrs: ["10.0.0.0/8"] }],
  ["ports", { startPort: 80, endPort: 90 }, { startPort: 80, endPort: 90 }],
  ["protocol, which takes the ports along", { protocol: "icmp", startPort: undefined, endPort: undefined }, { protocol: "icmp", icmpType: -1, icmpCode: -1 }],
  ["direction", { trafficType: "egress" }, { direction: "Egress" }],
  ["tags", { tags: { team: "payments" } }, {}],
])("another %s of it is changed in place", async (_, change, found) => {
  const world = await opened();
  const rule = acl(world.vpc.aclId, { number: 5, tags: { team: "shop" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const before = rule.outputs.ruleId;
  rule.declare(change);
  expect(await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).toMatchObject({ changes: true, replaces: [], plan: [expect.stringMatching(/^NetworkRule web: change .* in place$/)] });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rule.outputs.ruleId).toBe(before);
  const [item] = items(world);
  expect(item).toMatchObject({ reason: signature, ...found });
  if (change.protocol === "icmp") expect(item).not.toHaveProperty("startPort");
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test.each<[string, (world: Opened & { vpc: Vpc }, id: string) => Promise<unknown>]>([
  ["changed by hand", ({ cloud }, id) => byHand(cloud).run("updateNetworkACLItem", { id, action: "deny" })],
  ["given another number by hand", ({ cloud }, id) => byHand(cloud).run("updateNetworkACLItem", { id, number: 99 })],
  ["removed by hand", ({ cloud }, id) => byHand(cloud).run("deleteNetworkACL", { id })],
  ["without its tags", ({ cloud }, id) => byHand(cloud).run("deleteTags", { resourcetype: "NetworkACL", resourceids: [id] })],
  ["without its reason", ({ cloud }, id) => byHand(cloud).run("updateNetworkACLItem", { id, reason: "mine" })],
])("%s: it is seen and mended", async (_, meddle) => {
  const world = await opened();
  const rule = acl(world.vpc.aclId, { number: 5, tags: { team: "shop" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const goal = world.cloud.state();
  await world.cloud.clock.run(meddle(world, String(rule.outputs.ruleId)));
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(true);
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(world.cloud.state()).toBe(goal);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("a number that another rule of the list has is told by the property, and nothing is made", async () => {
  const world = await opened();
  await world.cloud.clock.run(byHand(world.cloud).run("createNetworkACL", { aclid: world.vpc.aclId, protocol: "all", number: 10 }));
  const before = world.cloud.state();
  await expect(world.cloud.clock.run(acl(world.vpc.aclId, { number: 10 }).up(world.cloud.newRun()))).rejects.toThrow(/NetworkRule web: createNetworkACL was refused by Mold \(431\) \(property `number`\): "ACL item with number 10 already exists/);
  expect(world.cloud.state()).toBe(before);
});

test.each<[string, readonly number[], readonly number[]]>([
  ["two change places", [10, 20], [20, 10]],
  ["three move on by one", [1, 2, 3], [2, 3, 1]],
])("the order of a program's own rules is changed in one up: %s", async (_, before, after) => {
  const world = await opened();
  const rules = before.map((number, at) => acl(world.vpc.aclId, { number, startPort: 1000 + at }, `rule-${at}`));
  for (const rule of rules) await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const ids = rules.map(({ outputs }) => outputs.ruleId);
  const run = world.cloud.newRun();
  await world.cloud.clock.run(Promise.all(rules.map((rule, at) => rule.declare({ number: after[at] }).up(run))));
  expect(Object.fromEntries(items(world).map(({ startPort, place }) => [startPort, place]))).toEqual(Object.fromEntries(after.map((number, at) => [1000 + at, number])));
  expect(rules.map(({ outputs }) => outputs.ruleId)).toEqual(ids);
  for (const rule of rules) expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("two that name one list in two ways and want one number are told, run after run, and neither pushes the other away", async () => {
  const world = await opened();
  const first = acl(world.vpc.aclId, { number: 10 }, "first");
  const second = DeclaredRule.networkRule("second", { networkId: world.vpc.tierId, kind: "acl", protocol: "tcp", startPort: 80, number: 10 });
  const refused = /NetworkRule second: number 10 is also declared by NetworkRule first for the same access list/;
  const run = world.cloud.newRun();
  await world.cloud.clock.run(first.up(run));
  await expect(world.cloud.clock.run(second.up(run))).rejects.toThrow(refused);
  const again = world.cloud.newRun();
  await world.cloud.clock.run(first.up(again));
  await expect(world.cloud.clock.run(second.up(again))).rejects.toThrow(refused);
  expect(items(world)).toMatchObject([{ place: 10, startPort: 443 }]);
});

test("rules made by hand beside it stay, also when it goes; with adopt an equal one is taken over", async () => {
  const world = await opened();
  const { id } = await world.cloud.clock.run(byHand(world.cloud).run("createNetworkACL", { aclid: world.vpc.aclId, protocol: "tcp", startport: 443, endport: 443, number: 7 }));
  const before = world.cloud.state();
  const beside = acl(world.vpc.aclId);
  await world.cloud.clock.run(beside.up(world.cloud.newRun()));
  expect(items(world)).toHaveLength(2);
  await world.cloud.clock.run(beside.destroy(world.cloud.newRun()));
  expect(world.cloud.state()).toBe(before);
  const rule = acl(world.vpc.aclId, { adopt: true });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(rule.outputs.ruleId).toBe(id);
  expect(items(world)).toMatchObject([{ place: 7, reason: signature }]);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

test("by the network's id it joins the list that the network has", async () => {
  const world = await opened();
  const rule = DeclaredRule.networkRule("web", { networkId: world.vpc.tierId, kind: "acl", protocol: "tcp", startPort: 443 });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(items(world)).toMatchObject([{ aclId: "aclLists:web", place: 1 }]);
});

test("where no list can be changed it says why, before anything is", async () => {
  const world = await opened();
  const mold = byHand(world.cloud);
  const attempt = async (more: object): Promise<string> => {
    const run = world.cloud.newRun();
    const failure: unknown = await world.cloud.clock.run(DeclaredRule.networkRule("web", { kind: "acl", protocol: "tcp", startPort: 443, ...more }).up(run)).catch((error: unknown) => error);
    expect(changing(run)).toEqual([]);
    return (failure as Error).message;
  };
  const [isolated] = [world.recorded.endpoint.outputs.networkId];
  expect(await attempt({ networkId: isolated })).toMatch(/NetworkRule web: the network prod-.* is no tier of a VPC: it has no access list/);
  expect(await attempt({ cluster: "k3x9abcdef01" })).toMatch(/is no tier of a VPC/);
  expect(await attempt({ aclId: "00000000-0000-4000-8000-000000000001" })).toMatch(/NetworkRule web: there is no access list with id/);
  const [deny] = await world.cloud.clock.run(mold.list("listNetworkACLLists", { name: "default_deny" }));
  await world.cloud.clock.run(mold.run("replaceNetworkACLList", { aclid: deny!.id!, networkid: world.vpc.tierId }));
  expect(await attempt({ networkId: world.vpc.tierId })).toMatch(/its access list is default_deny, which is Mold's own and can't be changed\. Make a list of the VPC/);
});

test("port forwards and balancers lead to machines on a tier; which tier has to be said", async () => {
  const world = await opened();
  const { addressId, machineId, tierId } = world.vpc;
  const forward = (more: object): DeclaredRule => DeclaredRule.networkRule("ssh", { ipAddressId: addressId, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { machineId }, ...more });
  await expect(world.cloud.clock.run(forward({}).up(world.cloud.newRun()))).rejects.toThrow(/NetworkRule ssh: the address .* belongs to a VPC and leads to none of its networks yet\. Give networkId/);
  const ssh = forward({ networkId: tierId });
  await world.cloud.clock.run(ssh.up(world.cloud.newRun()));
  const web = DeclaredRule.loadBalancer("web", { ipAddressId: addressId, networkId: tierId, publicPort: 443, privatePort: 8443, members: { machineIds: [machineId] } });
  await world.cloud.clock.run(web.up(world.cloud.newRun()));
  expect(seen(world.cloud).forwards).toMatchObject([{ networkId: "networks:web", machineId: "machines:web-1" }]);
  expect(seen(world.cloud).balancers!.find(({ name }) => name === "web")).toMatchObject({ networkId: "networks:web", memberIds: ["machines:web-1"] });
  for (const rule of [ssh, web]) expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  await expect(world.cloud.clock.run(DeclaredRule.networkRule("open", { ipAddressId: addressId, kind: "firewall", protocol: "tcp", startPort: 443 }).up(world.cloud.newRun()))).rejects.toThrow(
    /NetworkRule open: the address .* belongs to a VPC, where no firewall but the access lists of its networks let clients in\. Declare it with kind acl/,
  );
});
