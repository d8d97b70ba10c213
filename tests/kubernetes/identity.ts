/** A cluster's identity, and a server under its CA, for the tests of provider/kubernetes and provider/node. */
import { webcrypto } from "node:crypto";
import { createClusterCertificates, type ClusterCertificates } from "../../provider/kubernetes/certificates";

/** 2026-11-23T12:00:00Z */
export const noon = Date.UTC(2026, 10, 23, 12);

let shared: Promise<ClusterCertificates> | undefined;

/** Made once: the keys take a while, and no test changes them. */
export function someCertificates(): Promise<ClusterCertificates> {
  return (shared ??= createClusterCertificates({ uid: "k3x0vp9aw2m1", now: noon }));
}

/** A serving certificate as kubeadm would sign it, valid around the machine's clock (TLS looks at that one). */
export async function servingCertificate(caCertificate: string, caKey: string, address: string, validFor = 3_600_000): Promise<{ certificate: string; key: string }> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto);
  const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const signingKey = await webcrypto.subtle.importKey("pkcs8", x509.PemConverter.decodeFirst(caKey), algorithm, false, ["sign"]);
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: "01",
    subject: "CN=kube-apiserver",
    issuer: new x509.X509Certificate(caCertificate).subject,
    notBefore: new Date(now - 7_200_000),
    notAfter: new Date(now + validFor),
    publicKey: keys.publicKey,
    signingKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]), new x509.SubjectAlternativeNameExtension([{ type: "ip", value: address }])],
  });
  return { certificate: certificate.toString("pem"), key: x509.PemConverter.encode(await webcrypto.subtle.exportKey("pkcs8", keys.privateKey), "PRIVATE KEY") };
}
