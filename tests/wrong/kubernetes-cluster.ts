/** Wrong declarations of a KubernetesCluster, over both managements: the property that is to be named, and words of the reason. */

/** One thing wrong with an otherwise right declaration. */
export interface WrongCase {
  readonly resource: "KubernetesCluster";
  readonly inputs: Readonly<Record<string, unknown>>;
  readonly property: string;
  /** Part of the reason. */
  readonly words: string;
}

const core = { name: "prod", zone: "zone-1", version: "1.35", template: "debian-13-containerd", controlPlane: { count: 3, offering: "k8s-2c-4g" }, workers: { count: 2, offering: "k8s-2c-4g" } };
const { template: _image, ...asked } = core;
const mold = { ...asked, management: "mold" };

const wrong =
  (base: object) =>
  (change: Readonly<Record<string, unknown>>, property: string, words: string): WrongCase => ({ resource: "KubernetesCluster", inputs: { ...base, ...change }, property, words });
const byCore = wrong(core);
const byMold = wrong(mold);
/** The same mistake under both. */
const byBoth = (change: Readonly<Record<string, unknown>>, property: string, words: string): WrongCase[] => [byCore(change, property, words), byMold(change, property, words)];

const workers = (more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({ workers: { count: 2, offering: "k8s-2c-4g", ...more } });
const controlPlane = (more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({ controlPlane: { count: 3, offering: "k8s-2c-4g", ...more } });
const registry = (more: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> => ({ privateRegistry: { url: "https://r.example.com", username: "u", password: "p", ...more } });

export const cases: readonly WrongCase[] = [
  // Names and texts
  ...byBoth({ name: "Prod" }, "name", "DNS label"),
  ...byBoth({ name: "my_cluster" }, "name", '"my-cluster" would do'),
  ...byBoth({ name: "1st" }, "name", "beginning with a letter"),
  ...byBoth({ name: "a".repeat(41) }, "name", "at most 40"),
  ...byBoth({ name: "" }, "name", "empty"),
  ...byBoth({ description: "two\nlines" }, "description", "control character"),
  ...byBoth({ description: "x".repeat(256) }, "description", "at most 255"),
  // What must be there
  ...byBoth({ zone: undefined }, "zone", "missing"),
  ...byBoth({ version: undefined }, "version", "missing"),
  ...byBoth({ controlPlane: undefined }, "controlPlane", "missing"),
  ...byBoth({ workers: undefined }, "workers", "missing"),
  ...byBoth({ workers: { count: 2 } }, "workers.offering", "missing"),
  byCore({ template: undefined }, "template", "the machines boot from a cloud image of yours"),
  // What the zone has not
  ...byBoth({ zone: "zone-9" }, "zone", 'there is no zone "zone-9". Nearest: zone-'),
  ...byBoth({ version: "1.20" }, "version", "no Kubernetes version 1.20 is registered"),
  ...byBoth({ version: "1.31" }, "version", "is registered but it is Disabled"),
  ...byBoth(workers({ offering: "k8s-2c-5g" }), "workers.offering", "Nearest: k8s-2c-"),
  ...byBoth(workers({ offering: "Small Instance" }), "workers.offering", "needs at least 2 and 2048 MB"),
  ...byBoth(controlPlane({ offering: "Small Instance" }), "controlPlane.offering", "needs at least 2 and 2048 MB"),
  ...byBoth({ network: "apps" }, "network", 'there is no network "apps"'),
  ...byBoth({ networkOffering: "fast" }, "networkOffering", 'there is no network offering "fast"'),
  ...byBoth({ sshKeyPair: "ops" }, "sshKeyPair", 'there is no SSH key pair "ops"'),
  byCore({ template: "windows" }, "template", 'there is no template "windows"'),
  byCore(workers({ rootDiskGb: 5 }), "workers.rootDiskGb", "a disk made from it is never smaller"),
  // Versions
  ...byBoth({ version: "v1.35.4" }, "version", 'leading "v"'),
  ...byBoth({ version: "latest" }, "version", "no Kubernetes version"),
  ...byBoth({ version: 1.3 }, "version", "1.30 as a number is 1.3"),
  // Counts and sizes
  ...byBoth(controlPlane({ count: 0 }), "controlPlane.count", "between 1 and 9"),
  ...byBoth(controlPlane({ count: 2.5 }), "controlPlane.count", "whole number"),
  ...byBoth(workers({ count: 0 }), "workers.count", "is 0"),
  ...byBoth(workers({ count: "many" }), "workers.count", "must be a whole number"),
  ...byBoth(workers({ rootDiskGb: 0 }), "workers.rootDiskGb", "between 1 and 65536 GB"),
  byMold(controlPlane({ rootDiskGb: 40 }), "controlPlane.rootDiskGb", "Mold gives all machines of a cluster one size"),
  ...byBoth({ timeouts: { create: 5 } }, "timeouts.create", "between 30 and 604800 seconds"),
  // Misspelt and misplaced
  ...byBoth({ controlplane: {} }, "controlplane", 'did you mean "controlPlane"'),
  ...byBoth({ verison: "1.35" }, "verison", 'did you mean "version"'),
  ...byBoth(workers({ cuont: 2 }), "workers.cuont", 'did you mean "count"'),
  ...byBoth({ apiKey: "k" }, "apiKey", "not a property of KubernetesCluster"),
  ...byBoth({ workers: 3 }, "workers", "must be an object"),
  // Words
  byCore({ management: "cloud" }, "management", 'one of "core", "mold"'),
  ...byBoth({ powerState: "off" }, "powerState", 'one of "running", "stopped"'),
  ...byBoth({ powerState: "stopped" }, "powerState", "machines become a cluster by running"),
  byMold({ failedCreate: "cleanup" }, "failedCreate", 'one of "continue", "remove"'),
  byCore({ affinity: "prefered" }, "affinity", 'did you mean "preferred"'),
  // What one of the two can't
  byCore(workers({ autoscaling: { min: 1, max: 3 } }), "workers.autoscaling", "Mold watches demand only for clusters that its own Kubernetes service runs"),
  byCore({ externalLoadBalancerIp: "203.0.113.3" }, "externalLoadBalancerIp", "the core balances the API itself"),
  byCore({ adopt: true }, "adoptIdentity", "the output `exportedIdentity`, a secret"),
  byCore({ failedCreate: "remove" }, "failedCreate", "the next run goes on from what there is"),
  byMold({ template: "debian-13-containerd" }, "template", "Mold boots its own node template"),
  byMold({ affinity: "required" }, "affinity", "Mold's own Kubernetes service takes affinity groups in another form"),
  byMold({ podCidr: "10.200.0.0/16" }, "podCidr", "Mold sets the pod network itself"),
  byMold({ serviceCidr: "10.112.0.0/16" }, "serviceCidr", "Mold sets the service network itself"),
  byMold({ apiAccess: { cidrList: ["198.51.100.0/24"] } }, "apiAccess", "Mold opens the API to everyone"),
  byMold({ upgrade: { maxUnavailable: 2 } }, "upgrade", "Mold upgrades its clusters in its own way"),
  // Autoscaling
  byMold(workers({ autoscaling: { min: 5, max: 3 } }), "workers.autoscaling.max", "is 3, which is below min (5)"),
  byMold(workers({ autoscaling: { min: 3, max: 3 } }), "workers.autoscaling.max", "nothing to scale between"),
  byMold(workers({ autoscaling: { min: 0, max: 3 } }), "workers.autoscaling.min", "is 0"),
  byMold(workers({ autoscaling: { min: 1 } }), "workers.autoscaling.max", "missing"),
  byMold(workers({ autoscaling: true }), "workers.autoscaling", "must be an object"),
  // Registry
  ...byBoth(registry({ password: undefined }), "privateRegistry.password", "a username goes with a password"),
  byMold({ privateRegistry: { url: "https://r.example.com" } }, "privateRegistry.username", "Mold takes a registry only with a user and a password"),
  ...byBoth(registry({ url: "ftp://r.example.com" }), "privateRegistry.url", "no address of a registry"),
  ...byBoth(registry({ url: "https://u:hush-hush@r.example.com" }), "privateRegistry.url", "user or a password"),
  ...byBoth({ privateRegistry: { username: "u", password: "p" } }, "privateRegistry.url", "missing"),
  // Networks
  byCore({ podCidr: "10.244.1.0/16" }, "podCidr", "host bits set"),
  byCore({ podCidr: "10.244.0.0/25" }, "podCidr", "each node takes a /24"),
  byCore({ serviceCidr: "10.0.0.0/8" }, "serviceCidr", "Kubernetes takes a /12 to a /28"),
  byCore({ serviceCidr: "10.244.128.0/20" }, "serviceCidr", "overlaps podCidr"),
  byCore({ apiAccess: { cidrList: [] } }, "apiAccess.cidrList", "at least one"),
  byMold({ externalLoadBalancerIp: "203.0.113.300", network: "shared" }, "externalLoadBalancerIp", "no IPv4 address"),
  byMold({ externalLoadBalancerIp: "203.0.113.3" }, "externalLoadBalancerIp", "name the shared network that it leads to"),
  // Tags and nodes
  ...byBoth({ tags: { "ablestack-cluster": "x" } }, "tags.ablestack-cluster", "library's own mark"),
  ...byBoth({ tags: { team: 7 } }, "tags.team", "a number, 7"),
  ...byBoth({ nodes: { "Prod Worker 1": { reboot: "x" } } }, 'nodes["Prod Worker 1"]', "is no node name"),
  ...byBoth({ nodes: { "prod-worker-1": { replace: "x".repeat(201) } } }, "nodes.prod-worker-1.replace", "at most 200"),
  ...byBoth({ nodes: { "prod-worker-1": { ofering: "large" } } }, "nodes.prod-worker-1.ofering", 'did you mean "offering"'),
  byCore({ nodes: { "prod-worker-7": { reboot: "x" } } }, 'nodes["prod-worker-7"]', "there will be no node prod-worker-7"),
  byMold({ nodes: { "prod-node-1": { reboot: "x" } } }, 'nodes["prod-node-1"]', "Mold names the machines of its clusters itself"),
];
