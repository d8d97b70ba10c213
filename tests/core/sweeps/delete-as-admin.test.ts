import { sharedIdentity } from "../world/cluster";
import { every, sweepDelete } from "./sweep";

beforeAll(sharedIdentity);

test.each(["before", "after"] as const)("as admin: a delete killed %s any call is completed by the next run, and nothing is left", async (when) => {
  const { wrong, kills, calls } = await sweepDelete("admin", when);
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(calls / every() / 2);
}, 1_200_000);
