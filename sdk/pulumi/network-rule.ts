import type * as pulumi from "@pulumi/pulumi";
import type { NetworkRuleArgs as GeneratedArgs } from "../../schema/generated/pulumi-args";
import type { NetworkRuleOutputs } from "../../schema/generated/types";
import type { ForCluster } from "./cluster-rule";
import { ruleOf } from "./cluster-rule";
import { DynamicResource } from "./dynamic-resource";
import type { OutputsOf } from "./outputs";

export type NetworkRuleArgs = ForCluster<GeneratedArgs>;

export const networkRuleOutputs = ["ruleId", "ipAddress", "state"] as const satisfies readonly (keyof NetworkRuleOutputs)[];

/**
 * One rule: a `firewall` rule lets clients reach a port of a public address, a `portForward` sends a port of it to one machine, an
 * `egress` rule is about what a network lets out, an `acl` rule allows or denies on a tier of a VPC.
 * @example
 * new NetworkRule("https", { cluster, kind: "firewall", protocol: "tcp", startPort: 443 });
 * new NetworkRule("ssh", { cluster, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { role: "control-plane" } });
 * new NetworkRule("dns", { cluster, kind: "egress", protocol: "udp", startPort: 53, destinationCidrList: ["203.0.113.53/32"] });
 * new NetworkRule("block", { aclId, kind: "acl", action: "deny", number: 10, protocol: "all", cidrList: ["198.51.100.0/24"] });
 */
export class NetworkRule extends DynamicResource implements OutputsOf<NetworkRuleOutputs> {
  declare readonly ruleId: pulumi.Output<string>;
  declare readonly ipAddress: pulumi.Output<string | undefined>;
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: NetworkRuleArgs, opts?: pulumi.CustomResourceOptions) {
    const rule = ruleOf(args, opts, args.kind);
    super(name, { kind: "NetworkRule", inputs: rule.inputs, outputs: networkRuleOutputs }, rule.opts);
  }
}
