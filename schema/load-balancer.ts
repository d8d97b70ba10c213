/** One port of a public address, spread over machines. */
import { connectionName, tags } from "./kubernetes-cluster";
import { clusterUid } from "./network-rule";
import { isRecord, type IntegerProperty, type ListProperty, type ObjectProperty } from "./property";
import type { Resource, Rule } from "./resource";

const seconds = (description: string, value: number): IntegerProperty => ({ type: "integer", description, unit: "seconds", minimum: 1, maximum: 3600, default: value, example: value * 2 });
const times = (description: string, value: number): IntegerProperty => ({ type: "integer", description, minimum: 1, maximum: 100, default: value, example: value + 1 });

const oneKindOfMember: Rule = ({ at, given, isUnknown, fail }) => {
  if (given("autoscale")) {
    if (given("members")) fail("members", "go with machines that are there; Mold makes those of autoscale itself: leave one of the two out");
    return;
  }
  if (!given("members")) {
    fail("members", "is missing; say which machines, or how Mold makes them (autoscale)");
    return;
  }
  if (isUnknown(at("members"))) return;
  const chosen = ["role", "nodes", "machineIds"].filter((name) => given(`members.${name}`));
  if (chosen.length !== 1) fail("members", chosen.length === 0 ? "is empty; give one of role, nodes and machineIds" : `has ${chosen.join(" and ")}; give one of them`);
  for (const name of ["role", "nodes"]) {
    if (given(`members.${name}`) && !given("cluster")) fail("cluster", `is missing; members.${name} is looked up in a cluster: give its uid, or choose by members.machineIds`);
  }
};

const somewhere: Rule = ({ given, fail }) => {
  if (!given("cluster") && !given("ipAddressId")) fail("cluster", "is missing; give the cluster's uid, or the id of a public address as ipAddressId");
};

const healthCheckTimes: Rule = ({ integer, fail }) => {
  const [interval, timeout] = [integer("healthCheck.interval"), integer("healthCheck.timeout")];
  if (interval !== undefined && timeout !== undefined && timeout > interval) fail("healthCheck.timeout", `is ${timeout}, which is longer than the time between two checks (interval ${interval})`);
};

interface ReadPolicy {
  readonly declared: unknown;
  readonly duration?: unknown;
  readonly quietTime?: unknown;
  readonly conditions: readonly { readonly counter?: unknown }[];
}

const list = (value: unknown): unknown[] => (Array.isArray(value) ? value : []);
const record = (value: unknown): Readonly<Record<string, unknown>> => (isRecord(value) ? value : {});

const readPolicies = (value: unknown): ReadPolicy[] => list(value).map((declared) => ({ ...record(declared), declared, conditions: list(record(declared)["conditions"]).map(record) }));

/** The first entry that an earlier one says as well. What is not known says nothing. */
const secondOf = (texts: readonly (string | undefined)[]): number => texts.findIndex((text, index) => text !== undefined && texts.indexOf(text) !== index);

const autoscaleBounds: Rule = ({ integer, at, isUnknown, fail }) => {
  const [min, max] = [integer("autoscale.minMembers"), integer("autoscale.maxMembers")];
  const interval = integer("autoscale.interval");
  for (const direction of ["scaleUpPolicies", "scaleDownPolicies"]) {
    const policies = readPolicies(at(`autoscale.${direction}`));
    policies.forEach(({ duration, conditions }, index) => {
      const path = `autoscale.${direction}[${index}]`;
      if (interval !== undefined && typeof duration === "number" && duration < interval) fail(`${path}.duration`, `is ${duration}, which is shorter than the time between two looks (interval ${interval})`);
      const counters = conditions.map(({ counter }) => (typeof counter === "string" ? counter : undefined));
      const twice = secondOf(counters);
      if (twice >= 0) fail(`${path}.conditions[${twice}].counter`, `is ${counters[twice]!}, which another condition has; Mold takes one condition a counter`);
    });
    const isKnown = (value: unknown): boolean => !isUnknown(value) && (typeof value !== "object" || value === null || Object.values(value).every(isKnown));
    const said = ({ duration, quietTime, conditions }: ReadPolicy): string => JSON.stringify([duration, quietTime, conditions.map((each) => JSON.stringify(Object.entries(each).sort())).sort()]);
    const second = secondOf(policies.map((policy) => (isKnown(policy.declared) ? said(policy) : undefined)));
    if (second >= 0) fail(`autoscale.${direction}[${second}]`, "says the same as another one before it; leave one of them out");
  }
  if (min !== undefined && max !== undefined && min > max) fail("autoscale.maxMembers", `is ${max}, which is below minMembers (${min})`);
};

/** Counters as Mold has them for its routers. */
const counterExample = "vm.cpu.average.percentage";

const scalePolicy: ObjectProperty = {
  type: "object",
  typeName: "ScalePolicy",
  description: "When a machine is added, or removed.",
  properties: {
    conditions: {
      type: "list",
      description: "All of them have to hold. One at most for a counter.",
      required: true,
      minItems: 1,
      items: {
        type: "object",
        typeName: "ScaleCondition",
        description: "A counter against a threshold.",
        properties: {
          counter: { type: "string", description: "Name, value or id of one of Mold's counters for this network's balancer.", required: true, example: counterExample },
          operator: { type: "string", description: "How the counter stands to the threshold.", required: true, enum: ["GT", "GE", "LT", "LE", "EQ"], example: "GT" },
          threshold: { type: "integer", description: "In the counter's unit.", required: true, minimum: 0, maximum: 1_000_000_000, example: 80 },
        },
      },
    },
    duration: seconds("How long the conditions have to hold. Not shorter than `interval`.", 60),
    quietTime: { type: "integer", description: "How long nothing is done after it was.", unit: "seconds", minimum: 0, maximum: 86_400, default: 300, example: 600 },
  },
};

const scalePolicies = (description: string): ListProperty => ({ type: "list", description: `${description} Any one of the policies suffices; their order means nothing.`, required: true, minItems: 1, items: scalePolicy });

const autoscaleExample = {
  minMembers: 2,
  maxMembers: 6,
  machines: { offering: "k8s-2c-2g", template: "debian-13" },
  scaleUpPolicies: [{ conditions: [{ counter: counterExample, operator: "GT", threshold: 80 }] }],
  scaleDownPolicies: [{ conditions: [{ counter: counterExample, operator: "LT", threshold: 20 }] }],
} as const;

export const loadBalancer: Resource = {
  name: "LoadBalancer",
  kind: "resource",
  description: "A balancer rule: one port of a public address, spread over machines. It lets nobody in by itself: a NetworkRule of kind `firewall` does.",
  inputs: {
    connection: connectionName,
    cluster: { ...clusterUid, otherwise: "none; then `ipAddressId` says where" },
    ipAddressId: { type: "string", description: "Id of the public address.", otherwise: "the cluster's", change: "replace", example: "1b6d1c52-9a4b-4a5e-8a4d-2f8b6e0d9c11" },
    networkId: { type: "string", description: "Id of the machines' network, where the address is one of a VPC.", otherwise: "the one that the address belongs to", change: "replace", example: "7c2d5a5e-0b7e-4d6c-9f6d-0d6a4b0d4b7a" },
    name: { type: "string", description: "Name of the rule.", required: true, filledBySdk: "the resource's name", maxLength: 255, format: "no-control-characters", example: "ingress-https" },
    description: { type: "string", description: "What the rule is for.", maxLength: 4000, allowEmpty: true, format: "no-control-characters", otherwise: "none", example: "HTTPS of the shop" },
    publicPort: { type: "integer", description: "Port of the public address. On another one the new rule is there before the old one goes.", required: true, minimum: 1, maximum: 65_535, example: 443 },
    privatePort: { type: "integer", description: "Port on the machines: of an ingress controller, its NodePort.", required: true, minimum: 1, maximum: 65_535, example: 30_443 },
    algorithm: {
      type: "string",
      description: "Which machine takes a connection: each in turn, the one with the fewest, or always the same for one client.",
      enum: ["roundrobin", "leastconn", "source"],
      default: "roundrobin",
      example: "leastconn",
    },
    protocol: {
      type: "string",
      description: "`tcp-proxy` tells the machines the client's address by the PROXY protocol. `udp` and `ssl` depend on the network's offering.",
      enum: ["tcp", "udp", "tcp-proxy", "ssl"],
      default: "tcp",
      example: "tcp-proxy",
    },
    cidrList: {
      type: "list",
      description: "IPv4 networks that the balancer takes connections from.",
      items: { type: "string", description: "An IPv4 network.", format: "cidr" },
      set: true,
      minItems: 1,
      otherwise: "everyone",
      example: ["198.51.100.0/24"],
    },
    members: {
      type: "object",
      typeName: "BalancerMembers",
      description: "The machines: one of `role`, `nodes` and `machineIds`. Chosen by role they follow the cluster as it grows and shrinks; a node that is named is followed by the one that takes its place when it is replaced.",
      otherwise: "must be given, unless Mold makes the machines (`autoscale`)",
      example: { role: "worker" },
      properties: {
        role: { type: "string", description: "Every node of this role, also those to come.", enum: ["control-plane", "worker"], example: "worker" },
        nodes: { type: "list", description: "Names of nodes of the cluster. One that goes without another in its place, by your declaration or by Mold's autoscaler, has to be taken out.", items: { type: "string", description: "Name of a node.", format: "node-name" }, set: true, minItems: 1, example: ["prod-worker-1", "prod-worker-2"] },
        machineIds: { type: "list", description: "Ids of virtual machines, of the cluster or not.", items: { type: "string", description: "Id of a machine." }, set: true, minItems: 1, example: ["c1a2b3c4-0000-4000-8000-000000000001"] },
      },
    },
    stickiness: {
      type: "object",
      typeName: "Stickiness",
      description: "Keeps a client on the machine it first reached.",
      otherwise: "off",
      example: { method: "SourceBased" },
      properties: {
        method: { type: "string", description: "What a client is known by.", required: true, enum: ["LbCookie", "AppCookie", "SourceBased"], example: "LbCookie" },
        parameters: { type: "map", description: "Settings of the method, as Mold names them.", values: { type: "string", description: "The setting's value.", format: "printable" }, keyFormat: "printable", otherwise: "the method's own", example: { holdtime: "30m" } },
      },
    },
    healthCheck: {
      type: "object",
      typeName: "HealthCheck",
      description: "Asks the machines whether they can take connections. Depends on the network's offering.",
      otherwise: "off",
      example: { path: "/healthz" },
      properties: {
        path: { type: "string", description: "What is asked for by HTTP.", format: "printable", default: "/", example: "/healthz" },
        interval: seconds("Time between two checks.", 5),
        timeout: seconds("How long an answer may take.", 2),
        healthyThreshold: times("How many good answers make a machine healthy.", 2),
        unhealthyThreshold: times("How many bad answers make it unhealthy.", 10),
      },
    },
    autoscale: {
      type: "object",
      typeName: "BalancerAutoscale",
      description: "Mold makes the machines behind the rule, and adds and removes some by demand. They are none of a cluster's, and go with the rule. Taken out, it goes with its machines.",
      otherwise: "off",
      example: autoscaleExample,
      properties: {
        enabled: { type: "boolean", description: "Whether Mold adds and removes machines. Off, those that there are stay as they are.", default: true, example: false },
        minMembers: { type: "integer", description: "Never fewer machines than this.", required: true, minimum: 1, maximum: 1000, example: 2 },
        maxMembers: { type: "integer", description: "Never more machines than this.", required: true, minimum: 1, maximum: 1000, example: 6 },
        interval: seconds("Time between two looks at the demand.", 30),
        machines: {
          type: "object",
          typeName: "AutoscaledMachines",
          description: "What the machines are made of.",
          required: true,
          properties: {
            offering: { type: "string", description: "Name or id of their compute offering.", required: true, example: "k8s-2c-2g" },
            template: { type: "string", description: "Name or id of their template.", required: true, example: "debian-13" },
            rootDiskGb: { type: "integer", description: "Size of the root disk.", unit: "GB", minimum: 1, maximum: 65_536, otherwise: "the template's or offering's own", example: 20 },
            sshKeyPair: { type: "string", description: "Name of the SSH key pair that may enter them.", otherwise: "none", example: "ops" },
            userData: { type: "string", description: "cloud-init user data, as it is: Mold gets it in base64.", maxLength: 32_768, otherwise: "none", example: "#cloud-config\npackages: [nginx]\n" },
            expungeGracePeriod: { type: "integer", description: "How long a machine that is to go may finish what it does.", unit: "seconds", minimum: 0, maximum: 86_400, default: 60, example: 120 },
          },
        },
        scaleUpPolicies: scalePolicies("When machines are added."),
        scaleDownPolicies: scalePolicies("When machines are removed."),
      },
    },
    tags: tags("the rule"),
    adopt: {
      type: "boolean",
      description: "Takes over a rule with the same ports that exists already, made by hand or by another program, in place of refusing. What else differs is changed in place.",
      default: false,
      example: true,
    },
  },
  outputs: {
    ruleId: { type: "string", description: "Id of the rule. Another one once its ports have changed.", example: "9f1c0f0a-3b5c-4a39-8d83-5f1f6f8b8f55" },
    ipAddress: { type: "string", description: "The public address.", stable: true, example: "203.0.113.7" },
    memberIds: { type: "list", description: "Ids of the machines behind the rule.", items: { type: "string", description: "Id of a machine." }, set: true },
    state: { type: "string", description: "State of the rule, in Mold's words.", example: "Active" },
  },
  rules: [oneKindOfMember, somewhere, healthCheckTimes, autoscaleBounds],
  example: { cluster: "k3v9x0a2m7qd", publicPort: 443, privatePort: 30_443, members: { role: "worker" } },
};
