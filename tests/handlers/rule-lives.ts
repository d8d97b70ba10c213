/** What is swept of rules: each kind made, changed and deleted; among the changes those that make a rule anew, with a gap and without. */
import { rowsOnly } from "../../provider/emulator";
import type { Run } from "../core/world/cloud";
import { declaration, sharedIdentity } from "../core/world/cluster";
import { MadeCluster, type Opened } from "../core/world/made";
import { DeclaredRule } from "./rules";
import { makeVpc, type Vpc } from "./vpc";

export const cluster = "k3x9abcdef01";

/** A cluster on a network whose balancer has everything, and a VPC beside it. */
export class RuleWorld {
  private constructor(
    private readonly made: MadeCluster,
    readonly vpc: Vpc,
  ) {}

  static async make(): Promise<RuleWorld> {
    await sharedIdentity();
    let vpc: Vpc | undefined;
    const made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2, networkOffering: "IsolatedNetworkOfferingWithBalancerAppliance" }), { prepare: async (cloud) => void (vpc = await makeVpc({ cloud })) });
    return new RuleWorld(made, vpc!);
  }

  /** What the machines do inside has no part in it. */
  open(): Opened {
    return this.made.open({ hypervisor: rowsOnly });
  }

  rule(subject: RuleSubject): DeclaredRule {
    return subject.declared(this.vpc);
  }

  close(): void {
    this.made.close();
  }
}

export interface RuleSubject {
  readonly declared: (vpc: Vpc) => DeclaredRule;
  readonly change: Readonly<Record<string, unknown>>;
  /** Only its change differs from another subject's. */
  readonly updateAlone?: true;
}

const firewall = (): DeclaredRule => DeclaredRule.networkRule("web", { cluster, kind: "firewall", protocol: "tcp", startPort: 443, tags: { team: "shop", tier: "front" } });
const egress = (): DeclaredRule => DeclaredRule.networkRule("out", { cluster, kind: "egress", protocol: "tcp", startPort: 443, destinationCidrList: ["203.0.113.0/24"] });
const forward = (): DeclaredRule => DeclaredRule.networkRule("ssh", { cluster, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-control-1" }, tags: { team: "shop" } });
const acl = ({ aclId }: Vpc): DeclaredRule => DeclaredRule.networkRule("web", { aclId, kind: "acl", protocol: "tcp", startPort: 443, number: 10, tags: { team: "shop" } });
const balancer = (): DeclaredRule => DeclaredRule.loadBalancer("ingress", { cluster, publicPort: 80, privatePort: 30080, members: { role: "worker" }, stickiness: { method: "SourceBased" }, healthCheck: {}, tags: { team: "shop" } });

const cpu = (operator: string, threshold: number): object => ({ conditions: [{ counter: "vm.cpu.average.percentage", operator, threshold }] });
const scaling = (more: object = {}): object => ({ minMembers: 1, maxMembers: 3, machines: { offering: "k8s-2c-2g", template: "debian-13-containerd" }, scaleUpPolicies: [cpu("GT", 80)], scaleDownPolicies: [cpu("LT", 20)], ...more });
const autoscaled = (scaleUpPolicies: object[] = [cpu("GT", 80)]): DeclaredRule => DeclaredRule.loadBalancer("ingress", { cluster, publicPort: 80, privatePort: 8080, autoscale: scaling({ scaleUpPolicies }) });

export const subjects: Readonly<Record<string, RuleSubject>> = {
  firewall: { declared: firewall, change: { tags: { team: "payments" } } },
  "firewall, made anew without a gap": { declared: firewall, change: { cidrList: ["127.0.0.0/8"] }, updateAlone: true },
  "firewall, made anew with a gap": { declared: firewall, change: { endPort: 450 }, updateAlone: true },
  egress: { declared: egress, change: { destinationCidrList: ["198.51.100.0/24"], tags: { team: "payments" } } },
  "egress, made anew with a gap": { declared: egress, change: { endPort: 450 }, updateAlone: true },
  portForward: { declared: forward, change: { target: { node: "prod-worker-1" }, tags: { team: "payments", note: "x" } } },
  "portForward, made anew without a gap": { declared: forward, change: { startPort: 2223 }, updateAlone: true },
  acl: { declared: acl, change: { action: "deny", number: 20, protocol: "icmp", startPort: undefined, endPort: undefined, tags: { team: "payments" } } },
  balancer: {
    declared: balancer,
    change: { members: { nodes: ["prod-worker-1"] }, algorithm: "source", protocol: "tcp-proxy", description: "new", stickiness: { method: "LbCookie", parameters: { mode: "insert" } }, healthCheck: { path: "/healthz" }, tags: { team: "payments" } },
  },
  "balancer, autoscaled": {
    declared: () => autoscaled(),
    change: { autoscale: scaling({ minMembers: 2, scaleUpPolicies: [cpu("GT", 90)], machines: { offering: "k8s-4c-8g", template: "debian-13-containerd" } }) },
  },
  "balancer, autoscaled by other policies": {
    declared: () => autoscaled(),
    // The one that is there is kept, the other direction's is changed, and two go into the group.
    change: { autoscale: scaling({ interval: 20, scaleUpPolicies: [cpu("GT", 95), cpu("GT", 80), { ...cpu("GT", 60), duration: 600 }], scaleDownPolicies: [{ ...cpu("LT", 10), duration: 20 }] }) },
    updateAlone: true,
  },
  "balancer, autoscaled by fewer policies": {
    declared: () => autoscaled([cpu("GT", 80), { ...cpu("GT", 60), duration: 600 }]),
    change: { autoscale: scaling({ scaleUpPolicies: [{ ...cpu("GT", 60), duration: 900 }], interval: 600, scaleDownPolicies: [{ ...cpu("LT", 20), duration: 600 }] }) },
    updateAlone: true,
  },
  "balancer, no longer autoscaled": { declared: () => autoscaled(), change: { autoscale: undefined, members: { role: "worker" } }, updateAlone: true },
  "balancer, without its policies": { declared: balancer, change: { stickiness: undefined, healthCheck: undefined }, updateAlone: true },
  "balancer, made anew with a gap": { declared: balancer, change: { privatePort: 31080 }, updateAlone: true },
  "balancer, made anew without a gap": { declared: balancer, change: { publicPort: 8080 }, updateAlone: true },
};

export interface Operation {
  readonly before?: (world: Opened, rule: DeclaredRule) => Promise<void>;
  readonly work: (rule: DeclaredRule, run: Run) => Promise<void>;
}

const operations = (change: Readonly<Record<string, unknown>>): Readonly<Record<string, Operation>> => ({
  create: { work: (rule, run) => rule.up(run) },
  update: {
    before: async ({ cloud }, rule) => {
      await cloud.clock.run(rule.up(cloud.newRun()));
      rule.declare(change);
    },
    work: (rule, run) => rule.up(run),
  },
  delete: {
    before: ({ cloud }, rule) => cloud.clock.run(rule.up(cloud.newRun())),
    work: async (rule, run) => (rule.recorded ? rule.destroy(run) : undefined),
  },
});

/** Every subject with every operation that it has to itself. */
export const lives: readonly (readonly [string, string, RuleSubject, Operation])[] = Object.entries(subjects).flatMap(([about, subject]) =>
  Object.entries(operations(subject.change)).flatMap(([name, operation]) => (subject.updateAlone && name !== "update" ? [] : [[about, name, subject, operation] as const])),
);

export interface Begun {
  readonly world: Opened;
  readonly rule: DeclaredRule;
}

export async function begin(ruleWorld: RuleWorld, subject: RuleSubject, { before }: Operation): Promise<Begun> {
  const world = ruleWorld.open();
  const rule = ruleWorld.rule(subject);
  await before?.(world, rule);
  return { world, rule };
}

export const startsJob = (command: string): boolean => /^(create|delete|update|assign|remove)/.test(command);
