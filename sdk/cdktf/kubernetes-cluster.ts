import { Token } from "cdktf";
import type { Construct } from "constructs";
import type { KubernetesClusterArgs as GeneratedArgs } from "./generated/args";
import { ClusterIdentity } from "./generated/cluster-identity";
import * as bound from "./generated/kubernetes-cluster";
import type { ComposedMetaArguments } from "./meta-arguments";

export type KubernetesClusterArgs = GeneratedArgs & ComposedMetaArguments;

/**
 * A highly available Kubernetes cluster on ABLESTACK (Mold): control planes and workers on one network, behind one address.
 *
 * It owns its machines and, unless one is given, its network; its public address, the balancer rule and the firewall rule of its API,
 * and its anti-affinity group. What never changes in its life is a resource of its own beside it, `<id>-identity`, which is in the state
 * before the first machine is asked for: so a run that was killed is continued by the next. `kubeconfig` and `endpoint` stay known and
 * unchanged in the plan of whatever changes in place.
 *
 * @example
 * const cluster = new KubernetesCluster(this, "prod", {
 *   zone: "zone-1", version: "1.35", template: "debian-13-containerd",
 *   controlPlane: { offering: "k8s-4c-8g" }, workers: { count: 3, offering: "k8s-8c-16g" },
 * });
 * new TerraformOutput(this, "kubeconfig", { value: cluster.kubeconfig, sensitive: true });
 */
export class KubernetesCluster extends bound.KubernetesCluster {
  /** What never changes in its life. As one text, a secret, it is the cluster's `exportedIdentity`: for `adoptIdentity` of whoever is to declare the cluster from then on. */
  readonly clusterIdentity: ClusterIdentity;

  constructor(scope: Construct, id: string, args: KubernetesClusterArgs) {
    super(scope, id, configOf(scope, id, args));
    this.clusterIdentity = scope.node.findChild(identityOf(id)) as ClusterIdentity;
  }
}

const identityOf = (id: string): string => `${id}-identity`;

/** What Terraform is told, with the identity made: it has to be there before the cluster that it goes into. */
function configOf(scope: Construct, id: string, { connection: connectionName, nodes: nodeOperations, adoptIdentity, name = id, ...args }: KubernetesClusterArgs): bound.KubernetesClusterConfig {
  const { zone, network, management, adopt, adoptId, provider, lifecycle } = args;
  // Of the rest of `lifecycle`, what names attributes names the cluster's.
  const kept = lifecycle?.preventDestroy === undefined ? undefined : { preventDestroy: lifecycle.preventDestroy };
  const made = new ClusterIdentity(scope, identityOf(id), { name, zone, network, management, adopt, adoptId, adoptIdentity, connectionName, provider, lifecycle: kept });
  // All of it, as `ablestack_cluster_identity.<id>` is written in HCL.
  const identity = Token.asAny(made.fqn) as unknown as bound.KubernetesClusterIdentity;
  return { ...args, name, connectionName, nodeOperations, identity };
}
