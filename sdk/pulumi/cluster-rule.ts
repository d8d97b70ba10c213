/** What a rule takes from the cluster that it is for. */
import * as pulumi from "@pulumi/pulumi";
import { placeOf, ruleOfCluster } from "../topology/rule-place";
import { KubernetesCluster } from "./kubernetes-cluster";

/** The cluster itself, or the `uid` of one that another program made. */
export type ClusterInput = KubernetesCluster | pulumi.Input<string>;

/** Arguments of a rule as generated, with the cluster itself in place of its uid. */
export type ForCluster<Args extends { readonly cluster?: pulumi.Input<string> }> = Omit<Args, "cluster"> & {
  /**
   * The cluster that the rule is for, or its `uid`. Gives the address, the network and the nodes to aim at; with the cluster itself also
   * the connection, and the rule is made after it.
   * A change replaces the resource.
   * @default none; then `ipAddressId` says where
   */
  readonly cluster?: ClusterInput;
};

interface RuleArgs {
  readonly cluster?: ClusterInput;
  readonly connection?: pulumi.Input<string>;
  readonly ipAddressId?: pulumi.Input<string>;
  readonly networkId?: pulumi.Input<string>;
  readonly aclId?: pulumi.Input<string>;
}

/** Inputs and options with what the cluster gives filled in. @param kind of a NetworkRule; others lie at the address */
export function ruleOf(args: RuleArgs, opts: pulumi.CustomResourceOptions = {}, kind: pulumi.Input<string> = "firewall"): { inputs: Readonly<Record<string, unknown>>; opts: pulumi.CustomResourceOptions } {
  const { cluster } = args;
  if (!(cluster instanceof KubernetesCluster)) return { inputs: { ...args }, opts };
  const { uid, connection, networkId, publicIpAddressId } = cluster;
  const inputs = ruleOfCluster(args, { uid, connection, networkId, publicIpAddressId }, (place, id) =>
    typeof kind === "string" ? (placeOf(kind) === place ? id : undefined) : pulumi.all([kind, id]).apply(([known, value]) => (placeOf(known) === place ? value : undefined)),
  );
  return { inputs, opts: pulumi.mergeOptions(opts, { dependsOn: cluster }) };
}
