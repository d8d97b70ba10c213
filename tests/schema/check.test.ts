import { checkInputs } from "../../schema/check";
import { unknown } from "../../schema/property";
import { resources } from "../../schema/resources";
import type { ResourceName } from "../../schema/resource";
import { balancer, bent, cluster, connection, firewall, forward, uid } from "./declarations";

const failuresOf = (resource: ResourceName, inputs: unknown): readonly string[] => checkInputs(resource, inputs).failures.map(({ property, reason }) => `${property}: ${reason}`);

test("the smallest cluster gets every default, inside objects too", () => {
  const { inputs, failures, warnings } = checkInputs("KubernetesCluster", { name: "prod", zone: "zone-1", version: "1.35", template: "debian", controlPlane: { offering: "s" }, workers: { offering: "l" } });
  expect(failures).toEqual([]);
  expect(warnings).toEqual([]);
  expect(inputs).toEqual({
    name: "prod",
    management: "core",
    zone: "zone-1",
    version: "1.35",
    networkOffering: "DefaultNetworkOfferingforKubernetesService",
    template: "debian",
    affinity: "preferred",
    controlPlane: { count: 3, offering: "s" },
    workers: { count: 1, offering: "l" },
    apiAccess: { cidrList: ["0.0.0.0/0"] },
    podCidr: "10.244.0.0/16",
    serviceCidr: "10.96.0.0/12",
    powerState: "running",
    addons: { cloudController: false, csi: false },
    adopt: false,
    failedCreate: "continue",
    timeouts: { create: 3600, update: 3600, delete: 1800, upgrade: 7200, scale: 3600 },
  });
});

test.each(Object.values(resources).map((resource) => [resource.name, resource] as const))("the example of %s is valid", (name, resource) => {
  expect(failuresOf(name, { ...("name" in resource.inputs ? { name: "example" } : {}), ...resource.example })).toEqual([]);
});

test("what asks for nothing that comes later is not refused for it", () => {
  expect(failuresOf("KubernetesCluster", bent(cluster, { nodes: {}, comments: [], adopt: false, management: "core", powerState: "running", "addons.csi": false, externalLoadBalancerIp: null }))).toEqual([]);
});

test("a private registry and an even number of control planes are accepted", () => {
  const { failures, warnings } = checkInputs("KubernetesCluster", bent(cluster, { "controlPlane.count": 2, privateRegistry: { url: "registry.example.com:5000", username: "u", password: "p" } }));
  expect(failures).toEqual([]);
  expect(warnings).toEqual([expect.stringMatching(/^controlPlane\.count: 2 control planes survive no failure, no more than 1 would.*3 survive 1$/)]);
});

test.each([
  [4, /4 control planes survive one failure, no more than 3 would/],
  [6, /6 control planes survive 2 failures/],
])("%d control planes warn", (count, says) => {
  expect(checkInputs("KubernetesCluster", bent(cluster, { "controlPlane.count": count })).warnings).toEqual([expect.stringMatching(says)]);
});

test.each([1, 3, 5, 7, 9])("%d control planes say nothing", (count) => {
  expect(checkInputs("KubernetesCluster", bent(cluster, { "controlPlane.count": count })).warnings).toEqual([]);
});

test.each([
  [{ "workers.count": 8 }, /^workers\.count: makes 11 machines; Mold takes 10 .*cloud\.kubernetes\.cluster\.max\.size$/],
  [{ "workers.autoscaling": { min: 1, max: 8 } }, /^workers\.autoscaling\.max: makes 11 machines/],
])("more machines than Mold takes by default warn, where Mold runs the cluster: %j", (more, says) => {
  const declared = bent(cluster, { ...more, management: "mold", template: null });
  const { failures, warnings } = checkInputs("KubernetesCluster", declared);
  expect(failures).toEqual([]);
  expect(warnings).toEqual([expect.stringMatching(says)]);
  expect(checkInputs("KubernetesCluster", bent(cluster, { "workers.count": 4000, podCidr: "10.0.0.0/8", serviceCidr: "192.168.0.0/16" })).warnings).toEqual([]);
});

test("a number or a truth that an engine hands over as a text is one", () => {
  const { inputs, failures } = checkInputs("KubernetesCluster", bent(cluster, { "workers.count": "4", "addons.csi": "false" }));
  expect(failures).toEqual([]);
  expect(inputs.workers.count).toBe(4);
  expect(inputs.addons.csi).toBe(false);
});

test("what the engine adds for itself is neither judged nor kept", () => {
  const { inputs, failures } = checkInputs("LoadBalancer", { ...balancer, __provider: "code", __defaults: [] });
  expect(failures).toEqual([]);
  expect(Object.keys(inputs)).not.toContain("__provider");
});

describe("rules", () => {
  test("a firewall rule gets its last port and lets everyone in when nothing is said", () => {
    expect(checkInputs("NetworkRule", { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 80 }).inputs).toMatchObject({ startPort: 80, endPort: 80, cidrList: ["0.0.0.0/0"] });
  });
  test("icmp gets every type and code, and no ports", () => {
    const { inputs, failures } = checkInputs("NetworkRule", { cluster: uid, kind: "firewall", protocol: "icmp" });
    expect(failures).toEqual([]);
    expect(inputs).toMatchObject({ icmpType: -1, icmpCode: -1 });
    expect(inputs.startPort).toBeUndefined();
  });
  test("protocol all goes without ports", () => {
    expect(failuresOf("NetworkRule", { cluster: uid, kind: "egress", protocol: "all" })).toEqual([]);
  });
  test("a port forward gets the private ports that follow from the public ones", () => {
    expect(checkInputs("NetworkRule", { ...forward, startPort: 80, privateStartPort: undefined }).inputs).toMatchObject({ endPort: 80, privateStartPort: 80, privateEndPort: 80 });
    expect(checkInputs("NetworkRule", { ...forward, startPort: 8000, endPort: 8010, privateStartPort: undefined }).inputs).toMatchObject({ privateStartPort: 8000, privateEndPort: 8010 });
    expect(checkInputs("NetworkRule", forward).inputs).toMatchObject({ endPort: 2222, privateStartPort: 22, privateEndPort: 22 });
  });
  test("a port forward leaves the networks to Mold when nothing is said", () => {
    expect(checkInputs("NetworkRule", forward).inputs.cidrList).toBeUndefined();
  });
  test("a rule may stand at an address without a cluster", () => {
    expect(failuresOf("NetworkRule", { ...forward, cluster: undefined, ipAddressId: "x", target: { machineId: "m" } })).toEqual([]);
    expect(failuresOf("LoadBalancer", { ...balancer, cluster: undefined, ipAddressId: "x", members: { machineIds: ["m"] } })).toEqual([]);
  });
});

describe("unknown values", () => {
  const everywhere: readonly [ResourceName, Readonly<Record<string, unknown>>, string][] = [
    ...Object.keys(cluster).map((name): [ResourceName, Readonly<Record<string, unknown>>, string] => ["KubernetesCluster", cluster, name]),
    ...["controlPlane.count", "controlPlane.offering", "workers.autoscaling", "apiAccess.cidrList", "privateRegistry", "tags", "management", "podCidr", "externalLoadBalancerIp", "comments"].map(
      (name): [ResourceName, Readonly<Record<string, unknown>>, string] => ["KubernetesCluster", cluster, name],
    ),
    ...Object.keys(firewall).map((name): [ResourceName, Readonly<Record<string, unknown>>, string] => ["NetworkRule", firewall, name]),
    ...[...Object.keys(forward), "target.node", "endPort", "privateEndPort"].map((name): [ResourceName, Readonly<Record<string, unknown>>, string] => ["NetworkRule", forward, name]),
    ...[...Object.keys(balancer), "members.role", "cidrList"].map((name): [ResourceName, Readonly<Record<string, unknown>>, string] => ["LoadBalancer", balancer, name]),
    ...Object.keys(connection).map((name): [ResourceName, Readonly<Record<string, unknown>>, string] => ["Connection", connection, name]),
  ];
  test.each(everywhere)("%s %j accepts an unknown %s and keeps it", (resource, base, path) => {
    const { inputs, failures } = checkInputs(resource, bent(base, { [path]: unknown }));
    expect(failures).toEqual([]);
    expect(path.split(".").reduce<unknown>((value, name) => (value as Record<string, unknown>)[name], inputs)).toBe(unknown);
  });
  test("one entry of a list may be unknown, and two are no pair", () => {
    expect(failuresOf("NetworkRule", { ...firewall, cidrList: [unknown, "10.0.0.0/8", unknown] })).toEqual([]);
    expect(failuresOf("LoadBalancer", { ...balancer, members: { nodes: [unknown, unknown] } })).toEqual([]);
  });
  test("an unknown role is a choice: two choices are one too many, known or not", () => {
    expect(failuresOf("LoadBalancer", { ...balancer, members: { role: unknown, nodes: ["a"] } })).toEqual([expect.stringMatching(/^members: has role and nodes/)]);
  });
  test("any mark will do", () => {
    const mark = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
    const isUnknown = (value: unknown): boolean => value === mark;
    const { failures } = checkInputs("NetworkRule", { cluster: mark, kind: mark, protocol: mark, startPort: mark, cidrList: [mark], target: { node: mark } }, { isUnknown });
    expect(failures).toEqual([]);
  });
  test("nothing is filled in that depends on one", () => {
    const { inputs } = checkInputs("NetworkRule", { ...firewall, startPort: unknown });
    expect(inputs.endPort).toBeUndefined();
    expect(checkInputs("NetworkRule", { ...forward, endPort: unknown }).inputs.privateEndPort).toBeUndefined();
  });
});
