/** No row of features.md without a test that shows it, or a part of it that is refused as not there yet. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { notYet } from "../../schema/not-yet";
import { rows } from "./rows";

const root = join(__dirname, "../..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const all = Object.entries(rows);

test("every row of the documentation is here", () => {
  expect(all.map(([number]) => Number(number))).toEqual(Array.from({ length: 25 }, (_, at) => at + 1));
});

test.each(all)("row %s: the tests that it names are there", (_, { tests, later = [] }) => {
  const missing = Object.entries(tests).flatMap(([path, names]) => {
    const text = read(path);
    return names.filter((name) => !["\"", "`"].some((quote) => text.includes(`(${quote}${name}${quote}`))).map((name) => `${path}: ${name}`);
  });
  expect(missing).toEqual([]);
  // What a row has no test for has to be refused.
  expect(Object.keys(tests).length + later.length).toBeGreaterThan(0);
});

test("what is said to come later is refused until it is there: then its tests are named", () => {
  expect(all.flatMap(([, { later = [] }]) => later).filter((path) => !Object.hasOwn(notYet, path))).toEqual([]);
});

test("the README uses the words of the documentation's glossary", () => {
  const readme = read("README.md").toLowerCase();
  const words = ["service discovery", "autoscaling", "master", "controller", "worker", "kubeconfig", "kubectl", "clusterip", "ingress"];
  expect(words.filter((word) => !readme.includes(word))).toEqual([]);
});
