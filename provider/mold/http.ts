/** The transport over HTTP(S): axios with connections that are kept, a bound on making one, a proxy, a private authority. */
import { readFileSync } from "node:fs";
import type { Agent as HttpAgent } from "node:http";
import { createRequire } from "node:module";
import type { AxiosRequestConfig, AxiosStatic } from "axios";
import { BoundedHttpAgent, BoundedHttpsAgent } from "./agents";
import { configKey, ConnectionError, type ConnectionSettings } from "./connection";
import { tunnelAgent } from "./tunnel";
import { NoAnswer, type Transport, type TransportAnswer } from "./transport";

/** Milliseconds that an unused connection is kept. Below any server's or proxy's own limit, so that a call is not sent into a connection that is just being closed: a call that changes something could then not be repeated. */
const keptMs = 3_000;

const defaultConnectSeconds = 5;

/** The authority to trust, as PEM text. */
function authority({ name, caCertificate }: ConnectionSettings): string | undefined {
  if (caCertificate === undefined || caCertificate.includes("-----BEGIN")) return caCertificate;
  const key = configKey(name, "caCertificate");
  let text: string;
  try {
    text = readFileSync(caCertificate, "utf8");
  } catch (error) {
    throw new ConnectionError([key], `${key} is neither a PEM certificate nor a file that can be read: ${caCertificate} (${(error as NodeJS.ErrnoException).code})`);
  }
  if (!text.includes("-----BEGIN CERTIFICATE-----")) throw new ConnectionError([key], `${key}: ${caCertificate} holds no PEM certificate`);
  return text;
}

interface Wire {
  readonly http: AxiosStatic;
  readonly config: AxiosRequestConfig;
  readonly agent: HttpAgent;
}

const load = createRequire(__filename);

/** Axios is loaded with the first call: that takes a tenth of a second, which a program that makes none should not pay. (As one CommonJS file; `import()` would read its sixty modules.) */
function wire(settings: ConnectionSettings): Wire {
  const axios = load("axios") as AxiosStatic;
  const ca = authority(settings);
  const connectMs = (settings.connectTimeoutSeconds ?? defaultConnectSeconds) * 1000;
  const common = { keepAlive: true, timeout: keptMs, connectMs };
  const tls = { ...common, rejectUnauthorized: settings.insecure !== true, ...(ca === undefined ? {} : { ca }) };
  const secure = new URL(settings.apiUrl).protocol === "https:";
  const proxy = settings.proxy === undefined ? undefined : new URL(settings.proxy);
  // Which proxy is used was settled with the connection; axios must not look into the environment again.
  const base: AxiosRequestConfig = { proxy: false, maxRedirects: 0, responseType: "text", transformResponse: (data: unknown) => data, validateStatus: () => true };
  if (!proxy) {
    const agent = secure ? new BoundedHttpsAgent(tls) : new BoundedHttpAgent(common);
    return { http: axios, agent, config: { ...base, httpAgent: agent, httpsAgent: agent } };
  }
  if (secure) {
    const agent = tunnelAgent(proxy, tls);
    return { http: axios, agent, config: { ...base, httpAgent: agent, httpsAgent: agent } };
  }
  const agent = proxy.protocol === "https:" ? new BoundedHttpsAgent(tls) : new BoundedHttpAgent(common);
  const auth = proxy.username ? { username: decodeURIComponent(proxy.username), password: decodeURIComponent(proxy.password) } : undefined;
  const port = Number(proxy.port || (proxy.protocol === "https:" ? 443 : 80));
  return { http: axios, agent, config: { ...base, httpAgent: agent, httpsAgent: agent, proxy: { protocol: proxy.protocol.slice(0, -1), host: proxy.hostname, port, auth } } };
}

const lowerCased = (headers: unknown): Record<string, string> =>
  Object.fromEntries(Object.entries(headers as Record<string, unknown>).map(([name, value]) => [name.toLowerCase(), String(value)]));

/** An error and what caused it (axios keeps Node's own there); of aggregate errors (one for each address tried) the first part. */
function* causesOf(error: unknown): Generator<NodeJS.ErrnoException> {
  for (let at: unknown = error, depth = 0; at instanceof Error && depth < 5; at = at.cause, depth++) yield (at instanceof AggregateError ? (at.errors[0] as Error | undefined) : undefined) ?? at;
}

/** The code of an error or of what caused it. */
function codeOf(error: unknown): { code: string; message: string } | undefined {
  const causes = [...causesOf(error)];
  const syscall = causes.find((cause) => cause.syscall !== undefined)?.syscall;
  for (const { code, message } of causes) {
    if (code === "ETIMEDOUT" && syscall === "connect") return { code: "ECONNECTTIMEOUT", message };
    // The words for a server that is not reached, on a connection that was there: the request may have gone over it before.
    if (/^(EHOST|ENET)/.test(code ?? "") && syscall !== "connect") return { code: "ECONNRESET", message };
    if (code === "ECONNRESET" && message.includes("before secure TLS connection was established")) return { code: "ETLSRESET", message };
    if (typeof code === "string" && code !== "ERR_NETWORK" && code !== "ERR_BAD_REQUEST" && code !== "ERR_BAD_RESPONSE") return { code, message };
  }
  return undefined;
}

/** A transport over HTTP for one connection, and how to give its connections back. */
export function httpTransport(settings: ConnectionSettings): { readonly send: Transport; close(): void } {
  let opened: Wire | undefined;
  const send: Transport = async ({ url, body, headers, timeoutMs, signal }): Promise<TransportAnswer> => {
    opened ??= wire(settings);
    const { http, config } = opened;
    const end = new AbortController();
    const timer = setTimeout(() => end.abort(), timeoutMs);
    try {
      const answer = await http.post<string>(url, body, { ...config, headers, signal: signal ? AbortSignal.any([signal, end.signal]) : end.signal });
      return { status: answer.status, headers: lowerCased(answer.headers), body: answer.data ?? "" };
    } catch (error) {
      signal?.throwIfAborted();
      if (end.signal.aborted) throw new NoAnswer("ETIMEDOUT", `no answer within ${timeoutMs} ms`);
      const found = codeOf(error);
      if (!found) throw new NoAnswer("ECONNRESET", error instanceof Error ? error.message : String(error));
      throw new NoAnswer(found.code, found.message);
    } finally {
      clearTimeout(timer);
    }
  };
  return {
    send,
    close(): void {
      opened?.agent.destroy();
    },
  };
}
