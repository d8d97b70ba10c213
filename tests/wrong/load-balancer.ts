/** Wrong declarations of a LoadBalancer: the property that is to be named, and words of the reason. Plain data: any engine can be given them. */

/** One thing wrong with an otherwise right declaration. `prod` has one control plane and two workers. */
export interface WrongCase {
  readonly resource: "LoadBalancer";
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly property: string;
  /** Part of the reason. */
  readonly words: string;
}

const base = { cluster: "k3x9abcdef01", name: "web", publicPort: 443, privatePort: 30_443, members: { role: "worker" } } as const;
const balancer = (change: Readonly<Record<string, unknown>>, property: string, words: string): WrongCase => ({ resource: "LoadBalancer", inputs: { ...base, ...change }, property, words });

const cpu = { counter: "vm.cpu.average.percentage", operator: "GT", threshold: 80 };
const autoscale = { minMembers: 2, maxMembers: 6, machines: { offering: "k8s-2c-2g", template: "debian-13-containerd" }, scaleUpPolicies: [{ conditions: [cpu] }], scaleDownPolicies: [{ conditions: [{ ...cpu, operator: "LT", threshold: 20 }] }] };
const scaled = (change: Readonly<Record<string, unknown>>, property: string, words: string): WrongCase => balancer({ members: undefined, autoscale: { ...autoscale, ...change } }, property, words);

export const cases: readonly WrongCase[] = [
  // Place
  balancer({ cluster: undefined, members: { machineIds: ["m"] } }, "cluster", "ipAddressId"),
  balancer({ cluster: "prod" }, "cluster", "no cluster uid"),
  balancer({ cluster: "zzzzzzzzzzzz" }, "cluster", "has no public address"),
  balancer({ ipAddressId: "00000000-0000-4000-8000-000000000001" }, "ipAddressId", "there is no public address with id"),
  balancer({ connection: "" }, "connection", "empty"),
  // Names
  balancer({ name: undefined }, "name", "missing"),
  balancer({ name: "" }, "name", "empty"),
  balancer({ name: "x".repeat(256) }, "name", "at most 255"),
  balancer({ name: "two\nlines" }, "name", "control character"),
  balancer({ description: "x".repeat(4001) }, "description", "at most 4000"),
  balancer({ description: "bell\u0007" }, "description", "control character"),
  // Ports
  balancer({ publicPort: undefined }, "publicPort", "missing"),
  balancer({ publicPort: 0 }, "publicPort", "between 1 and 65535"),
  balancer({ publicPort: 65_536 }, "publicPort", "between 1 and 65535"),
  balancer({ publicPort: "https" }, "publicPort", "must be a whole number"),
  balancer({ publicPort: 6443 }, "publicPort", "already has the balancer rule prod-api"),
  balancer({ privatePort: undefined }, "privatePort", "missing"),
  balancer({ privatePort: 70_000 }, "privatePort", "between 1 and 65535"),
  balancer({ privatePort: 1.5 }, "privatePort", "must be a whole number"),
  // How it spreads
  balancer({ algorithm: "round-robin" }, "algorithm", 'did you mean "roundrobin"'),
  balancer({ algorithm: "random" }, "algorithm", "must be one of"),
  balancer({ protocol: "http" }, "protocol", "must be one of"),
  balancer({ protocol: "TCP" }, "protocol", 'did you mean "tcp"'),
  balancer({ cidrList: [] }, "cidrList", "empty list"),
  balancer({ cidrList: ["10.0.0.0/33"] }, "cidrList[0]", "between 0 and 32"),
  balancer({ cidrList: ["10.0.0.0/8", "10.0.0.0/8"] }, "cidrList[1]", "twice"),
  balancer({ cidrList: ["fd00::/8"] }, "cidrList[0]", "IPv4"),
  // Members
  balancer({ members: {} }, "members", "give one of role, nodes and machineIds"),
  balancer({ members: { role: "worker", nodes: ["prod-worker-1"] } }, "members", "has role and nodes"),
  balancer({ members: { role: "workers" } }, "members.role", 'did you mean "worker"'),
  balancer({ members: { nodes: [] } }, "members.nodes", "empty list"),
  balancer({ members: { nodes: ["prod-worker-1", "prod-worker-1"] } }, "members.nodes[1]", "twice"),
  balancer({ members: { nodes: ["prod-worker-9"] } }, "members", "the cluster has no node prod-worker-9"),
  balancer({ members: { machineIds: [] } }, "members.machineIds", "empty list"),
  balancer({ members: ["prod-worker-1"] }, "members", "is a list"),
  balancer({ cluster: undefined, ipAddressId: "x" }, "cluster", "members.role is looked up in a cluster"),
  // Stickiness
  balancer({ stickiness: {} }, "stickiness.method", "missing"),
  balancer({ stickiness: { method: "Cookie" } }, "stickiness.method", "must be one of"),
  balancer({ stickiness: { method: "SourceBased", parameters: { tablsize: "1" } } }, "stickiness.parameters.tablsize", "takes no tablsize"),
  balancer({ stickiness: { method: "SourceBased", parameters: { holdtime: "30m" } } }, "stickiness.parameters.holdtime", "takes no holdtime"),
  balancer({ stickiness: { method: "LbCookie", parameters: { mode: 3 } } }, "stickiness.parameters.mode", "write it as a text"),
  balancer({ stickiness: "LbCookie" }, "stickiness", "must be an object"),
  // Health checks
  balancer({ healthCheck: {} }, "healthCheck", "asks no machines whether they are well"),
  balancer({ healthCheck: { interval: 0 } }, "healthCheck.interval", "between 1 and 3600"),
  balancer({ healthCheck: { interval: 5, timeout: 6 } }, "healthCheck.timeout", "longer than the time between two checks"),
  balancer({ healthCheck: { healthyThreshold: 101 } }, "healthCheck.healthyThreshold", "between 1 and 100"),
  balancer({ healthCheck: { url: "/" } }, "healthCheck.url", "is not a property"),
  // Autoscaling
  balancer({ members: undefined }, "members", "how Mold makes them"),
  balancer({ autoscale }, "members", "Mold makes those of autoscale itself"),
  scaled({ minMembers: 0 }, "autoscale.minMembers", "between 1 and 1000"),
  scaled({ minMembers: 7 }, "autoscale.maxMembers", "below minMembers"),
  scaled({ machines: undefined }, "autoscale.machines", "missing"),
  scaled({ machines: { template: "debian-13-containerd" } }, "autoscale.machines.offering", "missing"),
  scaled({ machines: { offering: "huge", template: "debian-13-containerd" } }, "autoscale.machines.offering", "huge"),
  scaled({ machines: { offering: "k8s-2c-2g", template: "none" } }, "autoscale.machines.template", "none"),
  scaled({ machines: { offering: "k8s-2c-2g", template: "debian-13-containerd", sshKeyPair: "nobody" } }, "autoscale.machines.sshKeyPair", "nobody"),
  scaled({ scaleUpPolicies: undefined }, "autoscale.scaleUpPolicies", "missing"),
  scaled({ scaleUpPolicies: [] }, "autoscale.scaleUpPolicies", "empty list"),
  scaled({ scaleDownPolicies: { conditions: [cpu] } }, "autoscale.scaleDownPolicies", "must be a list"),
  scaled({ scaleUpPolicies: [{ conditions: [] }] }, "autoscale.scaleUpPolicies[0].conditions", "empty list"),
  scaled({ scaleUpPolicies: [{ conditions: [{ ...cpu, operator: ">" }] }] }, "autoscale.scaleUpPolicies[0].conditions[0].operator", "must be one of"),
  scaled({ scaleUpPolicies: [{ conditions: [{ ...cpu, threshold: -1 }] }] }, "autoscale.scaleUpPolicies[0].conditions[0].threshold", "between 0"),
  scaled({ scaleUpPolicies: [{ conditions: [cpu, { ...cpu, threshold: 90 }] }] }, "autoscale.scaleUpPolicies[0].conditions[1].counter", "one condition a counter"),
  scaled({ scaleUpPolicies: [{ conditions: [cpu] }, { conditions: [{ ...cpu, counter: "load" }] }] }, "autoscale.scaleUpPolicies[1].conditions[0].counter", "has no counter load"),
  scaled({ scaleUpPolicies: [{ conditions: [cpu], duration: 60 }, { conditions: [{ threshold: 80, operator: "GT", counter: cpu.counter }] }] }, "autoscale.scaleUpPolicies[1]", "the same as another one"),
  scaled({ interval: 120 }, "autoscale.scaleUpPolicies[0].duration", "shorter than the time between two looks"),
  // The rest
  balancer({ tags: { "ablestack-owner": "me" } }, "tags.ablestack-owner", "choose another name"),
  balancer({ adopt: 1 }, "adopt", "must be true or false"),
  balancer({ publicport: 80 }, "publicport", 'did you mean "publicPort"'),
];
