import fc from "fast-check";
import { frame } from "../../provider/emulator/simulated/web-socket";
import { clientFrame, FrameReader, opcodes } from "../../provider/kubernetes/frames";

const payload = (largest: number): fc.Arbitrary<Buffer> => fc.uint8Array({ maxLength: largest }).map((bytes) => Buffer.from(bytes));

test("messages come out as they went in, however the network cuts them", () => {
  fc.assert(
    fc.property(fc.array(fc.oneof(payload(140), fc.constantFrom(Buffer.alloc(125), Buffer.alloc(126), Buffer.alloc(65_535), Buffer.alloc(65_536))), { maxLength: 5 }), fc.array(fc.integer({ min: 1, max: 40_000 }), { minLength: 1, maxLength: 8 }), (payloads, sizes) => {
      const wire = Buffer.concat(payloads.map((each) => frame(opcodes.binary, each)));
      const reader = new FrameReader(70_000);
      const messages = [];
      for (let at = 0, turn = 0; at < wire.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        messages.push(...reader.push(wire.subarray(at, at + size)));
        at += size;
      }
      expect(messages.map((message) => message.payload.toString("hex"))).toEqual(payloads.map((each) => each.toString("hex")));
      expect(messages.every(({ opcode }) => opcode === opcodes.binary)).toBe(true);
    }),
  );
});

test("a message in fragments is one, and a ping between them is its own", () => {
  const part = (opcode: number, text: string, final: boolean): Buffer => Buffer.from([(final ? 0x80 : 0) | opcode, text.length, ...Buffer.from(text)]);
  const wire = Buffer.concat([part(opcodes.binary, "one ", false), part(opcodes.ping, "p", true), part(opcodes.continuation, "message", true)]);
  expect(new FrameReader(100).push(wire).map(({ opcode, payload: each }) => [opcode, each.toString()])).toEqual([
    [opcodes.ping, "p"],
    [opcodes.binary, "one message"],
  ]);
});

test("what a client sends is masked, and reads as what it was", () => {
  fc.assert(
    fc.property(payload(125), fc.uint8Array({ minLength: 4, maxLength: 4 }), (content, mask) => {
      const sent = clientFrame(opcodes.pong, content, Buffer.from(mask));
      expect([...sent.subarray(0, 6)]).toEqual([0x8a, 0x80 | content.length, ...mask]);
      expect(Buffer.from(sent.subarray(6).map((byte, at) => byte ^ mask[at % 4]!)).toString("hex")).toBe(content.toString("hex"));
    }),
  );
});

test("a message that is too large is refused before it is there", () => {
  expect(() => new FrameReader(100).push(Buffer.from([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0]))).toThrow(RangeError);
  expect(() => new FrameReader(3).push(Buffer.from([0x02, 2, 1, 1, 0x00, 2, 1, 1]))).toThrow(RangeError);
});
