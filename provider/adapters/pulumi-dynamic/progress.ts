/** Progress goes to standard output: Pulumi shows each line with the stack, as it comes. */
import type { Log } from "../../core/ports";

/**
 * @param print default: standard output
 * @param now milliseconds; default: the machine's time
 */
export function progressLog(env: Readonly<Record<string, string | undefined>>, print: (line: string) => void = console.log, now: () => number = Date.now): Log {
  const since = now();
  const line = (message: string): void => print(`${String(Math.round((now() - since) / 1000)).padStart(4)} s  ${message}`);
  return {
    debug: env.ABLESTACK_LOG === "debug" ? line : () => undefined,
    info: line,
    warn: (message) => line(`warning: ${message}`),
  };
}
