/** A plan in words: what previews, progress and the CLI show. */
import { seconds } from "./execute";
import type { Role } from "./ownership";
import type { Plan } from "./plan-input";
import { endsOf, estimatePlan, type MachineRef, type Step } from "./step";
import { ranges, summary } from "./wording";

/** Up to here every step stands in its own line, in order; nobody reads on for longer. */
const mostLines = 500;

/** A line for each step; in a long plan one for all steps that differ in their machine alone. */
export function planLines({ steps, notes = [] }: Pick<Plan, "steps" | "notes">): string[] {
  if (steps.length === 0) return [...notes];
  const lines = steps.length > mostLines ? summarise(steps) : steps.map(({ title, why }) => (why ? `${title} (${why})` : title));
  return [...lines, ...notes, `about ${seconds(estimatePlan(steps) * 1000)} in all`];
}

/** Steps whose titles differ in their machine alone. */
interface Line {
  readonly words: string;
  readonly steps: Step[];
  readonly role?: Role;
  readonly machines: Set<string | undefined>;
  /** Where the first of them stands at the earliest. */
  depth: number;
}

const hole = "\0";

/** Steps that differ in their machine alone become one line; lines come in the order in which things can begin. */
export function summarise(steps: readonly Step[]): string[] {
  const depths = endsOf(steps, () => 1);
  const byWords = new Map<string, Line[]>();
  for (const step of steps) {
    const { name, role } = machineOf(step) ?? {};
    const words = name === undefined ? step.title : step.title.replaceAll(name, hole);
    const depth = depths.get(step.id)!;
    const lines = byWords.get(words) ?? [];
    byWords.set(words, lines);
    // What is done to a machine again, in an upgrade's second hop, is another line.
    const line = lines.find((each) => each.role === role && (name === undefined || !each.machines.has(name)));
    if (line) {
      line.steps.push(step);
      line.machines.add(name);
      line.depth = Math.min(line.depth, depth);
    } else lines.push({ words, steps: [step], machines: new Set([name]), role, depth });
  }
  const isInTurn = turnsOf(steps);
  return [...byWords.values()]
    .flatMap(together)
    .sort((one, other) => one.depth - other.depth)
    .map(({ words, steps: some, machines }) => {
      const names = [...machines].filter((name) => name !== undefined);
      const title = words.replaceAll(hole, ranges(names)) + (isInTurn(some) ? ", one machine at a time" : "");
      const reasons = new Set(some.flatMap(({ why }) => why ?? []));
      return reasons.size === 0 ? title : `${title} (${summary([...reasons])})`;
    });
}

/** Control planes and workers share a line where they begin together, and not where the ones wait for the others. */
function together([first, ...others]: readonly Line[]): Line[] {
  if (!first) return [];
  const same = others.filter(({ depth, role }) => depth === first.depth && role !== first.role);
  const line = { ...first, steps: [first, ...same].flatMap((each) => each.steps), machines: new Set([first, ...same].flatMap(({ machines }) => [...machines])) };
  return [line, ...together(others.filter((each) => !same.includes(each)))];
}

function machineOf({ work }: Step): MachineRef | undefined {
  if ("machine" in work) return work.machine;
  return "machines" in work && work.machines.length === 1 ? work.machines[0] : undefined;
}

/** Tells whether each of some steps waits for the one before it, be it by way of others that stand between the two in the plan. */
function turnsOf(steps: readonly Step[]): (some: readonly Step[]) => boolean {
  const places = new Map(steps.map(({ id }, at) => [id, at]));
  const needs = steps.map((step) => step.needs.map((need) => places.get(need) ?? -1));
  const seenFrom = new Int32Array(steps.length).fill(-1);
  const waitsFor = (later: number, earlier: number): boolean => {
    const left = [later];
    for (let at = left.pop(); at !== undefined; at = left.pop()) {
      for (const need of needs[at]!) {
        if (need === earlier) return true;
        if (need < earlier || seenFrom[need] === later) continue;
        seenFrom[need] = later;
        left.push(need);
      }
    }
    return false;
  };
  return (some) => some.length > 1 && some.every(({ id }, index) => index === 0 || waitsFor(places.get(id)!, places.get(some[index - 1]!.id)!));
}
