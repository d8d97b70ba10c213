/** What a rule takes from the cluster that it is for. */
import * as pulumi from "@pulumi/pulumi";
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

/** Which of the cluster's places a rule of a kind lies at. */
const placeOf = (kind: string): "ipAddressId" | "networkId" => (kind === "egress" || kind === "acl" ? "networkId" : "ipAddressId");

/** Inputs and options with what the cluster gives filled in. @param kind of a NetworkRule; others lie at the address */
export function ruleOf(args: RuleArgs, opts: pulumi.CustomResourceOptions = {}, kind: pulumi.Input<string> = "firewall"): { inputs: Readonly<Record<string, unknown>>; opts: pulumi.CustomResourceOptions } {
  const { cluster } = args;
  if (!(cluster instanceof KubernetesCluster)) return { inputs: { ...args }, opts };
  const at = (place: "ipAddressId" | "networkId", id: pulumi.Output<string>): pulumi.Input<string | undefined> =>
    typeof kind === "string" ? (placeOf(kind) === place ? id : undefined) : pulumi.all([kind, id]).apply(([known, value]) => (placeOf(known) === place ? value : undefined));
  // A list that is named is the place by itself.
  const networkId = args.networkId ?? (args.aclId === undefined ? at("networkId", cluster.networkId) : undefined);
  const inputs = { ...args, cluster: cluster.uid, connection: args.connection ?? cluster.connection, ipAddressId: args.ipAddressId ?? at("ipAddressId", cluster.publicIpAddressId), ...(networkId === undefined ? {} : { networkId }) };
  return { inputs, opts: pulumi.mergeOptions(opts, { dependsOn: cluster }) };
}
