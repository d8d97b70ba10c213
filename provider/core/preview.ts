/** A plan in words: what previews, progress and the CLI show. */
import { seconds } from "./execute";
import type { StepNode } from "./step-graph";
import type { Role } from "./ownership";
import { makespan } from "./makespan";
import { graphOf, pools, type MachineRef } from "./step";
import type { StepGraph } from "./step-graph";
import { ranges, summary } from "./wording";

/** Up to here every step stands in its own line, in order; nobody reads on for longer. */
const mostLines = 500;

/** A step as far as it is told of, whoever carries it out. */
export interface ToldStep extends StepNode {
  readonly work: object;
  readonly why?: string;
  readonly estimateSeconds: number;
}

/** A line for each step; in a long plan one for all steps that differ in their machine alone. */
export function planLines({ steps, ...told }: { readonly steps: readonly ToldStep[]; readonly notes?: readonly string[]; readonly warnings?: readonly string[] }): string[] {
  const notes = [...(told.notes ?? []), ...(told.warnings ?? [])];
  if (steps.length === 0) return [...notes];
  const graph = graphOf(steps);
  const lines = steps.length > mostLines ? summarise(graph) : steps.map(({ title, why }) => (why ? `${title} (${why})` : title));
  return [...lines, ...notes, `about ${seconds(makespan(graph, ({ estimateSeconds }) => estimateSeconds, pools) * 1000)} in all`];
}

/** Steps whose titles differ in their machine alone. */
interface Line {
  readonly words: string;
  /** Their places in the plan. */
  readonly places: number[];
  readonly reasons: Set<string>;
  readonly role?: Role;
  readonly machines: Set<string | undefined>;
  /** Where the first of them stands at the earliest. */
  depth: number;
}

const hole = "\0";

/** Steps that differ in their machine alone become one line; lines come in the order in which things can begin. */
export function summarise(graph: StepGraph<ToldStep>): string[] {
  const depths = graph.ends(() => 1);
  const byWords = new Map<string, Line[]>();
  graph.steps.forEach((step, at) => {
    const { name, role } = machineOf(step) ?? {};
    const words = name === undefined ? step.title : step.title.replaceAll(name, hole);
    const depth = depths[at]!;
    const lines = byWords.get(words) ?? [];
    byWords.set(words, lines);
    // What is done to a machine again, in an upgrade's second hop, is another line.
    const line = lines.find((each) => each.role === role && (name === undefined || !each.machines.has(name)));
    if (line) {
      line.places.push(at);
      line.machines.add(name);
      line.depth = Math.min(line.depth, depth);
      if (step.why) line.reasons.add(step.why);
    } else lines.push({ words, places: [at], reasons: new Set(step.why ? [step.why] : []), machines: new Set([name]), role, depth });
  });
  return [...byWords.values()]
    .flatMap(together)
    .sort((one, other) => one.depth - other.depth)
    .map(({ words, places, machines, reasons }) => {
      const names = [...machines].filter((name) => name !== undefined);
      const title = words.replaceAll(hole, ranges(names)) + (graph.areInTurn(places) ? ", one machine at a time" : "");
      return reasons.size === 0 ? title : `${title} (${summary([...reasons])})`;
    });
}

/** Control planes and workers share a line where they begin together, and not where the ones wait for the others. */
function together([first, ...others]: readonly Line[]): Line[] {
  if (!first) return [];
  const same = others.filter(({ depth, role }) => depth === first.depth && role !== first.role);
  if (same.length === 0) return [first, ...together(others)];
  const all = [first, ...same];
  const line = {
    ...first,
    places: all.flatMap(({ places }) => places),
    machines: new Set(all.flatMap(({ machines }) => [...machines])),
    reasons: new Set(all.flatMap(({ reasons }) => [...reasons])),
  };
  return [line, ...together(others.filter((each) => !same.includes(each)))];
}

function machineOf({ work }: ToldStep): Pick<MachineRef, "name" | "role"> | undefined {
  const { machine, machines } = work as { readonly machine?: MachineRef; readonly machines?: readonly MachineRef[] };
  return machine ?? (machines?.length === 1 ? machines[0] : undefined);
}
