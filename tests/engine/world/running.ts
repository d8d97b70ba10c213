/** An engine that is under way: what it says, when, and the processes below it. */
import { spawn } from "node:child_process";
import { descendants } from "./processes";

export interface Ended {
  /** Undefined: it was killed. */
  readonly code: number | undefined;
  /** Standard output and error as they came. */
  readonly output: string;
}

export interface Running {
  readonly pid: number;
  readonly ended: Promise<Ended>;
  readonly soFar: () => string;
  /** When each part of the output came, in milliseconds since 1970. */
  readonly parts: readonly { readonly at: number; readonly text: string }[];
  /** Processes below it; the provider is one of them. */
  readonly descendants: () => number[];
}

export function startProcess(command: string, args: readonly string[], { cwd, env }: { readonly cwd: string; readonly env: Readonly<NodeJS.ProcessEnv> }): Running {
  const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  const parts: { at: number; text: string }[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (data: Buffer) => {
      const text = data.toString();
      output += text;
      parts.push({ at: Date.now(), text });
    });
  }
  return {
    pid: child.pid!,
    soFar: () => output,
    parts,
    descendants: () => descendants(child.pid!),
    // Not `close`: a provider that outlives a killed engine keeps its standard output open.
    ended: new Promise((resolve, reject) => child.once("error", reject).once("exit", (code) => resolve({ code: code ?? undefined, output }))),
  };
}
