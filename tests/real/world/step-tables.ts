/** Where the time of an upgrade goes, as tables: a row for each step, a column for each node. */
import type { Figure } from "./results";

export interface StepTable {
  readonly title: string;
  readonly header: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** The other way round of `spansInWords`: `cordon 1 s, kubeadm upgrade apply is done 61 s`. A step's own words may hold commas. */
function spansIn(seen: string): Map<string, number> {
  const spans = new Map<string, number>();
  for (const [, step, seconds] of seen.matchAll(/(.+?) (\d+) s(?:, |$)/g)) spans.set(step!, (spans.get(step!) ?? 0) + Number(seconds));
  return spans;
}

const core = "What the core does and waits for, in seconds. Steps overlap; those that took less than a second are left out.";
const agent = (version: string): string => `What the node agent does on its way to ${version}, in seconds: one step after the other.`;
const forms = [
  { pattern: /^steps of the core for (\S+)$/, title: () => core },
  { pattern: /^steps of the agent of (\S+) to (\S+)$/, title: agent },
];

/** @param figures whose `what` begins with "steps of the" */
export function stepTables(figures: readonly Figure[]): StepTable[] {
  const byTitle = new Map<string, Map<string, Map<string, number>>>();
  for (const { what, seen } of figures) {
    for (const { pattern, title } of forms) {
      const found = pattern.exec(what);
      if (!found) continue;
      const columns = byTitle.get(title(found[2] ?? "")) ?? new Map<string, Map<string, number>>();
      byTitle.set(title(found[2] ?? ""), columns.set(found[1]!, spansIn(seen)));
    }
  }
  return [...byTitle].map(([title, columns]) => {
    const steps = [...new Set([...columns.values()].flatMap((spans) => [...spans.keys()]))];
    const sum = (spans: ReadonlyMap<string, number>): string => String([...spans.values()].reduce((total, each) => total + each, 0));
    return {
      title,
      header: ["step", ...columns.keys()],
      rows: [...steps.map((step) => [step, ...[...columns.values()].map((spans) => String(spans.get(step) ?? ""))]), ...(title === core ? [] : [["together", ...[...columns.values()].map(sum)]])],
    };
  });
}
