import { changedProperties, stableOutputs } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { unknown } from "../../schema/property";
import { balancer, bent, cluster, firewall, forward } from "./declarations";

const change = (changes: Readonly<Record<string, unknown>>): string[] =>
  changedProperties("KubernetesCluster", checkInputs("KubernetesCluster", cluster).inputs, checkInputs("KubernetesCluster", bent(cluster, changes)).inputs).map((found) => `${found.property} ${found.change}`);

test.each([
  [{ description: "new" }, ["description update"]],
  [{ "workers.count": 5 }, ["workers.count update"]],
  [{ "workers.count": "3" }, []],
  [{ "controlPlane.count": 5, "workers.offering": "huge" }, ["controlPlane.count update", "workers.offering update"]],
  [{ zone: "zone-2" }, ["zone replace"]],
  [{ name: "other" }, ["name replace"]],
  [{ network: "n" }, ["network replace"]],
  [{ networkOffering: "o" }, ["networkOffering replace"]],
  [{ affinity: "none" }, ["affinity replace"]],
  [{ podCidr: "10.200.0.0/16" }, ["podCidr replace"]],
  [{ connection: "seoul" }, ["connection replace"]],
  [{ tags: { team: "a", "a.b": "c" } }, ["tags update"]],
  [{ "apiAccess.cidrList": ["10.0.0.0/8"] }, ["apiAccess.cidrList update"]],
  [{ privateRegistry: { url: "https://r" } }, ["privateRegistry update"]],
  [{ version: "1.36.3" }, ["version update"]],
  [{ timeouts: { create: 7200 } }, ["timeouts.create update"]],
])("changing %j is %j", (changes, found) => {
  expect(change(changes)).toEqual(found);
});

test("a tag is a property of its own", () => {
  const [olds, news] = [bent(cluster, { tags: { team: "a", gone: "x" } }), bent(cluster, { tags: { team: "b", "a.b": "c" } })];
  expect(changedProperties("KubernetesCluster", olds, news).map((found) => found.property)).toEqual(["tags.team", "tags.gone", 'tags["a.b"]']);
});

test("sets have no order", () => {
  const olds = { ...firewall, cidrList: ["10.0.0.0/8", "192.0.2.0/24"] };
  expect(changedProperties("NetworkRule", olds, { ...olds, cidrList: ["192.0.2.0/24", "10.0.0.0/8"] })).toEqual([]);
  expect(changedProperties("NetworkRule", olds, { ...olds, cidrList: ["10.0.0.0/8", "10.0.0.0/8"] })).toEqual([{ property: "cidrList", change: "update" }]);
});

test("a default said and a default left out are the same, also one that a later release brought", () => {
  expect(changedProperties("KubernetesCluster", cluster, checkInputs("KubernetesCluster", cluster).inputs)).toEqual([]);
  expect(changedProperties("NetworkRule", forward, checkInputs("NetworkRule", forward).inputs)).toEqual([]);
  expect(changedProperties("LoadBalancer", checkInputs("LoadBalancer", balancer).inputs, balancer)).toEqual([]);
});

test("outputs and engine's own names beside the inputs are no changes", () => {
  expect(changedProperties("LoadBalancer", { ...balancer, ruleId: "r", state: "Add", __provider: "a" }, { ...balancer, __provider: "b" })).toEqual([]);
});

test("another place or kind replaces a rule, all else is changed by the core", () => {
  const changed = (inputs: object): unknown => changedProperties("NetworkRule", forward, { ...forward, ...inputs });
  expect(changed({ startPort: 2223 })).toEqual([
    { property: "startPort", change: "update" },
    { property: "endPort", change: "update" },
  ]);
  expect(changed({ cluster: "a3v9x0a2m7qd", ipAddressId: "x" })).toEqual([
    { property: "cluster", change: "replace" },
    { property: "ipAddressId", change: "replace" },
  ]);
  expect(changed({ target: { node: "prod-control-2" } })).toEqual([{ property: "target.node", change: "update" }]);
  expect(changed({ target: { role: "worker" } })).toEqual([
    { property: "target.node", change: "update" },
    { property: "target.role", change: "update" },
  ]);
  const balanced = (inputs: object): unknown => changedProperties("LoadBalancer", balancer, { ...balancer, ...inputs });
  expect(balanced({ algorithm: "source", members: { nodes: ["a"] } })).toEqual([
    { property: "algorithm", change: "update" },
    { property: "members.role", change: "update" },
    { property: "members.nodes", change: "update" },
  ]);
  expect(balanced({ publicPort: 444 })).toEqual([{ property: "publicPort", change: "update" }]);
});

test("what will be known only later is a change, made as the property's changes are", () => {
  expect(changedProperties("KubernetesCluster", cluster, { ...cluster, zone: unknown, description: unknown })).toEqual([
    { property: "description", change: "update" },
    { property: "zone", change: "replace" },
  ]);
  expect(changedProperties("NetworkRule", firewall, { ...firewall, cidrList: [unknown] })).toEqual([{ property: "cidrList", change: "update" }]);
  const mark = "later";
  expect(changedProperties("NetworkRule", firewall, { ...firewall, cluster: mark }, { isUnknown: (value) => value === mark })).toEqual([{ property: "cluster", change: "replace" }]);
});

test("another identity or endpoint makes other machines", () => {
  const identity = { uid: "k3v9x0a2m7qd", caCertificate: "a" };
  expect(changedProperties("Cluster", { ...cluster, identity }, { ...cluster, identity: { ...identity, caCertificate: "b" } })).toEqual([{ property: "identity.caCertificate", change: "replace" }]);
  expect(changedProperties("Cluster", { ...cluster, identity }, { ...cluster, identity: unknown })).toEqual([{ property: "identity", change: "replace" }]);
});

test("what a kubeconfig is made of stays as it is whatever changes in place", () => {
  expect(stableOutputs("KubernetesCluster")).toEqual(expect.arrayContaining(["uid", "clusterId", "endpoint", "kubeconfig", "caCertificate", "networkId", "publicIpAddress"]));
  expect(stableOutputs("KubernetesCluster")).not.toEqual(expect.arrayContaining(["nodes"]));
  expect(stableOutputs("KubernetesCluster")).not.toContain("size");
  expect(stableOutputs("ClusterIdentity")).toHaveLength(13);
  expect(stableOutputs("ClusterEndpoint")).toHaveLength(9);
  expect(stableOutputs("LoadBalancer")).toEqual(["ipAddress"]);
});
