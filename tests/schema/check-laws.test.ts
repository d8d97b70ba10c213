import fc from "fast-check";
import { changedProperties } from "../../schema/changes";
import { checkInputs } from "../../schema/check";
import { isRecord, unknown, type Properties, type Property } from "../../schema/property";
import { resources } from "../../schema/resources";
import type { ResourceName } from "../../schema/resource";

/** By name, so that a counterexample can be read. */
const resource = fc.constantFrom(...(Object.keys(resources) as ResourceName[]));
const settings = { numRuns: 400 };

/** Values of the declared shape, right or nearly so: arbitrary JSON alone seldom gets past the names. */
function near(property: Property): fc.Arbitrary<unknown> {
  const right = ((): fc.Arbitrary<unknown> => {
    switch (property.type) {
      case "string":
        return fc.constantFrom<unknown>(...(property.enum ?? []), property.example, "", "x", "10.0.0.0/8", "10.0.0.1/8", "1.35", "a-b");
      case "integer":
        return fc.oneof(fc.integer({ min: -1, max: 70_000 }), fc.constantFrom<unknown>("3", 1.5, 1, 3));
      case "boolean":
        return fc.constantFrom<unknown>(true, false, "true", "no");
      case "list":
        return fc.array(near(property.items), { maxLength: 3 });
      case "map":
        return fc.dictionary(fc.constantFrom("a", "team", "ablestack-x", "__proto__", "constructor", ""), near(property.values), { maxKeys: 3 });
      case "object":
        return record(property.properties);
    }
  })();
  return fc.oneof({ weight: 12, arbitrary: right }, { weight: 1, arbitrary: fc.constant(unknown) }, { weight: 1, arbitrary: fc.jsonValue() });
}
const record = (properties: Properties): fc.Arbitrary<unknown> =>
  fc.record(Object.fromEntries([...Object.entries(properties).map(([name, property]) => [name, near(property)] as const), ["typo", fc.jsonValue()]]), { requiredKeys: [] });

const declared: fc.Arbitrary<readonly [ResourceName, unknown]> = resource.chain((chosen) => record(resources[chosen].inputs).map((inputs) => [chosen, inputs] as const));

test("check never throws, whatever JSON it gets, and failures name a property and say something", () => {
  fc.assert(
    fc.property(fc.oneof(fc.tuple(resource, fc.jsonValue()), declared), ([chosen, inputs]) => {
      const { failures } = checkInputs(chosen, inputs);
      expect(failures.every((failure) => typeof failure.property === "string" && failure.reason.length > 3)).toBe(true);
    }),
    settings,
  );
});

test("defaults are filled in once: checking what was checked changes nothing", () => {
  fc.assert(
    fc.property(declared, ([chosen, inputs]) => {
      const once = checkInputs(chosen, inputs);
      const twice = checkInputs(chosen, once.inputs);
      expect(twice.inputs).toEqual(once.inputs);
      expect(twice.warnings).toEqual(once.warnings);
      if (once.failures.length === 0) expect(twice.failures).toEqual([]);
    }),
    settings,
  );
});

/** A valid declaration with unknowns in place of some of its parts. */
function withUnknowns(value: unknown, hide: (depth: number) => boolean, depth = 0): unknown {
  if (depth > 0 && hide(depth)) return unknown;
  if (Array.isArray(value)) return value.map((item) => withUnknowns(item, hide, depth + 1));
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, withUnknowns(inner, hide, depth + 1)]));
  return value;
}

test("a valid declaration stays valid with any of its parts unknown", () => {
  fc.assert(
    fc.property(resource, fc.infiniteStream(fc.boolean()), (chosen, choices) => {
      const hidden = withUnknowns({ name: "example", ...resources[chosen].example }, () => choices.next().value === true);
      // What has no name of its own is an unknown property, hidden or not.
      const inputs = Object.fromEntries(Object.entries(hidden as object).filter(([name]) => name in resources[chosen].inputs));
      expect(checkInputs(chosen, inputs).failures).toEqual([]);
    }),
    settings,
  );
});

test("equal declarations have no changes, checked or not, in any order of a set", () => {
  fc.assert(
    fc.property(declared, ([chosen, inputs]) => {
      const { inputs: checked } = checkInputs(chosen, inputs);
      expect(changedProperties(chosen, checked, checked)).toEqual([]);
      expect(changedProperties(chosen, checked, structuredCopy(checked))).toEqual([]);
    }),
    settings,
  );
});

test("changes are found whatever JSON is compared, and every one is a declared property", () => {
  fc.assert(
    fc.property(resource, fc.jsonValue(), fc.jsonValue(), (chosen, olds, news) => {
      for (const { property } of changedProperties(chosen, olds, news)) expect(Object.keys(resources[chosen].inputs)).toContain(property.split(/[.[]/)[0]);
    }),
    settings,
  );
});

/** `structuredClone` knows no symbols. */
function structuredCopy(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(structuredCopy);
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, structuredCopy(inner)])) : value;
}
