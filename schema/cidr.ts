/** IPv4 networks as Mold takes them: strict four-part decimals, host bits zero. */
import ipaddr from "ipaddr.js";

interface Network {
  readonly first: number;
  readonly last: number;
  readonly prefix: number;
}

const asNumber = (address: string): number => ipaddr.IPv4.parse(address).octets.reduce((sum, octet) => sum * 256 + octet, 0);

function networkOf(cidr: string): Network | undefined {
  if (cidrProblem(cidr) !== undefined) return undefined;
  const [address, prefix] = cidr.split("/") as [string, string];
  const first = asNumber(address);
  return { first, last: first + 2 ** (32 - Number(prefix)) - 1, prefix: Number(prefix) };
}

/** Four decimal parts, 0 to 255, without leading zeros: what some read as octal and others don't is no address here. */
export const isIpv4 = (text: string): boolean => /^(0|[1-9]\d{0,2})(\.(0|[1-9]\d{0,2})){3}$/.test(text) && ipaddr.IPv4.isValid(text);

/** Prefix length of a valid network, else `undefined`. */
export const prefixOf = (cidr: string | undefined): number | undefined => (cidr === undefined ? undefined : networkOf(cidr)?.prefix);

/** Whether two networks share an address. Two that aren't valid share none. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [networkOf(one), networkOf(other)];
  return a !== undefined && b !== undefined && a.first <= b.last && b.first <= a.last;
}

/** What is wrong with `text` as an IPv4 network, `undefined` when nothing is. */
export function cidrProblem(text: string): string | undefined {
  const [address = "", prefix, ...more] = text.split("/");
  if (address.includes(":") && ipaddr.IPv6.isValid(address)) return "is an IPv6 network; Mold's rules and Kubernetes networks here take IPv4";
  if (!isIpv4(address) || more.length > 0) return "is not an IPv4 network; write it as 198.51.100.0/24";
  if (prefix === undefined) return `has no prefix length; write ${address}/32 for this one address`;
  if (!/^(0|[1-9]\d?)$/.test(prefix) || Number(prefix) > 32) return "has no prefix length between 0 and 32; write it as 198.51.100.0/24";
  const network = ipaddr.IPv4.networkAddressFromCIDR(text).toString();
  return network === address ? undefined : `has host bits set; the network is ${network}/${prefix}`;
}
