/** Rows 20 to 22: firewall, port forwarding, load balancing, of a cluster of either management. */
import { readers } from "../../../provider/handlers/data-sources";
import type { SeenRule } from "../../../schema/generated/types";
import { owner } from "../../core/world/cluster";
import type { Life } from "../../core/world/life";
import { byHand, seen } from "../../core/world/made";
import { DeclaredRule } from "../../handlers/rules";
import { makeVpc } from "../../handlers/vpc";
import type { Claim } from "../claims";
import { idle, off, replaced, together, unheardOfRule } from "../switches";
import { declared, made, opened, workersOf } from "../worlds";

/** Rules as the data source tells them. */
async function told(life: Life, wanted: SeenRule["kind"]): Promise<SeenRule[]> {
  const { rules } = await life.cloud.clock.run(readers.getNetworkRules(life.cloud.newRun().session, { cluster: "prod" }));
  return rules.filter(({ kind }) => kind === wanted);
}

/** The list of a tab: ours with who declares them, those made by hand without. */
const listed = (kind: SeenRule["kind"], rule: (life: Life) => DeclaredRule, facts: object, byHand: (life: Life) => Promise<unknown>): Claim => ({
  says: `\`getNetworkRules\`: those that are there, with who declares them, and those that somebody made by hand`,
  async shows(on) {
    const life = opened(on);
    const one = rule(life);
    await up(life, one);
    await byHand(life);
    const rules = await told(life, kind);
    expect(rules.filter(({ ruleId }) => ruleId === one.outputs.ruleId)).toMatchObject([{ ...facts, declaredBy: owner, state: "Active" }]);
    expect(rules.filter(({ startPort }) => startPort === 7777)).toEqual([expect.not.objectContaining({ declaredBy: expect.anything() as unknown })]);
  },
  without: () =>
    [...Object.keys(facts), "declaredBy"].map((column) =>
      off<(...given: never[]) => Promise<{ rules: readonly SeenRule[] }>>(`\`${column}\` is not told`, "provider/handlers/data-sources/index", "readers.getNetworkRules", (real) => async (...given) => ({
        rules: (await real(...given)).rules.map((each) => replaced(each, [column], undefined)),
      })),
    ),
});

const byHandThere = async <C extends "createFirewallRule" | "createPortForwardingRule" | "createLoadBalancerRule">(life: Life, command: C, given: object): Promise<unknown> => life.cloud.clock.run(byHand(life.cloud).run(command, given as never));

export const firewallList = listed("firewall", (life) => web(life), { protocol: "tcp", startPort: 443, endPort: 445, cidrList: ["127.0.0.0/8"] }, (life) =>
  byHandThere(life, "createFirewallRule", { ipaddressid: life.outputs.publicIpAddressId, protocol: "tcp", startport: 7777, endport: 7777 }),
);

export const forwardList = listed("portForward", (life) => ssh(life), { protocol: "tcp", startPort: 8022, privateStartPort: 22, machineId: expect.any(String) as string }, (life) =>
  byHandThere(life, "createPortForwardingRule", { ipaddressid: life.outputs.publicIpAddressId, protocol: "tcp", publicport: 7777, privateport: 7777, virtualmachineid: life.outputs.nodes[0]!.machineId, openfirewall: false }),
);

export const balancerList = listed("loadBalancer", (life) => balanced(life), { name: "ingress", protocol: "tcp", startPort: 80, privateStartPort: 30_080, cidrList: ["127.0.0.0/8"] }, (life) =>
  byHandThere(life, "createLoadBalancerRule", { publicipid: life.outputs.publicIpAddressId, name: "theirs", algorithm: "roundrobin", publicport: 7777, privateport: 7777, openfirewall: false }),
);

type Rows = readonly Readonly<Record<string, unknown>>[];
const table = ({ cloud }: Life, name: string): Rows => seen(cloud)[name]!;

const up = (life: Life, rule: DeclaredRule): Promise<void> => life.cloud.clock.run(rule.up(life.cloud.newRun()));
const isAsDeclared = async (life: Life, rule: DeclaredRule): Promise<void> => expect((await life.cloud.clock.run(rule.diff(life.cloud.newRun()))).changes).toBe(false);
const destroy = (life: Life, rule: DeclaredRule): Promise<void> => life.cloud.clock.run(rule.destroy(life.cloud.newRun()));

/** The cluster and its address: of one that Mold runs that is its network's own. */
const where = ({ outputs }: Life): { cluster: string; ipAddressId: string } => ({ cluster: outputs.uid, ipAddressId: outputs.publicIpAddressId });

/** Tags of the user's own. */
const tagsOn = (life: Life, type: string): string[] => table(life, "tags").flatMap(({ resourceType, key, value }) => (resourceType === type && !String(key).startsWith("ablestack-") ? [`${String(key)}=${String(value)}`] : []));

const ingress = (life: Life): Rows => table(life, "firewallRules").filter(({ startPort, direction }) => direction === "Ingress" && startPort === 443);
const web = (life: Life, more: object = {}): DeclaredRule => DeclaredRule.networkRule("web", { ...where(life), kind: "firewall", protocol: "tcp", startPort: 443, endPort: 445, cidrList: ["127.0.0.0/8"], tags: { team: "shop" }, ...more });

export const firewall: Claim = {
  says: "`NetworkRule` kind `firewall`: lets a protocol, ports and networks in at the address",
  async shows(on) {
    const life = opened(on);
    const rule = web(life);
    await up(life, rule);
    expect(ingress(life)).toMatchObject([{ protocol: "tcp", startPort: 443, endPort: 445, cidrs: ["127.0.0.0/8"], state: "Active" }]);
    await isAsDeclared(life, rule);
  },
  without: () => [unheardOfRule("networkRule", "endPort"), unheardOfRule("networkRule", "cidrList"), unheardOfRule("networkRule", "protocol", "udp")],
};

export const firewallTags: Claim = {
  says: "its `tags` are edited in place",
  async shows(on) {
    const life = opened(on);
    const rule = web(life);
    await up(life, rule);
    const { ruleId } = rule.outputs;
    expect(tagsOn(life, "FirewallRule")).toEqual(["team=shop"]);
    await up(life, rule.declare({ tags: { tier: "front" } }));
    expect(tagsOn(life, "FirewallRule")).toEqual(["tier=front"]);
    expect(rule.outputs.ruleId).toBe(ruleId);
  },
  without: () => [unheardOfRule("networkRule", "tags")],
};

export const firewallDelete: Claim = {
  says: "deleted, it goes, and nothing else does",
  async shows(on) {
    const life = opened(on);
    const before = life.cloud.state();
    const rule = web(life);
    await up(life, rule);
    await destroy(life, rule);
    expect(life.cloud.state()).toBe(before);
  },
  without: () => [idle("nothing is deleted", "provider/handlers/network-rule", "networkRule.delete")],
};

export const egress: Claim = {
  says: "kind `egress`: rules what the network lets out",
  async shows(on) {
    const life = opened(on);
    const rule = DeclaredRule.networkRule("out", { cluster: life.outputs.uid, networkId: life.outputs.networkId, kind: "egress", protocol: "tcp", startPort: 25, destinationCidrList: ["203.0.113.0/24"] });
    await up(life, rule);
    expect(table(life, "firewallRules").filter(({ direction, startPort }) => direction === "Egress" && startPort === 25)).toMatchObject([{ protocol: "tcp", destCidrs: ["203.0.113.0/24"], state: "Active" }]);
    await isAsDeclared(life, rule);
  },
  without: () => [unheardOfRule("networkRule", "protocol", "udp"), unheardOfRule("networkRule", "destinationCidrList")],
};

export const acl: Claim = {
  says: "kind `acl`: allows or denies on a tier of a VPC, in the order of its `number`",
  async shows(on) {
    const life = opened(on);
    const { aclId } = await makeVpc(life);
    const allow = DeclaredRule.networkRule("allow", { aclId, kind: "acl", protocol: "tcp", startPort: 6443, number: 10 });
    const deny = DeclaredRule.networkRule("deny", { aclId, kind: "acl", protocol: "tcp", startPort: 6443, number: 20, action: "deny", cidrList: ["198.51.100.0/24"] });
    await up(life, allow);
    await up(life, deny);
    expect([...table(life, "aclItems")].sort((a, b) => Number(a.place) - Number(b.place))).toMatchObject([{ place: 10, action: "Allow", startPort: 6443 }, { place: 20, action: "Deny", cidrs: ["198.51.100.0/24"] }]);
  },
  without: () => [unheardOfRule("networkRule", "action", "allow"), unheardOfRule("networkRule", "number"), unheardOfRule("networkRule", "cidrList")],
};

const ssh = (life: Life, more: object = {}): DeclaredRule =>
  DeclaredRule.networkRule("ssh", { ...where(life), kind: "portForward", protocol: "tcp", startPort: 8022, privateStartPort: 22, target: { node: workersOf(life)[0] }, tags: { team: "shop" }, ...more });

export const forward: Claim = {
  says: "`NetworkRule` kind `portForward`: leads a public port to a port of one machine, and opens nothing to the world",
  async shows(on) {
    const life = opened(on);
    const rule = ssh(life);
    const opens = table(life, "firewallRules").length;
    await up(life, rule);
    expect(forwards(life)).toMatchObject([{ protocol: "tcp", publicPort: 8022, privatePort: 22, machineId: `machines:${workersOf(life)[0]!}`, state: "Active" }]);
    expect(table(life, "firewallRules")).toHaveLength(opens);
    await isAsDeclared(life, rule);
  },
  without: () => [together("`privateStartPort` is not heard", unheardOfRule("networkRule", "privateStartPort"), unheardOfRule("networkRule", "privateEndPort")), unheardOfRule("networkRule", "protocol", "udp"), unheardOfRule("networkRule", "target", { role: "control-plane" })],
};

/** Mold's own forwards to its nodes' SSH aside. */
const forwards = (life: Life): Rows => table(life, "forwards").filter((rule) => Object.values(rule).includes(8022));

export const forwardTags: Claim = {
  says: "its `tags` are edited in place",
  async shows(on) {
    const life = opened(on);
    const rule = ssh(life);
    await up(life, rule);
    expect(tagsOn(life, "PortForwardingRule")).toEqual(["team=shop"]);
    await up(life, rule.declare({ tags: { tier: "front" } }));
    expect(tagsOn(life, "PortForwardingRule")).toEqual(["tier=front"]);
  },
  without: () => [unheardOfRule("networkRule", "tags")],
};

export const forwardDelete: Claim = {
  says: "deleted, it goes, and nothing else does",
  async shows(on) {
    const life = opened(on);
    const before = life.cloud.state();
    const rule = ssh(life);
    await up(life, rule);
    expect(forwards(life)).toHaveLength(1);
    await destroy(life, rule);
    expect(life.cloud.state()).toBe(before);
  },
  without: () => [idle("nothing is deleted", "provider/handlers/network-rule", "networkRule.delete")],
};

const balanced = (life: Life, more: object = {}): DeclaredRule =>
  DeclaredRule.loadBalancer("ingress", { ...where(life), publicPort: 80, privatePort: 30_080, algorithm: "leastconn", cidrList: ["127.0.0.0/8"], members: { role: "worker" }, tags: { team: "shop" }, ...more });
const balancers = (life: Life): Rows => table(life, "balancers").filter(({ publicPort }) => publicPort === 80);
const machinesCalled = (names: readonly string[]): string[] => names.map((name) => `machines:${name}`);

export const balancer: Claim = {
  says: "`LoadBalancer`: name, public and private port, protocol, CIDR list, and the workers behind it",
  async shows(on) {
    const life = opened(on);
    const rule = balanced(life, { name: "front", protocol: "tcp-proxy" });
    await up(life, rule);
    expect(balancers(life)).toMatchObject([{ name: "front", privatePort: 30_080, protocol: "tcp-proxy", cidrs: ["127.0.0.0/8"], memberIds: machinesCalled(workersOf(life)), state: "Active" }]);
    await isAsDeclared(life, rule);
  },
  without: () => [
    unheardOfRule("loadBalancer", "name", "ingress"),
    unheardOfRule("loadBalancer", "publicPort", 81),
    unheardOfRule("loadBalancer", "privatePort", 80),
    unheardOfRule("loadBalancer", "protocol", "tcp"),
    unheardOfRule("loadBalancer", "cidrList"),
    unheardOfRule("loadBalancer", "members"),
  ],
};

export const algorithms: Claim = {
  says: "`algorithm`: round robin, least connections, source; changed in place",
  async shows(on) {
    const life = opened(on);
    const rule = balanced(life);
    const found: unknown[] = [];
    for (const algorithm of ["leastconn", "source", "roundrobin"]) {
      await up(life, rule.declare({ algorithm }));
      found.push(balancers(life).map((each) => each.algorithm));
    }
    expect(found).toEqual([["leastconn"], ["source"], ["roundrobin"]]);
  },
  without: () => [unheardOfRule("loadBalancer", "algorithm", "roundrobin")],
};

export const udp: Claim = {
  says: "`protocol: \"udp\"` where the network's balancer has it; where it has not, that is told by name",
  async shows(on) {
    const appliance = await made(on, { networkOffering: "IsolatedNetworkOfferingWithBalancerAppliance" });
    await up(appliance, balanced(appliance, { protocol: "udp" }));
    expect(balancers(appliance)).toMatchObject([{ protocol: "udp", state: "Active" }]);
    const life = opened(on);
    await expect(up(life, balanced(life, { protocol: "udp" }))).rejects.toThrow(/^LoadBalancer ingress: .*\(property `protocol`\): "LB service provider cannot support this rule"/);
  },
  without: () => [unheardOfRule("loadBalancer", "protocol", "tcp")],
};

export const following: Claim = {
  says: "`members.role`: the machines behind it follow the cluster as it grows and shrinks",
  async shows(on) {
    const life = opened(on);
    await up(life, balanced(life));
    for (const workers of [3, 1]) {
      await life.up(declared(on, { workers }));
      expect(workersOf(life)).toHaveLength(workers);
      expect(balancers(life)[0]!.memberIds).toEqual(machinesCalled(workersOf(life)));
    }
  },
  without: (on) => [on === "core" ? idle("nobody joins", "provider/core/actions/index", "actions.joinBalancer") : off<(...given: never[]) => Promise<object>>("who follows is not looked at", "provider/core/managed/observe", "observeManaged", (real) => async (...given) => ({ ...(await real(...given)), followers: [] }))],
};

const cpu = (operator: string, threshold: number): object => ({ conditions: [{ counter: "vm.cpu.average.percentage", operator, threshold }] });
const demand = { minMembers: 2, maxMembers: 4, machines: { offering: "k8s-2c-2g", template: "debian-13-containerd" }, scaleUp: cpu("GT", 80), scaleDown: cpu("LT", 20) };

export const balancerAutoscale: Claim = {
  says: "`autoscale`: Mold makes the machines behind it by demand; left out, they go",
  async shows(on) {
    const life = opened(on);
    const rule = balanced(life, { members: undefined, autoscale: demand });
    await up(life, rule);
    expect(table(life, "scaleGroups")).toMatchObject([{ min: 2, max: 4, state: "ENABLED" }]);
    expect(table(life, "conditions").map(({ operator, threshold }) => `${String(operator)} ${String(threshold)}`).sort()).toEqual(["GT 80", "LT 20"]);
    expect(balancers(life)[0]!.memberIds).toEqual([expect.stringContaining("autoScaleVm-"), expect.stringContaining("autoScaleVm-")]);
    await up(life, rule.declare({ autoscale: undefined, members: { role: "worker" } }));
    expect(table(life, "scaleGroups")).toEqual([]);
    expect(balancers(life)[0]!.memberIds).toEqual(machinesCalled(workersOf(life)));
  },
  without: () => [unheardOfRule("loadBalancer", "autoscale"), unheardOfRule("loadBalancer", "autoscale.maxMembers", 3)],
};

export const balancerTags: Claim = {
  says: "its `tags` are edited in place",
  async shows(on) {
    const life = opened(on);
    const rule = balanced(life);
    await up(life, rule);
    expect(tagsOn(life, "LoadBalancer")).toEqual(["team=shop"]);
    await up(life, rule.declare({ tags: { tier: "front" } }));
    expect(tagsOn(life, "LoadBalancer")).toEqual(["tier=front"]);
  },
  without: () => [unheardOfRule("loadBalancer", "tags")],
};

export const balancerDelete: Claim = {
  says: "deleted, it goes, and nothing else does",
  async shows(on) {
    const life = opened(on);
    const before = life.cloud.state();
    const rule = balanced(life);
    await up(life, rule);
    expect(balancers(life)).toHaveLength(1);
    await destroy(life, rule);
    expect(life.cloud.state()).toBe(before);
  },
  without: () => [idle("nothing is deleted", "provider/handlers/load-balancer", "loadBalancer.delete")],
};
