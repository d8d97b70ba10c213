/** Wrong declarations: the property that must be named, and words that must be said. */
import type { ResourceName } from "../../schema/resource";
import { balancer, bent, cluster, connection, firewall, forward } from "./declarations";

export interface BadDeclaration {
  readonly resource: ResourceName;
  readonly inputs: unknown;
  readonly property: string;
  readonly says: RegExp;
}

const of =
  (resource: ResourceName, base: Readonly<Record<string, unknown>>) =>
  (changes: Readonly<Record<string, unknown>>, property: string, says: RegExp): BadDeclaration => ({ resource, inputs: bent(base, changes), property, says });

const badCluster = of("KubernetesCluster", cluster);
const badFirewall = of("NetworkRule", firewall);
const badForward = of("NetworkRule", forward);
const badBalancer = of("LoadBalancer", balancer);
const badConnection = of("Connection", connection);

export const badDeclarations: readonly BadDeclaration[] = [
  // Names
  badCluster({ name: undefined }, "name", /missing/),
  badCluster({ name: "" }, "name", /empty/),
  badCluster({ name: "Prod" }, "name", /DNS label.*"prod" would do/),
  badCluster({ name: "my_cluster" }, "name", /DNS label.*"my-cluster" would do/),
  badCluster({ name: "1st" }, "name", /beginning with a letter/),
  badCluster({ name: "prod-" }, "name", /DNS label/),
  badCluster({ name: "운영" }, "name", /DNS label/),
  badCluster({ name: "a".repeat(41) }, "name", /41 characters.*at most 40/),
  badCluster({ name: 7 }, "name", /a number, 7; write it as a text/),
  badCluster({ description: "line\nbreak" }, "description", /control character/),
  badCluster({ description: "x".repeat(256) }, "description", /at most 255/),
  // What must be there
  badCluster({ zone: undefined }, "zone", /missing/),
  badCluster({ zone: null }, "zone", /missing/),
  badCluster({ zone: ["zone-1"] }, "zone", /is a list; must be a text/),
  badCluster({ version: undefined }, "version", /missing/),
  badCluster({ template: undefined }, "template", /missing.*cloud image/),
  badCluster({ controlPlane: undefined }, "controlPlane", /missing/),
  badCluster({ "controlPlane.offering": undefined }, "controlPlane.offering", /missing/),
  badCluster({ "workers.offering": "" }, "workers.offering", /empty/),
  // Versions
  badCluster({ version: "v1.35.4" }, "version", /leading "v"; write "1\.35\.4"/),
  badCluster({ version: "V1.35" }, "version", /leading "V"; write "1\.35"/),
  badCluster({ version: "latest" }, "version", /no Kubernetes version.*"1\.35\.4"/),
  badCluster({ version: "1" }, "version", /no Kubernetes version/),
  badCluster({ version: "1.35.x" }, "version", /no Kubernetes version/),
  badCluster({ version: "1.035" }, "version", /no Kubernetes version/),
  badCluster({ version: 1.3 }, "version", /number, 1\.3.*1\.30 as a number is 1\.3/),
  // Counts
  badCluster({ "controlPlane.count": 0 }, "controlPlane.count", /is 0; must be between 1 and 9/),
  badCluster({ "controlPlane.count": -1 }, "controlPlane.count", /is -1/),
  badCluster({ "controlPlane.count": 2.5 }, "controlPlane.count", /2\.5; must be a whole number/),
  badCluster({ "controlPlane.count": "three" }, "controlPlane.count", /a text, "three"; must be a whole number/),
  badCluster({ "controlPlane.count": 11 }, "controlPlane.count", /between 1 and 9/),
  badCluster({ "workers.count": 0 }, "workers.count", /is 0/),
  badCluster({ "workers.count": true }, "workers.count", /true or false.*must be a whole number/),
  badCluster({ "workers.rootDiskGb": 0 }, "workers.rootDiskGb", /between 1 and 65536 GB/),
  badCluster({ "timeouts.create": 5 }, "timeouts.create", /between 30 and 604800 seconds/),
  // Misspelt and misplaced
  badCluster({ controlplane: {} }, "controlplane", /did you mean "controlPlane"/),
  badCluster({ verison: "1.35" }, "verison", /did you mean "version"/),
  badCluster({ pod_cidr: "10.0.0.0/16" }, "pod_cidr", /did you mean "podCidr"/),
  badCluster({ "workers.cuont": 2 }, "workers.cuont", /not a property of workers; did you mean "count"/),
  badCluster({ apiKey: "k" }, "apiKey", /not a property of KubernetesCluster/),
  badCluster({ workers: 3 }, "workers", /a number, 3; must be an object with "count", "offering"/),
  badCluster({ "addons.csj": true }, "addons.csj", /did you mean "csi"/),
  // Words
  badCluster({ affinity: "prefered" }, "affinity", /one of "preferred", "required", "none".*did you mean "preferred"/),
  badCluster({ management: "cloud" }, "management", /one of "core", "mold"/),
  badCluster({ powerState: "off" }, "powerState", /one of "running", "stopped"/),
  // Networks
  badCluster({ podCidr: "10.244.1.0/16" }, "podCidr", /host bits set; the network is 10\.244\.0\.0\/16/),
  badCluster({ podCidr: "10.244.0.0" }, "podCidr", /no prefix length; write 10\.244\.0\.0\/32/),
  badCluster({ podCidr: "10.244.0.0/25" }, "podCidr", /\/25; each node takes a \/24/),
  badCluster({ podCidr: "10.244.0.0/22", "workers.count": 5 }, "podCidr", /room for 4 nodes.*8 are declared/),
  badCluster({ serviceCidr: "10.0.0.0/8" }, "serviceCidr", /\/8; Kubernetes takes a \/12 to a \/28/),
  badCluster({ serviceCidr: "10.96.0.0/29" }, "serviceCidr", /\/29/),
  badCluster({ serviceCidr: "10.244.128.0/20" }, "serviceCidr", /overlaps podCidr 10\.244\.0\.0\/16/),
  badCluster({ "apiAccess.cidrList": [] }, "apiAccess.cidrList", /empty list; must have at least one/),
  badCluster({ "apiAccess.cidrList": "0.0.0.0/0" }, "apiAccess.cidrList", /must be a list: put it in brackets/),
  badCluster({ "apiAccess.cidrList": ["198.51.100.7/24"] }, "apiAccess.cidrList[0]", /the network is 198\.51\.100\.0\/24/),
  badCluster({ "apiAccess.cidrList": ["2001:db8::/32"] }, "apiAccess.cidrList[0]", /IPv6/),
  badCluster({ externalLoadBalancerIp: "203.0.113.300" }, "externalLoadBalancerIp", /no IPv4 address/),
  // Registry
  badCluster({ privateRegistry: { url: "https://r", username: "u" } }, "privateRegistry.password", /missing; a username goes with a password/),
  badCluster({ privateRegistry: { url: "https://r", password: "p" } }, "privateRegistry.username", /missing/),
  badCluster({ privateRegistry: { url: "ftp://r" } }, "privateRegistry.url", /no address of a registry/),
  badCluster({ privateRegistry: { url: "https://u:hush-hush@r" } }, "privateRegistry.url", /user or a password/),
  badCluster({ privateRegistry: { username: "u", password: "p" } }, "privateRegistry.url", /missing/),
  // Tags
  badCluster({ tags: { "ablestack-cluster": "x" } }, "tags.ablestack-cluster", /library's own mark/),
  badCluster({ tags: { team: 7 } }, "tags.team", /a number, 7/),
  badCluster({ tags: { team: "pay\tments" } }, "tags.team", /holds a tab or another control character, which Mold takes none of/),
  badCluster({ tags: { "te\u0000am": "payments" } }, 'tags["te\\u0000am"]', /holds a tab or another control character/),
  badCluster({ tags: { Team: "payments", team: "shop" } }, "tags.team", /is the same as "Team" to Mold/),
  badCluster({ tags: { team: "payments", "team ": "shop" } }, 'tags["team "]', /no spaces at the end/),
  badCluster({ tags: ["a"] }, "tags", /is a list; must be an object/),
  // What the management can't do, and what belongs together
  badCluster({ management: "mold" }, "template", /can't be set with management "mold"/),
  badCluster({ management: "mold", podCidr: "10.0.0.0/16" }, "podCidr", /can't be set with management "mold"/),
  badCluster({ "workers.autoscaling": { min: 1, max: 3 } }, "workers.autoscaling", /can't be set with management "core"/),
  badCluster({ "workers.autoscaling": { min: 5, max: 3 } }, "workers.autoscaling.max", /is 3, which is below min \(5\)/),
  badCluster({ externalLoadBalancerIp: "203.0.113.3" }, "externalLoadBalancerIp", /can't be set with management "core".*balances the API itself/),
  badCluster({ nodes: { "Prod Worker 1": { reboot: "x" } } }, 'nodes["Prod Worker 1"]', /is no node name/),
  badCluster({ nodes: { "prod-worker-1": { reboot: "two\nlines" } } }, "nodes.prod-worker-1.reboot", /control character/),
  badCluster({ nodes: { "prod-worker-1": { replace: "x".repeat(201) } } }, "nodes.prod-worker-1.replace", /at most 200/),
  badCluster({ nodes: { "prod-worker-1": { ofering: "large" } } }, "nodes.prod-worker-1.ofering", /did you mean "offering"/),
  badCluster({ upgrade: { maxUnavailable: 0 } }, "upgrade.maxUnavailable", /is 0 and so is maxSurge/),
  badCluster({ upgrade: { strategy: "rolling" } }, "upgrade.strategy", /in-place.*replace/),
  badCluster({ comments: ["Ask\tMin"] }, "comments[0]", /holds a tab/),
  badCluster({ "workers.count": NaN }, "workers.count", /^is no number, though it was reckoned as one/),
  badCluster({ "workers.count": Infinity }, "workers.count", /^is an endless number/),
  badCluster({ comments: ["x".repeat(256)] }, "comments[0]", /^is 256 characters long; at most 255 are allowed/),
  badCluster({ "addons.metrics": true }, "addons.metrics", /is not a property of addons/),
  badCluster({ "addons.cloudController": true }, "addons.credentials", /is missing; cloudController asks Mold from within the cluster: name a connection/),
  badCluster({ addons: { cloudController: true, csi: true } }, "addons.credentials", /cloudController and csi ask Mold/),
  badCluster({ addons: { csi: true, credentials: "" } }, "addons.credentials", /empty/),
  badCluster({ management: "mold", template: undefined, addons: { cloudController: true } }, "addons.cloudController", /can't be set with management "mold".*installs the cloud controller in every cluster/),
  badCluster({ management: "mold", template: undefined, addons: { csi: true, credentials: "x" } }, "addons.credentials", /keys of its own/),
  badCluster({ externalNodes: ["a"] }, "externalNodes", /can't be set with management "core".*makes all machines/),
  badCluster({ management: "mold", template: undefined, externalNodes: ["a", "a"] }, "externalNodes[1]", /twice/),
  badCluster({ adoptIdentity: "x" }, "adoptIdentity", /is given, and adopt is not/),
  badCluster({ adopt: true, adoptId: "x" }, "adoptId", /can't be set with management "core"/),
  badCluster({ management: "mold", template: undefined, adopt: true, adoptIdentity: "hush-hush" }, "adoptIdentity", /can't be set with management "mold".*Mold keeps the keys/),
  badCluster({ management: "mold", template: undefined, adoptId: "x" }, "adoptId", /is given, and adopt is not/),
  // Rules: kind and protocol
  badFirewall({ kind: undefined }, "kind", /missing/),
  badFirewall({ kind: "firewal" }, "kind", /did you mean "firewall"/),
  badFirewall({ kind: "egress", cluster: undefined }, "networkId", /missing/),
  badFirewall({ kind: "acl", cluster: undefined }, "aclId", /missing; give the id of the access list/),
  badFirewall({ protocol: "TCP" }, "protocol", /did you mean "tcp"/),
  badFirewall({ protocol: "sctp" }, "protocol", /one of "tcp", "udp", "icmp", "all"/),
  badFirewall({ cluster: undefined }, "cluster", /missing.*ipAddressId/),
  badFirewall({ cluster: "prod" }, "cluster", /no cluster uid/),
  // Rules: ports
  badFirewall({ startPort: undefined }, "startPort", /missing; tcp needs a port/),
  badFirewall({ startPort: 0 }, "startPort", /between 1 and 65535/),
  badFirewall({ startPort: 65_536 }, "startPort", /between 1 and 65535/),
  badFirewall({ startPort: 443, endPort: 80 }, "endPort", /is 80, which is before startPort \(443\)/),
  badFirewall({ protocol: "icmp" }, "startPort", /"icmp", which has no ports/),
  badFirewall({ kind: "egress", protocol: "all" }, "startPort", /"all", which has no ports/),
  badFirewall({ protocol: "all" }, "protocol", /takes tcp, udp or icmp/),
  badFirewall({ protocol: "icmp", startPort: undefined, icmpCode: 17 }, "icmpCode", /between -1 and 16/),
  badFirewall({ protocol: "icmp", startPort: undefined, icmpCode: 1 }, "icmpCode", /a code means something with a type only/),
  badFirewall({ destinationCidrList: ["10.0.0.0/8"] }, "destinationCidrList", /belongs to egress/),
  badFirewall({ icmpType: 8 }, "icmpType", /"icmp" only/),
  badFirewall({ protocol: "icmp", startPort: undefined, icmpType: 256 }, "icmpType", /between -1 and 255/),
  // Rules: networks
  badFirewall({ cidrList: ["10.0.0.0/8", "10.0.0.0/8"] }, "cidrList[1]", /in the list twice/),
  badFirewall({ cidrList: ["10.0.0.0/33"] }, "cidrList[0]", /between 0 and 32/),
  badFirewall({ cidrList: ["010.0.0.0/8"] }, "cidrList[0]", /not an IPv4 network/),
  badFirewall({ cidrList: ["anywhere"] }, "cidrList[0]", /not an IPv4 network/),
  badFirewall({ cidrList: [null] }, "cidrList[0]", /missing/),
  // Rules: what belongs to other kinds
  badFirewall({ target: { node: "prod-worker-1" } }, "target", /belongs to portForward rules; this one is firewall/),
  badFirewall({ privateStartPort: 80 }, "privateStartPort", /belongs to portForward/),
  badFirewall({ action: "deny" }, "action", /belongs to acl/),
  badFirewall({ number: 3 }, "number", /belongs to acl/),
  badForward({ icmpCode: 1 }, "icmpCode", /belongs to firewall, egress or acl/),
  badForward({ protocol: "icmp" }, "protocol", /takes tcp or udp/),
  // Port forwards
  badForward({ target: undefined }, "target", /missing; a port forward goes to one machine/),
  badForward({ target: {} }, "target", /empty; give one of/),
  badForward({ target: { node: "a", role: "worker" } }, "target", /has node and role; give one/),
  badForward({ target: { role: "master" } }, "target.role", /one of "control-plane", "worker"/),
  badForward({ cluster: undefined, ipAddressId: "x" }, "cluster", /looked up in a cluster/),
  badForward({ endPort: 2230 }, "privateStartPort", /same port on both sides/),
  badForward({ privateStartPort: 2222, endPort: 2225, privateEndPort: 2223 }, "privateEndPort", /2 ports on the machine for 4 public/),
  badForward({ privateEndPort: 21 }, "privateEndPort", /before privateStartPort/),
  // Balancers
  badBalancer({ publicPort: undefined }, "publicPort", /missing/),
  badBalancer({ privatePort: 70_000 }, "privatePort", /between 1 and 65535/),
  badBalancer({ algorithm: "round-robin" }, "algorithm", /did you mean "roundrobin"/),
  badBalancer({ protocol: "http" }, "protocol", /one of "tcp", "udp", "tcp-proxy", "ssl"/),
  badBalancer({ members: undefined }, "members", /missing/),
  badBalancer({ members: {} }, "members", /empty; give one of role, nodes and machineIds/),
  badBalancer({ members: { role: "worker", machineIds: ["a"] } }, "members", /has role and machineIds/),
  badBalancer({ members: { nodes: [] } }, "members.nodes", /empty list/),
  badBalancer({ members: { nodes: ["a", "a"] } }, "members.nodes[1]", /twice/),
  badBalancer({ cluster: undefined, ipAddressId: "x" }, "cluster", /members\.role is looked up in a cluster/),
  badBalancer({ cluster: undefined, members: { machineIds: ["a"] } }, "cluster", /missing.*ipAddressId/),
  badBalancer({ publicport: 80 }, "publicport", /did you mean "publicPort"/),
  badBalancer({ stickiness: { method: "Source" } }, "stickiness.method", /one of "LbCookie"/),
  badBalancer({ healthCheck: { interval: 5, timeout: 6 } }, "healthCheck.timeout", /longer than the time between two checks/),
  badBalancer({ autoscale: { minMembers: 3, maxMembers: 2 } }, "autoscale.maxMembers", /below minMembers/),
  badBalancer({ autoscale: { minMembers: 1, maxMembers: 2 } }, "members", /Mold makes those of autoscale itself/),
  badBalancer({ adopt: "yes" }, "adopt", /a text, "yes"; must be true or false/),
  // Connections
  badConnection({ apiUrl: undefined }, "apiUrl", /pulumi config set ablestack:apiUrl .*ABLESTACK_API_URL/),
  badConnection({ secretKey: undefined }, "secretKey", /--secret ablestack:secretKey/),
  badConnection({ secretKey: "two\nlines" }, "secretKey", /line break/),
  badConnection({ apiUrl: "mold.example.com" }, "apiUrl", /no http or https address/),
  badConnection({ apiUrl: "https://u:hush-hush@mold/client/api" }, "apiUrl", /user or a password/),
  badConnection({ apiUrl: "https://mold/client/api?command=x" }, "apiUrl", /after the path/),
  badConnection({ digest: "sha-1" }, "digest", /did you mean "sha1"/),
  badConnection({ timeout: 0 }, "timeout", /seconds/),
  badConnection({ insecure: "maybe" }, "insecure", /must be true or false/),
  badConnection({ account: "team-a" }, "account", /without domainId/),
  badConnection({ account: "a", domainId: "d", projectId: "p" }, "projectId", /together with account/),
  // No object at all
  { resource: "KubernetesCluster", inputs: "prod", property: "", says: /takes an object/ },
  { resource: "LoadBalancer", inputs: [balancer], property: "", says: /takes an object/ },
  // Inside
  { resource: "ClusterEndpoint", inputs: { uid: "UPPER", name: "prod", zone: "z" }, property: "uid", says: /no cluster uid/ },
  { resource: "ClusterIdentity", inputs: { name: "prod" }, property: "zone", says: /missing/ },
  { resource: "Cluster", inputs: cluster, property: "identity", says: /missing/ },
];
