/** Which proxy a connection goes through when only the environment says so. The rules are those of curl and Go. */
import { BlockList, isIP } from "node:net";

type Environment = Readonly<Record<string, string | undefined>>;

const either = (environment: Environment, name: string): string | undefined => environment[name.toLowerCase()] || environment[name] || undefined;

/** The host of a URL without the brackets of an IPv6 address. */
const hostOf = (url: URL): string => url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
const family = (address: string): "ipv4" | "ipv6" => (isIP(address) === 6 ? "ipv6" : "ipv4");

/** `localhost`, names under it, 127.0.0.0/8 and ::1: a proxy's loopback is another machine's. */
export function isLoopback(url: URL): boolean {
  const host = hostOf(url);
  return host === "localhost" || host.endsWith(".localhost") || host === "::1" || (isIP(host) === 4 && host.startsWith("127."));
}

function matches(entry: string, host: string, port: string): boolean {
  if (entry === "*") return true;
  const [network, bits] = entry.split("/");
  if (network && bits && isIP(network)) {
    if (!isIP(host) || !/^\d{1,3}$/.test(bits) || Number(bits) > (isIP(network) === 4 ? 32 : 128)) return false;
    const range = new BlockList();
    range.addSubnet(network, Number(bits), family(network));
    return range.check(host, family(host));
  }
  if (isIP(entry)) return entry === host;
  const [, name, only] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  if (!name || (only !== undefined && only !== port)) return false;
  const bare = name.replace(/^\*?\./, "");
  return host === bare || host.endsWith(`.${bare}`);
}

/**
 * The proxy for an address by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (lower case wins), or undefined. Loopback is
 * never proxied. `NO_PROXY` takes names (`example.com` and `.example.com` cover what is under them), `name:port`, addresses,
 * networks (`10.0.0.0/8`) and `*`.
 */
export function proxyFromEnvironment(apiUrl: string, environment: Environment): string | undefined {
  if (!URL.canParse(apiUrl)) return undefined;
  const url = new URL(apiUrl);
  const proxy = either(environment, url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ?? either(environment, "ALL_PROXY");
  if (!proxy || isLoopback(url)) return undefined;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  const exceptions = (either(environment, "NO_PROXY") ?? "").toLowerCase().split(/[\s,]+/).filter(Boolean);
  if (exceptions.some((entry) => matches(entry, hostOf(url), port))) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}
