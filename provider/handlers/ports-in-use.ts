/**
 * Two rules of one program on the same public port are refused at check, before Mold refuses the second (537) with the first
 * already made. An engine checks every resource of a program in one process, so what was checked is remembered there.
 */
import type { CheckedLoadBalancerInputs, CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { hasUnknown, type CheckFailure, type Declared } from "./handler";

interface Claimed {
  readonly resource: string;
  /** Rules of different families (firewall; balancer and port forward) don't conflict on Mold. */
  readonly family: "firewall" | "public port";
  readonly place: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  /** Only firewall rules that share a range conflict. */
  readonly cidrs?: readonly string[];
  readonly property: string;
}

class PortsInUse {
  private readonly claims = new Map<string, Claimed>();

  claimNetworkRule(inputs: CheckedNetworkRuleInputs & Declared): CheckFailure[] {
    const { declaredBy, kind, protocol, startPort, endPort = startPort, cidrList = ["0.0.0.0/0"] } = inputs;
    if (startPort === undefined || endPort === undefined || (kind !== "firewall" && kind !== "portForward")) return [];
    if (hasUnknown([kind, protocol, startPort, endPort, cidrList, placeOf(inputs)])) return [];
    return this.claim({
      resource: `NetworkRule ${declaredBy.resource}`,
      family: kind === "firewall" ? "firewall" : "public port",
      place: placeOf(inputs),
      protocol,
      from: startPort,
      to: endPort,
      ...(kind === "firewall" ? { cidrs: cidrList } : {}),
      property: "startPort",
    });
  }

  claimLoadBalancer(inputs: CheckedLoadBalancerInputs & Declared): CheckFailure[] {
    if (hasUnknown([inputs.protocol, inputs.publicPort, placeOf(inputs)])) return [];
    return this.claim({
      resource: `LoadBalancer ${inputs.declaredBy.resource}`,
      family: "public port",
      place: placeOf(inputs),
      protocol: inputs.protocol === "udp" ? "udp" : "tcp",
      from: inputs.publicPort,
      to: inputs.publicPort,
      property: "publicPort",
    });
  }

  private claim(claimed: Claimed): CheckFailure[] {
    this.claims.delete(claimed.resource);
    const other = [...this.claims.values()].find((each) => conflict(each, claimed));
    if (other) {
      const range = claimed.cidrs?.find((cidr) => other.cidrs?.includes(cidr));
      return [
        {
          property: claimed.property,
          reason: `port ${other.from === other.to ? other.from : `${other.from}-${other.to}`}/${other.protocol} is also declared by ${other.resource}${range ? ` for ${range}` : ""}; Mold takes one rule a port. Change one of the two.`,
        },
      ];
    }
    this.claims.set(claimed.resource, claimed);
    return [];
  }
}

const placeOf = ({ ipAddressId, cluster }: { ipAddressId?: string; cluster?: string }): string => ipAddressId ?? cluster ?? "";

function conflict(a: Claimed, b: Claimed): boolean {
  const shareRange = a.cidrs === undefined || b.cidrs === undefined || a.cidrs.some((cidr) => b.cidrs!.includes(cidr));
  return a.family === b.family && a.place === b.place && a.protocol === b.protocol && a.from <= b.to && b.from <= a.to && shareRange;
}

export const portsInUse = new PortsInUse();
