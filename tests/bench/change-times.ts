/** Figures of changes: against the least time that anybody could need, and beside Mold's order. */
import { changeLifeOf } from "./change-life";
import { changes, sizesOf } from "./changes";
import { assertNoDrift } from "./drift";
import { figure, type Figure } from "./figures";
import { nameOf } from "./life";

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;

export async function changeTimeFigures(): Promise<Figure[]> {
  assertNoDrift();
  const figures: Figure[] = [];
  for (const change of changes) {
    for (const size of sizesOf(change)) {
      const { byCore } = await changeLifeOf(change, size);
      const best = change.path(size);
      const { path: atMost } = change.goals;
      // Below 1 the bound would be none.
      const goal = { atLeast: 1, ...(atMost === undefined ? {} : { atMost }) };
      figures.push(figure(`${change.name}, ${nameOf(size)}: time / critical path`, byCore.ms / best, "ratio", goal, `${seconds(byCore.ms)} of virtual time, at best ${seconds(best)}`));
    }
  }
  return figures;
}

export async function moldOrderFigures(): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const change of changes) {
    for (const size of sizesOf(change)) {
      const { byCore, inMoldOrder } = await changeLifeOf(change, size);
      if (inMoldOrder === undefined) continue;
      const atLeast = change.goals.speedUp?.[nameOf(size)];
      const note = `${seconds(inMoldOrder)} in Mold's order, ${seconds(byCore.ms)} by the core`;
      figures.push(figure(`${change.name}, ${nameOf(size)}: Mold's order / time`, inMoldOrder / byCore.ms, "ratio", atLeast === undefined ? undefined : { atLeast }, note));
    }
  }
  return figures;
}
