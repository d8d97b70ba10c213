import { distance } from "../../schema/nearest";

/** The three names that take the fewest edits, those that hold the wanted one first: for who wrote one that is not there. */
export function nearestNames(wanted: string, names: readonly string[]): string[] {
  const lower = wanted.toLowerCase();
  return [...new Set(names)]
    .map((name) => ({ name, distance: name.toLowerCase().includes(lower) ? 0 : distance(lower, name.toLowerCase()) }))
    .sort((a, b) => a.distance - b.distance || (a.name < b.name ? -1 : 1))
    .slice(0, 3)
    .map(({ name }) => name);
}
