/** Random arguments of the declared shape, as a program may write them: right in type, not always in sense. */
import fc from "fast-check";
import type { Properties, Property } from "../../../schema/property";

/** No `${`, by which Terraform means an expression. */
const text = fc.oneof(fc.constantFrom("zone-1", "1.35", "10.0.0.0/8", "x"), fc.string({ unit: fc.constantFrom(..."abc-./ :é\"\\%{}"), minLength: 1, maxLength: 12 }).filter((any) => !/[$%]\{/.test(any)));
const key = fc.constantFrom("a", "team", "prod-worker-2", "camelCase", "snake_case");

function valueOf(property: Property): fc.Arbitrary<unknown> {
  switch (property.type) {
    case "string":
      return property.enum === undefined ? text : fc.constantFrom(...property.enum);
    case "integer":
      return fc.integer({ min: property.minimum ?? 0, max: property.maximum ?? 100_000 });
    case "boolean":
      return fc.boolean();
    case "list":
      return fc.array(valueOf(property.items), { minLength: 1, maxLength: 3 });
    case "map":
      return fc.dictionary(key, valueOf(property.values), { minKeys: 1, maxKeys: 3, noNullPrototype: true });
    case "object":
      return objectOf(property.properties);
  }
}

/** Those that must be given, and some of the others. @param without names that are the SDK's business */
export function objectOf(properties: Properties, without: readonly string[] = []): fc.Arbitrary<Record<string, unknown>> {
  const inside = Object.entries(properties).filter(([name]) => !without.includes(name));
  const requiredKeys = inside.filter(([, property]) => property.required === true && property.filledBySdk === undefined).map(([name]) => name);
  return fc.record(Object.fromEntries(inside.map(([name, property]) => [name, valueOf(property)])), { requiredKeys, noNullPrototype: true });
}
