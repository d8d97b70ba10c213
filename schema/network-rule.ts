/** One rule of a network: at its public address (firewall, port forward), or where its machines go out or in (egress, acl). */
import { connectionName, tags } from "./kubernetes-cluster";
import { networkRuleCompletion, networkRuleRules } from "./network-rule-rules";
import type { IntegerProperty, Properties } from "./property";
import type { Resource } from "./resource";

const port = (description: string, more: Partial<IntegerProperty>): IntegerProperty => ({ type: "integer", description, minimum: 1, maximum: 65_535, ...more });

/** Another place, or another thing altogether. Whatever else Mold can't change on a rule, the core makes anew before the old one goes. */
const fixed = { change: "replace" } as const;

export const clusterUid: Properties[string] = {
  type: "string",
  description: "The cluster that the rule is for: its `uid`. Gives the address, the network and the nodes to aim at.",
  format: "uid",
  change: "replace",
  example: "k3v9x0a2m7qd",
};

export const networkRule: Resource = {
  name: "NetworkRule",
  kind: "resource",
  description: "One rule of a network: `firewall` lets clients reach a port of a public address, `portForward` sends a port of it to one machine; `egress` and `acl` rule what goes out and in.",
  inputs: {
    connection: connectionName,
    cluster: { ...clusterUid, otherwise: "none; then `ipAddressId` says where" },
    kind: {
      type: "string",
      description:
        "What the rule does. An `egress` rule lets out what the network's offering holds back; with an offering that lets everything out by default, it holds that back.",
      required: true,
      enum: ["firewall", "portForward", "egress", "acl"],
      ...fixed,
      example: "firewall",
    },
    ipAddressId: { type: "string", description: "Id of the public address.", otherwise: "the cluster's", ...fixed, example: "1b6d1c52-9a4b-4a5e-8a4d-2f8b6e0d9c11" },
    networkId: { type: "string", description: "Id of the network, where it is not the cluster's.", otherwise: "the cluster's", ...fixed, example: "7c2d5a5e-0b7e-4d6c-9f6d-0d6a4b0d4b7a" },
    aclId: { type: "string", description: "Id of the access list that an `acl` rule joins.", otherwise: "the network's own list", ...fixed, example: "e0c1b5d4-3f57-4f0e-8f2a-1f0d3a9b7c55" },
    protocol: { type: "string", description: "`tcp` and `udp` need ports, `icmp` may have a type and a code, `all` has neither.", required: true, enum: ["tcp", "udp", "icmp", "all"], example: "tcp" },
    startPort: port("First port (of the public address).", { otherwise: "must be given with tcp and udp", example: 80 }),
    endPort: port("Last port (of the public address).", { otherwise: "`startPort`", example: 443 }),
    icmpType: { type: "integer", description: "ICMP type; -1 is every one.", minimum: -1, maximum: 255, otherwise: "-1 with icmp", example: 8 },
    icmpCode: { type: "integer", description: "ICMP code, of a type; -1 is every one.", minimum: -1, maximum: 16, otherwise: "-1 with icmp", example: 0 },
    cidrList: {
      type: "list",
      description: "IPv4 networks that the rule is for: where from, with egress those of the machines, with an `acl` rule of traffic type egress where to.",
      items: { type: "string", description: "An IPv4 network.", format: "cidr" },
      set: true,
      minItems: 1,
      otherwise: "everyone: `0.0.0.0/0`, filled in except for portForward",
      example: ["198.51.100.0/24"],
    },
    destinationCidrList: {
      type: "list",
      description: "IPv4 networks that an `egress` rule is about: where to.",
      items: { type: "string", description: "An IPv4 network.", format: "cidr" },
      set: true,
      minItems: 1,
      otherwise: "anywhere",
      example: ["203.0.113.0/24"],
    },
    privateStartPort: port("First port on the machine (portForward).", { otherwise: "`startPort`", example: 22 }),
    privateEndPort: port("Last port on the machine (portForward).", { otherwise: "as many ports on as there are public ones", example: 22 }),
    target: {
      type: "object",
      typeName: "ForwardTarget",
      description: "The machine that a portForward goes to: one of `node`, `role` and `machineId`.",
      otherwise: "must be given with portForward",
      example: { node: "prod-control-1" },
      properties: {
        node: { type: "string", description: "Name of a node of the cluster. When it is replaced, the rule goes to the one that takes its place; should it go without one, by your declaration or by Mold's autoscaler, another has to be named.", format: "node-name", example: "prod-control-1" },
        role: { type: "string", description: "The first node of this role.", enum: ["control-plane", "worker"], example: "control-plane" },
        machineId: { type: "string", description: "Id of a virtual machine, of the cluster or not.", example: "c1a2b3c4-0000-4000-8000-000000000001" },
      },
    },
    action: { type: "string", description: "What an `acl` rule does.", enum: ["allow", "deny"], otherwise: "`allow` with acl", example: "deny" },
    number: { type: "integer", description: "Place of an `acl` rule in its list; lower ones are asked first.", minimum: 1, maximum: 65_535, otherwise: "after the last", example: 10 },
    trafficType: { type: "string", description: "Direction that an `acl` rule is for.", enum: ["ingress", "egress"], otherwise: "`ingress` with acl", example: "egress" },
    tags: tags("the rule"),
    adopt: {
      type: "boolean",
      description: "Takes over an equal rule that exists already, made by hand or by another program, in place of refusing.",
      default: false,
      example: true,
    },
  },
  outputs: {
    ruleId: { type: "string", description: "Id of the rule. Another one once the rule had to be made anew.", example: "9f1c0f0a-3b5c-4a39-8d83-5f1f6f8b8f55" },
    ipAddress: { type: "string", description: "The public address (not with egress and acl).", required: false, stable: true, example: "203.0.113.7" },
    state: { type: "string", description: "State of the rule, in Mold's words.", example: "Active" },
  },
  rules: networkRuleRules,
  completion: networkRuleCompletion,
  example: { cluster: "k3v9x0a2m7qd", kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node: "prod-control-1" } },
};
