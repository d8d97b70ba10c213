/**
 * What a CDKTF program imports, from `ablestack-kubernetes/cdktf`; a program for CDKTF's continuation (`cdktn`) imports the same from
 * `ablestack-kubernetes/cdktn`.
 */
export { HighlyAvailableCluster } from "./high-availability";
export type {
  FirewallRuleArgs,
  HighlyAvailableClusterArgs,
  HighlyAvailableClusterTransforms,
  IngressArgs,
  IngressPortArgs,
  PortForwardArgs,
  Transform,
} from "./high-availability";
export type { ClusterInput } from "./cluster-rule";
export { KubernetesCluster } from "./kubernetes-cluster";
export type { KubernetesClusterArgs } from "./kubernetes-cluster";
export { LoadBalancer } from "./load-balancer";
export type { LoadBalancerArgs } from "./load-balancer";
export type { ComposedMetaArguments, MetaArguments } from "./meta-arguments";
export { NetworkRule } from "./network-rule";
export type { NetworkRuleArgs } from "./network-rule";
export { ClusterIdentity, type ClusterIdentityConfig } from "./generated/cluster-identity";
export { AblestackProvider, type AblestackProviderConfig, type AblestackProviderConnections } from "./generated/provider";
export { DataAblestackComments, type DataAblestackCommentsConfig } from "./generated/data-ablestack-comments";
export { DataAblestackEvents, type DataAblestackEventsConfig } from "./generated/data-ablestack-events";
export { DataAblestackKubernetesCluster, type DataAblestackKubernetesClusterConfig } from "./generated/data-ablestack-kubernetes-cluster";
export { DataAblestackKubernetesClusters, type DataAblestackKubernetesClustersConfig } from "./generated/data-ablestack-kubernetes-clusters";
export { DataAblestackKubernetesVersions, type DataAblestackKubernetesVersionsConfig } from "./generated/data-ablestack-kubernetes-versions";
export { DataAblestackNetworkRules, type DataAblestackNetworkRulesConfig } from "./generated/data-ablestack-network-rules";
export type {
  AddonsArgs,
  ApiAccessArgs,
  AutoscaledMachinesArgs,
  AutoscalingArgs,
  BalancerAutoscaleArgs,
  BalancerMembersArgs,
  ControlPlaneArgs,
  ForwardTargetArgs,
  HealthCheckArgs,
  NodeOperationArgs,
  PrivateRegistryArgs,
  ScaleConditionArgs,
  ScalePolicyArgs,
  StickinessArgs,
  TimeoutsArgs,
  UpgradeArgs,
  WorkersArgs,
} from "./generated/args";
