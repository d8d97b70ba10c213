/** Row 22: ports that are spread over machines. */
import type { Life } from "../../core/world/life";
import { DeclaredRule } from "../../handlers/rules";
import type { Claim } from "../claims";
import { byHandThere, deleted, editedTags, isAsDeclared, listed, table, up, where, type Rows } from "../rule-tab";
import { idle, off, opensToTheWorld, unheardOfRule } from "../switches";
import { declared, made, opened, workersOf } from "../worlds";

const balanced = (life: Life, more: object = {}): DeclaredRule =>
  DeclaredRule.loadBalancer("ingress", { ...where(life), publicPort: 80, privatePort: 30_080, algorithm: "leastconn", cidrList: ["127.0.0.0/8"], members: { role: "worker" }, tags: { team: "shop" }, ...more });
const balancers = (life: Life, port = 80): Rows => table(life, "balancers").filter(({ publicPort }) => publicPort === port);
const machinesCalled = (names: readonly string[]): string[] => names.map((name) => `machines:${name}`);

export const balancer: Claim = {
  says: "`LoadBalancer`: name, public and private port, protocol, CIDR list, and the workers behind it; nothing is opened to the world",
  async shows(on) {
    const life = opened(on);
    const rule = balanced(life, { name: "front", publicPort: 8080, protocol: "tcp-proxy" });
    const opens = table(life, "firewallRules").length;
    await up(life, rule);
    expect(table(life, "firewallRules")).toHaveLength(opens);
    expect(balancers(life, 8080)).toMatchObject([{ name: "front", privatePort: 30_080, protocol: "tcp-proxy", cidrs: ["127.0.0.0/8"], memberIds: machinesCalled(workersOf(life)), state: "Active" }]);
    await isAsDeclared(life, rule);
  },
  without: () => [
    unheardOfRule("loadBalancer", "name", "ingress"),
    unheardOfRule("loadBalancer", "publicPort", 81),
    unheardOfRule("loadBalancer", "privatePort", 80),
    unheardOfRule("loadBalancer", "protocol", "tcp"),
    unheardOfRule("loadBalancer", "cidrList"),
    unheardOfRule("loadBalancer", "members"),
    opensToTheWorld("loadBalancer"),
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
    await expect(up(life, balanced(life, { protocol: "udp" }))).rejects.toThrow(/^LoadBalancer ingress: .*\(property `protocol`\): "LB service provider cannot support this rule"/m);
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
const demand = { minMembers: 2, maxMembers: 4, machines: { offering: "k8s-2c-2g", template: "debian-13-containerd" }, scaleUpPolicies: [cpu("GT", 80)], scaleDownPolicies: [cpu("LT", 20)] };

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

export const balancerTags = editedTags("LoadBalancer", "loadBalancer", balanced);

export const balancerDelete = deleted("loadBalancer", balanced);

export const balancerList = listed("loadBalancer", (life) => balanced(life), { name: "ingress", protocol: "tcp", startPort: 80, privateStartPort: 30_080, cidrList: ["127.0.0.0/8"] }, (life) =>
  byHandThere(life, "createLoadBalancerRule", { publicipid: life.outputs.publicIpAddressId, name: "theirs", algorithm: "roundrobin", publicport: 7777, privateport: 7777, openfirewall: false }),
);
