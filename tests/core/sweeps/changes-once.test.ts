import { sharedIdentity } from "../world/cluster";
import { changeNames, changes, sweepChange } from "./change";

beforeAll(sharedIdentity);

test.each(changeNames.flatMap((name) => (["before", "after"] as const).map((when) => [name, when] as const)))(
  "%s, killed %s any call, is completed by the next run, in the same state",
  async (name, when) => {
    const { wrong, kills, moments } = await sweepChange(changes[name], when);
    expect(wrong).toEqual([]);
    expect(kills).toBeGreaterThan(moments / 2);
  },
  1_200_000,
);
