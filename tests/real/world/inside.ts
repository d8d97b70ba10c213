/** Real machines from within, by the emulator's folder for them and their ids. */
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";

/** The machine's first process, as this host sees it; undefined: it is off. */
export function initOf(machines: string, id: string): string | undefined {
  try {
    return readFileSync(join(machines, "machines", id, "init.pid"), "utf8").trim();
  } catch {
    return undefined;
  }
}

/** The command line that runs another one in that machine. */
export const entering = (init: string, argv: readonly string[]): [string, string[]] => ["nsenter", ["-t", init, "-a", "-r", "-w", ...argv]];

/** Runs a command in a machine; what it printed, or undefined when it failed or the machine is off. */
export function runInside(machines: string, id: string, argv: readonly string[]): string | undefined {
  const init = initOf(machines, id);
  if (init === undefined) return undefined;
  const { status, stdout } = spawnSync(...entering(init, argv), { encoding: "utf8" });
  return status === 0 ? stdout.trim() : undefined;
}

/** Runs a script in the machine whose first process that is; what it printed. @throws with what it said when it failed */
export function runScript(init: string | undefined, text: string, args: readonly string[]): string {
  if (init === undefined) throw new Error("it is off");
  const { status, stdout, stderr } = spawnSync(...entering(init, ["bash", "-s", "--", ...args]), { encoding: "utf8", input: text });
  if (status !== 0) throw new Error(`${stdout}${stderr}`);
  return stdout.trim();
}
