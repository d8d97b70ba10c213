/** VPCs, tiers and access lists: what is refused, and whom a list lets in. */
import { rowsOnly, type HypervisorFactory } from "../../provider/emulator";
import { World, type Params } from "./test-client";
import type { PublicExposure } from "../../provider/emulator/hypervisor";

interface Site {
  readonly world: World;
  readonly exposed: () => readonly PublicExposure[];
  readonly vpc: string;
  readonly acl: string;
  readonly tier: string;
  readonly address: string;
}

async function site(): Promise<Site> {
  let shown: readonly PublicExposure[] = [];
  const watching: HypervisorFactory = (...args) => ({ ...rowsOnly(...args), exposure: (rules) => void (shown = rules) });
  const world = new World({ hypervisor: watching });
  const { zone } = await world.basics();
  const vpc = await world.made("createVPC", { name: "v", displaytext: "v", cidr: "10.9.0.0/16", zoneid: zone, vpcofferingid: (await world.first("listVPCOfferings")).id });
  const acl = await world.made("createNetworkACLList", { name: "web", vpcid: vpc });
  const tierOffering = (await world.first("listNetworkOfferings", { forvpc: "true" })).id as string;
  const { inner } = await world.call("createNetwork", { name: "web", zoneid: zone, networkofferingid: tierOffering, vpcid: vpc, aclid: acl, gateway: "10.9.1.1", netmask: "255.255.255.0" });
  const tier = String(inner.network.id);
  return { world, exposed: () => shown, vpc, acl, tier, address: await world.made("associateIpAddress", { vpcid: vpc }) };
}

test("the rules of a list are asked in the order of their numbers, and the first that fits decides", async () => {
  const { world, exposed, acl, tier, address } = await site();
  const machine = await world.machine(tier, "web-1");
  await world.made("createPortForwardingRule", { ipaddressid: address, networkid: tier, protocol: "tcp", publicport: "80", privateport: "8080", virtualmachineid: machine, openfirewall: "false" });
  const letIn = (): readonly string[] => exposed().find(({ port }) => port === 80)!.allowedCidrs;
  const rule = (params: Params): Promise<string> => world.made("createNetworkACL", { aclid: acl, protocol: "tcp", startport: "8080", endport: "8080", traffictype: "ingress", ...params });
  expect(letIn()).toEqual([]);
  await rule({ number: "20", action: "allow", cidrlist: "10.0.0.0/8" });
  expect(letIn()).toEqual(["10.0.0.0/8"]);
  const deny = await rule({ number: "10", action: "deny", cidrlist: "10.128.0.0/9" });
  expect(letIn()).toEqual(["10.0.0.0/9"]);
  await world.job("updateNetworkACLItem", { id: deny, number: "30" });
  expect(letIn()).toEqual(["10.0.0.0/8"]);
  await rule({ number: "5", action: "deny", cidrlist: "0.0.0.0/0", startport: "1", endport: "100" });
  expect(letIn()).toEqual(["10.0.0.0/8"]);
  const [allow] = await world.list("listNetworkACLLists", { name: "default_allow" });
  await world.job("replaceNetworkACLList", { aclid: allow!.id as string, networkid: tier });
  expect(letIn()).toEqual(["0.0.0.0/0"]);
});

test.each<[string, (site: Site) => Promise<unknown>, number, RegExp]>([
  ["a rule in one of Mold's own lists", async ({ world }) => world.call("createNetworkACL", { aclid: (await world.first("listNetworkACLLists", { name: "default_deny" })).id, protocol: "all" }), 431, /Default ACL cannot be modified/],
  ["a number twice", async ({ world, acl }) => (await world.job("createNetworkACL", { aclid: acl, protocol: "all", number: "3" }), world.call("createNetworkACL", { aclid: acl, protocol: "all", number: "3" })), 431, /ACL item with number 3 already exists in ACL/],
  ["ports with protocol all", ({ world, acl }) => world.call("createNetworkACL", { aclid: acl, protocol: "all", startport: "80", endport: "80" }), 431, /must be null if protocol = 'all'/],
  ["an unknown action", ({ world, acl }) => world.call("createNetworkACL", { aclid: acl, protocol: "all", action: "drop" }), 431, /Invalid action \[drop\]/],
  ["a firewall rule at a VPC's address", async ({ world, address, tier }) => (await world.job("createLoadBalancerRule", { publicipid: address, networkid: tier, name: "l", algorithm: "source", publicport: "1", privateport: "1" }), world.call("createFirewallRule", { ipaddressid: address, protocol: "tcp", startport: "80" })), 431, /belongs to a VPC/],
  ["a tier outside its VPC", async ({ world, vpc }) => world.call("createNetwork", { name: "x", zoneid: (await world.basics()).zone, networkofferingid: (await world.first("listNetworkOfferings", { forvpc: "true" })).id, vpcid: vpc, gateway: "10.10.1.1", netmask: "255.255.255.0" }), 431, /not within vpc cidr/],
  ["a VPC with tiers", async ({ world, vpc }) => ({ inner: (await world.job("deleteVPC", { id: vpc })).result, status: 530 }), 530, /used by 1 networks/],
  ["a list that a tier has", async ({ world, acl }) => ({ inner: (await world.job("deleteNetworkACLList", { id: acl })).result, status: 530 }), 530, /still associated with 1 tiers/],
])("%s is refused", async (_, attempt, code, words) => {
  const made = await site();
  const answer = (await attempt(made)) as { status: number; inner: { errorcode?: number; errortext?: string } };
  expect([answer.status, answer.inner.errorcode]).toEqual([code, code]);
  expect(answer.inner.errortext).toMatch(words);
});

test("a VPC goes with its addresses and lists once its tiers are gone", async () => {
  const { world, vpc, tier } = await site();
  await world.job("deleteNetwork", { id: tier });
  await world.job("deleteVPC", { id: vpc });
  expect(await world.list("listVPCs")).toEqual([]);
  expect((await world.list("listNetworkACLLists")).map(({ name }) => String(name)).sort()).toEqual(["default_allow", "default_deny"]);
  expect(world.emulator.isEmpty()).toBe(true);
});

