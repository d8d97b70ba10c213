/** What the certificates of a cluster say: a pure function of who and when. Making keys and signing is in certificates.ts. */

export interface CertificateProfile {
  readonly commonName: string;
  readonly organization?: string;
  readonly notBefore: Date;
  readonly notAfter: Date;
  /** Signs others. Else it is for TLS clients. */
  readonly authority: boolean;
  /** DNS names. */
  readonly names: readonly string[];
}

export interface CertificateProfiles {
  readonly ca: CertificateProfile;
  readonly frontProxyCa: CertificateProfile;
  readonly etcdCa: CertificateProfile;
  readonly admin: CertificateProfile;
}

/** A machine whose clock is behind by less than this still takes them: certificates are used seconds after they are made. */
const backdateMs = 60 * 60 * 1000;
/** kubeadm's default for CAs (`CACertificateValidityPeriod`, 87,600 h). */
const validityMs = 87_600 * 60 * 60 * 1000;

/** X.509 times have no fraction; the profile has none either, so that what is read back is equal. */
const wholeSeconds = (ms: number): Date => new Date(Math.floor(ms / 1000) * 1000);

/**
 * Names as kubeadm gives them (cmd/kubeadm/app/phases/certs/certlist.go), so that its checks and people's eyes find what they know.
 *
 * The admin is in `system:masters`, not in kubeadm's `kubeadm:cluster-admins`: the latter means nothing until `kubeadm init` has made
 * its role binding, seconds after the API answers (and never if it was killed between), and anyone with RBAC rights can delete that
 * binding and with it the core's way in to mend the cluster. Withdrawing one would gain little: whoever can read the kubeconfig in the
 * state can read the CA's key beside it. It lives as long as the CA, because it is in state before the first machine and must never change.
 *
 * @param now milliseconds since 1970
 */
export function certificateProfiles(uid: string, now: number): CertificateProfiles {
  const validity = { notBefore: wholeSeconds(now - backdateMs), notAfter: wholeSeconds(now + validityMs) };
  const authority = (commonName: string): CertificateProfile => ({ commonName, ...validity, authority: true, names: [commonName] });
  return {
    ca: authority("kubernetes"),
    frontProxyCa: authority("front-proxy-ca"),
    etcdCa: authority("etcd-ca"),
    // The common name is the user in audit logs.
    admin: { commonName: `ablestack-kubernetes:${uid}`, organization: "system:masters", ...validity, authority: false, names: [] },
  };
}
