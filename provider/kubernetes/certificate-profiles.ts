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

const yearMs = 8_760 * 60 * 60 * 1000;

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

/**
 * Of the certificates that people get in a kubeconfig: one a year, each for two, so that whoever fetches one has it for a year at least.
 *
 * They live shorter than the admin's, since a kubeconfig is copied to where nobody counts the copies. All that there will ever be are
 * issued at once, so that the next one is known in every preview (a resource that renewed them would turn the kubeconfig unknown in the
 * preview of its update), and none of them is in force before its year. Those to come give nothing to whoever has the state: the CA's key
 * is there.
 *
 * @param now milliseconds since 1970, when the CA was made
 */
export const userProfiles = (uid: string, now: number): CertificateProfile[] =>
  Array.from({ length: Math.ceil(validityMs / yearMs) }, (_, year) => ({
    commonName: `ablestack-kubernetes:${uid}:kubeconfig`,
    organization: "system:masters",
    notBefore: wholeSeconds(now - backdateMs + year * yearMs),
    notAfter: wholeSeconds(Math.min(now + validityMs, now + (year + 2) * yearMs)),
    authority: false,
    names: [],
  }));
