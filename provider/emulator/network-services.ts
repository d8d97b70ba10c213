/** What a network's services can do, as recorded from a virtual router. */

type Capability = readonly [name: string, value: string, choosable: boolean];

const flag = (paramname: string): object => ({ paramname, required: false, isflag: true, description: " " });
const parameter = (paramname: string): object => ({ paramname, required: false, isflag: false, description: " " });

/** The parameters of each stickiness method. */
export const stickinessParameters: Readonly<Record<string, readonly string[]>> = {
  LbCookie: ["cookie-name", "mode", "nocache", "indirect", "postonly", "domain"],
  AppCookie: ["cookie-name", "length", "holdtime", "request-learn", "prefix", "mode"],
  SourceBased: ["tablesize", "expire"],
};

/** The stickiness methods of HAProxy, as the virtual router's balancer is one. */
const stickinessMethods = JSON.stringify([
  { methodname: "LbCookie", paramlist: [parameter("cookie-name"), parameter("mode"), flag("nocache"), flag("indirect"), flag("postonly"), parameter("domain")], description: "This is loadbalancer cookie based stickiness method." },
  { methodname: "AppCookie", paramlist: [parameter("cookie-name"), parameter("length"), parameter("holdtime"), flag("request-learn"), flag("prefix"), parameter("mode")], description: "This is App session based sticky method. Define session stickiness on an existing application cookie. It can be used only for a specific http traffic" },
  { methodname: "SourceBased", paramlist: [parameter("tablesize"), parameter("expire")], description: "This is source based Stickiness method, it can be used for any type of protocol." },
]);

const capabilities: Readonly<Record<string, readonly Capability[]>> = {
  Dns: [
    ["AllowDnsSuffixModification", "true", false],
  ],
  Dhcp: [
    ["DhcpAccrossMultipleSubnets", "true", false],
  ],
  StaticNat: [
    ["ElasticIp", "false", false],
    ["AssociatePublicIP", "true", false],
  ],
  Lb: [
    ["VmAutoScaling", "true", false],
    ["SupportedLBIsolation", "dedicated", true],
    ["SupportedProtocols", "tcp, udp, tcp-proxy, ssl", false],
    ["LbSchemes", "Public", false],
    ["SupportedLbAlgorithms", "roundrobin,leastconn,source", false],
    ["SupportedStickinessMethods", stickinessMethods, false],
    ["AutoScaleCounters", '[{"methodname":"CPU","paramlist":[]},{"methodname":"MEMORY","paramlist":[]},{"methodname":"VIRTUALROUTER","paramlist":[]}]', false],
    ["SslTermination", "true", false],
    ["ElasticLb", "false", false],
    ["InlineMode", "false", false],
  ],
  Firewall: [
    ["SupportedProtocols", "tcp,udp,icmp", false],
    ["SupportedEgressProtocols", "tcp,udp,icmp, all", false],
    ["SupportedTrafficDirection", "ingress, egress", false],
    ["MultipleIps", "true", false],
    ["TrafficStatistics", "per public ip", false],
  ],
  SourceNat: [
    ["SupportedSourceNatTypes", "peraccount", true],
    ["RedundantRouter", "false", true],
  ],
  Vpn: [
    ["VpnTypes", "remoteaccessvpn", false],
    ["SupportedVpnTypes", "pptp,l2tp,ipsec", false],
  ],
  UserData: [
  ],
  PortForwarding: [
    ["SupportedProtocols", "tcp,udp", false],
  ],
  NetworkACL: [
    ["SupportedProtocols", "tcp,udp,icmp", false],
  ],
};

/** Capabilities that a network offering shows; it has fewer of them, and none can be chosen. */
const offered: Readonly<Record<string, readonly string[]>> = {
  StaticNat: ["ElasticIp", "AssociatePublicIP"],
  Lb: ["SupportedLBIsolation", "ElasticLb", "InlineMode", "VmAutoScaling"],
  SourceNat: ["SupportedSourceNatTypes", "RedundantRouter"],
};

/** The services every offering with a router has here, in the recorded order. */
export const routerServices = ["Dns", "Dhcp", "StaticNat", "Lb", "Firewall", "SourceNat", "Vpn", "PortForwarding", "UserData"] as const;

/** The services of a VPC and its tiers, in the recorded order. Access lists take the place of the firewall. */
export const tierServices = ["Dns", "Dhcp", "StaticNat", "Lb", "NetworkACL", "SourceNat", "Vpn", "PortForwarding", "UserData"] as const;

const shown = ([name, value, canchooseservicecapability]: Capability): object => ({ name, value, canchooseservicecapability });

/** The services as a network shows them. */
export function servicesOf(names: readonly string[], options: { readonly provider?: string; readonly healthChecks?: boolean } = {}): object[] {
  const { provider = "VirtualRouter", healthChecks = false } = options;
  const more = (name: string): readonly Capability[] => (healthChecks && name === "Lb" ? [["HealthCheckPolicy", "true", false]] : []);
  return names.map((name) => ({ name, provider: [{ name: provider }], capability: [...(capabilities[name] ?? []), ...more(name)].map(shown) }));
}

/** The services as a network offering shows them. */
export function offeredServices(names: readonly string[], provider = "VirtualRouter"): object[] {
  return names.map((name) => {
    const some = (capabilities[name] ?? []).filter(([one]) => offered[name]?.includes(one) === true);
    return { name, provider: [{ name: provider }], ...(some.length > 0 ? { capability: some.map(([one, value]) => shown([one, value, false])) } : {}) };
  });
}

/** The services as a VPC and its offering show them. */
export const vpcServices = (names: readonly string[]): object[] =>
  names.map((name) => ({ name, provider: name === "Lb" ? [{ name: "VpcVirtualRouter" }, { name: "InternalLbVm" }] : [{ name: "VpcVirtualRouter" }] }));
