import { sharedIdentity } from "../world/cluster";
import { sweepChange } from "../sweeps/change";
import { operationNames, operations } from "./operations";

beforeAll(sharedIdentity);

test.each(operationNames.flatMap((name) => (["before", "after"] as const).map((when) => [name, when] as const)))(
  "%s, carried out by Mold and killed %s any call, is completed by the next run, in the same state",
  async (name, when) => {
    const { wrong, kills, moments } = await sweepChange(operations[name], when);
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(moments / 2);
  },
  1_200_000,
);
