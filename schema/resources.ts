/** Every declaration there is, in the order of the reference page. */
import { cluster } from "./cluster";
import { clusterAccess } from "./cluster-access";
import { clusterEndpoint } from "./cluster-endpoint";
import { clusterIdentity } from "./cluster-identity";
import { connection } from "./connection";
import { kubernetesCluster } from "./kubernetes-cluster";
import { loadBalancer } from "./load-balancer";
import { networkRule } from "./network-rule";
import type { Resource, ResourceName } from "./resource";

export const resources: Readonly<Record<ResourceName, Resource>> = {
  Connection: connection,
  KubernetesCluster: kubernetesCluster,
  NetworkRule: networkRule,
  LoadBalancer: loadBalancer,
  ClusterIdentity: clusterIdentity,
  ClusterEndpoint: clusterEndpoint,
  Cluster: cluster,
  ClusterAccess: clusterAccess,
};
