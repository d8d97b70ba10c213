import { Construct } from "constructs";
import { makeWaysIn, type Ingress, type IngressPort, type Transforms, type WaysIn } from "../topology/highly-available-cluster";
import { transformed, type Transform as AnyTransform } from "../topology/transform";
import type { KubernetesClusterNodesList } from "./generated/kubernetes-cluster";
import { KubernetesCluster, type KubernetesClusterArgs } from "./kubernetes-cluster";
import { LoadBalancer, type LoadBalancerArgs } from "./load-balancer";
import type { ComposedMetaArguments, MetaArguments } from "./meta-arguments";
import { NetworkRule, type NetworkRuleArgs } from "./network-rule";

/** Changes what a child is made with, before it is made: `(args, opts, name) => ({ args, opts })`. What it leaves out of its answer stays. */
export type Transform<Args, Opts = MetaArguments> = AnyTransform<Args, Opts>;

/** A hook for each kind of child. */
export type HighlyAvailableClusterTransforms = Transforms<KubernetesClusterArgs, ComposedMetaArguments, LoadBalancerArgs, NetworkRuleArgs, MetaArguments>;

export type IngressPortArgs = IngressPort<number>;
export type IngressArgs = Ingress<number, string[]>;
export type FirewallRuleArgs = Omit<NetworkRuleArgs, "cluster" | "kind">;
export type PortForwardArgs = Omit<NetworkRuleArgs, "cluster" | "kind">;

/** Everything a KubernetesCluster takes, and what leads to it from outside. Of Terraform's own arguments, `provider` is for all of it, and the others are for the cluster. */
export interface HighlyAvailableClusterArgs extends KubernetesClusterArgs, WaysIn<number, string[], FirewallRuleArgs, PortForwardArgs, HighlyAvailableClusterTransforms> {}

/**
 * A cluster and the ways into it: a KubernetesCluster, a balancer over its workers and a firewall rule for each ingress port, and
 * whatever firewall rules and port forwards are asked for. It only composes; each child is an ordinary resource.
 * @example
 * const ha = new HighlyAvailableCluster(this, "ha", {
 *   zone: "zone-1", version: "1.35", template: "debian-13-containerd",
 *   controlPlane: { count: 3, offering: "k8s-4c-8g" }, workers: { count: 3, offering: "k8s-8c-16g" },
 *   transform: { ingressBalancer: (args) => ({ args: { ...args, algorithm: "leastconn" } }) },
 * });
 * new TerraformOutput(this, "kubeconfig", { value: ha.kubeconfig, sensitive: true });
 */
export class HighlyAvailableCluster extends Construct {
  /** The cluster itself, for further rules. */
  readonly cluster: KubernetesCluster;
  /** By the name of the port. */
  readonly ingressBalancers: Readonly<Record<string, LoadBalancer>>;
  /** By the name of the port. */
  readonly ingressFirewallRules: Readonly<Record<string, NetworkRule>>;
  readonly firewallRules: Readonly<Record<string, NetworkRule>>;
  readonly portForwards: Readonly<Record<string, NetworkRule>>;

  /** Configuration file for kubectl and for Terraform's kubernetes provider, with an administrator's key. Sensitive. */
  readonly kubeconfig: string;
  /** Address of the Kubernetes API. */
  readonly endpoint: string;
  /** Its machines: control planes first, then workers, each by number. */
  readonly nodes: KubernetesClusterNodesList;
  /** The public address that the ingress ports are on. */
  readonly ingressIp: string;

  constructor(scope: Construct, id: string, args: HighlyAvailableClusterArgs) {
    super(scope, id);
    const { ingress, firewallRules, portForwards, transform = {}, dependsOn, provider, lifecycle, provisioners, ...clusterArgs } = args;

    const declared = transformed<KubernetesClusterArgs, ComposedMetaArguments>(transform.cluster, { ...clusterArgs, name: clusterArgs.name ?? id }, { dependsOn, provider, lifecycle, provisioners }, id);
    const cluster = new KubernetesCluster(this, "cluster", { ...declared.args, ...declared.opts });
    const waysIn = makeWaysIn(id, { ingress, firewallRules, portForwards }, {
      balancer: ({ key, name }, balancerArgs) => {
        const made = transformed<LoadBalancerArgs, MetaArguments>(transform.ingressBalancer, { cluster, name, ...balancerArgs }, { provider }, name);
        return new LoadBalancer(this, `${key}-balancer`, { ...made.args, ...made.opts });
      },
      rule: ({ kind, key, name }, ruleArgs) => {
        const made = transformed<NetworkRuleArgs, MetaArguments>(transform[kind], { cluster, name, ...ruleArgs }, { provider }, name);
        return new NetworkRule(this, `${key}-${endings[kind]}`, { ...made.args, ...made.opts });
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
  }
}

/** Constructs of one scope are told apart by their ids alone, whatever they are. */
const endings = { ingressFirewall: "ingress", firewallRule: "firewall", portForward: "forward" } as const;
