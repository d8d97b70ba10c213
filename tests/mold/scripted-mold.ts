/** A Mold that answers as a test tells it to: in the process, or over HTTP on loopback. It checks signatures in its own way. */
import { createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer, type ServerOptions } from "node:https";
import type { AddressInfo } from "node:net";
import type { Transport } from "../../provider/mold/transport";
import type { ConnectionSettings } from "../../provider/mold/connection";

export const apiKey = "plgWJfZK4gyS3mOMTVmjUVg-X-jlWlnfaUJ9GAbBbf9EdM-kAYMmAiLqzzq1ElZLYq_u38zCm0bewzGUdP66mg";
export const secretKey = "VDaACYb0LV9eNjTetIOElcVQkvJck_J_QljX_FcHRj87ZKiy0z0ty0ZsYBkoXkY9b7eq1EhwJaw7FF3akA3KBQ";

export const settings = (over: Partial<ConnectionSettings> = {}): ConnectionSettings => ({
  apiUrl: "http://127.0.0.1:8080/client/api",
  apiKey,
  secretKey,
  digest: "sha256",
  timeoutSeconds: 10,
  jobTimeoutSeconds: 1800,
  ...over,
});

/** As `java.net.URLEncoder` documents itself, byte by byte, with the one change that Mold makes: `+` becomes `%20`. */
export function javaEncode(text: string): string {
  let encoded = "";
  for (const byte of Buffer.from(text, "utf8")) {
    const character = String.fromCharCode(byte);
    encoded += /[a-zA-Z0-9.\-*_]/.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return encoded;
}

/** What ApiServer.verifyRequest computes from the parameters it has received. */
export function expectedSignature(params: ReadonlyMap<string, string>, digest: "sha256" | "sha1", key = secretKey): string {
  const names = [...params.keys()].filter((name) => name !== "signature").sort();
  const unsigned = names.map((name) => `${name}=${javaEncode(params.get(name) ?? "")}`).join("&");
  return createHmac(digest, key).update(unsigned.toLowerCase()).digest("base64");
}

export const decodeForm = (body: string): Map<string, string> => new Map(new URLSearchParams(body));

export interface Call {
  readonly command: string;
  readonly params: Readonly<Record<string, string>>;
  readonly method: string;
}

export interface Reply {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Break the connection instead of answering. */
  readonly drop?: boolean;
  /** Never answer. */
  readonly silent?: boolean;
}
export type Script = (call: Call, nth: number) => Reply | Promise<Reply>;

export const refused = (command: string, code: number, text: string): Reply => ({
  status: code,
  body: { [`${command.toLowerCase()}response`]: { uuidList: [], errorcode: code, cserrorcode: 9999, errortext: text } },
});
export const answered = (command: string, inner: unknown): Reply => ({ body: { [`${command.toLowerCase()}response`]: inner } });

function callOf(body: string, method: string): Call {
  const { command, ...params } = Object.fromEntries(decodeForm(body)) as Record<string, string>;
  return { command: command ?? "", params, method };
}

/** A Mold in the process. */
export function scriptedTransport(script: Script): { transport: Transport; calls: Call[] } {
  const calls: Call[] = [];
  const transport: Transport = async ({ body }) => {
    const call = callOf(body, "POST");
    calls.push(call);
    const reply = await script(call, calls.length);
    if (reply.drop) throw Object.assign(new Error("socket hang up"), { code: "ECONNRESET" });
    return { status: reply.status ?? 200, headers: { "content-type": "application/json", ...reply.headers }, body: typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body) };
  };
  return { transport, calls };
}

/** A Mold on loopback that lets in only what is rightly signed. */
export class ScriptedMold {
  readonly calls: Call[] = [];
  /** Of the connections that were made to it. */
  connections = 0;
  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly secure: boolean,
  ) {}

  static async start(script: Script, options: { readonly digest?: "sha256" | "sha1"; readonly tls?: ServerOptions } = {}): Promise<ScriptedMold> {
    const handle = (request: IncomingMessage, response: ServerResponse): void => void mold.handle(request, response, script, options.digest ?? "sha256");
    const server = options.tls ? createTlsServer(options.tls, handle) : createServer(handle);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const mold = new ScriptedMold(server, (server.address() as AddressInfo).port, options.tls !== undefined);
    server.on("connection", () => mold.connections++);
    return mold;
  }

  get url(): string {
    return `${this.secure ? "https" : "http"}://127.0.0.1:${this.port}/client/api`;
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async handle(request: IncomingMessage, response: ServerResponse, script: Script, digest: "sha256" | "sha1"): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const params = decodeForm(body);
    const call = callOf(body, request.method ?? "");
    this.calls.push(call);
    const lateBy = Date.now() - Date.parse((params.get("expires") ?? "").replace("+0000", "Z"));
    const letIn = params.get("apiKey") === apiKey && params.get("signature") === expectedSignature(params, digest) && lateBy < 0;
    const reply = letIn ? await script(call, this.calls.length) : refused(call.command, 401, "unable to verify user credentials and/or request signature");
    if (reply.silent) return;
    if (reply.drop) return void request.socket.destroy();
    const text = typeof reply.body === "string" ? reply.body : JSON.stringify(reply.body);
    response.writeHead(reply.status ?? 200, { "content-type": "application/json;charset=utf-8", ...reply.headers }).end(text);
  }
}

/** A log that keeps its lines. */
export class KeptLog {
  readonly lines: string[] = [];
  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
}
