/** One request to a cluster's API and its answer: over HTTPS here, in-process where time is virtual. */
import * as https from "node:https";
import type { ClusterAccess } from "../core/ports";
import { connectionError, KubernetesError } from "./errors";

export interface KubernetesRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/api/v1/nodes/prod-worker-1`: encoded, without the query. */
  readonly path: string;
  readonly query: Readonly<Record<string, string>>;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface KubernetesResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/**
 * Carries one request. Rejects when there is no answer: with an error whose `code` is Node's (`ECONNREFUSED`, …) or with a
 * `KubernetesError` (an in-process one says `foreign` that way when `access.caCertificate` is not the server's CA). It must settle
 * without the clock: the caller holds virtual time still meanwhile.
 */
export type KubernetesTransport = (request: KubernetesRequest, access: ClusterAccess) => Promise<KubernetesResponse>;

/** An answer of any of our calls is small; 16 MiB is a page of 500 large nodes many times over. */
const largestAnswer = 16 * 1024 * 1024;

/**
 * HTTPS to one cluster: trusts its CA alone, shows the client certificate, keeps connections, goes through no proxy.
 *
 * Node's own client rather than @kubernetes/client-node, whose load takes about a second (CoreV1Api alone half of one) against 10 ms.
 *
 * @param timeoutMs bound of one whole request. @throws from the returned function: `KubernetesError`
 */
export function httpsTransport(access: ClusterAccess, timeoutMs: number): KubernetesTransport {
  const base = new URL(access.endpoint);
  let agent: https.Agent | undefined;

  const send = async (request: KubernetesRequest, retryStale: boolean): Promise<KubernetesResponse> => {
    // Idle sockets go before a virtual router's balancer drops them (50 s), and don't keep the process alive.
    agent ??= new https.Agent({
      keepAlive: true,
      maxSockets: 8,
      timeout: 40_000,
      ca: access.caCertificate,
      cert: access.clientCertificate,
      key: access.clientKey,
    });
    const query = new URLSearchParams(request.query).toString();
    const path = query === "" ? request.path : `${request.path}?${query}`;
    const what = `${request.method} ${base.origin}${request.path}`;
    const body = request.body === undefined ? undefined : Buffer.from(request.body);

    return await new Promise<KubernetesResponse>((resolve, reject) => {
      let connected = false;
      const outgoing = https.request(
        { agent, hostname: base.hostname.replace(/^\[|\]$/g, ""), port: base.port || 443, method: request.method, path, headers: { ...request.headers, ...(body && { "content-length": String(body.length) }) } },
        (incoming) => {
          const chunks: Buffer[] = [];
          let length = 0;
          incoming.on("data", (chunk: Buffer) => {
            length += chunk.length;
            if (length > largestAnswer) outgoing.destroy(new KubernetesError("refused", `${what}: the answer is larger than ${largestAnswer} bytes`));
            else chunks.push(chunk);
          });
          incoming.on("error", (error) => finish(() => reject(connectionError(error, what))));
          incoming.on("end", () => {
            const headers: Record<string, string> = {};
            for (const [name, value] of Object.entries(incoming.headers)) if (value !== undefined) headers[name] = String(value);
            finish(() => resolve({ status: incoming.statusCode ?? 0, headers, body: Buffer.concat(chunks).toString("utf8") }));
          });
        },
      );
      // One bound for the whole request; a socket timeout would start anew with each byte.
      const timer = setTimeout(() => {
        const seconds = `${timeoutMs / 1000} s`;
        outgoing.destroy(
          connected
            ? new KubernetesError("timeout", `${what}: connected, but no answer within ${seconds}. The API server is overloaded or without etcd: try again, or look at its logs.`)
            : new KubernetesError("unreachable", `${what}: no connection within ${seconds}. Check that the control planes run and that the firewall rule of the API lets this address in.`),
        );
      }, timeoutMs);
      const finish = (settle: () => void): void => {
        clearTimeout(timer);
        settle();
      };
      outgoing.on("socket", (socket) => {
        if (outgoing.reusedSocket) connected = true;
        else socket.once("secureConnect", () => (connected = true));
      });
      outgoing.on("error", (error: NodeJS.ErrnoException) => {
        // A kept connection that the other side had closed meanwhile: nothing was received, so the same request goes over a new one
        // (https://nodejs.org/api/http.html#requestreusedsocket). All our requests may be repeated.
        const stale = retryStale && outgoing.reusedSocket && (error.code === "ECONNRESET" || error.code === "EPIPE");
        finish(() => void (stale ? send(request, false).then(resolve, reject) : reject(connectionError(error, what))));
      });
      outgoing.end(body);
    });
  };
  return (request) => send(request, true);
}
