/** WebSocket frames (RFC 6455, 5.2) from a client's side, as much of them as an exec needs: no extensions, small messages. */

export const opcodes = { continuation: 0, binary: 2, close: 8, ping: 9, pong: 10 } as const;

export interface Message {
  readonly opcode: number;
  readonly payload: Buffer;
}

/** One whole message. Clients mask what they send; `mask` is four random bytes. */
export function clientFrame(opcode: number, payload: Buffer, mask: Buffer): Buffer {
  // All we ever send are control frames, which hold 125 bytes at most.
  const body = Buffer.from(payload.subarray(0, 125));
  const masked = body.map((byte, at) => byte ^ (mask[at % 4] ?? 0));
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask.subarray(0, 4), masked]);
}

/** Puts messages together from what arrives, however it is cut: into packets by the network, into fragments by the server. */
export class FrameReader {
  private waiting = Buffer.alloc(0);
  private fragments: Buffer[] = [];
  private begun = 0;

  constructor(private readonly largest: number) {}

  /** @returns the messages that are whole now. @throws RangeError when one is larger than it may be. */
  push(chunk: Buffer): Message[] {
    this.waiting = Buffer.concat([this.waiting, chunk]);
    const whole: Message[] = [];
    for (let frame = this.next(); frame; frame = this.next()) {
      const { final, opcode, payload } = frame;
      // Control frames come in between the fragments of a message.
      if (opcode >= opcodes.close) {
        whole.push({ opcode, payload });
        continue;
      }
      if (opcode !== opcodes.continuation) this.begun = opcode;
      this.fragments.push(payload);
      this.check(this.fragments.reduce((sum, each) => sum + each.length, 0));
      if (!final) continue;
      whole.push({ opcode: this.begun, payload: Buffer.concat(this.fragments) });
      this.fragments = [];
    }
    return whole;
  }

  private check(length: number): void {
    if (length > this.largest) throw new RangeError(`a message of ${length} bytes, which is more than ${this.largest}`);
  }

  private next(): (Message & { readonly final: boolean }) | undefined {
    const { waiting } = this;
    if (waiting.length < 2) return undefined;
    const [first, second] = [waiting.readUInt8(0), waiting.readUInt8(1)];
    const short = second & 0x7f;
    const start = 2 + (short === 126 ? 2 : short === 127 ? 8 : 0);
    if (waiting.length < start) return undefined;
    const length = short === 126 ? waiting.readUInt16BE(2) : short === 127 ? Number(waiting.readBigUInt64BE(2)) : short;
    this.check(length);
    if (waiting.length < start + length) return undefined;
    this.waiting = waiting.subarray(start + length);
    return { final: (first & 0x80) !== 0, opcode: first & 0x0f, payload: waiting.subarray(start, start + length) };
  }
}
