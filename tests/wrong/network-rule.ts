/** Wrong declarations of a NetworkRule: the property that is to be named, and words of the reason. Plain data: any engine can be given them. */

/** One thing wrong with an otherwise right declaration. `prod` has one control plane and two workers. */
export interface WrongCase {
  readonly resource: "NetworkRule";
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly property: string;
  /** Part of the reason. */
  readonly words: string;
}

const cluster = "k3x9abcdef01";
const bases = {
  firewall: { cluster, kind: "firewall", protocol: "tcp", startPort: 443 },
  egress: { cluster, kind: "egress", protocol: "tcp", startPort: 443 },
  forward: { cluster, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-worker-1" } },
  acl: { aclId: "e0c1b5d4-3f57-4f0e-8f2a-1f0d3a9b7c55", kind: "acl", protocol: "tcp", startPort: 443 },
} as const;

const wrong =
  (base: object) =>
  (change: Readonly<Record<string, unknown>>, property: string, words: string): WrongCase => ({ resource: "NetworkRule", inputs: { ...base, ...change }, property, words });
const [firewall, egress, forward, acl] = [wrong(bases.firewall), wrong(bases.egress), wrong(bases.forward), wrong(bases.acl)];
/** The same mistake with each of the kinds. */
const each =
  (...kinds: readonly (typeof firewall)[]) =>
  (change: Readonly<Record<string, unknown>>, property: string, words: string): WrongCase[] => kinds.map((kind) => kind(change, property, words));
const all = each(firewall, egress, forward, acl);
const icmp = { protocol: "icmp", startPort: undefined };

export const cases: readonly WrongCase[] = [
  // Kind and place
  firewall({ kind: undefined }, "kind", "missing"),
  firewall({ kind: "ingress" }, "kind", "must be one of"),
  firewall({ kind: "firewal" }, "kind", 'did you mean "firewall"'),
  firewall({ kind: "forward" }, "kind", "must be one of"),
  firewall({ cluster: undefined }, "cluster", "give the cluster's uid"),
  forward({ cluster: undefined, target: { machineId: "m" } }, "cluster", "ipAddressId"),
  egress({ cluster: undefined }, "networkId", "missing"),
  acl({ aclId: undefined }, "aclId", "missing"),
  ...each(firewall, egress, forward)({ cluster: "prod" }, "cluster", "no cluster uid"),
  ...each(firewall, forward)({ cluster: "zzzzzzzzzzzz" }, "cluster", "has no public address"),
  egress({ cluster: "zzzzzzzzzzzz" }, "cluster", "has no network"),
  firewall({ ipAddressId: "00000000-0000-4000-8000-000000000001" }, "ipAddressId", "there is no public address with id"),
  egress({ networkId: "00000000-0000-4000-8000-000000000001" }, "networkId", "there is no network with id"),
  acl({}, "aclId", "there is no access list with id"),
  acl({ aclId: undefined, cluster }, "kind", "is no tier of a VPC"),
  ...all({ connection: "" }, "connection", "empty"),
  // Protocol
  ...all({ protocol: undefined }, "protocol", "missing"),
  ...all({ protocol: "TCP" }, "protocol", 'did you mean "tcp"'),
  ...all({ protocol: "sctp" }, "protocol", "must be one of"),
  firewall({ protocol: "all", startPort: undefined }, "protocol", "takes tcp, udp or icmp"),
  forward({ protocol: "icmp", startPort: undefined }, "protocol", "takes tcp or udp"),
  forward({ protocol: "all", startPort: undefined }, "protocol", "takes tcp or udp"),
  // Ports
  ...all({ startPort: undefined }, "startPort", "needs a port"),
  ...all({ startPort: 0 }, "startPort", "between 1 and 65535"),
  ...all({ startPort: 65_536 }, "startPort", "between 1 and 65535"),
  ...all({ startPort: "https" }, "startPort", "must be a whole number"),
  ...all({ startPort: 1.5 }, "startPort", "must be a whole number"),
  ...all({ endPort: 1 }, "endPort", "before startPort"),
  ...each(firewall, egress, acl)({ ...icmp, startPort: 80 }, "startPort", "has no ports"),
  ...each(egress, acl)({ protocol: "all" }, "startPort", "has no ports"),
  acl({ protocol: "all", startPort: undefined, endPort: 90 }, "endPort", "has no ports"),
  // ICMP
  ...each(firewall, egress, acl)({ icmpType: 8 }, "icmpType", 'goes with protocol "icmp" only'),
  ...each(firewall, egress, acl)({ ...icmp, icmpType: 300 }, "icmpType", "between -1 and 255"),
  ...each(firewall, egress, acl)({ ...icmp, icmpType: 3, icmpCode: 17 }, "icmpCode", "between -1 and 16"),
  ...each(firewall, egress, acl)({ ...icmp, icmpCode: 3 }, "icmpCode", "a code means something with a type only"),
  firewall({ ...icmp, icmpType: 41, icmpCode: 1 }, "icmpCode", "types 0 to 40 only"),
  forward({ icmpType: 8 }, "icmpType", "belongs to firewall, egress or acl rules"),
  // Networks
  ...all({ cidrList: [] }, "cidrList", "empty list"),
  ...all({ cidrList: ["10.0.0.0/33"] }, "cidrList[0]", "between 0 and 32"),
  firewall({ cidrList: ["10.0.0.1"] }, "cidrList[0]", "10.0.0.1/32"),
  firewall({ cidrList: ["10.0.0.0/8", "10.0.0.0/8"] }, "cidrList[1]", "twice"),
  firewall({ cidrList: ["fd00::/8"] }, "cidrList[0]", "IPv4"),
  firewall({ cidrList: "10.0.0.0/8" }, "cidrList", "must be a list"),
  egress({ destinationCidrList: ["anywhere"] }, "destinationCidrList[0]", "not an IPv4 network"),
  ...each(firewall, forward, acl)({ destinationCidrList: ["10.0.0.0/8"] }, "destinationCidrList", "belongs to egress rules"),
  // What belongs to other kinds
  ...each(firewall, egress, acl)({ target: { role: "worker" } }, "target", "belongs to portForward rules"),
  ...each(firewall, egress, acl)({ privateStartPort: 80 }, "privateStartPort", "belongs to portForward rules"),
  ...each(firewall, egress, forward)({ action: "deny" }, "action", "belongs to acl rules"),
  ...each(firewall, egress, forward)({ number: 10 }, "number", "belongs to acl rules"),
  ...each(firewall, egress, forward)({ trafficType: "egress" }, "trafficType", "belongs to acl rules"),
  ...each(firewall, egress, forward)({ aclId: "x" }, "aclId", "belongs to acl rules"),
  ...each(egress, acl)({ ipAddressId: "x" }, "ipAddressId", "belongs to firewall or portForward rules"),
  firewall({ networkId: "x" }, "networkId", "belongs to portForward, egress or acl rules"),
  // Access lists
  acl({ action: "drop" }, "action", "must be one of"),
  acl({ number: 0 }, "number", "between 1 and 65535"),
  acl({ trafficType: "both" }, "trafficType", "must be one of"),
  // Port forwards
  forward({ target: undefined }, "target", "goes to one machine"),
  forward({ target: {} }, "target", "give one of node, role and machineId"),
  forward({ target: { node: "prod-worker-1", role: "worker" } }, "target", "has node and role"),
  forward({ target: { role: "master" } }, "target.role", "must be one of"),
  forward({ target: { node: "prod-worker-9" } }, "target", "the cluster has no node prod-worker-9"),
  forward({ cluster: undefined, ipAddressId: "x" }, "cluster", "is looked up in a cluster"),
  forward({ endPort: 2230 }, "privateStartPort", "same port on both sides"),
  forward({ privateStartPort: 2222, endPort: 2225, privateEndPort: 2223 }, "privateEndPort", "2 ports on the machine for 4 public ones"),
  forward({ privateEndPort: 21 }, "privateEndPort", "before privateStartPort"),
  // The rest
  ...all({ tags: { "ablestack-owner": "me" } }, "tags.ablestack-owner", "choose another name"),
  ...all({ adopt: "yes" }, "adopt", "must be true or false"),
  ...all({ cidrs: ["10.0.0.0/8"] }, "cidrs", "is not a property"),
  ...all({ port: 443 }, "port", "is not a property"),
];
