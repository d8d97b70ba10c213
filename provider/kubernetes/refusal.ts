/** What an answer that is no success means. */
import type { V1Status } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { KubernetesError, type KubernetesErrorKind } from "./errors";
import type { KubernetesResponse } from "./transport";

const unsaid = "no reason given";

/** Whether it is we who are not let in: the API server's authorizer says so by a user's name. What else is forbidden, something in the cluster forbids. */
function isStranger({ status, body }: KubernetesResponse): boolean {
  const words = said(body);
  return status === 401 || (status === 403 && (words === unsaid || /User "[^"]*" cannot /.test(words)));
}

/**
 * Whether something in the cluster refuses an eviction for now: a disruption budget (429), two of them (500), an admission webhook (any status), or a
 * namespace that is just being deleted (403, https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/#namespacelifecycle).
 */
export function isHeld(answer: KubernetesResponse): boolean {
  const words = said(answer.body);
  return answer.status === 429 || /^admission webhook "[^"]*" denied|more than one PodDisruptionBudget/.test(words) || (answer.status === 403 && !isStranger(answer));
}

/** @param what names the request: `PATCH https://203.0.113.7:6443/api/v1/nodes/prod-worker-1`. */
export function refusal(what: string, answer: KubernetesResponse): KubernetesError {
  const kind = answer.status === 401 || answer.status === 403 ? "forbidden" : answer.status === 429 || answer.status >= 500 ? "unreachable" : "refused";
  return new KubernetesError(kind, `${what}: ${answer.status}: ${said(answer.body)}. ${todo(kind, answer)}`, answer.status);
}

function todo(kind: KubernetesErrorKind, answer: KubernetesResponse): string {
  if (kind === "unreachable") return "The API server answers but is not able to serve: it is starting, overloaded or without etcd.";
  if (kind !== "forbidden") return "Check that the object is one of this cluster.";
  return isStranger(answer)
    ? "The admin certificate in the state is not (any longer) let in: check that the API server's client CA is this cluster's."
    : "Something in the cluster forbids it (an admission webhook, a quota, a namespace that is being deleted): mend that, then run again.";
}

/** The server's words: a Status object's message and its causes (which budget, say), cut. Its other fields could repeat what was sent. */
export function said(body: string): string {
  let message: string | undefined;
  try {
    const status = JSON.parse(body) as V1Status | null;
    message = [status?.message, ...(status?.details?.causes ?? []).map((cause) => cause.message)].filter((text) => text !== undefined).join(" ") || undefined;
  } catch {
    // Not a Status: a proxy's page, say. Its text says nothing that the status does not.
  }
  return (message ?? unsaid).slice(0, 300).replace(/\.$/, "");
}
