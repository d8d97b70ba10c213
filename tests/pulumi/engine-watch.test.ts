/** Noticing that the engine is gone, or that the user gave up. */
import { EventEmitter } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { Interrupted } from "../../provider/core/errors";
import { watchEngine } from "../../provider/adapters/pulumi-dynamic/engine";

interface Engine {
  readonly address: string;
  readonly connected: (count: number) => Promise<void>;
  readonly sessions: ServerHttp2Session[];
  readonly die: () => Promise<void>;
}

/** An HTTP/2 server, as the engine's is. */
async function engine(): Promise<Engine> {
  const server: Http2Server = createServer();
  const sessions: ServerHttp2Session[] = [];
  const waiting = new EventEmitter();
  server.on("session", (session) => waiting.emit("session", sessions.push(session)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    sessions,
    async connected(count) {
      while (sessions.length < count) await new Promise((resolve) => waiting.once("session", resolve));
    },
    async die() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const session of sessions) session.destroy();
      await closed;
    },
  };
}

const aborted = async (signal: AbortSignal): Promise<unknown> => {
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  return signal.reason;
};

test("when the engine dies, no new step begins and the process is told to end", async () => {
  const it = await engine();
  const gone = jest.fn();
  const signal = watchEngine(it.address, [], gone);
  await it.connected(1);
  expect(signal.aborted).toBe(false);
  await it.die();
  expect(await aborted(signal)).toBeInstanceOf(Interrupted);
  expect(gone).toHaveBeenCalledTimes(1);
});

test("an engine that was dead before we looked is noticed too", async () => {
  const it = await engine();
  await it.die();
  expect(await aborted(watchEngine(it.address, [], () => undefined))).toBeInstanceOf(Interrupted);
});

test("a connection that merely ends is made anew: the engine is still there", async () => {
  const it = await engine();
  const signal = watchEngine(it.address, [], () => undefined);
  await it.connected(1);
  it.sessions[0]!.destroy();
  await it.connected(2);
  expect(signal.aborted).toBe(false);
  await it.die();
  await aborted(signal);
});

test("the engine's call to cancel interrupts at once, and the process stays to answer", async () => {
  const server = new EventEmitter();
  const gone = jest.fn();
  const signal = watchEngine(undefined, [server], gone);
  server.emit("stream", {}, { ":path": "/pulumirpc.ResourceProvider/Create" });
  expect(signal.aborted).toBe(false);
  server.emit("stream", {}, { ":path": "/pulumirpc.ResourceProvider/Cancel" });
  expect(signal.reason).toBeInstanceOf(Interrupted);
  expect(gone).not.toHaveBeenCalled();
});
