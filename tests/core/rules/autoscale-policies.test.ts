/** Which of the policies that there are is kept, which one is changed, and which are new. */
import fc from "fast-check";
import { matchPolicies } from "../../../provider/core/rules/autoscale-policies";
import { samePolicy, type ScalePolicy, type SeenPolicy } from "../../../provider/core/rules/autoscale-seen";

const condition = fc.record({ counterId: fc.constantFrom("cpu", "memory"), operator: fc.constant("GT"), threshold: fc.constantFrom(50, 80) });
const policy = fc.record({
  duration: fc.constantFrom(60, 120),
  quietTime: fc.constantFrom(0, 300),
  conditions: fc.uniqueArray(condition, { minLength: 1, selector: ({ counterId }) => counterId }),
});
const several = fc.uniqueArray(policy, { minLength: 1, maxLength: 5, comparator: samePolicy });
const named = (policies: readonly ScalePolicy[]): SeenPolicy[] => policies.map((each, at) => ({ ...each, id: `p${at}`, name: "", conditionIds: each.conditions.map((_, index) => `c${at}-${index}`) }));

test("none is taken twice, all that say what is wanted are kept, and only what may be changed is", () => {
  fc.assert(
    fc.property(several, several, fc.func(fc.boolean()), (wanted, there, mayChange) => {
      const seen = named(there);
      const matches = matchPolicies(wanted, seen, ({ id }) => mayChange(id));
      expect(matches).toHaveLength(wanted.length);
      const taken = matches.flatMap((each) => each ?? []);
      expect(new Set(taken).size).toBe(taken.length);
      for (const each of seen) {
        const at = wanted.findIndex((one) => samePolicy(one, each));
        if (at >= 0) expect(matches[at]).toBe(each);
      }
      matches.forEach((found, at) => expect(found === undefined || samePolicy(found, wanted[at]!) || mayChange(found.id)).toBe(true));
      // None is made while one is left that could be changed to it.
      if (matches.includes(undefined)) expect(seen.filter((each) => !taken.includes(each) && mayChange(each.id))).toEqual([]);
    }),
  );
});
