import { sharedIdentity } from "../world/cluster";
import { every, sweepCreate, sweepPendingJobs } from "./sweep";

beforeAll(sharedIdentity);

test.each(["before", "after"] as const)("as user: a create killed %s any call is completed by the next run, in the same state", async (when) => {
  const { wrong, kills, calls } = await sweepCreate("user", when);
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(calls / every() / 2);
}, 1_200_000);

test("as user: a create whose job is still pending when the next run starts is completed, in the same state", async () => {
  const { wrong, jobs } = await sweepPendingJobs("user");
  expect(wrong).toEqual([]);
  expect(jobs).toBeGreaterThan(20);
}, 1_200_000);
