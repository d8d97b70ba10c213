/** Two rules of one program on one public port: refused when the second is checked, before anything is made. */
import type { Session } from "../../provider/handlers/handler";
import { unknown } from "../../provider/handlers/handler";
import { loadBalancer, type LoadBalancerResourceInputs } from "../../provider/handlers/load-balancer";
import { networkRule, type NetworkRuleResourceInputs } from "../../provider/handlers/network-rule";

const newSession = (): Session => ({
  world: () => {
    throw new Error("a check of ports asks nobody");
  },
  credentials: () => {
    throw new Error("a check of ports asks nobody");
  },
});
let session = newSession();
let program = 0;
/** Rules of one program after another are remembered in one process; a cluster of its own keeps the tests apart. */
const newCluster = (): string => `uid${String(++program).padStart(9, "0")}`;

const declaredBy = (resource: string): { owner: string; resource: string } => ({ owner: "pulumi:organization/project/stack", resource });
const rule = async (resource: string, inputs: object): Promise<readonly { property: string; reason: string }[]> =>
  (await networkRule.check(session, undefined, { kind: "firewall", protocol: "tcp", ...inputs, declaredBy: declaredBy(resource) } as unknown as NetworkRuleResourceInputs)).failures;
const balancer = async (resource: string, inputs: object): Promise<readonly { property: string; reason: string }[]> =>
  (await loadBalancer.check(session, undefined, { name: resource, privatePort: 30080, members: { role: "worker" }, ...inputs, declaredBy: declaredBy(resource) } as unknown as LoadBalancerResourceInputs)).failures;

test("two balancers", async () => {
  const cluster = newCluster();
  expect(await balancer("a", { cluster, publicPort: 80 })).toEqual([]);
  expect(await balancer("b", { cluster, publicPort: 80 })).toEqual([
    { property: "publicPort", reason: "port 80/tcp is also declared by LoadBalancer a; Mold takes one rule a port. Change one of the two." },
  ]);
});

test("a balancer and a port forward whose range holds its port", async () => {
  const cluster = newCluster();
  expect(await rule("a", { cluster, kind: "portForward", startPort: 70, endPort: 90, target: { node: "prod-worker-1" } })).toEqual([]);
  expect(await balancer("b", { cluster, publicPort: 80 })).toEqual([
    { property: "publicPort", reason: "port 70-90/tcp is also declared by NetworkRule a; Mold takes one rule a port. Change one of the two." },
  ]);
});

test("two firewall rules that overlap and share a range name the range", async () => {
  const cluster = newCluster();
  expect(await rule("a", { cluster, startPort: 80, endPort: 90, cidrList: ["10.0.0.0/8", "127.0.0.0/8"] })).toEqual([]);
  expect(await rule("b", { cluster, startPort: 85, cidrList: ["127.0.0.0/8"] })).toEqual([
    { property: "startPort", reason: "port 80-90/tcp is also declared by NetworkRule a for 127.0.0.0/8; Mold takes one rule a port. Change one of the two." },
  ]);
  expect(await rule("c", { cluster, startPort: 85, cidrList: ["198.51.100.0/24"] })).toEqual([]);
});

test("a firewall rule and a balancer go together, and so do TCP and UDP, and two clusters", async () => {
  const cluster = newCluster();
  expect(await rule("a", { cluster, startPort: 80 })).toEqual([]);
  expect(await balancer("b", { cluster, publicPort: 80 })).toEqual([]);
  expect(await balancer("c", { cluster, publicPort: 80, protocol: "udp" })).toEqual([]);
  expect(await balancer("d", { cluster: newCluster(), publicPort: 80 })).toEqual([]);
});

test("the same resource checked again is no conflict with itself; in another run with another port it gives the first one back", async () => {
  const cluster = newCluster();
  expect(await balancer("a", { cluster, publicPort: 80 })).toEqual([]);
  expect(await balancer("a", { cluster, publicPort: 80 })).toEqual([]);
  session = newSession();
  expect(await balancer("a", { cluster, publicPort: 81 })).toEqual([]);
  expect(await balancer("b", { cluster, publicPort: 80 })).toEqual([]);
});

test("it is enough that the ports and the place are known", async () => {
  const cluster = newCluster();
  expect(await balancer("a", { cluster, publicPort: 80, members: unknown })).toEqual([]);
  expect(await balancer("b", { cluster, publicPort: 80, description: unknown })).toEqual([expect.objectContaining({ property: "publicPort" })]);
});

test("what is not known yet is no error", async () => {
  expect(await balancer("a", { cluster: unknown, publicPort: 80 })).toEqual([]);
  expect(await balancer("b", { cluster: unknown, publicPort: 80 })).toEqual([]);
  const cluster = newCluster();
  expect(await balancer("c", { cluster, publicPort: unknown })).toEqual([]);
  expect(await balancer("d", { cluster, publicPort: unknown })).toEqual([]);
});

test("two egress rules that share ports, where from and where to; elsewhere they go together", async () => {
  const cluster = newCluster();
  expect(await rule("a", { cluster, kind: "egress", startPort: 80, destinationCidrList: ["203.0.113.0/24"] })).toEqual([]);
  expect(await rule("b", { cluster, kind: "egress", startPort: 80, destinationCidrList: ["198.51.100.0/24"] })).toEqual([]);
  expect(await rule("c", { cluster, kind: "egress", startPort: 80, destinationCidrList: ["198.51.100.0/24", "192.0.2.0/24"] })).toEqual([
    { property: "startPort", reason: "port 80/tcp is also declared by NetworkRule b for 0.0.0.0/0; Mold takes one rule a port. Change one of the two." },
  ]);
  expect(await rule("d", { cluster, startPort: 80 })).toEqual([]);
});

test("a resource's own name that Mold can't keep as a tag is told before anything is made", async () => {
  const reasons = [
    { property: "name", reason: "the resource's own name has 256 characters; at most 255 are allowed, since Mold keeps it as a tag of the rule" },
    { property: "name", reason: "the resource's own name holds a tab or another control character, which Mold takes none of" },
  ];
  for (const [at, name] of ["x".repeat(256), "we\tb"].entries()) {
    expect(await rule(name, { cluster: newCluster(), startPort: 80 })).toEqual([reasons[at]]);
    expect(await balancer(name, { cluster: newCluster(), publicPort: 80 })).toEqual(expect.arrayContaining([reasons[at]]));
  }
  expect(await rule("웹 🚀".padEnd(255, "-"), { cluster: newCluster(), startPort: 80 })).toEqual([]);
});

test("two rules with one number in an access list; one number may be in two lists", async () => {
  const [one, other] = [newCluster(), newCluster()];
  expect(await rule("a", { aclId: one, kind: "acl", startPort: 80, number: 7 })).toEqual([]);
  expect(await rule("b", { aclId: one, kind: "acl", startPort: 443, number: 7 })).toEqual([
    { property: "number", reason: "number 7 is also declared by NetworkRule a for the same access list; Mold takes one rule a number. Change one of the two." },
  ]);
  expect(await rule("b", { aclId: other, kind: "acl", startPort: 443, number: 7 })).toEqual([]);
  expect(await rule("c", { aclId: one, kind: "acl", startPort: 80 })).toEqual([]);
});
