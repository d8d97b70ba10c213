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
  /** Whether that was so. Default: as the report reads it in the words of both (judgement.ts). */
  readonly met?: boolean;
}

export function record(figure: Figure): void {
  mkdirSync(dirname(resultsFile), { recursive: true });
  appendFileSync(resultsFile, `${JSON.stringify(figure)}\n`);
  process.stderr.write(`    ${figure.what}: ${figure.seen}${figure.goal === undefined ? "" : ` (goal: ${figure.goal})`}\n`);
}

/** `2,310 requests, 0 failed, longest gap 312 ms`; the first failures with their reasons, and the first gaps of more than a second. */
export function inWords({ requests, failures, longestGapMs, gaps }: LoadResult): string {
  const failed = firstOf(failures.map(({ at, why }) => `${at} ${why}`));
  const long = firstOf(gaps.map(({ at, ms }) => `${ms} ms until ${at}`));
  return `${requests.toLocaleString("en")} requests, ${failures.length} failed${failed}, longest gap ${longestGapMs} ms${long}`;
}

const firstOf = (words: readonly string[]): string => (words.length === 0 ? "" : ` (${words.slice(0, 3).join("; ")}${words.length > 3 ? "; …" : ""})`);
