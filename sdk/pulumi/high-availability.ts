import * as pulumi from "@pulumi/pulumi";
import type { KubernetesClusterArgs } from "../../schema/generated/pulumi-args";
import type { KubernetesClusterOutputs } from "../../schema/generated/types";
import { KubernetesCluster } from "./kubernetes-cluster";
import { LoadBalancer } from "./load-balancer";
import type { LoadBalancerArgs } from "./load-balancer";
import { NetworkRule } from "./network-rule";
import type { NetworkRuleArgs } from "./network-rule";

/**
 * Changes what a child is made with, before it is made. What it leaves out of its answer stays.
 * @param name of the child, to tell several of a kind apart
 */
export type Transform<Args, Opts = pulumi.CustomResourceOptions> = (args: Args, opts: Opts, name: string) => { readonly args?: Args; readonly opts?: Opts } | void;

/** A hook for each kind of child. */
export interface HighlyAvailableClusterTransforms {
  readonly cluster?: Transform<KubernetesClusterArgs, pulumi.ComponentResourceOptions>;
  readonly ingressBalancer?: Transform<LoadBalancerArgs>;
  readonly ingressFirewall?: Transform<NetworkRuleArgs>;
  readonly firewallRule?: Transform<NetworkRuleArgs>;
  readonly portForward?: Transform<NetworkRuleArgs>;
}

/** A port of the cluster's address that leads to a port of the workers. */
export interface IngressPortArgs {
  /** Port of the public address. */
  readonly port: pulumi.Input<number>;
  /** Port on every worker: the ingress controller's NodePort. */
  readonly nodePort: pulumi.Input<number>;
}

export interface IngressArgs {
  /**
   * Ports by name; a balancer and a firewall rule are named after each.
   * @default { http: { port: 80, nodePort: 30080 }, https: { port: 443, nodePort: 30443 } }
   */
  readonly ports?: Readonly<Record<string, IngressPortArgs>>;
  /**
   * Who may reach them, as IPv4 networks.
   * @default ["0.0.0.0/0"]
   */
  readonly cidrList?: pulumi.Input<pulumi.Input<string>[]>;
}

export type FirewallRuleArgs = Omit<NetworkRuleArgs, "cluster" | "kind">;
export type PortForwardArgs = Omit<NetworkRuleArgs, "cluster" | "kind">;

/** Everything a KubernetesCluster takes, and what leads to it from outside. */
export interface HighlyAvailableClusterArgs extends KubernetesClusterArgs {
  /**
   * Leads HTTP and HTTPS to the workers. What answers there is an ingress controller of yours. `false`: nothing is led in.
   * @default {}
   */
  readonly ingress?: IngressArgs | false;
  /** Further firewall rules of the cluster's address, by name. @default none */
  readonly firewallRules?: Readonly<Record<string, FirewallRuleArgs>>;
  /** Ports of the cluster's address that lead to one machine each, by name. A firewall rule of its own has to let clients in. @default none */
  readonly portForwards?: Readonly<Record<string, PortForwardArgs>>;
  readonly transform?: HighlyAvailableClusterTransforms;
}

const defaultIngressPorts = { http: { port: 80, nodePort: 30080 }, https: { port: 443, nodePort: 30443 } };

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
    const { ingress = {}, firewallRules = {}, portForwards = {}, transform = {}, ...clusterArgs } = args;
    const child = { parent: this };

    const declared = transformed(transform.cluster, { ...clusterArgs, name: clusterArgs.name ?? name }, child, name);
    const cluster = new KubernetesCluster(name, declared.args, declared.opts);

    const rule = (hook: Transform<NetworkRuleArgs> | undefined, ruleName: string, ruleArgs: NetworkRuleArgs): NetworkRule => {
      const made = transformed(hook, ruleArgs, child, ruleName);
      return new NetworkRule(ruleName, made.args, made.opts);
    };
    const balancer = (balancerName: string, balancerArgs: LoadBalancerArgs): LoadBalancer => {
      const made = transformed(transform.ingressBalancer, balancerArgs, child, balancerName);
      return new LoadBalancer(balancerName, made.args, made.opts);
    };
    const ports = ingress === false ? {} : (ingress.ports ?? defaultIngressPorts);
    const cidrList = ingress === false ? undefined : ingress.cidrList;

    this.cluster = cluster;
    this.ingressBalancers = mapValues(ports, (port, { port: publicPort, nodePort: privatePort }) =>
      balancer(`${name}-${port}`, { cluster, publicPort, privatePort, members: { role: "worker" } }),
    );
    this.ingressFirewallRules = mapValues(ports, (port, { port: startPort }) =>
      rule(transform.ingressFirewall, `${name}-${port}`, { cluster, kind: "firewall", protocol: "tcp", startPort, cidrList }),
    );
    this.firewallRules = mapValues(firewallRules, (key, each) => rule(transform.firewallRule, `${name}-${key}`, { ...each, cluster, kind: "firewall" }));
    this.portForwards = mapValues(portForwards, (key, each) => rule(transform.portForward, `${name}-${key}-forward`, { ...each, cluster, kind: "portForward" }));

    this.kubeconfig = cluster.kubeconfig;
    this.endpoint = cluster.endpoint;
    this.nodes = cluster.nodes;
    this.ingressIp = cluster.publicIpAddress;
    this.registerOutputs({ kubeconfig: this.kubeconfig, endpoint: this.endpoint, nodes: this.nodes, ingressIp: this.ingressIp });
  }
}

function transformed<Args, Opts>(transform: Transform<Args, Opts> | undefined, args: Args, opts: Opts, name: string): { args: Args; opts: Opts } {
  const changed = transform?.(args, opts, name);
  return { args: changed?.args ?? args, opts: changed?.opts ?? opts };
}

const mapValues = <From, To>(record: Readonly<Record<string, From>>, to: (key: string, value: From) => To): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(key, value)]));
