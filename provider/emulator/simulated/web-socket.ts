/** The server's side of a WebSocket (RFC 6455), as much of it as an exec needs: everything is said at once, then the end. */
import { createHash } from "node:crypto";
import type { Duplex } from "node:stream";
import type { Executed, ExecProtocol } from "./kubernetes-api/exec";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const BINARY = 2;
const CLOSE = 8;
const NORMAL = Buffer.from([0x03, 0xe8]);
const channels = { stdout: 1, stderr: 2, error: 3 } as const;

/** One whole message in one frame, unmasked as a server's are. */
export function frame(opcode: number, payload: Buffer): Buffer {
  const first = 0x80 | opcode;
  if (payload.length < 126) return Buffer.concat([Buffer.from([first, payload.length]), payload]);
  const long = payload.length > 0xffff;
  const head = Buffer.alloc(long ? 10 : 4);
  head[0] = first;
  head[1] = long ? 127 : 126;
  if (long) head.writeBigUInt64BE(BigInt(payload.length), 2);
  else head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}

const onChannel = (channel: number, text: string): Buffer => frame(BINARY, Buffer.concat([Buffer.from([channel]), Buffer.from(text)]));

/** Agrees to the upgrade, sends what was printed and how it ended, and closes. What the client sends meanwhile has nobody to read it. */
export function answerExec(socket: Duplex, key: string, protocol: ExecProtocol, { stdout, stderr, status }: Executed): void {
  const accept = createHash("sha1").update(`${key}${GUID}`).digest("base64");
  socket.on("error", () => socket.destroy());
  socket.resume();
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: ${protocol}\r\n\r\n`);
  // Empty, as a real server's first message, by which a client knows that the streams stand.
  const messages = [onChannel(channels.stdout, ""), ...(stdout === "" ? [] : [onChannel(channels.stdout, stdout)]), ...(stderr === "" ? [] : [onChannel(channels.stderr, stderr)]), onChannel(channels.error, JSON.stringify(status)), frame(CLOSE, NORMAL)];
  socket.end(Buffer.concat(messages));
}
