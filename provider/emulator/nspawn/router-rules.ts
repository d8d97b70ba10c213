/** What a virtual router lets through and leads where, as one nftables ruleset: given whole, taken whole, connections go on. */
import ipaddr from "ipaddr.js";
import type { NetworkSpec, PublicExposure } from "../hypervisor";
import { GUEST_BRIDGE } from "./launch";

/** The router's end to the public network. */
export const PUBLIC_LINK = "public";

const TABLE = "ip mold";

/** A source that nftables takes: `undefined` is everybody. What is no IPv4 range lets nobody in here. */
function source(cidr: string): string | undefined | false {
  if (!ipaddr.IPv4.isValidCIDR(cidr)) return ipaddr.IPv4.isValid(cidr) ? cidr : false;
  const [, bits] = ipaddr.IPv4.parseCIDR(cidr);
  return bits === 0 ? undefined : `${ipaddr.IPv4.networkAddressFromCIDR(cidr).toString()}/${bits}`;
}

/** One port may be there twice, and one range in another: each is said once. */
const once = (lines: readonly string[]): string[] => [...new Set(lines)];

function letIn({ address, port, protocol, allowedCidrs }: PublicExposure): string[] {
  const sources = allowedCidrs.map(source);
  const to = `ip daddr ${address} ${protocol} dport ${port} accept`;
  if (sources.includes(undefined)) return [to];
  return sources.flatMap((from) => (from === false || from === undefined ? [] : [`ip saddr ${from} ${to}`]));
}

function leadOn({ address, port, protocol, targets }: PublicExposure): string[] {
  const [target] = targets;
  return target === undefined ? [] : [`ip daddr ${address} ${protocol} dport ${port} dnat to ${target.guestIp}:${target.privatePort}`];
}

/**
 * The ruleset of one router. As on a real one it filters by destination on every side, the guests' included, before it translates;
 * what is established goes on whatever changes; what no rule lets in is dropped without a word.
 * @param exposures of all networks; those of other routers are left out
 * @param beyond the public network's own address, where the host is: nothing goes there that did not come from there
 */
export function routerRules(network: NetworkSpec, exposures: readonly PublicExposure[], beyond: string): string {
  const here = exposures.filter((exposure) => exposure.networkId === network.id && network.addresses.includes(exposure.address));
  const forwards = here.filter(({ kind }) => kind === "portForward");
  const [natAddress] = network.addresses;
  const chain = (name: string, hook: string, rules: readonly string[]): string[] => [`  chain ${name} {`, `    ${hook}`, ...rules.map((rule) => `    ${rule}`), "  }"];
  return [
    // Made if it is not there, so that deleting it can't fail; all of this is one transaction.
    `table ${TABLE} {}`,
    `delete table ${TABLE}`,
    `table ${TABLE} {`,
    ...chain("firewall", "type filter hook prerouting priority mangle; policy accept;", [
      "ct state established,related accept",
      ...once(here.flatMap(letIn)),
      ...network.addresses.map((address) => `ip daddr ${address} drop`),
    ]),
    ...chain("lead", "type nat hook prerouting priority dstnat; policy accept;", once(forwards.flatMap(leadOn))),
    ...chain("forward", "type filter hook forward priority filter; policy drop;", [
      "ct state established,related accept",
      "ct status dnat accept",
      `iifname ${GUEST_BRIDGE} ip daddr ${beyond} reject`,
      `iifname ${GUEST_BRIDGE} ip saddr ${network.cidr} oifname ${PUBLIC_LINK} accept`,
    ]),
    // The router itself is no server to anybody, but for its balancer.
    ...chain("own", "type filter hook input priority filter; policy accept;", [
      "ct state established,related accept",
      `ip daddr ${network.gateway} meta l4proto { tcp, udp } reject`,
    ]),
    ...chain("leave", "type nat hook postrouting priority srcnat; policy accept;", [
      // A guest that reaches its neighbour by a public address must get its answer from there too.
      `ip saddr ${network.cidr} oifname ${GUEST_BRIDGE} ct status dnat masquerade`,
      ...(natAddress === undefined ? [] : [`ip saddr ${network.cidr} oifname ${PUBLIC_LINK} snat to ${natAddress}`]),
    ]),
    "}",
    "",
  ].join("\n");
}
