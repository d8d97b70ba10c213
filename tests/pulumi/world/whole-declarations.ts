/** Declarations that say all that goes together: every property is in one of them. */
import type { Kind } from "../../../provider/adapters/pulumi-dynamic/kinds";

const uid = "k3x9abcdef01";

export type Values = Readonly<Record<string, unknown>>;

const machines = { controlPlane: { count: 3, offering: "k8s-2c-4g", rootDiskGb: 50 }, workers: { count: 2, offering: "k8s-4c-8g", rootDiskGb: 50 } };
const place = { name: "prod", zone: "zone-1", connection: "seoul", network: "apps" };
export const ofCore: Values = {
  ...place,
  ...machines,
  management: "core",
  description: "Payments",
  version: "1.35",
  networkOffering: "DefaultNetworkOfferingforKubernetesService",
  template: "debian-13-containerd",
  affinity: "required",
  sshKeyPair: "ops",
  privateRegistry: { url: "https://registry.example.com", username: "puller", password: "hush-hush" },
  apiAccess: { cidrList: ["198.51.100.0/24", "192.0.2.0/24"] },
  podCidr: "10.244.0.0/16",
  serviceCidr: "10.96.0.0/12",
  powerState: "running",
  nodes: { "prod-worker-1": { offering: "k8s-8c-16g", reboot: "kernel", replace: "disk" }, "prod-control-1": { offering: "k8s-4c-8g" } },
  upgrade: { maxUnavailable: 2, maxSurge: 1, drainTimeout: 300, strategy: "in-place" },
  comments: ["Ask Min before an upgrade", "Ask Jun after it"],
  tags: { team: "payments", tier: "front" },
  addons: { cloudController: true, csi: true, credentials: "in-cluster" },
  timeouts: { create: 600, update: 600, delete: 600, upgrade: 600, scale: 600 },
};
const { template: _template, affinity: _affinity, apiAccess: _apiAccess, podCidr: _podCidr, serviceCidr: _serviceCidr, upgrade: _upgrade, nodes: _nodes, ...shared } = ofCore;
export const ofMold: Values = {
  ...shared,
  management: "mold",
  externalLoadBalancerIp: "203.0.113.10",
  workers: { ...machines.workers, autoscaling: { min: 1, max: 4 } },
  addons: { csi: true },
  externalNodes: ["5c3f2b0e-8d0f-4a3a-9a57-0e8a7c1f8d11", "6d3f2b0e-8d0f-4a3a-9a57-0e8a7c1f8d11"],
  adopt: true,
  adoptId: "278ef443-1b9f-48fe-b735-714c29459ce3",
  failedCreate: "remove",
};

const at = { connection: "seoul", cluster: uid, tags: { team: "payments" }, adopt: true };
export const firewall: Values = { ...at, kind: "firewall", ipAddressId: "address-1", protocol: "tcp", startPort: 443, endPort: 450, cidrList: ["198.51.100.0/24", "192.0.2.0/24"] };
export const balancer: Values = {
  ...at,
  name: "https",
  ipAddressId: "address-1",
  networkId: "network-1",
  description: "HTTPS",
  publicPort: 443,
  privatePort: 30_443,
  algorithm: "leastconn",
  protocol: "tcp-proxy",
  cidrList: ["198.51.100.0/24"],
  stickiness: { method: "LbCookie", parameters: { holdtime: "30m", mode: "insert" } },
  healthCheck: { path: "/healthz", interval: 10, timeout: 3, healthyThreshold: 3, unhealthyThreshold: 3 },
};
const policies = [
  { conditions: [{ counter: "cpu", operator: "GT", threshold: 80 }, { counter: "memory", operator: "GT", threshold: 80 }], duration: 60, quietTime: 60 },
  { conditions: [{ counter: "cpu", operator: "GT", threshold: 60 }], duration: 600, quietTime: 60 },
];
export const autoscale: Values = {
  enabled: true, minMembers: 1, maxMembers: 3, interval: 30,
  machines: { offering: "k8s-2c-2g", template: "debian-13-containerd", rootDiskGb: 20, sshKeyPair: "ops", userData: "#cloud-config\n", expungeGracePeriod: 60 },
  scaleUpPolicies: policies, scaleDownPolicies: policies,
};
const endpoint = { networkId: "network-1", networkName: "prod", networkOwned: true, networkCidr: "10.1.1.0/24", publicIpAddressId: "address-1", publicIpAddress: "203.0.113.7", zoneId: "zone", zoneName: "zone-1", endpoint: "https://203.0.113.7:6443" };

/** What is declared of each, all that goes together. */
export const declarations: readonly (readonly [about: string, kind: Kind, Values])[] = [
  ["a cluster", "ClusterIdentity", ofCore],
  ["a cluster of Mold's", "ClusterIdentity", ofMold],
  ["a cluster's place", "ClusterEndpoint", { uid, ...place, networkOffering: "offering", management: "core", timeouts: { create: 600, delete: 600 } }],
  ["the place of a cluster of Mold's", "ClusterEndpoint", { uid, ...place, networkOffering: "offering", management: "mold", externalLoadBalancerIp: "203.0.113.10", adopt: true, adoptId: "one", timeouts: { create: 600, delete: 600 } }],
  ["its machines", "Cluster", { ...ofCore, endpoint }],
  ["the machines of a cluster of Mold's", "Cluster", { ...ofMold, endpoint }],
  ["the way into a cluster of Mold's", "ClusterAccess", { uid, name: "prod", connection: "seoul", management: "mold", networkId: "network-1", networkOwned: true }],
  ["a firewall rule", "NetworkRule", firewall],
  ["an ICMP rule", "NetworkRule", { ...at, kind: "firewall", protocol: "icmp", icmpType: 8, icmpCode: 0 }],
  ["an egress rule", "NetworkRule", { ...at, kind: "egress", networkId: "network-1", protocol: "udp", startPort: 53, destinationCidrList: ["203.0.113.0/24", "192.0.2.0/24"] }],
  ["a port forward", "NetworkRule", { ...at, kind: "portForward", ipAddressId: "address-1", protocol: "tcp", startPort: 2222, endPort: 2223, privateStartPort: 2222, privateEndPort: 2223, target: { node: "prod-control-1" } }],
  ["a port forward to a machine", "NetworkRule", { ...at, kind: "portForward", protocol: "tcp", startPort: 2222, target: { machineId: "machine-1" } }],
  ["a rule of an access list", "NetworkRule", { ...at, kind: "acl", aclId: "list-1", protocol: "tcp", startPort: 443, action: "deny", number: 10, trafficType: "egress", cidrList: ["198.51.100.0/24"] }],
  ["a balancer", "LoadBalancer", { ...balancer, members: { role: "worker" } }],
  ["a balancer of nodes", "LoadBalancer", { ...balancer, members: { nodes: ["prod-worker-1", "prod-worker-2"] } }],
  ["a balancer of machines", "LoadBalancer", { ...balancer, members: { machineIds: ["machine-1", "machine-2"] } }],
  ["a balancer that Mold scales", "LoadBalancer", { ...balancer, autoscale }],
];
