/** The name that was probably meant. */

/** Edits between two texts: insert, delete, replace, swap two neighbours. */
export function distance(one: string, other: string): number {
  let before: number[] = [];
  let last: number[] = Array.from({ length: other.length + 1 }, (_, column) => column);
  for (let row = 1; row <= one.length; row++) {
    const now = [row];
    for (let column = 1; column <= other.length; column++) {
      const same = one[row - 1] === other[column - 1];
      let best = Math.min((last[column] ?? 0) + 1, (now[column - 1] ?? 0) + 1, (last[column - 1] ?? 0) + (same ? 0 : 1));
      if (row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1]) best = Math.min(best, (before[column - 2] ?? 0) + 1);
      now.push(best);
    }
    before = last;
    last = now;
  }
  return last[other.length] ?? 0;
}

/** Letters and digits in lower case: `publicport`, `public_port` and `publicPort` are one word. */
const plain = (text: string): string => text.toLowerCase().replace(/[^a-z0-9]/g, "");

/** Longer than any name there is: not worth comparing. */
const longest = 64;

/**
 * The one of `names` that is nearest to `found`, when it is near enough to have been meant.
 * @example nearest("controlplane", ["controlPlane", "workers"]) // "controlPlane"
 */
export function nearest(found: string, names: readonly string[]): string | undefined {
  if (found.length > longest) return undefined;
  const wanted = plain(found);
  if (wanted === "") return undefined;
  let best: { readonly name: string; readonly edits: number } | undefined;
  for (const name of names) {
    const candidate = plain(name);
    const edits = distance(wanted, candidate);
    const near = edits <= Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3));
    if (near && edits < candidate.length && (best === undefined || edits < best.edits)) best = { name, edits };
  }
  return best?.name;
}
