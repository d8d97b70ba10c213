/** Figures of create: against the least time that anybody could need. */
import { criticalPath, type MachinePath, type Size } from "./critical-path";
import { assertNoDrift } from "./drift";
import { figure, type Figure } from "./figures";
import { lifeOf, nameOf, sizes, type Part } from "./life";

/** Below 1 the bound would be none: then it, not the core, is wrong. */
const goal = { atLeast: 1, atMost: 1.1 };

export async function createFigures(): Promise<Figure[]> {
  assertNoDrift();
  const figures: Figure[] = [];
  for (const size of sizes) {
    const { create } = await lifeOf(size);
    const bound = criticalPath(size);
    const note = `${(create.ms / 1000).toFixed(2)} s of virtual time, at best ${bound.total / 1000} s`;
    const ratio = figure(`create ${nameOf(size)}: time / critical path`, create.ms / bound.total, "ratio", goal, note);
    figures.push(ratio);
    if (!ratio.met || process.env.BENCH_TIMELINE) printTimeline(size, create);
  }
  return figures;
}

/** What was asked for each machine and when, beside when it could have been asked: those that were done last, and the first. */
export function printTimeline(size: Size, { began, ms, mold }: Part): void {
  const bound = criticalPath(size);
  const late = (command: string, name: string): number | undefined => {
    const call = mold.find((each) => each.command === command && each.names.some((it) => it === `prod-${name}`));
    return call && call.time - began;
  };
  const pair = (actual: number | undefined, earliest: number): string => `${actual === undefined ? "?" : (actual / 1000).toFixed(2)} / ${(earliest / 1000).toFixed(2)}`.padStart(18);
  const rows = bound.machines.map((machine) => ({ machine, ready: late("detachIso", machine.name) ?? 0 }));
  const shown = new Set<MachinePath>([...rows].sort((a, b) => b.ready - a.ready).slice(0, 3).map(({ machine }) => machine));
  for (const machine of bound.machines) if (machine.role === "control-plane") shown.add(machine);
  console.log(`\ncreate ${nameOf(size)}: seconds, asked / could be asked (the API could answer at ${bound.api / 1000}; all done at ${(ms / 1000).toFixed(2)} / ${bound.total / 1000})`);
  console.log(`${"".padEnd(14)}${"attachIso".padStart(18)}${"detachIso".padStart(18)}${"user data".padStart(18)}`);
  for (const machine of bound.machines) {
    if (!shown.has(machine)) continue;
    console.log(machine.name.padEnd(14) + pair(late("attachIso", machine.name), machine.placed) + pair(late("detachIso", machine.name), machine.ready) + pair(late("updateVirtualMachine", machine.name), machine.ready));
  }
  console.log("");
}
