/** Processes that outlive the emulator, found again by a file that holds their id. */
import { readFileSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";

const read = (path: string): string | undefined => {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
};

/**
 * The process that a file names, if it lives and is what it was: `mark` is in its command line. An id alone may be another's by now.
 * A process that has ended and nobody has waited for has no command line.
 */
export function processOf(file: string, mark: string): number | undefined {
  const pid = Number(read(file)?.trim());
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  return read(`/proc/${pid}/cmdline`)?.includes(mark) === true ? pid : undefined;
}

/** Sends a signal; a process that is gone already has had it. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended meanwhile.
  }
}

/** Looks until it is so, or the time is over. */
export async function until(isSo: () => boolean | Promise<boolean>, limitMs: number, everyMs = 50): Promise<boolean> {
  for (const deadline = Date.now() + limitMs; !(await isSo()); await wait(everyMs)) if (Date.now() > deadline) return false;
  return true;
}
