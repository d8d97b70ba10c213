/** The certificate that one provider process lives with: made as it starts, known to nobody but the Terraform that started it. */
import { webcrypto } from "node:crypto";

export interface EphemeralCertificate {
  /** PEM. */
  readonly certificate: string;
  /** PEM. */
  readonly key: string;
  readonly der: Uint8Array;
}

const signing = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 24 * 60 * 60 * 1000;

/** As go-plugin makes its own: it is its own authority, and serves as both ends of a connection to `localhost`. */
export async function ephemeralCertificate(now: number): Promise<EphemeralCertificate> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto);
  const { KeyUsageFlags: usage, ExtendedKeyUsage: purpose } = x509;
  const keys = await webcrypto.subtle.generateKey(signing, true, ["sign", "verify"]);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: [{ O: ["ablestack-kubernetes"] }, { CN: ["localhost"] }],
    notBefore: new Date(now - 30_000),
    // Longer than any apply takes.
    notAfter: new Date(now + 365 * dayMs),
    keys,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(usage.digitalSignature | usage.keyEncipherment | usage.keyAgreement | usage.keyCertSign, true),
      new x509.ExtendedKeyUsageExtension([purpose.clientAuth, purpose.serverAuth]),
      new x509.SubjectAlternativeNameExtension([{ type: "dns", value: "localhost" }]),
    ],
  });
  const key = Buffer.from(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey)).toString("base64");
  return { certificate: certificate.toString("pem"), key: `-----BEGIN PRIVATE KEY-----\n${key.match(/.{1,64}/g)!.join("\n")}\n-----END PRIVATE KEY-----\n`, der: new Uint8Array(certificate.rawData) };
}
