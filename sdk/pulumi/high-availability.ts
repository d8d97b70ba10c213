import * as pulumi from "@pulumi/pulumi";
import type { KubernetesClusterArgs } from "../../schema/generated/pulumi-args";
import type { KubernetesClusterOutputs } from "../../schema/generated/types";
import { makeWaysIn, type Ingress, type IngressPort, type Transforms, type WaysIn } from "../topology/highly-available-cluster";
import { transformed, type Transform as AnyTransform } from "../topology/transform";
import { KubernetesCluster } from "./kubernetes-cluster";
import { LoadBalancer } from "./load-balancer";
import type { LoadBalancerArgs } from "./load-balancer";
import { NetworkRule } from "./network-rule";
import type { NetworkRuleArgs } from "./network-rule";
import { ignoring, partOptions } from "./part-options";

/** Changes what a child is made with, before it is made: `(args, opts, name) => ({ args, opts })`. What it leaves out of its answer stays. */
export type Transform<Args, Opts = pulumi.CustomResourceOptions> = AnyTransform<Args, Opts>;

/** A hook for each kind of child. */
export type HighlyAvailableClusterTransforms = Transforms<KubernetesClusterArgs, pulumi.ComponentResourceOptions, LoadBalancerArgs, NetworkRuleArgs, pulumi.CustomResourceOptions>;

type CidrList = pulumi.Input<readonly pulumi.Input<string>[]>;
export type IngressPortArgs = IngressPort<pulumi.Input<number>>;
export type IngressArgs = Ingress<pulumi.Input<number>, CidrList>;
export type FirewallRuleArgs = Omit<NetworkRuleArgs, "cluster" | "kind">;
export type PortForwardArgs = Omit<NetworkRuleArgs, "cluster" | "kind">;

/** Everything a KubernetesCluster takes, and what leads to it from outside. */
export interface HighlyAvailableClusterArgs extends KubernetesClusterArgs, WaysIn<pulumi.Input<number>, CidrList, FirewallRuleArgs, PortForwardArgs, HighlyAvailableClusterTransforms> {}

/**
 * A cluster and the ways into it: a KubernetesCluster, a balancer over its workers and a firewall rule for each ingress port, and
 * whatever firewall rules and port forwards are asked for. It only composes; each child is an ordinary resource.
 * @example
 * const ha = new HighlyAvailableCluster("ha", {
 *   zone: "zone-1", version: "1.35", template: "debian-13-containerd",
 *   controlPlane: { count: 3, offering: "k8s-4c-8g" }, workers: { count: 3, offering: "k8s-8c-16g" },
 *   transform: { ingressBalancer: (args) => ({ args: { ...args, algorithm: "leastconn" } }) },
 * });
 * export const kubeconfig = ha.kubeconfig;
 */
export class HighlyAvailableCluster extends pulumi.ComponentResource {
  /** The cluster itself, for further rules. */
  readonly cluster: KubernetesCluster;
  /** By the name of the port. */
  readonly ingressBalancers: Readonly<Record<string, LoadBalancer>>;
  /** By the name of the port. */
  readonly ingressFirewallRules: Readonly<Record<string, NetworkRule>>;
  readonly firewallRules: Readonly<Record<string, NetworkRule>>;
  readonly portForwards: Readonly<Record<string, NetworkRule>>;

  /** Configuration file for kubectl and for `new k8s.Provider`, with an administrator's key. A secret. */
  readonly kubeconfig: pulumi.Output<string>;
  /** Address of the Kubernetes API. */
  readonly endpoint: pulumi.Output<string>;
  /** Its machines: control planes first, then workers, each by number. */
  readonly nodes: pulumi.Output<KubernetesClusterOutputs["nodes"]>;
  /** The public address that the ingress ports are on. */
  readonly ingressIp: pulumi.Output<string>;

  constructor(name: string, args: HighlyAvailableClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("ablestack:index:HighlyAvailableCluster", name, {}, opts);
    const { ingress, firewallRules, portForwards, transform = {}, ...clusterArgs } = args;
    const child = partOptions(this, opts);

    const declared = transformed<KubernetesClusterArgs, pulumi.ComponentResourceOptions>(transform.cluster, { ...clusterArgs, name: clusterArgs.name ?? name }, { ...child, ...ignoring(opts) }, name);
    const cluster = new KubernetesCluster(name, declared.args, declared.opts);
    const waysIn = makeWaysIn(name, { ingress, firewallRules, portForwards }, {
      balancer(part, balancerArgs) {
        const made = transformed<LoadBalancerArgs, pulumi.CustomResourceOptions>(transform.ingressBalancer, { cluster, ...balancerArgs }, child, part.name);
        return new LoadBalancer(part.name, made.args, made.opts);
      },
      rule({ kind, name: ruleName }, ruleArgs) {
        const made = transformed<NetworkRuleArgs, pulumi.CustomResourceOptions>(transform[kind], { cluster, ...ruleArgs }, child, ruleName);
        return new NetworkRule(ruleName, made.args, made.opts);
      },
    });

    this.cluster = cluster;
    this.ingressBalancers = waysIn.ingressBalancers;
    this.ingressFirewallRules = waysIn.ingressFirewallRules;
    this.firewallRules = waysIn.firewallRules;
    this.portForwards = waysIn.portForwards;

    this.kubeconfig = cluster.kubeconfig;
    this.endpoint = cluster.endpoint;
    this.nodes = cluster.nodes;
    this.ingressIp = cluster.publicIpAddress;
    this.registerOutputs({ kubeconfig: this.kubeconfig, endpoint: this.endpoint, nodes: this.nodes, ingressIp: this.ingressIp });
  }
}
