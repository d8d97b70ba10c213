/** HTTP on loopback: the API under `/client/api`, and the control endpoints of the emulator itself under `/control`. */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { control } from "./control";
import type { Emulator } from "./emulator";

/** More than any request of the API has: user data is 32 KiB before encoding. */
const LARGEST_BODY = 4 * 1024 * 1024;

export interface Control {
  /** Who knows it may order faults, read calls, reset and stop. */
  readonly token: string;
  readonly stop?: () => void;
}

export class HttpServer {
  private readonly server: Server;
  private address = "";

  constructor(
    private readonly emulator: Emulator,
    private readonly access: Control | undefined,
    private readonly log: (line: string) => void,
  ) {
    this.server = createServer((request, response) => void this.serve(request, response));
    // A client's pool may keep a connection longer than Node's five seconds; a reset in between looks like a fault.
    this.server.keepAliveTimeout = 75_000;
  }

  get url(): string {
    return this.address;
  }

  async listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.server.once("error", reject);
      this.server.listen(port, "127.0.0.1", () => {
        this.server.off("error", reject);
        resolve();
      });
    });
    this.address = `http://127.0.0.1:${(this.server.address() as AddressInfo).port}/client/api`;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise<void>((resolve) => this.server.close(() => resolve()));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const url = request.url ?? "/";
      const body = await read(request);
      const path = url.split("?")[0] ?? "/";
      const answer = path.startsWith("/control/")
        ? await control(this.emulator, this.access, { method: request.method ?? "GET", path: url, token: bearer(request), body })
        : path === "/client/api" || path === "/client/api/"
          ? await this.emulator.handle({ method: request.method ?? "GET", path: url, body })
          : { status: 404, headers: { "Content-Type": "text/plain" }, body: "The API is at /client/api\n" };
      response.writeHead(answer.status, answer.headers).end(answer.body);
    } catch (error) {
      // An ordered fault, or an emulator that is away: the client sees its connection go.
      if (!(error instanceof Error && "code" in error)) this.log(`broke: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      request.socket.destroy();
    }
  }
}

function bearer(request: IncomingMessage): string | undefined {
  return /^Bearer (.+)$/.exec(request.headers.authorization ?? "")?.[1];
}

async function read(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request) {
    size += (part as Buffer).length;
    if (size > LARGEST_BODY) throw Object.assign(new Error("the request is too large"), { code: "ETOOLARGE" });
    parts.push(part as Buffer);
  }
  return Buffer.concat(parts).toString("utf8");
}
