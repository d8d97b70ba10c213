/** One judge for each format: what is wrong with a text, `undefined` when nothing is. The words follow on what was found. */
import { cidrProblem, isIpv4 } from "./cidr";
import type { Format } from "./property";

const label = (what: string, text: string): string | undefined => {
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text) && text.length <= 63) return undefined;
  const mended = text
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[^a-z]+|-+$/g, "")
    .slice(0, 63);
  return `is no ${what}: lower-case letters, digits and hyphens, beginning with a letter and ending with a letter or digit${mended === "" ? "" : ` (${JSON.stringify(mended)} would do)`}`;
};

function url(text: string): URL | undefined {
  try {
    return new URL(text);
  } catch {
    return undefined;
  }
}

const isHttp = (parsed: URL): boolean => parsed.protocol === "http:" || parsed.protocol === "https:";

function versionProblem(text: string): string | undefined {
  const part = "(0|[1-9]\\d{0,3})";
  if (new RegExp(`^${part}\\.${part}(\\.${part})?$`).test(text)) return undefined;
  const bare = text.replace(/^v/i, "");
  if (bare !== text && versionProblem(bare) === undefined) return `has a leading "${text[0]}"; write "${bare}"`;
  return 'is no Kubernetes version; write an exact one as "1.35.4", or a minor as "1.35"';
}

/**
 * Problems that begin with `!` must be told without the text that was found: it may hold a password.
 */
export const formats: Readonly<Record<Format, (text: string) => string | undefined>> = {
  "dns-label": (text) => label("DNS label", text),
  "node-name": (text) => (/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?$/.test(text) && text.length <= 253 ? undefined : 'is no node name; nodes are called as "prod-worker-1"'),
  cidr: cidrProblem,
  ipv4: (text) => (isIpv4(text) ? undefined : 'is no IPv4 address; write it as "203.0.113.10"'),
  "http-url": (text) => {
    const parsed = url(text);
    if (parsed !== undefined && (parsed.username !== "" || parsed.password !== "")) return "!carries a user or a password; keys are properties of their own";
    if (parsed === undefined || !isHttp(parsed)) return 'is no http or https address; write it as "https://mold.example.com/client/api"';
    return parsed.search === "" && parsed.hash === "" ? undefined : "!has something after the path; give the address up to the path, as https://mold.example.com/client/api";
  },
  "proxy-url": (text) => {
    const parsed = url(text);
    return parsed !== undefined && isHttp(parsed) ? undefined : '!is no http or https address; write it as "http://proxy.example.com:3128"';
  },
  "registry-url": (text) => {
    const parsed = url(text.includes("://") ? text : `https://${text}`);
    if (text.includes("@") || (parsed !== undefined && (parsed.username !== "" || parsed.password !== ""))) return "!carries a user or a password; give them as username and password";
    if (parsed === undefined || !isHttp(parsed) || /\s/.test(text)) return 'is no address of a registry; write it as "https://registry.example.com:5000"';
    return parsed.search === "" && parsed.hash === "" ? undefined : "!has something after the path; give the address up to the path, as https://registry.example.com";
  },
  "kubernetes-version": versionProblem,
  uid: (text) => (/^[a-z0-9]{12}$/.test(text) ? undefined : "is no cluster uid (12 lower-case letters and digits); give the cluster's `uid` output"),
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  "no-control-characters": (text) => (/[\u0000-\u001f\u007f]/.test(text) ? "!holds a line break or another control character; check that it was copied whole and alone" : undefined),
  // Mold refuses any parameter that holds one (431), and lets line breaks through.
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  printable: (text) => (/[\u0000-\u0009\u000b\u000c\u000e-\u001f\u007f]/.test(text) ? "!holds a tab or another control character, which Mold takes none of: leave it out" : undefined),
};
