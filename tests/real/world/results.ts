/** Figures that the tests on real machines have seen, kept for the report (report.ts) and printed as they come. */
import { appendFileSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { root } from "../../engine/world/paths";
import type { LoadResult } from "./load";

export const resultsFile = process.env.ABLESTACK_REAL_RESULTS ?? join(root, ".state/real/results.jsonl");

export interface Figure {
  /** What was done. */
  readonly what: string;
  /** What was seen. */
  readonly seen: string;
  /** What is wanted, where there is such a thing. */
  readonly goal?: string;
}

export function record(figure: Figure): void {
  mkdirSync(dirname(resultsFile), { recursive: true });
  appendFileSync(resultsFile, `${JSON.stringify(figure)}\n`);
  process.stderr.write(`    ${figure.what}: ${figure.seen}${figure.goal === undefined ? "" : ` (goal: ${figure.goal})`}\n`);
}

/** `2,310 requests, 0 failed, longest gap 312 ms`; the first failures with their reasons. */
export function inWords({ requests, failures, longestGapMs }: LoadResult): string {
  const first = failures.slice(0, 3).map(({ at, why }) => `${at} ${why}`);
  return `${requests.toLocaleString("en")} requests, ${failures.length} failed${first.length > 0 ? ` (${first.join("; ")}${failures.length > 3 ? "; …" : ""})` : ""}, longest gap ${longestGapMs} ms`;
}
