/**
 * At a preview any part of a declaration may follow from something that is still to be made. Whatever it is, the provider checks and compares the
 * rest: it never fails, never refuses what would be right, replaces only what another value replaces, and shows no stand-in of a value.
 */
import { handlerOf, type Kind } from "../../provider/adapters/pulumi-dynamic/kinds";
import { Provider, type Results } from "../../provider/adapters/pulumi-dynamic/provider";
import { toRecord } from "../../provider/adapters/pulumi-dynamic/recorded";
import { createSession } from "../../provider/handlers/session";
import type { Properties } from "../../schema/property";
import { resources } from "../../schema/resources";
import { Cloud } from "../core/world/cloud";
import { byHand, changing } from "../core/world/made";
import { sharedIdentity } from "../core/world/cluster";
import { eachUnknown } from "./world/unknown-parts";

jest.setTimeout(120_000);

const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";
const declaredBy = { owner: "pulumi:acme/shop/dev", resource: "prod" };
const uid = "k3x9abcdef01";

type Values = Readonly<Record<string, unknown>>;

const machines = { controlPlane: { count: 3, offering: "k8s-2c-4g", rootDiskGb: 50 }, workers: { count: 2, offering: "k8s-4c-8g", rootDiskGb: 50 } };
const place = { name: "prod", zone: "zone-1", connection: "seoul", network: "apps" };
const ofCore: Values = {
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
const ofMold: Values = {
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
const firewall: Values = { ...at, kind: "firewall", ipAddressId: "address-1", protocol: "tcp", startPort: 443, endPort: 450, cidrList: ["198.51.100.0/24", "192.0.2.0/24"] };
const balancer: Values = {
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
const autoscale = {
  enabled: true, minMembers: 1, maxMembers: 3, interval: 30,
  machines: { offering: "k8s-2c-2g", template: "debian-13-containerd", rootDiskGb: 20, sshKeyPair: "ops", userData: "#cloud-config\n", expungeGracePeriod: 60 },
  scaleUpPolicies: policies, scaleDownPolicies: policies,
};
const endpoint = { networkId: "network-1", networkName: "prod", networkOwned: true, networkCidr: "10.1.1.0/24", publicIpAddressId: "address-1", publicIpAddress: "203.0.113.7", zoneId: "zone", zoneName: "zone-1", endpoint: "https://203.0.113.7:6443" };

/** What is declared of each, all that goes together. */
const declarations: readonly (readonly [about: string, kind: Kind, Values])[] = [
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

/** As the engine runs it: one process, a connection to Mold by name. */
class Engine {
  readonly printed: string[] = [];
  private readonly run;
  private readonly provider: Provider;

  constructor(
    private readonly cloud: Cloud,
    private readonly kind: Kind,
  ) {
    this.run = cloud.newRun();
    const keys = { apiUrl: "http://127.0.0.1:8080/client/api", apiKey: "admin-key", secretKey: "admin-secret" };
    const session = createSession({
      config: (key) => (key === "ablestack:connections" ? JSON.stringify({ seoul: keys, "in-cluster": keys }) : undefined),
      env: {},
      log: { debug: () => undefined, info: () => undefined, warn: () => undefined },
      signal: new AbortController().signal,
      clock: cloud.clock,
      createMold: () => this.run.world(declaredBy).mold,
    });
    this.provider = new Provider(session, (line) => this.printed.push(line));
  }

  check(news: Values, olds: Values = {}): Promise<Results["check"]> {
    return this.cloud.clock.run(this.provider.check(handlerOf(this.kind), olds, { ...news, declaredBy }));
  }

  diff(recorded: Values, news: Values): Promise<Results["diff"]> {
    return this.cloud.clock.run(this.provider.diff(handlerOf(this.kind), "id/generation", recorded, news));
  }

  get changed(): string[] {
    return changing(this.run);
  }
}

const standIn = /undefined|\bnull\b|\bNaN\b|\[object|Symbol\(|ablestack-kubernetes\.unknown|04da6b54/;

let cloud: Cloud;
beforeAll(async () => {
  cloud = new Cloud();
  const mold = byHand(cloud);
  const [zone] = await mold.list("listZones", { name: "zone-1" });
  const [offering] = await mold.list("listNetworkOfferings", { name: "DefaultNetworkOfferingforKubernetesService" });
  await mold.call("createSSHKeyPair", { name: "ops" });
  await mold.call("createNetwork", { name: "apps", displaytext: "apps", zoneid: zone!.id!, networkofferingid: offering!.id! });
});

/** The keys of a cluster, which its machines' part takes in. */
const whole = async (kind: Kind, declared: Values): Promise<Values> => (kind === "Cluster" ? { ...declared, identity: await sharedIdentity() } : declared);

test.each(declarations)("%s, all of it known, is right", async (_about, kind, declared) => {
  const { failures } = await new Engine(cloud, kind).check(await whole(kind, declared));
  expect(failures).toEqual([]);
});

/** The declaration that each is checked by: a cluster's identity stands for all of it. */
const propertiesOf = (kind: Kind): Properties => resources[kind === "ClusterIdentity" ? "KubernetesCluster" : kind].inputs;

/** What never changes in a cluster's life stays as it is, and known, until it is another cluster's. */
const isFixed = (kind: Kind): boolean => kind === "ClusterIdentity" || kind === "ClusterEndpoint" || kind === "ClusterAccess";

test.each(declarations)("%s, of which one part isn't known", async (_about, kind, declared) => {
  const given = await whole(kind, declared);
  const { inputs: known } = await new Engine(cloud, kind).check(given);
  const recorded = toRecord(known, { size: 1 });
  const wrong: string[] = [];
  for (const { path, isGiven, replaces, value } of eachUnknown(propertiesOf(kind), given, marker)) {
    for (const olds of [undefined, known]) {
      const engine = new Engine(cloud, kind);
      const say = (what: string): void => void wrong.push(`${path}${olds ? ", of what is there" : ""}: ${what}`);
      try {
        const { inputs, failures } = await engine.check(value, olds);
        const reasons = failures.map(({ reason }) => reason);
        if (isGiven && failures.length > 0) say(`refused: ${reasons.join("; ")}`);
        if (olds && failures.length === 0) {
          const { changes, replaces: replaced } = await engine.diff(recorded, inputs);
          if (changes !== (replaces || !isFixed(kind))) say(`${changes ? "a" : "no"} change`);
          if (JSON.stringify(replaced) !== JSON.stringify(replaces ? [/^\w+/.exec(path)![0]] : [])) say(`replaces ${JSON.stringify(replaced)}`);
        }
        for (const text of [...reasons, ...engine.printed]) if (standIn.test(text)) say(`says ${text}`);
      } catch (error) {
        say(`failed: ${(error as Error).stack?.split("\n").slice(0, 3).join("")}`);
      }
      if (engine.changed.length > 0) say(`changed something: ${engine.changed.join()}`);
    }
  }
  expect(wrong).toEqual([]);
});
