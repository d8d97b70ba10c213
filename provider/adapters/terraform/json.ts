/** Values as Terraform keeps them in its state: JSON, read and written by their type. */
import type { CtyType } from "../../../schema/terraform-schema";
import { isUnknown } from "../../handlers/handler";
import { BigNumber, DynamicValue, isObjectValue, numberFrom, type Value } from "./value";

/** `JSON.parse` with numbers as they are written. Node.js 20 doesn't tell how: there a number that no double holds is the nearest one. */
function parse(text: string): unknown {
  return JSON.parse(text, (_key, value: unknown, context?: { readonly source?: string }) => (typeof value === "number" && context?.source !== undefined ? numberFrom(context.source) : value)) as unknown;
}

/**
 * What is there and not of the type (of an earlier schema) is left out; what is missing is null.
 * @throws SyntaxError when it is no JSON
 */
export const decodeJson = (type: CtyType, text: string): Value => fitted(type, parse(text));

function fitted(type: CtyType, raw: unknown): Value {
  if (raw === null || raw === undefined) return null;
  if (type === "dynamic") {
    const { type: inner, value } = raw as { readonly type: CtyType; readonly value: unknown };
    return inner === undefined ? null : new DynamicValue(inner, fitted(inner, value));
  }
  if (type === "string") return typeof raw === "object" ? null : String(raw as string | number | boolean);
  if (type === "bool") return typeof raw === "boolean" ? raw : null;
  // Terraform writes numbers as numbers; a text of one is taken, as it is from configurations.
  if (type === "number") return typeof raw === "number" || raw instanceof BigNumber ? raw : typeof raw === "string" ? numberFrom(raw) : null;
  if (type[0] === "list" || type[0] === "set" || type[0] === "tuple") {
    if (!Array.isArray(raw)) return null;
    return raw.map((item, index) => fitted(type[0] === "tuple" ? (type[1][index] ?? "dynamic") : type[1], item));
  }
  if (typeof raw !== "object" || Array.isArray(raw)) return null;
  const record = raw as Readonly<Record<string, unknown>>;
  if (type[0] === "map") {
    const values = type[1];
    return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, fitted(values, inner)]));
  }
  return Object.fromEntries(Object.entries(type[1]).map(([name, inner]) => [name, fitted(inner, Object.hasOwn(record, name) ? record[name] : null)]));
}

/** @throws TypeError for a value that isn't known: JSON has no word for it */
export function encodeJson(type: CtyType, value: Value): string {
  if (value === null) return "null";
  if (isUnknown(value)) throw new TypeError("a value that isn't known yet can't be written as JSON");
  if (value instanceof DynamicValue) return `{"type":${JSON.stringify(value.type)},"value":${encodeJson(value.type, value.value)}}`;
  if (value instanceof BigNumber) return value.text;
  if (Array.isArray(value)) {
    const items = value as readonly Value[];
    return `[${items.map((item, index) => encodeJson(typeof type === "string" || type[0] === "object" ? "dynamic" : type[0] === "tuple" ? (type[1][index] ?? "dynamic") : type[1], item)).join(",")}]`;
  }
  if (!isObjectValue(value)) return JSON.stringify(value);
  const written =
    typeof type !== "string" && type[0] === "object"
      ? Object.entries(type[1]).map(([name, inner]): [string, CtyType, Value] => [name, inner, value[name] ?? null])
      : Object.entries(value).map(([key, inner]): [string, CtyType, Value] => [key, typeof type !== "string" && type[0] === "map" ? type[1] : "dynamic", inner]);
  return `{${written.map(([key, inner, each]) => `${JSON.stringify(key)}:${encodeJson(inner, each)}`).join(",")}}`;
}
