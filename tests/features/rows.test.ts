/** No row of features.md without tests that show it; those that are named besides are there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { notYet } from "../../schema/not-yet";
import { claimed } from "./claimed";
import { rows } from "./rows";

const root = join(__dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const all = Object.entries(rows);

test("every row of the documentation is here", () => {
  expect(all.map(([number]) => Number(number))).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
});

test.each(all)("row %s: it is claimed, and the tests that it names are there", (number, { tests }) => {
  expect(claimed[Number(number)]).not.toHaveLength(0);
  const missing = Object.entries(tests).flatMap(([path, names]) => {
    const text = read(path);
    return names.filter((name) => !["\"", "`"].some((quote) => text.includes(`(${quote}${name}${quote}`))).map((name) => `${path}: ${name}`);
  });
  expect(missing).toEqual([]);
});

test("what is said to come later is refused until it is there: then its tests are named", () => {
  expect(all.flatMap(([, { later = [] }]) => later).filter((path) => !Object.hasOwn(notYet, path))).toEqual([]);
});
