/** Commands of the host. Everything this hypervisor does to the host but writing files goes through here. */
import { execFile } from "node:child_process";

/** A command line, one argument each: no shell reads it. */
export type Argv = readonly [command: string, ...rest: readonly string[]];

/** A command that failed, in words: what was run and what it said. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}

/** Longer than any of them takes; one that hangs must not hold a queue for ever. */
const LIMIT = 120_000;
const LARGEST_OUTPUT = 16 * 1024 * 1024;

/** The host's administrative tools lie where a plain user's PATH does not look. */
export const hostEnvironment = { ...process.env, LC_ALL: "C", PATH: `${process.env.PATH ?? ""}:/usr/sbin:/sbin` };

/** Runs a command and answers with what it printed. @throws CommandFailed */
export function run(argv: Argv, options: { readonly input?: string } = {}): Promise<string> {
  const [command, ...rest] = argv;
  return new Promise((resolve, reject) => {
    const child = execFile(command, rest, { timeout: LIMIT, maxBuffer: LARGEST_OUTPUT, env: hostEnvironment }, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new CommandFailed(`${argv.join(" ")}: ${stderr.trim() || error.message}`));
    });
    // A command that ends early closes its end; it says why by itself.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(options.input ?? "");
  });
}

/** Runs a command whose failure means that it is so already. */
export async function attempt(argv: Argv): Promise<boolean> {
  try {
    await run(argv);
    return true;
  } catch {
    return false;
  }
}
