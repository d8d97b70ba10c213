/** Namespaces, bridges and links of the guest networks and of the public one, as commands. */
import { range, dotted } from "../guest-addresses";
import type { NetworkSpec } from "../hypervisor";
import type { Argv } from "./host";
import { GUEST_BRIDGE } from "./launch";
import { linkOf, macOf, type Names } from "./names";
import { PUBLIC_LINK } from "./router-rules";

const PUBLIC_BRIDGE = "public";
/** The public network's end of the host's link. */
const TO_HOST = "host";

/** A bridge that forwards at once, and whose frames no packet filter looks at. */
function bridge(namespace: string, name: string, mac: string): Argv[] {
  return [
    ["ip", "-n", namespace, "link", "set", "lo", "up"],
    ["ip", "netns", "exec", namespace, "sysctl", "-q", "-e", "-w", "net.bridge.bridge-nf-call-iptables=0", "net.ipv6.conf.all.disable_ipv6=1"],
    ["ip", "-n", namespace, "link", "add", name, "address", mac, "type", "bridge", "forward_delay", "0", "stp_state", "0"],
    ["ip", "-n", namespace, "link", "set", name, "up"],
  ];
}

/** The public network's own address, where the host is: the first of the range. */
export function hostAddress(publicRange: string): string {
  const within = range(publicRange);
  if (within === undefined) throw new Error(`publicRange: ${publicRange} is no range of IPv4 addresses such as 203.0.113.0/24`);
  return dotted(within.first + 1);
}

/**
 * Makes the public network: a bridge in a namespace of its own, and one link of the host into it. All of the range ends at the host until
 * an address exists (see {@link hostRoute}), so that nothing meant for it ever leaves the machine.
 */
export function publicNetworkUp(names: Names, publicRange: string): Argv[] {
  const { publicNamespace, hostLink } = names;
  const address = hostAddress(publicRange);
  return [
    ["ip", "route", "replace", "unreachable", publicRange],
    ["ip", "netns", "add", publicNamespace],
    ...bridge(publicNamespace, PUBLIC_BRIDGE, macOf(address.replace(/^\d+/, "255"))),
    ["ip", "link", "add", hostLink, "address", macOf(address), "type", "veth", "peer", "name", TO_HOST, "netns", publicNamespace],
    ["ip", "-n", publicNamespace, "link", "set", TO_HOST, "master", PUBLIC_BRIDGE, "up"],
    ["ip", "address", "add", `${address}/32`, "dev", hostLink],
    ["ip", "link", "set", hostLink, "up"],
  ];
}

/** The host's way to a public address that exists. */
export const hostRoute = (names: Names, publicRange: string, address: string): Argv => ["ip", "route", "replace", `${address}/32`, "dev", names.hostLink, "src", hostAddress(publicRange)];

export const noHostRoute = (names: Names, address: string): Argv => ["ip", "route", "delete", `${address}/32`, "dev", names.hostLink];

/** Makes a guest network's router: the bridge of its guests, and its link to the public network. */
export function routerUp(names: Names, network: Pick<NetworkSpec, "id" | "cidr" | "gateway">, publicRange: string): Argv[] {
  const namespace = names.routerNamespace(network.id);
  const bits = network.cidr.split("/")[1] ?? "24";
  const link = linkOf("net", network.id);
  return [
    ["ip", "netns", "add", namespace],
    ...bridge(namespace, GUEST_BRIDGE, macOf(network.gateway)),
    ["ip", "-n", namespace, "address", "add", `${network.gateway}/${bits}`, "dev", GUEST_BRIDGE],
    // The balancer may be told of an address a moment before it is there.
    ["ip", "netns", "exec", namespace, "sysctl", "-q", "-w", "net.ipv4.ip_forward=1", "net.ipv4.ip_nonlocal_bind=1"],
    ["ip", "-n", namespace, "link", "add", PUBLIC_LINK, "type", "veth", "peer", "name", link, "netns", names.publicNamespace],
    ["ip", "-n", names.publicNamespace, "link", "set", link, "master", PUBLIC_BRIDGE, "up"],
    ["ip", "-n", namespace, "link", "set", PUBLIC_LINK, "up"],
    // No way leads on from there: of other addresses a guest hears at once that they can't be reached.
    ["ip", "-n", namespace, "route", "add", publicRange, "dev", PUBLIC_LINK],
  ];
}

export const routerAddress = (names: Names, networkId: string, change: "add" | "delete", address: string): Argv => [
  "ip", "-n", names.routerNamespace(networkId), "address", change, `${address}/32`, "dev", PUBLIC_LINK,
];
