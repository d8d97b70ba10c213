/** What a rule takes from the cluster that it is for. */
import { Token } from "cdktf";
import { placeOf, ruleOfCluster, type RulePlace } from "../topology/rule-place";
import { KubernetesCluster } from "./kubernetes-cluster";

/** The cluster itself, or the `uid` of one that another program made. */
export type ClusterInput = KubernetesCluster | string;

/** Arguments of a rule as generated, with the cluster itself in place of its uid. */
export type ForCluster<Args extends { readonly cluster?: string }> = Omit<Args, "cluster"> & {
  /**
   * The cluster that the rule is for, or its `uid`. Gives the address, the network and the nodes to aim at; with the cluster itself also
   * the connection, and the rule is made after it.
   * A change replaces the resource.
   * @default none; then `ipAddressId` says where
   */
  readonly cluster?: ClusterInput;
};

/** What a rule's binding takes of its place. */
interface BoundPlace {
  readonly cluster?: string;
  readonly connectionName?: string;
  readonly ipAddressId?: string;
  readonly networkId?: string;
}

/** The place of a rule, with what the cluster gives filled in. @param kind of a NetworkRule; others lie at the address */
export function placeOfRule({ cluster, ...own }: RulePlace & { readonly cluster?: ClusterInput }, kind = "firewall"): BoundPlace {
  if (!(cluster instanceof KubernetesCluster)) return bound({ ...own, cluster });
  const { uid, connectionNameInput: connection, networkId, publicIpAddressId } = cluster;
  // Where the kind is known to Terraform alone, the provider looks the place up by the cluster's uid.
  return bound(ruleOfCluster(own, { uid, connection, networkId, publicIpAddressId }, (place, id) => (!Token.isUnresolved(kind) && placeOf(kind) === place ? id : undefined)));
}

const bound = ({ cluster, connection, ipAddressId, networkId }: Readonly<Record<string, unknown>>): BoundPlace => ({ cluster, connectionName: connection, ipAddressId, networkId }) as BoundPlace;
