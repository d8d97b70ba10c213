import { notYet } from "../../schema/not-yet";
import list from "./not-yet.json";

const longest: readonly string[] = list;

test("the list of what is not there yet only shrinks", () => {
  const added = Object.keys(notYet).filter((path) => !longest.includes(path));
  expect(added).toEqual([]);
});

test("the snapshot holds no more than the list: take out of tests/schema/not-yet.json what has come", () => {
  expect(longest.filter((path) => !Object.hasOwn(notYet, path))).toEqual([]);
});

test("every entry says what comes later", () => {
  for (const reason of Object.values(notYet)) expect(reason).toMatch(/ comes? with a later release/);
});
