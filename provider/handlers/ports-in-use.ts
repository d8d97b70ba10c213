/**
 * Two rules of one program on the same public port are refused at check, before Mold refuses the second (537) with the first
 * already made. An engine checks every resource of a program in one process, so what was checked is remembered there.
 */
import type { CheckedLoadBalancerInputs, CheckedNetworkRuleInputs } from "../../schema/generated/types";
import { hasUnknown, type CheckFailure, type Declared } from "./handler";

interface Claimed {
  readonly resource: string;
  /** Rules of different families (firewall; balancer and port forward) don't conflict on Mold. */
  readonly family: "firewall" | "egress" | "public port" | "number";
  readonly place: string;
  readonly protocol: string;
  readonly from: number;
  readonly to: number;
  /** Only firewall rules that share a range conflict. */
  readonly cidrs?: readonly string[];
  /** And egress rules that share a range to go to. */
  readonly destinations?: readonly string[];
  readonly property: string;
}

class PortsInUse {
  private readonly claims = new Map<string, Claimed>();

  claimNetworkRule(inputs: CheckedNetworkRuleInputs & Declared): CheckFailure[] {
    const { declaredBy, kind, protocol, startPort, endPort = startPort, cidrList = ["0.0.0.0/0"], destinationCidrList = ["anywhere"], number } = inputs;
    const resource = `NetworkRule ${declaredBy.resource}`;
    const place = kind === "egress" || kind === "acl" ? (inputs.aclId ?? inputs.networkId ?? inputs.cluster ?? "") : placeOf(inputs);
    if (hasUnknown([kind, protocol, startPort, endPort, cidrList, destinationCidrList, number, place])) return [];
    // A rule of an access list may say what another says too; its number is its own.
    if (kind === "acl") return number === undefined ? this.forget(resource) : this.claim({ resource, family: "number", place, protocol: "", from: number, to: number, property: "number" });
    if (startPort === undefined || endPort === undefined) return this.forget(resource);
    const ranges = kind === "portForward" ? {} : { cidrs: cidrList, ...(kind === "egress" ? { destinations: destinationCidrList } : {}) };
    return this.claim({ resource, family: kind === "portForward" ? "public port" : kind, place, protocol, from: startPort, to: endPort, ...ranges, property: "startPort" });
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

  private forget(resource: string): CheckFailure[] {
    this.claims.delete(resource);
    return [];
  }

  private claim(claimed: Claimed): CheckFailure[] {
    this.claims.delete(claimed.resource);
    const other = [...this.claims.values()].find((each) => conflict(each, claimed));
    if (other) {
      const range = claimed.cidrs?.find((cidr) => other.cidrs?.includes(cidr));
      const what = other.family === "number" ? `number ${other.from}` : undefined;
      if (what) return [{ property: claimed.property, reason: `${what} is also declared by ${other.resource} for the same access list; Mold takes one rule a number. Change one of the two.` }];
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
  const share = (one: readonly string[] | undefined, other: readonly string[] | undefined): boolean => one === undefined || other === undefined || one.some((cidr) => other.includes(cidr));
  const shareRange = share(a.cidrs, b.cidrs) && share(a.destinations, b.destinations);
  return a.family === b.family && a.place === b.place && a.protocol === b.protocol && a.from <= b.to && b.from <= a.to && shareRange;
}

export const portsInUse = new PortsInUse();
