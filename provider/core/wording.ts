/** Many names in few words, and long texts in short ones. */
import { createHash } from "node:crypto";

/** The beginning of a text, with no half of a character at its end: Mold would give back another. @param length in UTF-16 units */
export const cut = (text: string, length: number): string => text.slice(0, length).replace(/[\ud800-\udbff]$/, "");

/** How much of a text that is too long stays, before what tells it from others. */
export const keptOf = (longest: number): number => longest - 13;

/** The text, or of a longer one its beginning and what tells it from others. */
export const fitted = (text: string, longest: number): string => (text.length <= longest ? text : `${cut(text, keptOf(longest))}~${createHash("sha256").update(text).digest("hex").slice(0, 12)}`);

/** The first three, and how many more. */
export const summary = (words: readonly string[]): string => (words.length <= 4 ? words.join(", ") : `${words.slice(0, 3).join(", ")} and ${words.length - 3} more`);

/** A few machines by their names, many by their numbers. */
export const listed = (names: readonly string[]): string => (names.length <= 4 ? names.join(", ") : ranges(names));

interface Range {
  readonly first: string;
  readonly stem: string;
  to: number;
  /** Counting up or down; undefined: it is one name yet. */
  by?: 1 | -1;
}

const eitherWay = [1, -1] as const;

/** `ha-worker-1`, `ha-worker-2`, `ha-worker-3` → `ha-worker-1…3`. */
export function ranges(names: readonly string[]): string {
  const found: Range[] = [];
  for (const name of names) {
    const last = found.at(-1);
    const by = last && (last.by === undefined ? eitherWay : [last.by]).find((step) => name === `${last.stem}${last.to + step}`);
    if (last && by) {
      last.to += by;
      last.by = by;
    } else found.push(alone(name));
  }
  return summary(found.map(({ first, to, by }) => (by === undefined ? first : `${first}…${to}`)));
}

function alone(name: string): Range {
  const [, stem = name, digits = ""] = /^(.*-)(\d+)$/.exec(name) ?? [];
  return { first: name, stem, to: Number(digits) };
}
