/** What is cut to what Mold takes stays a text, whatever character stands at the cut: half of one would come back as another, and never be as declared. */
import fc from "fast-check";
import { intentText, isIntentOf } from "../../provider/core/claim";
import { tagKeys } from "../../provider/core/ownership";
import { recordDescription } from "../../provider/core/records";
import { cut } from "../../provider/core/wording";

/** As it comes back from Mold. */
const andBack = (text: string): string => new URLSearchParams(new URLSearchParams({ text }).toString()).get("text")!;

const long = fc.string({ unit: fc.constantFrom("a", "🚀", "é", "웹", "e\u0301"), minLength: 60, maxLength: 400, size: "max" });
const settings = { numRuns: 300 };

test("a text is cut between two characters", () => {
  expect([cut("ab🚀", 5), cut("ab🚀", 4), cut("ab🚀", 3), cut("ab🚀", 2)]).toEqual(["ab🚀", "ab🚀", "ab", "ab"]);
});

test("a cluster's description in Mold's record", () => {
  fc.assert(
    fc.property(long, (description) => {
      const text = recordDescription({ name: "prod", uid: "k3x9abcdef01", description });
      expect(andBack(text)).toBe(text);
      expect(text.length).toBeLessThanOrEqual(255);
    }),
    settings,
  );
});

test("what is about to be made is recognised, and with the time and three others that it is not it is no longer than a tag", () => {
  fc.assert(
    fc.property(long, long, (resource, tuple) => {
      const tags = { [tagKeys.owner]: "pulumi:acme/shop/dev", [tagKeys.resource]: resource };
      const value = `${intentText(tags, tuple)}@2026-11-28T00:00:00.000Z not 12345678,12345678,12345678`;
      expect(andBack(value)).toBe(value);
      expect(isIntentOf(andBack(value), tags, tuple)).toBe(true);
      expect(value.length).toBeLessThanOrEqual(255);
    }),
    settings,
  );
});
