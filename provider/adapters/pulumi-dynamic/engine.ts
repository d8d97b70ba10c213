/**
 * Noticing that nobody waits for an answer any longer. Tried on the real engine (CLI 3.259):
 *
 * - `kill -9` of pulumi leaves this process running, and it would go on making machines beside the next `up`. Its parent does not
 *   change, since that is a shell script that lives on too. But a connection to the engine's address, which is our argument, ends
 *   within milliseconds, whatever killed the engine and on every system.
 * - On Ctrl-C the engine calls the provider's `Cancel` at once and then waits for whatever is under way. A dynamic provider is not
 *   handed that call (it is answered by cmd/dynamic-provider), but this process' server sees the request arrive.
 */
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import type { EventEmitter } from "node:events";
import { Interrupted } from "../../core/errors";

const cancelPath = "/pulumirpc.ResourceProvider/Cancel";

/** Before a lost connection is tried again, milliseconds. */
const pauseMs = 200;

/**
 * A signal that aborts with `Interrupted` when the user gave up or the engine is gone.
 * @param address of the engine, `127.0.0.1:37985`; undefined where there is none to watch
 * @param servers those of this process that the engine may call
 * @param onGone called once, after the signal has aborted
 */
export function watchEngine(address: string | undefined, servers: readonly EventEmitter[], onGone: () => void): AbortSignal {
  const controller = new AbortController();
  for (const server of servers) {
    server.on("stream", (_stream: unknown, headers: IncomingHttpHeaders) => {
      if (headers[":path"] === cancelPath) controller.abort(new Interrupted("interrupted: nothing new was begun. Run `pulumi up` again to go on from here."));
    });
  }
  const lost = (): void => {
    controller.abort(new Interrupted("pulumi is gone: nothing new was begun."));
    onGone();
  };
  if (address !== undefined) keepConnected(address, lost);
  return controller.signal;
}

/** A connection that merely ends is made anew; one that can't be made means that the engine is gone. */
function keepConnected(address: string, lost: () => void): void {
  let connected = false;
  let session: ClientHttp2Session;
  try {
    session = connect(`http://${address}`);
  } catch {
    // Not an address: an engine that is reached another way is not watched.
    return;
  }
  session.on("connect", () => (connected = true));
  session.on("error", () => undefined);
  session.on("close", () => {
    if (connected) setTimeout(() => keepConnected(address, lost), pauseMs);
    else lost();
  });
  session.unref();
}

/**
 * The HTTP/2 servers of this process. Node has no documented way to ask for them; where the list is missing Ctrl-C waits for the step
 * in hand, as with any dynamic provider.
 */
export function serversOfThisProcess(): EventEmitter[] {
  const { _getActiveHandles: handles } = process as unknown as { _getActiveHandles?: () => object[] };
  return (handles?.call(process) ?? []).filter((handle): handle is EventEmitter => handle.constructor.name === "Http2Server");
}
