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
  HealthCheckArgs,
  KubernetesClusterArgs,
  NodeOperationArgs,
  PrivateRegistryArgs,
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
  KubernetesClusterOutputs,
  KubernetesVersion,
  LoadBalancerOutputs,
  NetworkRuleOutputs,
  NodeOutputs,
  NodeStatus,
} from "../../schema/generated/types";
