/**
 * What a test has of an engine, whichever it is: a folder and a Mold of its own, nothing of which outlives the test. The Mold runs in the test's process, so that
 * its calls can be counted and its faults ordered.
 */
import { randomBytes } from "node:crypto";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createEmulator, type CallRecord, type Emulator, type EmulatorOptions } from "../../../provider/emulator";
import { isAlive, killAll } from "./processes";
import type { Ended, Running } from "./running";

/** A machine that boots in about a second. */
const speed = 20;

/** Keys are random characters of base64url. One in 64 begins as a flag of a command line does; here all do, so that this isn't met by chance. */
const key = (): string => `-${randomBytes(48).toString("base64url")}`;

/** A Mold for one engine. @param range of its public addresses: 127.90.<range>.0/24 */
export function moldFor(range: number, options: EmulatorOptions = {}): Emulator {
  const users = ["admin", "user"].map((name) => ({ name, admin: name === "admin", apiKey: key(), secretKey: key() }));
  return createEmulator({ speed, users, publicRange: `127.90.${range}.0/24`, ...options });
}

export abstract class EngineUnderTest {
  protected readonly started: Running[] = [];
  /** As it is called on a command line. */
  protected abstract readonly command: string;

  protected constructor(
    readonly folder: string,
    /** Where the program, or the configuration, is. */
    readonly program: string,
    readonly mold: Emulator,
    readonly apiUrl: string,
  ) {}

  get admin(): { readonly apiKey: string; readonly secretKey: string } {
    const admin = this.mold.users.find(({ name }) => name === "admin");
    if (!admin) throw new Error("the embedded Mold has no admin");
    return admin;
  }

  write(file: string, content: string): void {
    writeFileSync(join(this.program, file), content);
  }

  read(file: string): string {
    return readFileSync(join(this.program, file), "utf8");
  }

  /** Starts the engine and goes on. */
  abstract start(args: readonly string[]): Running;

  async run(args: readonly string[]): Promise<Ended> {
    return this.start(args).ended;
  }

  /** What it printed. Throws when it failed. */
  async succeed(args: readonly string[]): Promise<string> {
    const { code, output } = await this.run(args);
    if (code !== 0) throw new Error(`${this.command} ${args.join(" ")} ended with ${code}:\n${output}`);
    return output;
  }

  /** Calls of Mold that `work` led to. */
  async callsOf(work: () => Promise<unknown>): Promise<readonly CallRecord[]> {
    const before = this.mold.calls().at(-1)?.number ?? 0;
    await work();
    return this.mold.calls(before);
  }

  /** Resolves at the n-th call of a command from now on. */
  async call(command: string, count = 1): Promise<void> {
    const since = this.mold.calls().at(-1)?.number ?? 0;
    await until(`call ${count} of ${command}`, () => this.mold.calls(since).filter((call) => call.command === command).length >= count);
  }

  /** What is there, by kind. */
  get inMold(): Readonly<Record<string, readonly { readonly name?: string; readonly state?: string }[]>> {
    return JSON.parse(this.mold.snapshot()) as Record<string, { name?: string; state?: string }[]>;
  }

  /** The machines that run. */
  get machines(): string[] {
    return (this.inMold.machines ?? []).filter(({ state }) => state === "Running").map(({ name }) => name ?? "").sort();
  }

  /** `kill -9` of the engine and of all that it started. */
  async killTree(running: Running): Promise<void> {
    killAll([running.pid, ...running.descendants()]);
    await running.ended;
  }

  async close(): Promise<void> {
    for (const { pid, descendants: below } of this.started) if (isAlive(pid)) killAll([...below(), pid]);
    await this.mold.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Looks again and again. */
export async function until(what: string, look: () => boolean, limitMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + limitMs; !look(); await new Promise((resolve) => setTimeout(resolve, 20))) {
    if (Date.now() > deadline) throw new Error(`did not happen within ${limitMs / 1000} s: ${what}`);
  }
}
