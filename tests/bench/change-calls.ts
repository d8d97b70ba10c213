/** Figures of calls: what a change asks of Mold and of the cluster, and how that grows with the machines that it is about. */
import { changing, jobPolls, ofCluster, reading } from "./calls";
import { changeLifeOf } from "./change-life";
import { changes, sizesOf } from "./changes";
import { perMachine } from "./fit";
import type { Figure } from "./figures";
import type { Part } from "./life";

export async function changeCallFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const change of changes) {
    const sizes = sizesOf(change);
    if (sizes.length < 2) continue;
    const parts: Part[] = [];
    for (const size of sizes) parts.push((await changeLifeOf(change, size)).byCore);
    const add = (kind: string, count: (part: Part) => number, atMost?: number): void => void figures.push(perMachine(`${change.name}: ${kind} per machine`, sizes.map(change.machines), parts.map(count), atMost));
    const { goals } = change;
    add("changing calls", changing, goals.changing);
    add("reading calls", reading, goals.reading);
    add("job polls", jobPolls);
    add("Kubernetes calls", ofCluster, goals.kubernetes);
  }
  return figures;
}
