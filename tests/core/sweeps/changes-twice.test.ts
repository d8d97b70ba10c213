import { sharedIdentity } from "../world/cluster";
import { changeNames, changes, sweepChange } from "./change";

beforeAll(sharedIdentity);

test.each(changeNames)("%s, killed at a call and again at the same one of the next run, is completed by the third", async (name) => {
  const { wrong, kills } = await sweepChange(changes[name], "after", "twice");
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(0);
}, 1_200_000);
