/** One command in a pod and its end: over a WebSocket here, in-process where time is virtual. */
import type { V1Status } from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { Duplex } from "node:stream";
import type { ClusterAccess } from "../core/ports";
import { connectionError, KubernetesError } from "./errors";
import { clientFrame, FrameReader, opcodes } from "./frames";
import type { KubernetesResponse } from "./transport";

export interface ExecRequest {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
  readonly command: readonly string[];
}

/** `ended`: it was run, or the API server said in the stream why it was not. `refused`: nothing was run. */
export type ExecAnswer = { readonly ended: ExecEnd } | { readonly refused: KubernetesResponse };

export interface ExecEnd {
  readonly stdout: string;
  readonly stderr: string;
  /** Success; or `NonZeroExitCode` with a cause `ExitCode`; or what kept it from being run. */
  readonly status: V1Status;
}

/** Carries one exec, as `KubernetesTransport` does a request: rejects when the end is not known, and settles without the clock. */
export type ExecTransport = (request: ExecRequest, access: ClusterAccess) => Promise<ExecAnswer>;

/** What asks a server to run something; its channels' newest version first. */
export const execHeaders = { connection: "Upgrade", upgrade: "websocket", "sec-websocket-protocol": "v5.channel.k8s.io, v4.channel.k8s.io" } as const;

/** Path and query of the request. */
export function execPath({ namespace, pod, container, command }: ExecRequest): string {
  const query = new URLSearchParams({ container, stdout: "true", stderr: "true" });
  for (const word of command) query.append("command", word);
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}/exec?${query}`;
}

/** What we ever run prints a few kilobytes. */
const largestMessage = 1024 * 1024;
const acceptGuid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const channels = { stdout: 1, stderr: 2, status: 3 } as const;

/**
 * A WebSocket to one cluster for each command: trusts its CA alone, shows the client certificate, goes through no proxy.
 * Never repeats a command by itself: whoever gave it knows whether it may be given twice.
 * @param timeoutMs bound of one whole command. @throws from the returned function: `KubernetesError`
 */
export function webSocketExec(access: ClusterAccess, timeoutMs: number): ExecTransport {
  const base = new URL(access.endpoint);
  return async (request) => {
    const [https, { createHash, randomBytes }] = await Promise.all([import("node:https"), import("node:crypto")]);
    const key = randomBytes(16).toString("base64");
    const what = `${request.command[0] ?? ""} in ${request.pod} by ${base.origin}`;
    return await new Promise<ExecAnswer>((resolve, reject) => {
      const outgoing = https.request({
        agent: false,
        ca: access.caCertificate,
        cert: access.clientCertificate,
        key: access.clientKey,
        hostname: base.hostname.replace(/^\[|\]$/g, ""),
        port: base.port || 443,
        path: execPath(request),
        headers: { ...execHeaders, "user-agent": "ablestack-kubernetes", "sec-websocket-version": "13", "sec-websocket-key": key },
      });
      let upgraded: Duplex | undefined;
      const end = (settle: () => void): void => {
        clearTimeout(timer);
        settle();
      };
      const fail = (error: unknown): void => {
        end(() => reject(connectionError(error, what)));
        upgraded?.destroy();
        outgoing.destroy();
      };
      const timer = setTimeout(() => fail(new KubernetesError("timeout", `${what}: no end within ${timeoutMs / 1000} s, and whether it took effect is not known. Look at what it was to change, and try again.`)), timeoutMs);
      outgoing.on("error", fail);
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        let length = 0;
        incoming.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > largestMessage) fail(new KubernetesError("refused", `${what}: the answer is larger than ${largestMessage} bytes`));
          else chunks.push(chunk);
        });
        incoming.on("error", fail);
        incoming.on("end", () => end(() => resolve({ refused: { status: incoming.statusCode ?? 0, headers: {}, body: Buffer.concat(chunks).toString("utf8") } })));
      });
      outgoing.on("upgrade", (incoming, socket, head) => {
        upgraded = socket;
        const protocol = incoming.headers["sec-websocket-protocol"] ?? "";
        const accepted = incoming.headers["sec-websocket-accept"] === createHash("sha1").update(`${key}${acceptGuid}`).digest("base64");
        if (!accepted || !/^v[45]\.channel\.k8s\.io$/.test(protocol)) return fail(new KubernetesError("refused", `${what}: the other side switches to a protocol that was not asked for. Something that is no Kubernetes API answers at this address.`));
        const send = (opcode: number, payload: Buffer): boolean => socket.writable && socket.write(clientFrame(opcode, payload, randomBytes(4)));
        const streams = new Streams((payload) => send(opcodes.pong, payload));
        const take = (chunk: Buffer): void => {
          try {
            const ended = streams.take(chunk);
            if (!ended) return;
            end(() => resolve({ ended }));
            send(opcodes.close, Buffer.from([0x03, 0xe8]));
            // It may take its time to close its side; nothing is waited for any more.
            socket.end(() => socket.destroy());
          } catch (cause) {
            fail(new KubernetesError("refused", `${what}: ${cause instanceof Error ? cause.message : String(cause)}`, undefined, { cause }));
          }
        };
        socket.on("error", fail);
        // After the end this has nothing left to settle.
        socket.on("close", () => fail(new KubernetesError("unreachable", `${what}: the connection ended before the command did, and whether it took effect is not known. Look at what it was to change, and try again.`)));
        socket.on("data", take);
        if (head.length > 0) take(head);
      });
      outgoing.end();
    });
  };
}

/** What has come in on each channel. */
class Streams {
  private readonly reader = new FrameReader(largestMessage);
  private readonly printed: Record<number, Buffer[]> = { [channels.stdout]: [], [channels.stderr]: [] };
  private length = 0;

  constructor(private readonly pong: (payload: Buffer) => void) {}

  /** @returns the end, when it has come: the status is the last thing that is said. */
  take(chunk: Buffer): ExecEnd | undefined {
    for (const { opcode, payload } of this.reader.push(chunk)) {
      if (opcode === opcodes.ping) this.pong(payload);
      if (opcode >= opcodes.close || payload.length === 0) continue;
      const [channel, content] = [payload.readUInt8(0), payload.subarray(1)];
      this.length += content.length;
      if (this.length > largestMessage) throw new RangeError(`it printed more than ${largestMessage} bytes`);
      if (channel === channels.status && content.length > 0) return { stdout: this.text(channels.stdout), stderr: this.text(channels.stderr), status: JSON.parse(content.toString("utf8")) as V1Status };
      this.printed[channel]?.push(content);
    }
    return undefined;
  }

  private text(channel: number): string {
    return Buffer.concat(this.printed[channel] ?? []).toString("utf8");
  }
}
