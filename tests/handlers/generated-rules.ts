/** Declarations of rules that are right, however odd: generated, for the cluster and the VPC of a RuleWorld. */
import fc from "fast-check";
import { cut } from "../../provider/core/wording";
import { cluster } from "./rule-lives";
import type { Vpc } from "./vpc";

export type Declared = Readonly<Record<string, unknown>>;

const dotted = (address: number): string => [24, 16, 8, 0].map((bits) => (address >>> bits) & 255).join(".");

/** Networks inside of one, each written as Mold takes it. */
const network = (inside: { readonly first: number; readonly prefix: number }): fc.Arbitrary<string> =>
  fc.tuple(fc.integer({ min: inside.prefix, max: 32 }), fc.nat(0xffff_ffff)).map(([prefix, random]) => {
    const own = inside.prefix === 0 ? random : (inside.first | (random >>> inside.prefix)) >>> 0;
    const mask = prefix === 0 ? 0 : (0xffff_ffff << (32 - prefix)) >>> 0;
    return `${dotted((own & mask) >>> 0)}/${prefix}`;
  });
const list = (item: fc.Arbitrary<string>): fc.Arbitrary<string[]> => fc.uniqueArray(item, { minLength: 1, maxLength: 4 });
const anywhere = list(network({ first: 0, prefix: 0 }));
/** Mold takes egress rules for the machines' own addresses alone. */
const ofMachines = list(network({ first: 0x0a010100, prefix: 24 }));

/** Configuration holds texts. */
const asText = <T extends number | boolean>(value: fc.Arbitrary<T>): fc.Arbitrary<T | string> => fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: value.map(String) });
const integer = (min: number, max: number): fc.Arbitrary<number | string> => asText(fc.integer({ min, max }));

/** All that people write: other scripts, quotes, what a URL or a tag's filter is parted at. */
const text = (maxLength: number, breaks = ""): fc.Arbitrary<string> => fc.string({ unit: fc.oneof(fc.constantFrom(...` ,;:=&?%+'"\\/<>{}[]|*가🚀éß${breaks}`), fc.constantFrom(..."abcXYZ019-_")), minLength: 1, maxLength, size: "max" }).map((long) => cut(long, maxLength));
const reserved = /^ablestack-/i;
const common = {
  tags: fc.dictionary(text(20, "\n").filter((key) => !reserved.test(key) && !key.endsWith(" ")), fc.oneof(text(255, "\n"), fc.constant("")), { maxKeys: 4 }),
  adopt: asText(fc.boolean()),
};

/** Not the one that the cluster's own rules are at. */
const apiPort = 6443;
const ports = fc.tuple(fc.integer({ min: 1, max: 65_535 }), fc.option(fc.nat(2000), { nil: undefined })).map(([startPort, more]) => ({ startPort, endPort: more === undefined ? undefined : Math.min(65_535, startPort + more) })).filter(({ startPort, endPort = startPort }) => endPort < apiPort || startPort > apiPort);
const withPorts = (protocols: readonly string[]): fc.Arbitrary<Declared> => fc.tuple(fc.constantFrom(...protocols), ports).map(([protocol, { startPort, endPort }]) => ({ protocol, startPort, ...(endPort === undefined ? {} : { endPort }) }));
const icmp: fc.Arbitrary<Declared> = fc.oneof(
  fc.constant({ protocol: "icmp" }),
  fc.record({ icmpType: fc.integer({ min: -1, max: 255 }) }).map((types) => ({ protocol: "icmp", ...types })),
  fc.record({ icmpType: fc.integer({ min: 0, max: 40 }), icmpCode: fc.integer({ min: -1, max: 16 }) }).map((types) => ({ protocol: "icmp", ...types })),
);
const all = fc.constant({ protocol: "all" });

const rule = (kind: string, what: fc.Arbitrary<Declared>, more: Readonly<Record<string, fc.Arbitrary<unknown>>>, place: Declared = { cluster }): fc.Arbitrary<Declared> =>
  fc.tuple(what, fc.record({ ...common, ...more }, { requiredKeys: [] })).map(([declared, rest]) => ({ ...place, kind, ...declared, ...rest }));

const target = fc.constantFrom({ node: "prod-control-1" }, { node: "prod-worker-2" }, { role: "worker" }, { role: "control-plane" });
const forward = fc.tuple(withPorts(["tcp", "udp"]), target, fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined })).map(([declared, aim, privateStartPort]) => ({
  ...declared,
  target: aim,
  // Mold takes a range only where it starts at the same port on both sides.
  ...(privateStartPort === undefined || "endPort" in declared ? {} : { privateStartPort }),
}));

/** Of each kind of NetworkRule. */
export const networkRules = ({ aclId }: Vpc): Readonly<Record<string, fc.Arbitrary<Declared>>> => ({
  firewall: rule("firewall", fc.oneof(withPorts(["tcp", "udp"]), icmp), { cidrList: anywhere }),
  egress: rule("egress", fc.oneof(withPorts(["tcp", "udp"]), icmp, all), { cidrList: ofMachines, destinationCidrList: anywhere }),
  portForward: rule("portForward", forward, { cidrList: anywhere }),
  acl: rule("acl", fc.oneof(withPorts(["tcp", "udp"]), icmp, all), { cidrList: anywhere, action: fc.constantFrom("allow", "deny"), trafficType: fc.constantFrom("ingress", "egress"), number: integer(1, 65_535) }, { aclId }),
});

const healthCheck = fc.integer({ min: 1, max: 3600 }).chain((interval) =>
  fc.record({ path: text(40).map((path) => `/${path}`), interval: fc.constant(interval), timeout: fc.integer({ min: 1, max: interval }), healthyThreshold: integer(1, 100), unhealthyThreshold: integer(1, 100) }, { requiredKeys: ["interval", "timeout"] }),
);
const parameters = (names: readonly string[]): fc.Arbitrary<Declared> => fc.dictionary(fc.constantFrom(...names), fc.constantFrom("30m", "true", "insert", "SRV", "200k"));
const stickiness = fc.oneof(
  fc.record({ method: fc.constant("SourceBased"), parameters: parameters(["tablesize", "expire"]) }, { requiredKeys: ["method"] }),
  fc.record({ method: fc.constant("LbCookie"), parameters: parameters(["cookie-name", "mode", "nocache"]) }, { requiredKeys: ["method"] }),
);

const condition = fc.record({
  counter: fc.constantFrom("vm.cpu.average.percentage", "VM CPU - average percentage", "vm.memory.average.percentage", "virtual.network.lb.average.connections"),
  operator: fc.constantFrom("GT", "GE", "LT", "LE", "EQ"),
  threshold: integer(0, 1000),
});
const named = ({ counter }: { readonly counter: string }): string => (counter.startsWith("VM CPU") ? "vm.cpu.average.percentage" : counter);
const policies = fc.uniqueArray(
  fc.record({ conditions: fc.uniqueArray(condition, { minLength: 1, maxLength: 3, selector: named }), duration: fc.integer({ min: 60, max: 3600 }), quietTime: integer(0, 86_400) }, { requiredKeys: ["conditions"] }),
  { minLength: 1, maxLength: 3, selector: ({ duration, quietTime, conditions }) => JSON.stringify([duration ?? 60, String(quietTime ?? 300), conditions.map((each) => `${named(each)} ${each.operator} ${each.threshold}`).sort()]) },
);
const machines = fc.record(
  { offering: fc.constantFrom("k8s-2c-2g", "k8s-4c-8g"), template: fc.constant("debian-13-containerd"), rootDiskGb: integer(20, 100), userData: text(200), expungeGracePeriod: integer(0, 86_400) },
  { requiredKeys: ["offering", "template"] },
);
const autoscale = fc.tuple(fc.integer({ min: 1, max: 2 }), fc.nat(2)).chain(([minMembers, more]) =>
  fc.record(
    { enabled: asText(fc.boolean()), minMembers: fc.constant(minMembers), maxMembers: fc.constant(minMembers + more), interval: integer(1, 60), machines, scaleUpPolicies: policies, scaleDownPolicies: policies },
    { requiredKeys: ["minMembers", "maxMembers", "machines", "scaleUpPolicies", "scaleDownPolicies"] },
  ),
);

const members = fc.constantFrom<Declared>({ role: "worker" }, { role: "control-plane" }, { nodes: ["prod-worker-2", "prod-control-1"] }, { nodes: ["prod-worker-1"] });

export const balancers: fc.Arbitrary<Declared> = fc
  .tuple(
    fc.record({ publicPort: integer(1, 6442), privatePort: integer(1, 65_535) }),
    fc.oneof({ weight: 3, arbitrary: members.map((chosen) => ({ members: chosen })) }, { weight: 1, arbitrary: autoscale.map((scaling) => ({ autoscale: scaling })) }),
    fc.record(
      { ...common, name: text(255), description: fc.oneof(text(300), fc.constant("")), algorithm: fc.constantFrom("roundrobin", "leastconn", "source"), protocol: fc.constantFrom("tcp", "tcp-proxy"), cidrList: anywhere, stickiness, healthCheck },
      { requiredKeys: [] },
    ),
  )
  .map(([its, behind, rest]) => ({ name: "ingress", cluster, ...its, ...behind, ...rest }));
