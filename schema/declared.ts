/** Small questions to a declaration that several readers of it ask. */
import { isDeepStrictEqual } from "node:util";
import { isAbsent, isRecord, type IsUnknown, type Json, type Properties, type Property } from "./property";

/** Reads an own property: `constructor` and the like are not inherited into a declaration. */
export const own = (record: Readonly<Record<string, unknown>>, name: string): unknown => (Object.hasOwn(record, name) ? record[name] : undefined);

/** `workers` + `count`, `tags` + `a.b` → `tags["a.b"]`. */
export const join = (path: string, name: string): string => {
  if (!/^[A-Za-z0-9_-]+$/.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === "" ? name : `${path}.${name}`;
};

/** Something of the value is a secret: none of it may be shown. */
export function carriesSecret(property: Property): boolean {
  if (property.secret) return true;
  if (property.type === "list") return carriesSecret(property.items);
  if (property.type === "map") return carriesSecret(property.values);
  return property.type === "object" && Object.values(property.properties).some(carriesSecret);
}

/**
 * A value as its declaration means it: engines hand over numbers and booleans as texts at times (so does Pulumi's own bridge), and
 * `null` for what is left out. What fits no meaning comes back as it is.
 */
export function meant(property: Property, value: unknown): unknown {
  if (typeof value !== "string") return value;
  if (property.type === "integer" && /^-?(0|[1-9]\d{0,14})$/.test(value)) return Number(value);
  if (property.type === "boolean" && (value === "true" || value === "false")) return value === "true";
  return value;
}

/** The default of a property with the defaults inside it. */
export const wholeDefault = (property: Property): unknown => (property.default === undefined ? undefined : withDefaults(property, property.default, () => false));

/** A value with the defaults inside it filled in; what is wrong is left as it is. Absent parts are dropped. */
export function withDefaults(property: Property, value: unknown, isUnknown: IsUnknown): unknown {
  if (isUnknown(value)) return value;
  if (property.type === "object" && isRecord(value)) return recordWithDefaults(property.properties, value, isUnknown);
  if (property.type === "list" && Array.isArray(value)) return value.map((item) => withDefaults(property.items, item, isUnknown));
  if (property.type === "map" && isRecord(value)) {
    return Object.fromEntries(Object.entries(value).flatMap(([key, inner]) => (isAbsent(inner) ? [] : [[key, withDefaults(property.values, inner, isUnknown)]])));
  }
  return meant(property, value);
}

export function recordWithDefaults(properties: Properties, value: Readonly<Record<string, unknown>>, isUnknown: IsUnknown): Record<string, unknown> {
  const filled: Record<string, unknown> = {};
  for (const [name, property] of Object.entries(properties)) {
    const given = own(value, name);
    const used = isAbsent(given) ? property.default : given;
    if (!isAbsent(used)) filled[name] = withDefaults(property, used, isUnknown);
  }
  return filled;
}

/** Equality of two values of one declared property. Sets have no order. */
export function equal(property: Property, one: unknown, other: unknown): boolean {
  if (isAbsent(one) || isAbsent(other)) return isAbsent(one) && isAbsent(other);
  if (property.type === "list" && Array.isArray(one) && Array.isArray(other)) {
    if (one.length !== other.length) return false;
    if (!property.set) return one.every((item, index) => equal(property.items, item, other[index]));
    const left = [...(other as readonly unknown[])];
    return one.every((item) => {
      const index = left.findIndex((candidate) => equal(property.items, item, candidate));
      if (index >= 0) left.splice(index, 1);
      return index >= 0;
    });
  }
  if ((property.type === "map" || property.type === "object") && isRecord(one) && isRecord(other)) {
    const names = property.type === "object" ? Object.keys(property.properties) : [...new Set([...Object.keys(one), ...Object.keys(other)])];
    return names.every((name) => {
      const inner = property.type === "object" ? property.properties[name] : property.values;
      return inner !== undefined && equal(inner, own(one, name), own(other, name));
    });
  }
  const [a, b] = [meant(property, one), meant(property, other)];
  // What isn't of the declared type is compared as it is.
  return isDeepStrictEqual(a, b) || (typeof a !== "object" && typeof b !== "object" && String(a) === String(b));
}

export const isOneOf = (property: Property, value: unknown, values: readonly Json[]): boolean => values.some((candidate) => equal(property, value, candidate));
