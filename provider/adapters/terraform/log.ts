/**
 * The log of a provider process. Terraform reads lines of JSON from its standard error, and shows them by TF_LOG or
 * TF_LOG_PROVIDER; it has no way to show progress of a resource, so that who wants to see it names a file (ABLESTACK_PROGRESS=/dev/tty).
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { appendFileSync } from "node:fs";
import type { Log } from "../../core/ports";

export type Level = "trace" | "debug" | "info" | "warn" | "error";

/** As hclog writes it, times to the microsecond (https://github.com/hashicorp/go-hclog): Terraform takes nothing else apart. */
export const hclogLine = (level: Level, message: string, now: number): string =>
  `${JSON.stringify({ "@level": level, "@message": message, "@module": "ablestack", "@timestamp": new Date(now).toISOString().replace("Z", "000Z") })}\n`;

const heard = new AsyncLocalStorage<string[]>();

/** Runs some work, and says what warnings it gave: they go into the answer. */
export async function hearing<T>(work: () => Promise<T>): Promise<{ readonly result: T; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  return { result: await heard.run(warnings, work), warnings };
}

export interface LogOptions {
  readonly write: (line: string) => void;
  readonly now: () => number;
  /** File that progress is written to as well. */
  readonly progress?: string;
}

export function providerLog({ write, now, progress }: LogOptions): Log {
  const since = now();
  const say = (level: Level, message: string): void => {
    write(hclogLine(level, message, now()));
    if (progress === undefined || level === "debug") return;
    try {
      appendFileSync(progress, `${String(Math.round((now() - since) / 1000)).padStart(4)} s  ${level === "warn" ? "warning: " : ""}${message}\n`);
    } catch {
      // A terminal that is gone hears nothing; the log has it.
    }
  };
  return {
    debug: (message) => say("debug", message),
    info: (message) => say("info", message),
    warn(message) {
      say("warn", message);
      const warnings = heard.getStore();
      if (warnings && !warnings.includes(message)) warnings.push(message);
    },
  };
}
