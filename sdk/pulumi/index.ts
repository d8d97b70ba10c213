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
  HealthCheckArgs,
  KubernetesClusterArgs,
  NodeOperationArgs,
  PrivateRegistryArgs,
  StickinessArgs,
  TimeoutsArgs,
  UpgradeArgs,
  WorkersArgs,
} from "../../schema/generated/pulumi-args";
export type { KubernetesClusterOutputs, LoadBalancerOutputs, NetworkRuleOutputs, NodeOutputs } from "../../schema/generated/types";
