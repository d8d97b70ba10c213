/** Addresses within guest networks, and ranges of addresses. */
import type { Cloud } from "./cloud";
import type { NetworkRow } from "./model";

/** An IPv4 address as a number; undefined when it is none. */
export function ipv4(text: string): number | undefined {
  const match = /^(\d{1,3})\.(\d{1,3})\.(\d{1,3})\.(\d{1,3})$/.exec(text);
  if (match === null) return undefined;
  const parts = match.slice(1).map(Number);
  return parts.some((part) => part > 255) ? undefined : parts.reduce((sum, part) => sum * 256 + part, 0);
}

export const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join(".");

/** First and last address of a range such as `10.1.1.0/24`; undefined when it is none. */
export function range(cidr: string): { first: number; last: number; bits: number } | undefined {
  const [base, bitsText] = cidr.split("/");
  const address = ipv4(base ?? "");
  const bits = bitsText !== undefined && /^\d{1,2}$/.test(bitsText) ? Number(bitsText) : NaN;
  if (address === undefined || !(bits >= 0 && bits <= 32)) return undefined;
  const size = 2 ** (32 - bits);
  const first = Math.floor(address / size) * size;
  return { first, last: first + size - 1, bits };
}

/** The lowest free address of a network (the gateway and its router have the first), or the wanted one if it is free. */
export function nextGuestIp(cloud: Cloud, network: NetworkRow, wanted?: string): string | undefined {
  const within = range(network.cidr);
  if (within === undefined) return undefined;
  const taken = new Set(cloud.table("machines").filter(({ networkId }) => networkId === network.id).map(({ guestIp }) => guestIp));
  taken.add(network.gateway);
  if (wanted !== undefined) {
    const address = ipv4(wanted);
    return address !== undefined && address > within.first && address < within.last && !taken.has(wanted) ? wanted : undefined;
  }
  for (let address = within.first + 10; address < within.last; address += 1) if (!taken.has(dotted(address))) return dotted(address);
  return undefined;
}
