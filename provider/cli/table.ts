/** Rows of text in columns, for a terminal. */

/** Letters that take two places: names of machines are ASCII, descriptions and comments are often Korean. */
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

const width = (text: string): number => [...text].reduce((total, letter) => total + (wide.test(letter) ? 2 : 1), 0);

/** What would end the line, or move the cursor. */
const plain = (text: string): string => text.replace(/\p{Cc}+/gu, " ");

/**
 * @param columns a heading and what stands under it; a column in which nobody has anything is left out
 * @example table(clusters, [["NAME", ({ name }) => name], ["SIZE", ({ size }) => size]])
 */
export function table<Row>(rows: readonly Row[], columns: readonly (readonly [heading: string, of: (row: Row) => string | number | boolean | undefined])[]): string {
  const cells = columns.map(([heading, of]) => ({
    heading,
    texts: rows.map((row) => {
      const value = of(row);
      return value === undefined ? "" : plain(typeof value === "boolean" ? (value ? "yes" : "no") : String(value));
    }),
  }));
  const shown = cells.filter(({ texts }) => texts.some((text) => text !== ""));
  const widths = shown.map(({ heading, texts }) => Math.max(width(heading), ...texts.map(width)));
  const line = (texts: readonly string[]): string => texts.map((text, at) => text + " ".repeat(widths[at]! - width(text))).join("  ").trimEnd();
  return [line(shown.map(({ heading }) => heading)), ...rows.map((_, at) => line(shown.map(({ texts }) => texts[at]!)))].join("\n");
}

/** Pairs in two columns: `name: value` for what is one of a kind. */
export function pairs(entries: readonly (readonly [name: string, value: string | number | boolean | undefined])[]): string {
  const there = entries.flatMap(([name, value]) => (value === undefined || value === "" ? [] : [[name, plain(typeof value === "boolean" ? (value ? "yes" : "no") : String(value))] as const]));
  const longest = Math.max(0, ...there.map(([name]) => width(name)));
  return there.map(([name, value]) => `${name}:${" ".repeat(longest - width(name))} ${value}`).join("\n");
}
