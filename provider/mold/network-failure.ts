/** What a missing or foreign answer means: whether the server may have got the call, whether trying again helps, and what to do. */
import { configKey, type ConnectionSettings } from "./connection";
import type { MoldErrorKind } from "../core/ports";
import { withoutCredentials } from "./redaction";
import type { TransportAnswer } from "./transport";

export interface Failure {
  readonly kind: MoldErrorKind;
  readonly what: string;
  readonly advice: string;
  /** Certain that the server did not take the call: then even one that changes something may be sent again. */
  readonly notTaken: boolean;
  /** Might go away within seconds. A wrong name, a bad certificate or a web page in place of the API won't. */
  readonly passing: boolean;
}

const expired = new Set(["CERT_HAS_EXPIRED"]);
const notYetValid = new Set(["CERT_NOT_YET_VALID"]);
const untrusted = new Set([
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "CERT_UNTRUSTED",
  "CERT_SIGNATURE_FAILURE",
  "INVALID_CA",
]);
/** ETLSRESET is ours: the connection broke while TLS was being agreed on, so nothing was sent. */
const notReached = new Set(["ETLSRESET", "ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN", "ENETDOWN", "EADDRNOTAVAIL"]);

/** No answer at all. `code` and `message` come from Node.js. */
export function noAnswer(code: string, message: string, settings: ConnectionSettings): Failure {
  const at = withoutCredentials(settings.apiUrl);
  const key = (property: string): string => configKey(settings.name, property);
  const via = settings.proxy === undefined ? "" : ` through the proxy ${withoutCredentials(settings.proxy)}`;
  const lost = (what: string, advice: string, passing = false): Failure => ({ kind: "unreachable", what, advice, notTaken: true, passing });

  if (expired.has(code)) return lost(`could not be sent: the certificate of ${at} has expired`, `Renew it on the server, or check this machine's clock. (${code})`);
  if (notYetValid.has(code)) return lost(`could not be sent: the certificate of ${at} is not valid yet`, `Check the clocks of this machine and the server. (${code})`);
  if (untrusted.has(code))
    return lost(
      `could not be sent: the certificate of ${at} is not signed by an authority that is trusted here`,
      `Set ${key("caCertificate")} to the certificate of the authority that signed it (PEM text or path). (${code})`,
    );
  if (code === "ERR_TLS_CERT_ALTNAME_INVALID")
    return lost(`could not be sent: the certificate of ${at} is for another name`, `Use the name that the certificate has in ${key("apiUrl")}. (${message})`);
  if (code === "EPROTO" || code.startsWith("ERR_SSL_"))
    return lost(`could not be sent: ${at} does not speak TLS as expected`, `If the port serves plain HTTP, ${key("apiUrl")} should begin with http://. (${code})`);
  if (code.startsWith("CERT_") || code.startsWith("ERR_TLS_") || code.startsWith("UNABLE_TO_") || code.startsWith("ERR_OSSL_"))
    return lost(`could not be sent: the certificate of ${at} can't be verified`, `Check it, and ${key("caCertificate")}. (${code})`);
  if (code === "ENOTFOUND") return lost(`could not be sent: there is no host of that name for ${at}${via}`, `Check ${key("apiUrl")}${via && ` and ${key("proxy")}`} and name resolution here. (${code})`);
  if (code === "EAI_AGAIN") return lost(`could not be sent: the name in ${at}${via} can't be looked up now`, `Check name resolution on this machine. (${code})`, true);
  if (code === "ECONNECTTIMEOUT")
    return lost(`could not be sent: ${at}${via} did not take a connection in time`, `Check ${key("apiUrl")}, and that no firewall drops packets on the way there. (${message})`);
  if (notReached.has(code))
    return lost(`could not be sent: nothing takes connections at ${at}${via}`, `Check ${key("apiUrl")}${via && ` and ${key("proxy")}`}, and that the management server runs. (${code})`, true);
  if (code === "ETIMEDOUT" || code === "ECONNABORTED" || code === "ESOCKETTIMEDOUT")
    return {
      kind: "timeout",
      what: `got no answer from ${at}${via} within ${settings.timeoutSeconds} s`,
      advice: `Mold may have taken it all the same: run again, or allow more time (${key("timeout")}).`,
      notTaken: false,
      passing: true,
    };
  return {
    kind: "unreachable",
    what: `got no answer: the connection to ${at}${via} broke`,
    advice: `Mold may have taken it all the same: run again once the server can be reached. (${code}: ${message})`,
    notTaken: false,
    passing: true,
  };
}

/** An answer that is not Mold's. */
export function foreignAnswer(answer: TransportAnswer, settings: ConnectionSettings): Failure {
  const { status, headers } = answer;
  const at = withoutCredentials(settings.apiUrl);
  const key = (property: string): string => configKey(settings.name, property);
  const type = headers["content-type"]?.split(";")[0] ?? "no content type";
  if (status >= 300 && status < 400)
    return {
      kind: "unreachable",
      what: `was sent elsewhere: ${at} redirects (HTTP ${status}) to ${withoutCredentials(headers.location ?? "")}`,
      advice: `Set ${key("apiUrl")} to the address of the API itself.`,
      notTaken: true,
      passing: false,
    };
  if (status === 407)
    return { kind: "unreachable", what: `was stopped by the proxy: it asks for a user and password (HTTP 407)`, advice: `Put them into ${key("proxy")} as http://user:password@host:port, as a secret.`, notTaken: true, passing: false };
  // 502, 503 and 504 come from what stands before Mold; a call may have passed it before the answer was lost.
  if (status >= 500)
    return {
      kind: "server",
      what: `was answered HTTP ${status} (${type}) without a word from Mold, by ${at} or something before it`,
      advice: "Mold may have taken it all the same: look whether the management server runs (it may be starting), then run again.",
      notTaken: false,
      passing: true,
    };
  if (status === 429) return { kind: "server", what: `was held back by something before ${at} (HTTP 429)`, advice: "Run again later, or have its rate limit raised.", notTaken: true, passing: true };
  return {
    kind: "unreachable",
    what: `was answered by something that is not a Mold API (HTTP ${status}, ${type}) at ${at}`,
    advice: `Check ${key("apiUrl")}: it is the address of the API with its path, mostly ending in /client/api.`,
    notTaken: status >= 400,
    passing: false,
  };
}
