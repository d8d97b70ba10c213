import type { KillAt } from "../world/cloud";
import { sharedIdentity } from "../world/cluster";
import { sweepManagedCreate, sweepManagedDelete } from "./sweep";

beforeAll(sharedIdentity);

const once = (when: KillAt["when"]) => (call: number): KillAt[] => [{ call, when }];
const twice = (call: number): KillAt[] => [{ call, when: "after" }, { call, when: "after" }];

describe.each(["admin", "user"] as const)("as %s", (user) => {
  test.each(["before", "after"] as const)("a create that Mold carries out, killed %s any call, is completed by the next run, in the same state", async (when) => {
    const { wrong, kills, moments } = await sweepManagedCreate(user, once(when));
    expect(wrong).toEqual([]);
    expect(kills).toBe(moments);
  }, 1_200_000);

  test.each(["before", "after"] as const)("a delete, killed %s any call, is completed by the next run, and nothing is left", async (when) => {
    const { wrong, kills, moments } = await sweepManagedDelete(user, once(when));
    expect(wrong).toEqual([]);
    expect(kills).toBe(moments);
  }, 1_200_000);
});

test("a create killed twice at the same call is completed by the third run", async () => {
  const { wrong, kills } = await sweepManagedCreate("user", twice);
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(0);
}, 1_200_000);

test("a delete killed twice at the same call is completed by the third run", async () => {
  const { wrong, kills } = await sweepManagedDelete("user", twice);
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(0);
}, 1_200_000);
