/** What a Pulumi program imports. */
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
export {
  getComments,
  getCommentsOutput,
  getNetworkRules,
  getNetworkRulesOutput,
  getEvents,
  getEventsOutput,
  getKubernetesCluster,
  getKubernetesClusterOutput,
  getKubernetesClusters,
  getKubernetesClustersOutput,
  getKubernetesVersions,
  getKubernetesVersionsOutput,
} from "./data-sources";
export { KubernetesCluster } from "./kubernetes-cluster";
export { LoadBalancer } from "./load-balancer";
export type { LoadBalancerArgs } from "./load-balancer";
export { NetworkRule } from "./network-rule";
export type { NetworkRuleArgs } from "./network-rule";
export type { ConnectionConfig } from "./connection";
export type { OutputsOf } from "./outputs";
export type {
  AddonsArgs,
  ApiAccessArgs,
  AutoscaledMachinesArgs,
  AutoscalingArgs,
  BalancerAutoscaleArgs,
  BalancerMembersArgs,
  ControlPlaneArgs,
  ForwardTargetArgs,
  GetCommentsOutputArgs,
  GetEventsOutputArgs,
  GetKubernetesClusterOutputArgs,
  GetKubernetesClustersOutputArgs,
  GetKubernetesVersionsOutputArgs,
  GetNetworkRulesOutputArgs,
  HealthCheckArgs,
  KubernetesClusterArgs,
  NodeOperationArgs,
  PrivateRegistryArgs,
  ScaleConditionArgs,
  ScalePolicyArgs,
  StickinessArgs,
  TimeoutsArgs,
  UpgradeArgs,
  WorkersArgs,
} from "../../schema/generated/pulumi-args";
export type {
  ClusterEvent,
  ClusterSummary,
  Comment,
  GetCommentsArgs,
  GetCommentsResult,
  GetEventsArgs,
  GetEventsResult,
  GetKubernetesClusterArgs,
  GetKubernetesClusterResult,
  GetKubernetesClustersArgs,
  GetKubernetesClustersResult,
  GetKubernetesVersionsArgs,
  GetKubernetesVersionsResult,
  GetNetworkRulesArgs,
  GetNetworkRulesResult,
  KubernetesClusterOutputs,
  KubernetesVersion,
  LoadBalancerOutputs,
  NetworkRuleOutputs,
  NodeOutputs,
  NodeStatus,
  SeenRule,
} from "../../schema/generated/types";
