import { sharedIdentity } from "../world/cluster";
import { sweepChange } from "../sweeps/change";
import { operationNames, operations } from "./operations";

beforeAll(sharedIdentity);

test.each(operationNames)("%s, carried out by Mold, killed at a call and again at the same one of the next run, is completed by the third", async (name) => {
  const { wrong, kills } = await sweepChange(operations[name], "after", "twice");
  expect(wrong).toEqual([]);
  expect(kills).toBeGreaterThan(0);
}, 1_200_000);
