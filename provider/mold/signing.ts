/**
 * How a call is signed. Every rule here was tried on a server (`mold-api/README.md`, Signing); the server's side is
 * `ApiServer.verifyRequest` of Apache CloudStack, which sorts, encodes, lower-cases and hashes the parameters it has received.
 */
import { createHmac } from "node:crypto";

export type Digest = "sha256" | "sha1";

/** One parameter as it is sent: name and value, both text. */
export type Parameter = readonly [name: string, value: string];

/**
 * Encodes as Java's `URLEncoder` with a space as `%20`: letters, digits and `* - _ .` stay, every other byte of the UTF-8 is
 * `%XX`. `encodeURIComponent` alone leaves `! ~ ' ( )` bare, for which the server answers 401.
 *
 * @example
 * encodeValue("a b*(c)") // "a%20b*%28c%29"
 */
export function encodeValue(value: string): string {
  // Half a surrogate pair can't be encoded at all; going through UTF-8 makes it U+FFFD, in the body and in the signature alike.
  const wellFormed = Buffer.from(value, "utf8").toString("utf8");
  return encodeURIComponent(wellFormed).replace(/[!~'()]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** Raw names, by code unit: sorting by lower-cased names gives 401 where names mix case. */
const byName = ([a]: Parameter, [b]: Parameter): number => (a < b ? -1 : a > b ? 1 : 0);

/** The text that is hashed: sorted by name, names as they are, values encoded, all of it in lower case. */
export function canonicalString(parameters: readonly Parameter[]): string {
  return [...parameters]
    .sort(byName)
    .map(([name, value]) => `${name}=${encodeValue(value)}`)
    .join("&")
    .toLowerCase();
}

/** The signature, in base64. */
export function sign(parameters: readonly Parameter[], secretKey: string, digest: Digest): string {
  return createHmac(digest, secretKey).update(canonicalString(parameters), "utf8").digest("base64");
}

/** A moment as Mold reads and writes it, to the second, in UTC: `2026-11-23T14:22:46+0000`. */
export const moldTime = (milliseconds: number): string => `${new Date(milliseconds).toISOString().slice(0, 19)}+0000`;

/** How long a signed call stays good. Long enough for clocks that are off by minutes, short enough that a copied call is soon worthless. */
export const signedForMs = 10 * 60_000;

export interface Credentials {
  readonly apiKey: string;
  readonly secretKey: string;
}

/** The form body of a call: its parameters with key, expiry and signature. `now` is in milliseconds since 1970. */
export function signedBody(parameters: readonly Parameter[], { apiKey, secretKey }: Credentials, digest: Digest, now: number): string {
  const all: Parameter[] = [...parameters, ["apiKey", apiKey], ["response", "json"], ["signatureVersion", "3"], ["expires", moldTime(now + signedForMs)]];
  const signed: Parameter[] = [...all, ["signature", sign(all, secretKey, digest)]];
  return signed.map(([name, value]) => `${encodeValue(name)}=${encodeValue(value)}`).join("&");
}
