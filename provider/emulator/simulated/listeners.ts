/** Real HTTPS listeners on the public addresses, each for as long as an API server answers behind it. */
import { createServer, type Server } from "node:https";
import { ServerResponse, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import type { HypervisorContext } from "../hypervisor";
import { issueServingCertificate, type ServingCertificate } from "./certificates";
import type { Cluster } from "./cluster";
import type { Answer } from "./kubernetes-api/api";
import { protocolFor } from "./kubernetes-api/exec";
import type { ApiRequest } from "./kubernetes-api/request";
import { pem, read, respond, textBody } from "./listener-http";
import { answerExec } from "./web-socket";

/** An API server that answers now. */
export interface Server6443 {
  readonly machineId: string;
  readonly cluster: Cluster;
  readonly version: string;
}

export interface ListenerOptions {
  readonly context: HypervisorContext;
  /** The API server that the balancer leads the next connection to. */
  readonly next: (address: string, port: number) => Server6443 | undefined;
  /** Whether a machine's API server still answers. */
  readonly stillServes: (server: Server6443) => boolean;
  /** Names beyond the address that the serving certificate is for. */
  readonly namesFor: (cluster: Cluster) => readonly string[];
  /** Told after every request that may have changed an object: a machine may be waiting for a token. */
  readonly written: () => void;
}

interface Listener {
  readonly address: string;
  readonly port: number;
  readonly server: Server;
  readonly sockets: Map<Socket, Server6443 | undefined>;
  cluster: Cluster;
}

/** A kept connection is closed after this much silence, as the router's balancer does. Real time: clients live in it. */
const IDLE_MS = 50_000;
/** How long until a port that was taken is tried again, emulator time. */
const RETRY_MS = 5_000;

export class Listeners {
  private readonly open = new Map<string, Listener>();
  private readonly opening = new Map<string, Promise<void>>();
  private readonly certificates = new Map<string, Promise<ServingCertificate>>();
  private readonly failed = new Map<string, string>();
  private wanted = new Set<string>();
  private closed = false;

  constructor(private readonly options: ListenerOptions) {}

  /** Opens and closes until exactly these ports are open. */
  update(ports: readonly { readonly address: string; readonly port: number; readonly cluster: Cluster }[]): void {
    if (this.closed) return;
    this.wanted = new Set(ports.map(({ address, port }) => `${address}:${port}`));
    for (const [key, listener] of this.open) if (!this.wanted.has(key)) this.shut(key, listener);
    for (const { address, port, cluster } of ports) {
      const key = `${address}:${port}`;
      const listener = this.open.get(key);
      if (listener) this.refresh(listener, cluster);
      else if (!this.opening.has(key)) this.opening.set(key, this.listen(address, port, cluster).finally(() => this.opening.delete(key)));
    }
  }

  /** Resolves when no port is being opened. */
  async settled(): Promise<void> {
    while (this.opening.size > 0) await Promise.all(this.opening.values());
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.settled();
    for (const [key, listener] of [...this.open]) this.shut(key, listener);
  }

  private certificate(cluster: Cluster, address: string): Promise<ServingCertificate> {
    const key = `${cluster.caHash}/${address}`;
    const known = this.certificates.get(key);
    if (known) return known;
    const issued = issueServingCertificate(cluster.facts.caCertificate, cluster.caKey, [address, "127.0.0.1", "localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc", "kubernetes.default.svc.cluster.local", ...this.options.namesFor(cluster)]);
    this.certificates.set(key, issued);
    return issued;
  }

  private async listen(address: string, port: number, cluster: Cluster): Promise<void> {
    const key = `${address}:${port}`;
    try {
      const { key: privateKey, cert } = await this.certificate(cluster, address);
      if (this.closed || !this.wanted.has(key)) return;
      const server = createServer({ key: privateKey, cert, requestCert: true, rejectUnauthorized: false, minVersion: "TLSv1.2", keepAliveTimeout: IDLE_MS });
      const listener: Listener = { address, port, server, sockets: new Map(), cluster };
      server.on("secureConnection", (socket: TLSSocket) => {
        const next = this.options.next(address, port);
        if (!next || next.cluster.caHash !== listener.cluster.caHash) return socket.destroy();
        listener.sockets.set(socket, next);
        socket.on("close", () => listener.sockets.delete(socket));
      });
      // A client that turns away at our certificate is its own business.
      server.on("tlsClientError", () => undefined);
      server.on("request", (request, response) => void this.serve(listener, request, response));
      server.on("upgrade", (request) => this.upgrade(listener, request));
      await new Promise<void>((resolve, reject) => {
        server.once("error", reject);
        server.listen(port, address, () => {
          server.removeListener("error", reject);
          resolve();
        });
      });
      server.on("error", (error) => this.options.context.emit({ type: "SIMULATED.LISTENER", text: `${key}: ${error.message}` }));
      if (this.closed || !this.wanted.has(key)) {
        server.close();
        return;
      }
      this.failed.delete(key);
      this.open.set(key, listener);
    } catch (error) {
      this.complain(key, address, port, cluster, error as NodeJS.ErrnoException);
    }
  }

  private complain(key: string, address: string, port: number, cluster: Cluster, error: NodeJS.ErrnoException): void {
    const what: Record<string, string> = {
      EADDRINUSE: "another process listens there; end it, or start the emulator with another --public-range",
      EADDRNOTAVAIL: `this machine has no such address; on macOS add it with: sudo ifconfig lo0 alias ${address} up`,
      EACCES: "this user may not listen there",
    };
    const text = `can't listen on ${key}: ${what[error.code ?? ""] ?? error.message}`;
    // Said once for as long as it lasts; tried again until nobody wants the port any more.
    if (this.failed.get(key) !== text) this.options.context.emit({ type: "SIMULATED.LISTENER", text });
    this.failed.set(key, text);
    this.options.context.clock.after(RETRY_MS, () => {
      if (this.wanted.has(key) && !this.open.has(key) && !this.opening.has(key) && !this.closed) this.opening.set(key, this.listen(address, port, cluster).finally(() => this.opening.delete(key)));
    });
  }

  private refresh(listener: Listener, cluster: Cluster): void {
    for (const [socket, server] of listener.sockets) if (server && !this.options.stillServes(server)) socket.destroy();
    if (listener.cluster.caHash !== cluster.caHash) {
      const key = `${listener.address}:${listener.port}`;
      const changed = this.certificate(cluster, listener.address).then((certificate) => {
        listener.server.setSecureContext(certificate);
        listener.cluster = cluster;
      });
      this.opening.set(key, changed.finally(() => this.opening.delete(key)));
    }
  }

  private shut(key: string, listener: Listener): void {
    this.open.delete(key);
    listener.server.close();
    for (const socket of listener.sockets.keys()) socket.destroy();
    listener.server.closeAllConnections();
  }

  private async serve(listener: Listener, incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await read(incoming);
    const answer = body && this.ask(listener, incoming, body);
    if (answer) respond(incoming, response, answer);
    else incoming.socket.destroy();
  }

  /** A client that wants to go on in another protocol. Only an exec does; any other request is answered as if it had not asked. */
  private upgrade(listener: Listener, incoming: IncomingMessage): void {
    const socket = incoming.socket as TLSSocket;
    const protocol = protocolFor(incoming.headers as ApiRequest["headers"]);
    const answer = this.ask(listener, incoming, Buffer.alloc(0));
    if (!answer) return void socket.destroy();
    const failed = "exec" in answer && answer.exec.status.reason === "InternalError";
    // Of the fifth version the API server itself is the other end, and tells it there; before, the kubelet was, and there is none.
    if ("exec" in answer && protocol && !(failed && protocol === "v4.channel.k8s.io")) {
      return answerExec(socket, incoming.headers["sec-websocket-key"] ?? "", protocol, answer.exec);
    }
    const response = new ServerResponse(incoming);
    response.shouldKeepAlive = false;
    response.assignSocket(socket);
    response.on("finish", () => socket.end());
    respond(incoming, response, answer);
  }

  /** Undefined: nobody answers any more. */
  private ask(listener: Listener, incoming: IncomingMessage, body: Buffer): Answer | undefined {
    const socket = incoming.socket as TLSSocket;
    const server = listener.sockets.get(socket);
    if (!server || !this.options.stillServes(server)) return undefined;
    const peer = socket.getPeerCertificate();
    const url = new URL(incoming.url ?? "/", "https://cluster");
    const headers = Object.fromEntries(Object.entries(incoming.headers).map(([name, value]) => [name, Array.isArray(value) ? value.join(", ") : value]));
    const request: ApiRequest = { method: incoming.method ?? "GET", path: url.pathname, query: url.searchParams, ...textBody(body, headers) };
    try {
      const answer = server.cluster.answer(request, Buffer.isBuffer(peer.raw) ? pem(peer.raw) : undefined, server.version);
      // What the command changed may end this API server; its last words are still heard.
      if ("exec" in answer) listener.sockets.set(socket, undefined);
      if (request.method !== "GET" || "exec" in answer) this.options.written();
      return answer;
    } catch (error) {
      this.options.context.emit({ type: "SIMULATED.API", text: `${request.method} ${request.path}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}` });
      return undefined;
    }
  }
}
