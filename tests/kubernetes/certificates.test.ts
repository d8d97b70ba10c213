import { execFileSync } from "node:child_process";
import { createPrivateKey, createPublicKey, sign, verify, X509Certificate } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { certificateProfiles } from "../../provider/kubernetes/certificate-profiles";
import { caHash, createClusterCertificates, type ClusterCertificates } from "../../provider/kubernetes/certificates";
import { noon, someCertificates } from "./identity";

let certificates: ClusterCertificates;
let folder: string;
beforeAll(async () => {
  certificates = await someCertificates();
  folder = mkdtempSync(join(tmpdir(), "certificates-"));
  for (const [name, text] of Object.entries(certificates)) writeFileSync(join(folder, name), text as string, { mode: 0o600 });
});
afterAll(() => rmSync(folder, { recursive: true }));

const openssl = (...args: string[]): string => execFileSync("openssl", args, { cwd: folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
const at = String(noon / 1000);

describe("the profiles", () => {
  const profiles = certificateProfiles("k3x0vp9aw2m1", noon + 999);

  it("name the authorities as kubeadm does", () => {
    expect([profiles.ca, profiles.frontProxyCa, profiles.etcdCa].map(({ commonName, authority }) => ({ commonName, authority }))).toEqual([
      { commonName: "kubernetes", authority: true },
      { commonName: "front-proxy-ca", authority: true },
      { commonName: "etcd-ca", authority: true },
    ]);
  });

  it("give the admin rights that hold before any role binding exists", () => {
    expect(profiles.admin).toMatchObject({ commonName: "ablestack-kubernetes:k3x0vp9aw2m1", organization: "system:masters", authority: false });
  });

  it("allow for an hour of clock skew, last ten years, and have whole seconds", () => {
    for (const { notBefore, notAfter } of Object.values(profiles) as { notBefore: Date; notAfter: Date }[]) {
      expect(notBefore.getTime()).toBe(noon - 3_600_000);
      expect(notAfter.getTime()).toBe(noon + 87_600 * 3_600_000);
    }
  });
});

describe("the certificates", () => {
  it.each(["caCertificate", "frontProxyCaCertificate", "etcdCaCertificate"])("%s verifies itself as an authority with openssl", (name) => {
    expect(openssl("verify", "-attime", at, "-x509_strict", "-CAfile", name, name)).toContain("OK");
  });

  it("let openssl verify the admin as a TLS client of the cluster, and of nothing else", () => {
    expect(openssl("verify", "-attime", at, "-x509_strict", "-purpose", "sslclient", "-CAfile", "caCertificate", "adminCertificate")).toContain("OK");
    expect(() => openssl("verify", "-attime", at, "-CAfile", "etcdCaCertificate", "adminCertificate")).toThrow();
    expect(() => openssl("verify", "-attime", at, "-purpose", "sslserver", "-CAfile", "caCertificate", "adminCertificate")).toThrow();
    expect(openssl("x509", "-in", "adminCertificate", "-noout", "-subject")).toMatch(/O = system:masters, CN = ablestack-kubernetes:k3x0vp9aw2m1/);
  });

  it.each([
    ["caCertificate", "caKey"],
    ["frontProxyCaCertificate", "frontProxyCaKey"],
    ["etcdCaCertificate", "etcdCaKey"],
    ["adminCertificate", "adminKey"],
  ] as const)("%s belongs to %s", (certificate, key) => {
    expect(new X509Certificate(certificates[certificate]).checkPrivateKey(createPrivateKey(certificates[key]))).toBe(true);
  });

  it("sign service-account tokens with RSA, which the public key checks", () => {
    const signature = sign("sha256", Buffer.from("token"), certificates.serviceAccountKey);
    expect(createPrivateKey(certificates.serviceAccountKey).asymmetricKeyType).toBe("rsa");
    expect(verify("sha256", Buffer.from("token"), createPublicKey(certificates.serviceAccountPublicKey), signature)).toBe(true);
  });

  it("are of another CA for every cluster, whose positive serial numbers differ", async () => {
    const other = await createClusterCertificates({ uid: "another00000", now: noon });
    expect(caHash(other.caCertificate)).not.toBe(caHash(certificates.caCertificate));
    const serials = [other.caCertificate, other.adminCertificate, certificates.caCertificate].map((pem) => new X509Certificate(pem).serialNumber);
    expect(new Set(serials).size).toBe(3);
    for (const serial of serials) expect(serial).toMatch(/^[0-7][0-9A-F]{31}$/);
  });

  it("hash to what kubeadm's documentation computes with openssl", () => {
    const documented = execFileSync("sh", ["-c", "openssl x509 -pubkey -in caCertificate | openssl pkey -pubin -outform der 2>/dev/null | openssl dgst -sha256 -hex"], { cwd: folder, encoding: "utf8" });
    expect(caHash(certificates.caCertificate)).toBe(`sha256:${documented.trim().split(/\s+/).pop()}`);
  });
});
