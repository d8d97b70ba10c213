/**
 * The one file that everything is kept in: JSON lines, one per committed transaction, appended before anyone is answered.
 * A `kill -9` can tear only the last line; what a torn line held was never answered for, so it is dropped.
 * When the file has grown well beyond what it describes it is written anew beside itself and renamed over (atomic).
 */
import { closeSync, existsSync, fsyncSync, ftruncateSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

/** One change: table, row id, and the row as it is now (null: gone). */
export type Change = readonly [table: string, id: string, row: object | null];

const HEADER = { format: "ablestack-kubernetes emulator journal", version: 1 } as const;

/** What opening a journal found. */
export interface Opened {
  readonly transactions: readonly (readonly Change[])[];
  /** Bytes of a torn last line that were dropped. 0: the file was whole. */
  readonly torn: number;
}

/**
 * Splits a journal into its transactions. A last line without its line feed, or one that is not whole JSON, is torn.
 * @throws when a line in the middle is damaged or the header is another program's: that is no torn write, and guessing would lose data
 */
export function parseJournal(content: string): { transactions: Change[][]; whole: number } {
  const transactions: Change[][] = [];
  let at = 0;
  let line = 0;
  while (at < content.length) {
    const end = content.indexOf("\n", at);
    if (end < 0) break;
    let parsed: unknown;
    try {
      parsed = JSON.parse(content.slice(at, end));
    } catch {
      if (content.indexOf("\n", end + 1) < 0 && end + 1 >= content.length) break;
      throw new Error(`the emulator's journal is damaged in line ${line + 1}: it is not JSON; "reset" starts with an empty one`);
    }
    if (line === 0) {
      if ((parsed as { format?: string } | null)?.format !== HEADER.format) throw new Error("this file is no journal of the emulator");
      if ((parsed as { version?: number }).version !== HEADER.version) {
        throw new Error(`the journal's version is ${String((parsed as { version?: number }).version)}, this emulator knows ${HEADER.version}; "reset" starts with an empty one`);
      }
    } else {
      transactions.push(parsed as Change[]);
    }
    at = end + 1;
    line += 1;
  }
  return { transactions, whole: at };
}

/** An append-only journal file with compaction. */
export class Journal {
  private fd: number;
  private lines = 0;

  private constructor(readonly path: string, fd: number) {
    this.fd = fd;
  }

  /** Opens or makes the file; its directory is made too. The file is readable by its owner alone: it holds secret keys. */
  static open(path: string): { journal: Journal; opened: Opened } {
    mkdirSync(dirname(path), { recursive: true });
    rmSync(`${path}.new`, { force: true });
    let transactions: Change[][] = [];
    let torn = 0;
    let fresh = true;
    if (existsSync(path)) {
      const bytes = readFileSync(path);
      const lastLine = bytes.lastIndexOf(0x0a) + 1;
      // Only whole lines are decoded: a tear may go through the middle of a character.
      const parsed = parseJournal(bytes.subarray(0, lastLine).toString("utf8"));
      transactions = parsed.transactions;
      const whole = Buffer.byteLength(bytes.subarray(0, lastLine).toString("utf8").slice(0, parsed.whole));
      torn = bytes.length - whole;
      fresh = whole === 0;
      const fd = openSync(path, "r+");
      if (torn > 0) ftruncateSync(fd, whole);
      closeSync(fd);
    }
    const journal = new Journal(path, openSync(path, "a", 0o600));
    if (fresh) journal.write(`${JSON.stringify(HEADER)}\n`);
    journal.lines = transactions.length;
    return { journal, opened: { transactions, torn } };
  }

  append(changes: readonly Change[]): void {
    this.write(`${JSON.stringify(changes)}\n`);
    this.lines += 1;
  }

  /** Whether there are so many lines that writing `rows` rows anew is worth it. */
  grown(rows: number): boolean {
    return this.lines > 2000 && this.lines > rows * 4;
  }

  /** Writes the file anew with `rows` alone. Until the rename the old file stands. */
  compact(rows: Iterable<Change>): void {
    const next = `${this.path}.new`;
    const fd = openSync(next, "w", 0o600);
    const parts = [`${JSON.stringify(HEADER)}\n`];
    let lines = 0;
    for (const change of rows) {
      parts.push(`${JSON.stringify([change])}\n`);
      lines += 1;
    }
    writeAll(fd, parts.join(""));
    fsyncSync(fd);
    renameSync(next, this.path);
    closeSync(this.fd);
    closeSync(fd);
    this.fd = openSync(this.path, "a", 0o600);
    this.lines = lines;
  }

  close(): void {
    if (this.fd >= 0) closeSync(this.fd);
    this.fd = -1;
  }

  private write(text: string): void {
    writeAll(this.fd, text);
  }
}

function writeAll(fd: number, text: string): void {
  const bytes = Buffer.from(text, "utf8");
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
