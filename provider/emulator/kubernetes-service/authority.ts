/**
 * The authority of a cluster and its administrator's certificate, as kubeadm makes them on the first control plane. Written by hand because it
 * has to be there at once: within one transaction of the emulator nothing can be waited for, and every library signs asynchronously.
 */
import { createPrivateKey, generateKeyPairSync, randomBytes, sign, type KeyObject } from "node:crypto";

const DAY = 86_400_000;

function der(tag: number, ...parts: readonly Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  if (body.length < 128) return Buffer.concat([Buffer.from([tag, body.length]), body]);
  const length = Buffer.from(body.length.toString(16).padStart(body.length > 255 ? 4 : 2, "0"), "hex");
  return Buffer.concat([Buffer.from([tag, 0x80 | length.length]), length, body]);
}

const sequence = (...parts: readonly Buffer[]): Buffer => der(0x30, ...parts);
const oid = (hex: string): Buffer => der(0x06, Buffer.from(hex, "hex"));
const octets = (body: Buffer): Buffer => der(0x04, body);
const time = (ms: number): Buffer => der(0x18, Buffer.from(new Date(ms).toISOString().replace(/[-:T]/g, "").replace(/\.\d+Z$/, "Z")));

const commonName = "550403";
const organization = "55040a";
const ecdsaWithSha256 = sequence(oid("2a8648ce3d040302"));
const yes = der(0x01, Buffer.from([0xff]));

const nameOf = (attributes: readonly (readonly [string, string])[]): Buffer => sequence(...attributes.map(([type, value]) => der(0x31, sequence(oid(type), der(0x0c, Buffer.from(value))))));

/** digitalSignature, keyEncipherment and, of an authority, keyCertSign. */
const keyUsage = (authority: boolean): Buffer => sequence(oid("551d0f"), yes, octets(der(0x03, Buffer.from(authority ? [0x02, 0xa4] : [0x05, 0xa0]))));
const basicConstraints = sequence(oid("551d13"), yes, octets(sequence(yes)));
const clientAuth = sequence(oid("551d25"), octets(sequence(oid("2b06010505070302"))));

interface Certified {
  readonly subject: readonly (readonly [string, string])[];
  readonly publicKey: KeyObject;
  readonly days: number;
  readonly extensions: readonly Buffer[];
}

function certificate({ subject, publicKey, days, extensions }: Certified, issuer: { readonly name: Buffer; readonly key: KeyObject }, now: number): string {
  const serial = randomBytes(8);
  serial[0] = (serial[0]! & 0x7f) | 0x40;
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, serial),
    ecdsaWithSha256,
    issuer.name,
    sequence(time(now - DAY), time(now + days * DAY)),
    nameOf(subject),
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signed = sequence(body, ecdsaWithSha256, der(0x03, Buffer.from([0]), sign("sha256", body, issuer.key)));
  return `-----BEGIN CERTIFICATE-----\n${signed.toString("base64").replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END CERTIFICATE-----\n`;
}

const pemOf = (key: KeyObject): string => key.export({ type: "pkcs8", format: "pem" }).toString();

export interface Authority {
  readonly caCertificate: string;
  readonly caKey: string;
}

const authorityName = [[commonName, "kubernetes"]] as const;

/** kubeadm's authorities last ten years. */
export function newAuthority(now: number): Authority {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const caCertificate = certificate({ subject: authorityName, publicKey, days: 3650, extensions: [basicConstraints, keyUsage(true)] }, { name: nameOf(authorityName), key: privateKey }, now);
  return { caCertificate, caKey: pemOf(privateKey) };
}

/** What `/etc/kubernetes/admin.conf` holds. */
export function adminKubeconfig({ caCertificate, caKey }: Authority, endpoint: string, now: number): string {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const subject = [[organization, "kubeadm:cluster-admins"], [commonName, "kubernetes-admin"]] as const;
  const client = certificate({ subject, publicKey, days: 365, extensions: [keyUsage(false), clientAuth] }, { name: nameOf(authorityName), key: createPrivateKey(caKey) }, now);
  const base64 = (text: string): string => Buffer.from(text).toString("base64");
  return [
    "apiVersion: v1", "clusters:", "- cluster:", `    certificate-authority-data: ${base64(caCertificate)}`, `    server: ${endpoint}`, "  name: kubernetes",
    "contexts:", "- context:", "    cluster: kubernetes", "    user: kubernetes-admin", "  name: kubernetes-admin@kubernetes", "current-context: kubernetes-admin@kubernetes",
    "kind: Config", "preferences: {}", "users:", "- name: kubernetes-admin", "  user:", `    client-certificate-data: ${base64(client)}`, `    client-key-data: ${base64(pemOf(privateKey))}`, "",
  ].join("\n");
}
