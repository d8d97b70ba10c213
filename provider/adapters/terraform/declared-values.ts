/** Between what handlers take and give and Terraform's objects: names in snake case, null for what is left out, every attribute there. */
import { isAbsent, isRecord, type Properties, type Property } from "../../../schema/property";
import { inputAttribute, snakeCase } from "../../../schema/terraform-resources";
import { isUnknown } from "../../handlers/handler";
import { BigNumber, isObjectValue, type ObjectValue, type Value } from "./value";

type Naming = (name: string) => string;
type Declared = Readonly<Record<string, unknown>>;

function given(property: Property, value: Value): unknown {
  if (value === null || isUnknown(value)) return value ?? undefined;
  if (value instanceof BigNumber) return Number(value.text);
  if (Array.isArray(value) && property.type === "list") return (value as readonly Value[]).map((item) => (item === null ? null : given(property.items, item)));
  if (isObjectValue(value) && property.type === "object") return givenRecord(property.properties, value, snakeCase);
  if (isObjectValue(value) && property.type === "map") return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, given(property.values, inner)]));
  return value;
}

function givenRecord(properties: Properties, value: ObjectValue, naming: Naming): Declared {
  return Object.fromEntries(
    Object.entries(properties).flatMap(([name, property]) => {
      const inner = given(property, value[naming(name)] ?? null);
      return inner === undefined ? [] : [[name, inner]];
    }),
  );
}

function found(property: Property, value: unknown): Value {
  if (isAbsent(value)) return null;
  if (isUnknown(value)) return value as Value;
  if (property.type === "list" && Array.isArray(value)) return value.map((item) => found(property.items, item));
  if (property.type === "object" && isRecord(value)) return foundRecord(property.properties, value, snakeCase);
  if (property.type === "map" && isRecord(value)) return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, found(property.values, inner)]));
  return value as Value;
}

const foundRecord = (properties: Properties, value: Declared, naming: Naming): ObjectValue =>
  Object.fromEntries(Object.entries(properties).map(([name, property]) => [naming(name), found(property, Object.hasOwn(value, name) ? value[name] : undefined)]));

/** Inputs as a program of another engine would give them: what is null is left out, what isn't known is `unknown`. */
export const inputsFrom = (properties: Properties, object: ObjectValue): Declared => givenRecord(properties, object, inputAttribute);
export const outputsFrom = (properties: Properties, object: ObjectValue): Declared => givenRecord(properties, object, snakeCase);

/** The attributes of inputs, all of them. */
export const inputsTo = (properties: Properties, inputs: Declared): ObjectValue => foundRecord(properties, inputs, inputAttribute);
export const outputsTo = (properties: Properties, outputs: Declared): ObjectValue => foundRecord(properties, outputs, snakeCase);
