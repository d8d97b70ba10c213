/** The identity of a cluster: its CAs, its service-account keys, and the certificate that the core and the user come with. */
import { createHash, createPrivateKey, webcrypto, X509Certificate } from "node:crypto";
import { certificateProfiles, userProfiles, type CertificateProfile } from "./certificate-profiles";

/** All PEM. Keys are PKCS #8 and secrets. */
export interface ClusterCertificates {
  readonly caCertificate: string;
  readonly caKey: string;
  readonly frontProxyCaCertificate: string;
  readonly frontProxyCaKey: string;
  readonly etcdCaCertificate: string;
  readonly etcdCaKey: string;
  readonly serviceAccountPublicKey: string;
  readonly serviceAccountKey: string;
  readonly adminCertificate: string;
  readonly adminKey: string;
}

export interface ClusterCertificatesInput {
  /** The cluster's uid; it names the admin in audit logs. */
  readonly uid: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

type KeyPair = webcrypto.CryptoKeyPair;

const signing = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;

const newEllipticKeys = (): Promise<KeyPair> => webcrypto.subtle.generateKey(signing, true, ["sign", "verify"]);

/**
 * RSA, although kubeadm and the API server take ECDSA here too: workload identity federation checks these signatures elsewhere, and
 * RS256 is the one algorithm that every OpenID Connect relying party has to know (OpenID Connect Discovery 1.0, section 3).
 */
const newServiceAccountKeys = (): Promise<KeyPair> =>
  webcrypto.subtle.generateKey({ name: "RSASSA-PKCS1-v1_5", modulusLength: 2048, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" }, true, ["sign", "verify"]);

function pem(label: string, der: ArrayBuffer): string {
  const lines = Buffer.from(der).toString("base64").match(/.{1,64}/g) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
}
const privatePem = async (keys: KeyPair): Promise<string> => pem("PRIVATE KEY", await webcrypto.subtle.exportKey("pkcs8", keys.privateKey));
const publicPem = async (keys: KeyPair): Promise<string> => pem("PUBLIC KEY", await webcrypto.subtle.exportKey("spki", keys.publicKey));

/** Takes a quarter of a second to load, and only a cluster's first `up` needs it. */
async function loadX509(): Promise<typeof import("@peculiar/x509")> {
  await import("reflect-metadata");
  const x509 = await import("@peculiar/x509");
  x509.cryptoProvider.set(webcrypto);
  return x509;
}

interface Issuer {
  readonly profile: Pick<CertificateProfile, "commonName" | "organization">;
  readonly keys: KeyPair;
}

async function issue(profile: CertificateProfile, keys: KeyPair, issuer: Issuer): Promise<string> {
  const x509 = await loadX509();
  const name = (of: Issuer["profile"]): import("@peculiar/x509").JsonName => [...(of.organization ? [{ O: [of.organization] }] : []), { CN: [of.commonName] }];
  const { KeyUsageFlags } = x509;
  const selfSigned = issuer.keys === keys;
  const certificate = await x509.X509CertificateGenerator.create({
    // 64 random bits is what CAs have to have; the top bit is cleared so that it never turns negative.
    serialNumber: Buffer.from(webcrypto.getRandomValues(new Uint8Array(16)).map((byte, index) => (index === 0 ? (byte & 0x7f) | 0x01 : byte))).toString("hex"),
    subject: name(profile),
    issuer: name(issuer.profile),
    notBefore: profile.notBefore,
    notAfter: profile.notAfter,
    publicKey: keys.publicKey,
    signingKey: issuer.keys.privateKey,
    signingAlgorithm: signing,
    extensions: [
      new x509.BasicConstraintsExtension(profile.authority, undefined, true),
      new x509.KeyUsagesExtension(KeyUsageFlags.digitalSignature | KeyUsageFlags.keyEncipherment | (profile.authority ? KeyUsageFlags.keyCertSign : 0), true),
      ...(profile.authority ? [] : [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      ...(selfSigned ? [] : [await x509.AuthorityKeyIdentifierExtension.create(issuer.keys.publicKey)]),
      ...(profile.names.length > 0 ? [new x509.SubjectAlternativeNameExtension(profile.names.map((value) => ({ type: "dns" as const, value })))] : []),
    ],
  });
  return `${certificate.toString("pem")}\n`;
}

/**
 * Makes everything a cluster's trust hangs on. Call it once per cluster, under `Clock.hold`: it works for some 0.3 s (RSA keys, and
 * @peculiar/x509 loaded on the first call).
 * @example await clock.hold(() => createClusterCertificates({ uid: "k3x0vp9aw2m1", now: clock.now() }))
 */
export async function createClusterCertificates(input: ClusterCertificatesInput): Promise<ClusterCertificates> {
  const profiles = certificateProfiles(input.uid, input.now);
  const [ca, frontProxyCa, etcdCa, admin, serviceAccount] = await Promise.all([newEllipticKeys(), newEllipticKeys(), newEllipticKeys(), newEllipticKeys(), newServiceAccountKeys()]);
  const authority = (profile: CertificateProfile, keys: KeyPair): Promise<string> => issue(profile, keys, { profile, keys });
  return {
    caCertificate: await authority(profiles.ca, ca),
    caKey: await privatePem(ca),
    frontProxyCaCertificate: await authority(profiles.frontProxyCa, frontProxyCa),
    frontProxyCaKey: await privatePem(frontProxyCa),
    etcdCaCertificate: await authority(profiles.etcdCa, etcdCa),
    etcdCaKey: await privatePem(etcdCa),
    serviceAccountPublicKey: await publicPem(serviceAccount),
    serviceAccountKey: await privatePem(serviceAccount),
    adminCertificate: await issue(profiles.admin, admin, { profile: profiles.ca, keys: ca }),
    adminKey: await privatePem(admin),
  };
}

export interface UserCertificates {
  /** One for each year, in order. */
  readonly userCertificates: readonly string[];
  readonly userKey: string;
}

/** The client certificates that kubeconfigs will be made with, of one key. Call it once, with the CA just made. */
export async function createUserCertificates({ uid, now, caCertificate, caKey }: ClusterCertificatesInput & Pick<ClusterCertificates, "caCertificate" | "caKey">): Promise<UserCertificates> {
  const publicKey = new X509Certificate(caCertificate).publicKey.export({ type: "spki", format: "der" });
  const privateKey = createPrivateKey(caKey).export({ type: "pkcs8", format: "der" });
  const ca = {
    publicKey: await webcrypto.subtle.importKey("spki", publicKey, signing, true, ["verify"]),
    privateKey: await webcrypto.subtle.importKey("pkcs8", privateKey, signing, true, ["sign"]),
  };
  const user = await newEllipticKeys();
  const issuer = { profile: certificateProfiles(uid, now).ca, keys: ca };
  return { userCertificates: await Promise.all(userProfiles(uid, now).map((profile) => issue(profile, user, issuer))), userKey: await privatePem(user) };
}

/**
 * `sha256:<hex>` of the CA's public key: what kubeadm's `discovery-token-ca-cert-hash` wants.
 * @param caCertificate PEM. @throws when it isn't a certificate
 */
export function caHash(caCertificate: string): string {
  const publicKey = new X509Certificate(caCertificate).publicKey.export({ type: "spki", format: "der" });
  return `sha256:${createHash("sha256").update(publicKey).digest("hex")}`;
}
