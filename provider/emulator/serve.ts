/** The server process itself: what `start` runs in the background. */
import { randomBytes } from "node:crypto";
import { openSync, statSync, truncateSync, writeSync } from "node:fs";
import { createEmulator, type EmulatorOptions } from "./emulator";
import type { StateDir } from "./state-dir";

/** Logs larger than this start anew with the process. */
const LARGEST_LOG = 32 * 1024 * 1024;

/** Runs until it is stopped: by the control endpoint, SIGTERM or SIGINT. */
export async function serve(dir: StateDir, port: number, options: EmulatorOptions): Promise<void> {
  dir.make();
  if ((await dir.running()) !== undefined) throw new Error(`an emulator runs on ${dir.path} already`);
  const calls = openLog(dir.callLog);
  const emulator = createEmulator({
    ...options,
    state: dir.journal,
    sockets: true,
    log: (line) => console.log(`${new Date().toISOString()} ${line}`),
    onCall: (call) => void writeSync(calls, `${JSON.stringify(call)}\n`),
    onKill: () => process.kill(process.pid, "SIGKILL"),
  });
  const token = noted(dir) ?? randomBytes(32).toString("base64url");
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    // The answer to the stop itself is still on its way.
    setTimeout(() => {
      void emulator.close().then(() => {
        dir.withdraw();
        process.exit(0);
      });
    }, 50);
  };
  process.on("SIGTERM", stop).on("SIGINT", stop);
  const url = await emulator.listen(port, { token, stop });
  await emulator.settled();
  dir.write(dir.keys, Object.fromEntries(emulator.users.map(({ name, admin, apiKey, secretKey }) => [name, { admin, apiKey, secretKey }])));
  dir.announce({ pid: process.pid, url, token, started: new Date().toISOString() });
  console.log(`${new Date().toISOString()} listening on ${url}, pid ${process.pid}`);
}

/** After a crash the token stays, so that who has read it can go on. */
function noted(dir: StateDir): string | undefined {
  return dir.noted()?.token;
}

function openLog(path: string): number {
  try {
    if (statSync(path).size > LARGEST_LOG) truncateSync(path);
  } catch {
    // There is none yet.
  }
  return openSync(path, "a", 0o600);
}
