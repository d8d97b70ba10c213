import type { Construct } from "constructs";
import { placeOfRule, type ForCluster } from "./cluster-rule";
import { pathInStack } from "./construct-name";
import type { LoadBalancerArgs as GeneratedArgs } from "./generated/args";
import * as bound from "./generated/load-balancer";
import type { MetaArguments } from "./meta-arguments";

export type LoadBalancerArgs = ForCluster<GeneratedArgs> & MetaArguments;

/**
 * A balancer rule: one port of a public address, spread over machines. It lets nobody in by itself: a NetworkRule of kind `firewall` does.
 * @example
 * new LoadBalancer(this, "https", { cluster, publicPort: 443, privatePort: 30443, members: { role: "worker" } });
 */
export class LoadBalancer extends bound.LoadBalancer {
  constructor(scope: Construct, id: string, args: LoadBalancerArgs) {
    const { cluster, connection, ...rest } = args;
    super(scope, id, { ...rest, name: args.name ?? pathInStack(scope, id), ...placeOfRule(args) });
  }
}
