/** What is measured, what it should be, and how both are shown. */
import { mkdirSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { dirname } from "node:path";

export interface Goal {
  readonly atLeast?: number;
  readonly atMost?: number;
}

export interface Figure {
  readonly name: string;
  readonly value: number;
  readonly unit: string;
  /** `>= 1, <= 1.1`; null: for information only. */
  readonly goal: string | null;
  readonly met: boolean;
  /** What the value was made of. */
  readonly note?: string;
}

export function figure(name: string, value: number, unit: string, goal?: Goal, note?: string): Figure {
  const { atLeast, atMost } = goal ?? {};
  const words = [atLeast === undefined ? [] : `>= ${atLeast}`, atMost === undefined ? [] : `<= ${atMost}`].flat();
  // Judged as measured, shown rounded.
  const met = value >= (atLeast ?? -Infinity) && value <= (atMost ?? Infinity);
  return { name, value: Number(value.toPrecision(5)), unit, goal: words.length > 0 ? words.join(", ") : null, met, ...(note === undefined ? {} : { note }) };
}

export function printTable(figures: readonly Figure[]): void {
  const rows = [
    ["", "figure", "value", "unit", "goal", ""],
    ...figures.map(({ name, value, unit, goal, met, note }) => [goal === null ? "" : met ? "ok" : "MISSED", name, String(value), unit, goal ?? "", note ?? ""]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  for (const row of rows) console.log(row.map((cell, column) => (column === 2 ? cell.padStart(widths[column]!) : cell.padEnd(widths[column]!))).join("  ").trimEnd());
}

/** An array of figures. Each says when and where it was measured, so that those of several runs can be put together. */
export function writeResults(path: string, figures: readonly Figure[]): void {
  const date = new Date().toISOString();
  const machine = `${cpus().length} x ${cpus()[0]?.model ?? "unknown"}, ${Math.round(totalmem() / 2 ** 30)} GiB, Node ${process.version}, ${process.platform} ${process.arch}`;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(figures.map((each) => ({ ...each, date, machine })), undefined, 2)}\n`);
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
