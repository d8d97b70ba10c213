/**
 * Certificates of a simulated cluster: reading the CA that came with the user data, knowing a client by its certificate, and
 * issuing what the API server serves with. Issuing is only needed where a real listener is; in-process use never gets there.
 */
import "reflect-metadata";
import { createHash, createPrivateKey, createPublicKey, webcrypto, X509Certificate, type KeyObject } from "node:crypto";

const parsed = new Map<string, X509Certificate>();
const KEPT = 512;

/** Parses a PEM certificate; the same text is parsed once. Throws when it is none. */
export function certificateOf(pem: string): X509Certificate {
  const known = parsed.get(pem);
  if (known) return known;
  const certificate = new X509Certificate(pem);
  if (parsed.size >= KEPT) parsed.clear();
  parsed.set(pem, certificate);
  return certificate;
}

/** `sha256:<hex>` of a public key's DER, as kubeadm's `--discovery-token-ca-cert-hash` has it. */
export function publicKeyHash(key: KeyObject): string {
  return `sha256:${createHash("sha256").update(key.export({ type: "spki", format: "der" })).digest("hex")}`;
}

const hashes = new Map<string, string>();
/** {@link publicKeyHash} of a PEM certificate's key. */
export function certificateHash(pem: string): string {
  const known = hashes.get(pem);
  if (known) return known;
  const hash = publicKeyHash(certificateOf(pem).publicKey);
  if (hashes.size >= KEPT) hashes.clear();
  hashes.set(pem, hash);
  return hash;
}

const pairs = new Map<string, boolean | undefined>();
/** Whether a private key belongs to a certificate; undefined when it is no key at all. */
export function isKeyOf(keyPem: string, certificatePem: string): boolean | undefined {
  const name = `${certificatePem}\n${keyPem}`;
  if (pairs.has(name)) return pairs.get(name);
  let answer: boolean | undefined;
  try {
    answer = publicKeyHash(createPublicKey(createPrivateKey(keyPem))) === certificateHash(certificatePem);
  } catch {
    answer = undefined;
  }
  if (pairs.size >= KEPT) pairs.clear();
  pairs.set(name, answer);
  return answer;
}

/** Who a request comes from. */
export interface Identity {
  readonly user: string;
  readonly groups: readonly string[];
}

interface Presented extends Identity {
  readonly notBefore: number;
  readonly notAfter: number;
}

const identities = new Map<string, Presented | string>();

/**
 * Who a client certificate says it is, checked against the CA as the API server would: CN is the user, each O a group.
 * @param now emulator time. A certificate is out of date when it is by this and by the real clock: keys may be made by either,
 *   and virtual time may be years away from the real one.
 * @returns the identity, or in words why the certificate is not accepted.
 */
export function clientIdentity(pem: string, caPem: string, now: number): Identity | string {
  const key = `${caPem}\n${pem}`;
  const found = identities.get(key) ?? readIdentity(pem, caPem);
  if (!identities.has(key)) {
    if (identities.size >= KEPT) identities.clear();
    identities.set(key, found);
  }
  if (typeof found === "string") return found;
  if (![now, Date.now()].some((time) => time >= found.notBefore && time <= found.notAfter)) return "x509: certificate has expired or is not yet valid";
  return found;
}

function readIdentity(pem: string, caPem: string): Presented | string {
  let certificate: X509Certificate;
  try {
    certificate = certificateOf(pem);
  } catch {
    return "x509: malformed certificate";
  }
  const ca = certificateOf(caPem);
  if (certificate.issuer !== ca.subject || !certificate.verify(ca.publicKey)) return "x509: certificate signed by unknown authority";
  const usages = certificate.keyUsage as readonly string[] | undefined;
  if (usages && !usages.includes("1.3.6.1.5.5.7.3.2")) return "x509: certificate specifies an incompatible key usage";
  const groups: string[] = [];
  let user = "";
  for (const line of certificate.subject.split("\n")) {
    const [attribute, ...rest] = line.split("=");
    if (attribute === "CN") user = rest.join("=");
    if (attribute === "O") groups.push(rest.join("="));
  }
  return user === "" ? "x509: subject with no common name" : { user, groups, notBefore: Date.parse(certificate.validFrom), notAfter: Date.parse(certificate.validTo) };
}

/** What an HTTPS server serves with. */
export interface ServingCertificate {
  readonly key: string;
  readonly cert: string;
}

/** The key algorithms of CAs that are understood here. */
async function importCaKey(pem: string): Promise<{ key: webcrypto.CryptoKey; algorithm: webcrypto.EcdsaParams | webcrypto.Algorithm }> {
  const key = createPrivateKey(pem);
  const der = key.export({ type: "pkcs8", format: "der" });
  if (key.asymmetricKeyType === "ec") {
    const curve = key.asymmetricKeyDetails?.namedCurve;
    const namedCurve = curve === "secp384r1" ? "P-384" : curve === "secp521r1" ? "P-521" : "P-256";
    return { key: await webcrypto.subtle.importKey("pkcs8", der, { name: "ECDSA", namedCurve }, false, ["sign"]), algorithm: { name: "ECDSA", hash: "SHA-256" } };
  }
  if (key.asymmetricKeyType === "ed25519") return { key: await webcrypto.subtle.importKey("pkcs8", der, { name: "Ed25519" }, false, ["sign"]), algorithm: { name: "Ed25519" } };
  return { key: await webcrypto.subtle.importKey("pkcs8", der, { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" }, false, ["sign"]), algorithm: { name: "RSASSA-PKCS1-v1_5" } };
}

/**
 * Issues a serving certificate by the cluster's CA.
 * @param names DNS names and IP addresses it is for.
 */
export async function issueServingCertificate(caPem: string, caKeyPem: string, names: readonly string[]): Promise<ServingCertificate> {
  // Loaded here because only listeners need it: it costs more than a hundred in-process clusters.
  const x509 = await import("@peculiar/x509");
  const ca = new x509.X509Certificate(caPem);
  const { key, algorithm } = await importCaKey(caKeyPem);
  const pair = (await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"])) as webcrypto.CryptoKeyPair;
  const certificate = await x509.X509CertificateGenerator.create(
    {
      subject: "CN=kube-apiserver",
      issuer: ca.subject,
      // As long as the CA itself: the emulator's clock may run far ahead of the client's.
      notBefore: ca.notBefore,
      notAfter: ca.notAfter,
      signingKey: key,
      publicKey: pair.publicKey,
      signingAlgorithm: algorithm,
      extensions: [
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature | x509.KeyUsageFlags.keyEncipherment, true),
        new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
        new x509.SubjectAlternativeNameExtension(names.map((name) => ({ type: /^[\d.]+$|:/.test(name) ? ("ip" as const) : ("dns" as const), value: name }))),
        await x509.AuthorityKeyIdentifierExtension.create(ca),
      ],
    },
    webcrypto as unknown as Parameters<typeof x509.X509CertificateGenerator.create>[1],
  );
  const pkcs8 = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", pair.privateKey)).toString("base64");
  return { cert: certificate.toString("pem"), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8.replace(/(.{64})/g, "$1\n").trimEnd()}\n-----END PRIVATE KEY-----\n` };
}
