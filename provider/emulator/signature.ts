/** Checking signatures, written from the recorded answers and not from the client: the two must not share a mistake. */
import { createHmac, timingSafeEqual } from "node:crypto";

export type Digest = "sha1" | "sha256";

/** Encodes a value as Java's `URLEncoder` does, with the space as `%20`. A client that leaves more as it is, is answered 401 by a real server. */
export function javaEncode(value: string): string {
  return value.replace(/[^A-Za-z0-9*\-_.]+/g, (run) => {
    let encoded = "";
    for (const byte of Buffer.from(run, "utf8")) encoded += `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
    return encoded;
  });
}

/** The signature that a call's parameters (without `signature`) must carry. Parameters are sorted by their raw names. */
export function signatureOf(params: Iterable<readonly [string, string]>, secretKey: string, digest: Digest): string {
  const sorted = [...params].filter(([name]) => name.toLowerCase() !== "signature").sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const text = sorted.map(([name, value]) => `${name}=${javaEncode(value)}`).join("&").toLowerCase();
  return createHmac(digest, secretKey).update(text, "utf8").digest("base64");
}

/** Compares without telling by its time where they differ. */
export function sameSignature(expected: string, given: string): boolean {
  const a = Buffer.from(expected, "utf8");
  const b = Buffer.from(given, "utf8");
  return a.length === b.length && timingSafeEqual(a, b);
}

/** The time in an `expires` parameter: ISO 8601 with `Z` or an offset with or without a colon (`+0000`). Undefined: no such time. */
export function expiryTime(text: string): number | undefined {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:?\d{2})$/.test(text)) return undefined;
  const time = Date.parse(text.replace(/([+-]\d{2})(\d{2})$/, "$1:$2"));
  return Number.isNaN(time) ? undefined : time;
}
