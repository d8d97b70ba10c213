import type { KubernetesFailure } from "../core/ports";

export type KubernetesErrorKind = KubernetesFailure["kind"];

/**
 * A cluster's own API refused, or could not be reached or trusted. The message says which endpoint and request, what was found
 * and what to do; it never holds a key, a token or a request's body.
 */
export class KubernetesError extends Error implements KubernetesFailure {
  override readonly name = "KubernetesError";
  constructor(
    readonly kind: KubernetesErrorKind,
    message: string,
    /** The HTTP status, where there was an answer. */
    readonly status?: number,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}

/**
 * TLS did its work and the server is not the one that we made. Names are OpenSSL's, as Node passes them on
 * (https://nodejs.org/api/tls.html#x509-certificate-error-codes).
 */
const foreignCodes = new Set([
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "CERT_SIGNATURE_FAILURE",
  "CERT_UNTRUSTED",
  "INVALID_CA",
]);

/** What a failed connection means. `what` names the request: `GET https://203.0.113.7:6443/readyz`. */
export function connectionError(cause: unknown, what: string): KubernetesError {
  if (cause instanceof KubernetesError) return cause;
  const code = typeof cause === "object" && cause !== null && "code" in cause ? String(cause.code) : "";
  const text = cause instanceof Error ? cause.message : String(cause);
  const options = { cause };
  if (foreignCodes.has(code))
    return new KubernetesError("foreign", `${what}: the server answers with a certificate of another cluster's CA (${code}). Another API server holds this address: ask Mold who owns the public address and its rules.`, undefined, options);
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return new KubernetesError("refused", `${what}: the server is under this cluster's CA but its certificate is not for this address (${text}). Renew the API server's certificate with the endpoint among its names.`, undefined, options);
  if (code === "CERT_HAS_EXPIRED")
    return new KubernetesError("refused", `${what}: the API server's certificate has expired. Renew it on the control planes (kubeadm certs renew), or correct this machine's clock.`, undefined, options);
  if (code === "CERT_NOT_YET_VALID")
    // Machine clocks drift: this ends by itself, so it is waited for like a server that is not up.
    return new KubernetesError("unreachable", `${what}: the API server's certificate is not valid yet: the clocks of this machine and of the control plane differ.`, undefined, options);
  return new KubernetesError("unreachable", `${what}: no answer (${code || text}). Check that the control planes run and that the firewall rule of the API lets this address in.`, undefined, options);
}
