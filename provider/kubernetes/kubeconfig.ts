/** The kubeconfig that users get. Imported at program start, so it needs nothing but Node. */
import { X509Certificate } from "node:crypto";

export interface KubeconfigInput {
  /** Names the cluster, the context (both as is) and the user (`<name>-admin`). */
  readonly name: string;
  /** `https://203.0.113.7:6443` */
  readonly endpoint: string;
  /** PEM. */
  readonly caCertificate: string;
  /** PEM. */
  readonly adminCertificate: string;
  /** PEM; a secret, which makes the whole text one. */
  readonly adminKey: string;
}

/** What an identity holds to come with. */
export interface ClientCertificates {
  readonly adminCertificate: string;
  readonly adminKey: string;
  /** One for each year, in order. Undefined: the identity was made before there were any. */
  readonly userCertificates?: readonly string[];
  readonly userKey?: string;
}

/** Certificates are in force an hour before their turn comes, for clocks that are behind. */
const earlyMs = 60 * 60 * 1000;

/**
 * The one whose turn it is, and when it ends. The same all year, so that a kubeconfig changes once a year, and by an `up` alone.
 * @param now milliseconds since 1970
 */
export function clientNow({ adminCertificate, adminKey, userCertificates = [], userKey }: ClientCertificates, now: number): Pick<KubeconfigInput, "adminCertificate" | "adminKey"> & { readonly expires: string } {
  const begun = userCertificates.filter((each) => Date.parse(new X509Certificate(each).validFrom) + earlyMs <= now);
  const certificate = userKey === undefined ? undefined : (begun.at(-1) ?? userCertificates[0]);
  const chosen = certificate === undefined || userKey === undefined ? { adminCertificate, adminKey } : { adminCertificate: certificate, adminKey: userKey };
  return { ...chosen, expires: endOf(chosen.adminCertificate) };
}

/** ISO 8601; empty for what is no certificate. */
export function endOf(certificate: string): string {
  try {
    return new Date(new X509Certificate(certificate).validTo).toISOString();
  } catch {
    return "";
  }
}

/** A JSON string is a YAML one: quoted, so that a cluster named `on` or `1e3` stays a name. */
const quote = (text: string): string => JSON.stringify(text);
const base64 = (text: string): string => Buffer.from(text).toString("base64");

/**
 * YAML for kubectl and for `new k8s.Provider(…, { kubeconfig })`. The same input gives the same text, byte for byte.
 * @example kubeconfig({ name: "prod", endpoint: "https://203.0.113.7:6443", caCertificate, adminCertificate, adminKey })
 */
export function kubeconfig(input: KubeconfigInput): string {
  const user = `${input.name}-admin`;
  return `apiVersion: v1
kind: Config
clusters:
- name: ${quote(input.name)}
  cluster:
    server: ${quote(input.endpoint)}
    certificate-authority-data: ${base64(input.caCertificate)}
users:
- name: ${quote(user)}
  user:
    client-certificate-data: ${base64(input.adminCertificate)}
    client-key-data: ${base64(input.adminKey)}
contexts:
- name: ${quote(input.name)}
  context:
    cluster: ${quote(input.name)}
    user: ${quote(user)}
current-context: ${quote(input.name)}
`;
}

/** What is given out for whoever is to declare the cluster from then on; `parseIdentity` reads it. Empty where Mold keeps the keys. A secret. */
export const identityText = (identity: { readonly caKey: string }): string => (identity.caKey === "" ? "" : JSON.stringify(identity));
