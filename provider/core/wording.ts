/** Many names in few words. */

/** The first three, and how many more. */
export const summary = (words: readonly string[]): string => (words.length <= 4 ? words.join(", ") : `${words.slice(0, 3).join(", ")} and ${words.length - 3} more`);

/** A few machines by their names, many by their numbers. */
export const listed = (names: readonly string[]): string => (names.length <= 4 ? names.join(", ") : ranges(names));

interface Range {
  readonly stem: string;
  readonly from: number;
  to: number;
  /** Counting up or down; undefined: it is one name yet. */
  by?: 1 | -1;
}

/** `ha-worker-1`, `ha-worker-2`, `ha-worker-3` → `ha-worker-1…3`. */
export function ranges(names: readonly string[]): string {
  const found: Range[] = [];
  for (const name of names) {
    const [, stem = name, digits = ""] = /^(.*-)(\d+)$/.exec(name) ?? [];
    const number = Number(digits);
    const last = found.at(-1);
    const by = last?.stem === stem ? ([1, -1] as const).find((step) => last.to + step === number && (last.by ?? step) === step) : undefined;
    if (last && by) Object.assign(last, { to: number, by });
    else found.push({ stem, from: number, to: number });
  }
  return summary(found.map(({ stem, from, to }) => (from === to ? `${stem}${from}` : `${stem}${from}…${to}`)));
}
