import type { Construct } from "constructs";
import { placeOfRule, type ForCluster } from "./cluster-rule";
import { pathInStack } from "./construct-name";
import type { NetworkRuleArgs as GeneratedArgs } from "./generated/args";
import * as bound from "./generated/network-rule";
import type { MetaArguments } from "./meta-arguments";

export type NetworkRuleArgs = ForCluster<GeneratedArgs> & MetaArguments;

/**
 * One rule: a `firewall` rule lets clients reach a port of a public address, a `portForward` sends a port of it to one machine, an
 * `egress` rule is about what a network lets out, an `acl` rule allows or denies on a tier of a VPC.
 * @example
 * new NetworkRule(this, "https", { cluster, kind: "firewall", protocol: "tcp", startPort: 443 });
 * new NetworkRule(this, "ssh", { cluster, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { role: "control-plane" } });
 * new NetworkRule(this, "dns", { cluster, kind: "egress", protocol: "udp", startPort: 53, destinationCidrList: ["203.0.113.53/32"] });
 * new NetworkRule(this, "block", { aclId, kind: "acl", action: "deny", number: 10, protocol: "all", cidrList: ["198.51.100.0/24"] });
 */
export class NetworkRule extends bound.NetworkRule {
  constructor(scope: Construct, id: string, args: NetworkRuleArgs) {
    const { cluster, connection, ...rest } = args;
    super(scope, id, { ...rest, name: args.name ?? pathInStack(scope, id), ...placeOfRule(args, args.kind) });
  }
}
