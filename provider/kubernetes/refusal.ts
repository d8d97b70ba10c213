/** What an answer that is no success means. */
import type { V1Status } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { KubernetesError } from "./errors";
import type { KubernetesResponse } from "./transport";

/** @param what names the request: `PATCH https://203.0.113.7:6443/api/v1/nodes/prod-worker-1`. */
export function refusal(what: string, answer: KubernetesResponse): KubernetesError {
  const kind = answer.status === 401 || answer.status === 403 ? "forbidden" : answer.status === 429 || answer.status >= 500 ? "unreachable" : "refused";
  const todo =
    kind === "forbidden"
      ? "The admin certificate in the state is not (any longer) let in: check that the API server's client CA is this cluster's."
      : kind === "unreachable"
        ? "The API server answers but is not able to serve: it is starting, overloaded or without etcd."
        : "Check that the object is one of this cluster.";
  return new KubernetesError(kind, `${what}: ${answer.status}: ${said(answer.body)}. ${todo}`, answer.status);
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
  return (message ?? "no reason given").slice(0, 300).replace(/\.$/, "");
}
