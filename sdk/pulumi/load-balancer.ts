import type * as pulumi from "@pulumi/pulumi";
import type { LoadBalancerArgs as GeneratedArgs } from "../../schema/generated/pulumi-args";
import type { LoadBalancerOutputs } from "../../schema/generated/types";
import type { ForCluster } from "./cluster-rule";
import { ruleOf } from "./cluster-rule";
import { DynamicResource } from "./dynamic-resource";
import type { OutputsOf } from "./outputs";

export type LoadBalancerArgs = ForCluster<GeneratedArgs>;

export const loadBalancerOutputs = ["ruleId", "ipAddress", "memberIds", "state"] as const satisfies readonly (keyof LoadBalancerOutputs)[];

/**
 * A balancer rule: one port of a public address, spread over machines. It lets nobody in by itself: a NetworkRule of kind `firewall` does.
 * @example
 * new LoadBalancer("https", { cluster, publicPort: 443, privatePort: 30443, members: { role: "worker" } });
 */
export class LoadBalancer extends DynamicResource implements OutputsOf<LoadBalancerOutputs> {
  declare readonly ruleId: pulumi.Output<string>;
  declare readonly ipAddress: pulumi.Output<LoadBalancerOutputs["ipAddress"]>;
  declare readonly memberIds: pulumi.Output<LoadBalancerOutputs["memberIds"]>;
  declare readonly state: pulumi.Output<string>;

  constructor(name: string, args: LoadBalancerArgs, opts?: pulumi.CustomResourceOptions) {
    const rule = ruleOf(args, opts);
    super(name, { kind: "LoadBalancer", inputs: { ...rule.inputs, name: args.name ?? name }, outputs: loadBalancerOutputs }, rule.opts);
  }
}
