/** Where a running emulator keeps its things, and how another process finds it. */
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** What a running emulator says of itself, in `server.json`. Readable by its owner alone: the token is in it. */
export interface ServerNote {
  readonly pid: number;
  /** The API's URL. */
  readonly url: string;
  readonly token: string;
  readonly started: string;
}

export class StateDir {
  readonly path: string;

  /** @param path default `${XDG_STATE_HOME:-~/.local/state}/ablestack-kubernetes/emulator` */
  constructor(path?: string) {
    this.path = resolve(path ?? join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "ablestack-kubernetes", "emulator"));
  }

  /** Everything that exists in the cloud: the one store file. */
  get journal(): string {
    return join(this.path, "journal.jsonl");
  }

  /** The API keys of the users, for configuration. */
  get keys(): string {
    return join(this.path, "keys.json");
  }

  get log(): string {
    return join(this.path, "emulator.log");
  }

  get callLog(): string {
    return join(this.path, "calls.log");
  }

  /** Disks and discs of machines that are real (see nspawn/). */
  get machines(): string {
    return join(this.path, "nspawn");
  }

  private get note(): string {
    return join(this.path, "server.json");
  }

  make(): void {
    mkdirSync(this.path, { recursive: true, mode: 0o700 });
  }

  write(file: string, content: unknown): void {
    this.make();
    writeFileSync(`${file}.new`, `${JSON.stringify(content, null, 2)}\n`, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  }

  announce(note: ServerNote): void {
    this.write(this.note, note);
  }

  withdraw(): void {
    rmSync(this.note, { force: true });
  }

  /** What `server.json` says, whether or not that process still lives. */
  noted(): ServerNote | undefined {
    if (!existsSync(this.note)) return undefined;
    try {
      return JSON.parse(readFileSync(this.note, "utf8")) as ServerNote;
    } catch {
      return undefined;
    }
  }

  /** The emulator that runs on this state, if one answers. */
  async running(): Promise<{ note: ServerNote; status: Record<string, unknown> } | undefined> {
    const note = this.noted();
    if (note === undefined) return undefined;
    try {
      return { note, status: (await ask(note, "GET", "status")) as Record<string, unknown> };
    } catch {
      return undefined;
    }
  }
}

/** Asks a running emulator's control endpoint. @throws when nobody answers, or with what it refused */
export async function ask(note: ServerNote, method: string, what: string, body?: unknown): Promise<unknown> {
  const url = new URL(`/control/${what}`, note.url);
  const { status, text } = await new Promise<{ status: number; text: string }>((done, fail) => {
    const asked = request(url, { method, headers: { authorization: `Bearer ${note.token}` }, timeout: 5000, agent: false }, (answer) => {
      let received = "";
      answer.setEncoding("utf8").on("data", (part: string) => (received += part));
      answer.on("end", () => done({ status: answer.statusCode ?? 0, text: received })).on("error", fail);
    });
    asked.on("timeout", () => asked.destroy(new Error("no answer within 5 s"))).on("error", fail);
    asked.end(body === undefined ? undefined : JSON.stringify(body));
  });
  const answer: unknown = text === "" ? undefined : JSON.parse(text);
  if (status !== 200) throw new Error((answer as { error?: string } | undefined)?.error ?? `HTTP ${status}`);
  return answer;
}
