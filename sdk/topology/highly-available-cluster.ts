/**
 * What a HighlyAvailableCluster is made of, whatever engine makes it: the names, the defaults and the arguments of its parts. An engine's
 * component says how a part is made, and nothing else.
 */
import type { Transform } from "./transform";

/** A port of the cluster's address that leads to a port of the workers. */
export interface IngressPort<Port> {
  /** Port of the public address. */
  readonly port: Port;
  /** Port on every worker: the ingress controller's NodePort. */
  readonly nodePort: Port;
}

export interface Ingress<Port, CidrList> {
  /**
   * Ports by name; a balancer and a firewall rule are named after each.
   * @default { http: { port: 80, nodePort: 30080 }, https: { port: 443, nodePort: 30443 } }
   */
  readonly ports?: Readonly<Record<string, IngressPort<Port>>>;
  /**
   * Who may reach them, as IPv4 networks.
   * @default ["0.0.0.0/0"]
   */
  readonly cidrList?: CidrList;
}

/** A hook for each kind of part. */
export interface Transforms<ClusterArgs, ClusterOpts, BalancerArgs, RuleArgs, RuleOpts> {
  readonly cluster?: Transform<ClusterArgs, ClusterOpts>;
  readonly ingressBalancer?: Transform<BalancerArgs, RuleOpts>;
  readonly ingressFirewall?: Transform<RuleArgs, RuleOpts>;
  readonly firewallRule?: Transform<RuleArgs, RuleOpts>;
  readonly portForward?: Transform<RuleArgs, RuleOpts>;
}

/** What leads to a cluster from outside. */
export interface WaysIn<Port, CidrList, FirewallRule, PortForward, Hooks> {
  /**
   * Leads HTTP and HTTPS to the workers. What answers there is an ingress controller of yours. `false`: nothing is led in.
   * @default {}
   */
  readonly ingress?: Ingress<Port, CidrList> | false;
  /** Further firewall rules of the cluster's address, by name. @default none */
  readonly firewallRules?: Readonly<Record<string, FirewallRule>>;
  /** Ports of the cluster's address that lead to one machine each, by name. A firewall rule of its own has to let clients in. @default none */
  readonly portForwards?: Readonly<Record<string, PortForward>>;
  /** Changes what the parts are made with. @default none */
  readonly transform?: Hooks;
}

const defaultIngressPorts = { http: { port: 80, nodePort: 30080 }, https: { port: 443, nodePort: 30443 } } as const;

/** One of the parts beside the cluster itself. */
export interface Part {
  /** Of the port or the rule, as the program has it. */
  readonly key: string;
  /** By which an engine that tells two of one name apart by their type knows it. */
  readonly name: string;
}
export interface RulePart extends Part {
  /** Which hook is for it. */
  readonly kind: "ingressFirewall" | "firewallRule" | "portForward";
}

interface IngressBalancer<Port> {
  readonly publicPort: Port;
  readonly privatePort: Port;
  readonly members: { readonly role: "worker" };
}
interface IngressFirewall<Port, CidrList> {
  readonly kind: "firewall";
  readonly protocol: "tcp";
  readonly startPort: Port;
  readonly cidrList: CidrList | undefined;
}

/** How an engine makes a part of the cluster, whose arguments lack the cluster alone. */
export interface Make<Balancer, Rule, Port, CidrList, FirewallRule, PortForward> {
  balancer(part: Part, args: IngressBalancer<Port>): Balancer;
  rule(part: RulePart, args: IngressFirewall<Port, CidrList> | (FirewallRule & { readonly kind: "firewall" }) | (PortForward & { readonly kind: "portForward" })): Rule;
}

/** The parts, once they are made, by the name of the port or the rule. */
export interface MadeWaysIn<Balancer, Rule> {
  readonly ingressBalancers: Readonly<Record<string, Balancer>>;
  readonly ingressFirewallRules: Readonly<Record<string, Rule>>;
  readonly firewallRules: Readonly<Record<string, Rule>>;
  readonly portForwards: Readonly<Record<string, Rule>>;
}

/**
 * Makes what leads to a cluster. Throws where two rules would be of one name, by which the library knows a rule from run to run.
 * @param name of the component
 */
export function makeWaysIn<Balancer, Rule, Port, CidrList, FirewallRule, PortForward>(
  name: string,
  declared: WaysIn<Port, CidrList, FirewallRule, PortForward, unknown>,
  make: Make<Balancer, Rule, Port | number, CidrList, FirewallRule, PortForward>,
): MadeWaysIn<Balancer, Rule> {
  // What a configuration leaves out may be null.
  const [ingress, firewallRules, portForwards] = [declared.ingress ?? {}, declared.firewallRules ?? {}, declared.portForwards ?? {}];
  const ports: Readonly<Record<string, IngressPort<Port | number>>> = ingress === false ? {} : (ingress.ports ?? defaultIngressPorts);
  const cidrList = ingress === false ? undefined : ingress.cidrList;
  for (const key of Object.keys(firewallRules)) {
    if (Object.hasOwn(ports, key)) throw new Error(`${name}: firewallRules.${key} has the name of an ingress port, which has a firewall rule called ${name}-${key} already; call this one otherwise`);
    const forward = key.replace(/-forward$/, "");
    if (forward !== key && Object.hasOwn(portForwards, forward)) throw new Error(`${name}: firewallRules.${key} and portForwards.${forward} would both be called ${name}-${key}; call one of them otherwise`);
  }
  return {
    ingressBalancers: mapValues(ports, (key, { port: publicPort, nodePort: privatePort }) =>
      make.balancer({ key, name: `${name}-${key}` }, { publicPort, privatePort, members: { role: "worker" } }),
    ),
    ingressFirewallRules: mapValues(ports, (key, { port: startPort }) =>
      make.rule({ kind: "ingressFirewall", key, name: `${name}-${key}` }, { kind: "firewall", protocol: "tcp", startPort, cidrList }),
    ),
    firewallRules: mapValues(firewallRules, (key, rule) => make.rule({ kind: "firewallRule", key, name: `${name}-${key}` }, { ...rule, kind: "firewall" })),
    portForwards: mapValues(portForwards, (key, rule) => make.rule({ kind: "portForward", key, name: `${name}-${key}-forward` }, { ...rule, kind: "portForward" })),
  };
}

const mapValues = <From, To>(record: Readonly<Record<string, From>>, to: (key: string, value: From) => To): Readonly<Record<string, To>> =>
  Object.fromEntries(Object.entries(record).map(([key, value]) => [key, to(key, value)]));
