/** Whether a new rule gets in the way of one that is there (537). */
import type { Cloud } from "./cloud";
import { conflict, type ApiError } from "./errors";
import type { BalancerRow, FirewallRow, ForwardRow } from "./model";

interface Span {
  readonly start: number;
  readonly end: number;
}

const meets = (a: Span, b: Span): boolean => a.start <= b.end && b.start <= a.end;

/** Ports as a rule's message names them: `6443-6443`. */
const named = ({ start, end }: Span): string => `${start}-${end}`;

function refusal(span: Span, rule: { id: string; number: number; state: string }, purpose: string, network: number, there: Span, detail: number): ApiError {
  const text = JSON.stringify({ id: rule.number, networkId: network, purpose, state: rule.state, uuid: rule.id });
  return conflict(`The range specified, ${named(span)}, conflicts with rule FirewallRule ${text} which has ${named(there)}`, detail);
}

const balancerSpan = (rule: BalancerRow): Span => ({ start: rule.publicPort, end: rule.publicPort });
const forwardSpan = (rule: ForwardRow): Span => ({ start: rule.publicPort, end: rule.publicEndPort });

/** A balancer's protocol as it occupies a port: `tcp-proxy`, `ssl` and none are all TCP. */
const carrier = (protocol: string | undefined): string => (protocol === "udp" ? "udp" : "tcp");

/**
 * Balancer and forwarding rules exclude each other on the ports of one address; firewall rules exclude only each other.
 * @param detail the `cserrorcode`: for a balancer rule Mold gives another than for a forward (recorded)
 */
export function checkPublicPorts(cloud: Cloud, addressId: string, protocol: string | undefined, span: Span, detail: number): void {
  const network = (id: string): number => cloud.table("networks").get(id)?.number ?? 0;
  for (const rule of cloud.table("balancers").filter((one) => one.addressId === addressId)) {
    if (carrier(rule.protocol) === carrier(protocol) && meets(span, balancerSpan(rule))) throw refusal(span, rule, "LoadBalancing", network(rule.networkId), balancerSpan(rule), detail);
  }
  for (const rule of cloud.table("forwards").filter((one) => one.addressId === addressId)) {
    if (carrier(rule.protocol) === carrier(protocol) && meets(span, forwardSpan(rule))) throw refusal(span, rule, "PortForwarding", network(rule.networkId), forwardSpan(rule), detail);
  }
}

const share = (one: readonly string[], other: readonly string[]): boolean => (one.length === 0 && other.length === 0) || one.some((cidr) => other.includes(cidr));

/** Firewall rules of one address and protocol must not meet in ports and cidrs both; ICMP ones not in type and code. */
export function checkFirewall(cloud: Cloud, rule: Omit<FirewallRow, "id" | "number" | "created" | "state" | "accountId">): void {
  const scope = (one: { addressId?: string; networkId: string; direction: string }): string => `${one.direction} ${one.addressId ?? one.networkId}`;
  for (const there of cloud.table("firewallRules").filter((one) => scope(one) === scope(rule) && one.protocol === rule.protocol)) {
    if (!share(there.cidrs, rule.cidrs) || !share(there.destCidrs, rule.destCidrs)) continue;
    const network = cloud.table("networks").get(there.networkId)?.number ?? 0;
    if (rule.protocol === "icmp") {
      if (there.icmpType !== rule.icmpType || there.icmpCode !== rule.icmpCode) continue;
      throw conflict(`New rule conflicts with existing rule id=${there.number}: icmpType=${there.icmpType ?? ""} icmpCode=${there.icmpCode ?? ""}`);
    }
    const span = { start: rule.startPort ?? 1, end: rule.endPort ?? rule.startPort ?? 65_535 };
    const other = { start: there.startPort ?? 1, end: there.endPort ?? there.startPort ?? 65_535 };
    if (meets(span, other)) throw refusal(span, there, "Firewall", network, other, 4360);
  }
}
