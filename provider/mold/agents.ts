/** Node's agents with a bound on making a connection, which neither they nor axios have: a firewall that drops packets would otherwise hold a call for its whole time. */
import type { Socket } from "node:net";
import { Agent as HttpAgent, type AgentOptions as HttpOptions } from "node:http";
import { Agent as HttpsAgent, type AgentOptions as HttpsOptions } from "node:https";

export interface Bound {
  /** Milliseconds for connecting, TLS included. */
  readonly connectMs: number;
}

export const tooLate = (connectMs: number): Error => Object.assign(new Error(`no connection within ${connectMs} ms`), { code: "ECONNECTTIMEOUT" });

function bound(socket: Socket, made: "connect" | "secureConnect", connectMs: number): Socket {
  const timer = setTimeout(() => socket.destroy(tooLate(connectMs)), connectMs);
  const stop = (): void => clearTimeout(timer);
  socket.once(made, stop).once("close", stop);
  return socket;
}

/** What `@types/node` leaves out: agents make their connections with this method, and it is theirs to override. */
type Creates = { createConnection(options: unknown, callback?: unknown): Socket };
const creates = (agent: object): Creates["createConnection"] => (agent as Creates).createConnection;

export class BoundedHttpAgent extends HttpAgent {
  constructor(private readonly settings: HttpOptions & Bound) {
    super(settings);
  }
  override createConnection(options: unknown, callback?: unknown): Socket {
    return bound(creates(HttpAgent.prototype).call(this, options, callback), "connect", this.settings.connectMs);
  }
}

export class BoundedHttpsAgent extends HttpsAgent {
  constructor(private readonly settings: HttpsOptions & Bound) {
    super(settings);
  }
  override createConnection(options: unknown, callback?: unknown): Socket {
    return bound(creates(HttpsAgent.prototype).call(this, options, callback), "secureConnect", this.settings.connectMs);
  }
}

