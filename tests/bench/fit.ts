/** How calls grow: the line through what was counted at several sizes. */
import { figure, type Figure } from "./figures";

/** How many calls each machine more costs: the b of `a + b·n`. */
export function perMachine(name: string, machines: readonly number[], counts: readonly number[], atMost?: number): Figure {
  const { a, b } = fit(machines, counts);
  return figure(name, b, "calls", atMost === undefined ? undefined : { atMost }, `${counted(machines, counts)}, ${a.toFixed(1)} + ${b.toFixed(2)}·n`);
}

export const counted = (machines: readonly number[], counts: readonly number[]): string => `${counts.join(", ")} at ${machines.join(", ")} machines`;

/** `y = a + b·x`, by least squares. */
function fit(xs: readonly number[], ys: readonly number[]): { a: number; b: number } {
  const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [x, y] = [mean(xs), mean(ys)];
  const b = xs.reduce((sum, each, at) => sum + (each - x) * (ys[at]! - y), 0) / xs.reduce((sum, each) => sum + (each - x) ** 2, 0);
  return { a: y - b * x, b };
}
