/** A cluster's identity as one text, as one program hands it to another: JSON, and a secret. */
import { createPrivateKey, createPublicKey, X509Certificate } from "node:crypto";
import type { ClusterCertificates } from "./certificates";

export interface ExportedIdentity extends ClusterCertificates {
  readonly uid: string;
  /** What kubeconfigs are made with. */
  readonly userCertificates?: readonly string[];
  readonly userKey?: string;
}

/** Each authority with its key. */
const authorities = [["caCertificate", "caKey"], ["frontProxyCaCertificate", "frontProxyCaKey"], ["etcdCaCertificate", "etcdCaKey"], ["adminCertificate", "adminKey"]] as const;
const texts = ["uid", ...authorities.flat(), "serviceAccountPublicKey", "serviceAccountKey"] as const;

/**
 * @returns the identity; or what is wrong with the text, without a word of it
 * @example parseIdentity("{}") // "lacks uid, caCertificate, …"
 */
export function parseIdentity(text: string): ExportedIdentity | string {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return "is no JSON: give the whole output `exportedIdentity` of where the cluster was declared";
  }
  if (typeof parsed !== "object" || parsed === null) return "is no object";
  const given = parsed as Readonly<Record<string, unknown>>;
  const missing = texts.filter((name) => typeof given[name] !== "string" || given[name] === "");
  if (missing.length > 0) return `lacks ${missing.join(", ")}`;
  const identity = given as unknown as ExportedIdentity;
  if (!/^[a-z0-9]{12}$/.test(identity.uid)) return "has a uid that is none";
  const odd = [...authorities.filter(([certificate, key]) => !belong(identity[certificate], identity[key])).map(([certificate]) => certificate), ...(isPair(identity) ? [] : ["serviceAccountPublicKey"])];
  if (odd.length > 0) return `has a key that does not belong to ${odd.join(", ")}, or one of the two is damaged`;
  return Object.fromEntries([...texts, "userCertificates", "userKey"].flatMap((name) => (given[name] === undefined ? [] : [[name, given[name]]]))) as unknown as ExportedIdentity;
}

function belong(certificate: string, key: string): boolean {
  try {
    return new X509Certificate(certificate).checkPrivateKey(createPrivateKey(key));
  } catch {
    return false;
  }
}

function isPair({ serviceAccountPublicKey, serviceAccountKey }: ExportedIdentity): boolean {
  try {
    return createPublicKey(createPrivateKey(serviceAccountKey)).equals(createPublicKey(serviceAccountPublicKey));
  } catch {
    return false;
  }
}
