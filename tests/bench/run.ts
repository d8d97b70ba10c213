/**
 * `make bench`: measures, prints a table, writes `.bench/results.json`, and fails when a goal isn't met.
 *
 *     npx tsx tests/bench/run.ts [group…]     only those: planning, create, speed-up, calls, changes, mold-order, change-calls, rules, engine, terraform
 *
 * `BENCH_TIMELINE=1` shows where the time of every create goes, not only of those that miss their goal.
 */
import { join } from "node:path";
import { callFigures } from "./calls";
import { changeCallFigures } from "./change-calls";
import { closeClusters } from "./change-life";
import { changeTimeFigures, moldOrderFigures } from "./change-times";
import { createFigures } from "./create";
import { engineFigures } from "./engine";
import { printTable, writeResults, type Figure } from "./figures";
import { planningFigures } from "./planning";
import { ruleFigures } from "./rules";
import { speedUpFigures } from "./speed-up";
import { terraformFigures } from "./terraform";

const groups: Record<string, () => Promise<Figure[]>> = {
  // First, while there is nothing else in memory that the collector has to look at.
  planning: planningFigures,
  create: createFigures,
  "speed-up": speedUpFigures,
  calls: callFigures,
  changes: changeTimeFigures,
  "mold-order": moldOrderFigures,
  "change-calls": changeCallFigures,
  rules: ruleFigures,
  engine: engineFigures,
  terraform: terraformFigures,
};

async function main(asked: readonly string[]): Promise<void> {
  const unknown = asked.filter((name) => !(name in groups));
  if (unknown.length > 0) throw new Error(`there is no group ${unknown.join(", ")}; there are ${Object.keys(groups).join(", ")}`);
  const figures: Figure[] = [];
  for (const [name, measure] of Object.entries(groups)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    console.error(`==> ${name}`);
    figures.push(...(await measure()));
  }
  await closeClusters();
  printTable(figures);
  writeResults(join(__dirname, "../../.bench/results.json"), figures);
  if (figures.some(({ met }) => !met)) process.exitCode = 1;
}
main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
