/** Values as Terraform sends and takes them: cty's msgpack (https://github.com/zclconf/go-cty/blob/main/docs/marshal.md), read and written by their type. */
import { decode, encode, ExtData } from "@msgpack/msgpack";
import type { CtyType } from "../../../schema/terraform-schema";
import { isUnknown, unknown } from "../../handlers/handler";
import { BigNumber, DynamicValue, integerOf, isObjectValue, numberFrom, type Value } from "./value";

/** A value that isn't known yet; refinements of one (type 12) are read as one. Ours are never refined. */
const unknownExtension = 0;
const longest = { min: -(2n ** 63n), max: 2n ** 63n - 1n };

/** @throws TypeError, RangeError when the value is not of the type */
export const encodeMsgpack = (type: CtyType, value: Value): Uint8Array => encode(packed(type, value), { useBigInt64: true });

/** @throws TypeError, RangeError when the bytes say something else than a value of the type */
export const decodeMsgpack = (type: CtyType, bytes: Uint8Array): Value => unpacked(type, decode(bytes, { useBigInt64: true }));

function mismatch(type: CtyType, found: unknown): TypeError {
  return new TypeError(`a value is to be ${typeof type === "string" ? type : type[0]}, and is ${found === null ? "null" : Array.isArray(found) ? "a list" : typeof found}`);
}

function packed(type: CtyType, value: Value): unknown {
  if (value === null) return null;
  if (isUnknown(value)) return new ExtData(unknownExtension, new Uint8Array([0]));
  if (type === "dynamic") {
    if (!(value instanceof DynamicValue)) throw mismatch(type, value);
    return [new TextEncoder().encode(JSON.stringify(value.type)), packed(value.type, value.value)];
  }
  if (type === "string" || type === "bool") {
    if (typeof value !== (type === "bool" ? "boolean" : "string")) throw mismatch(type, value);
    return value;
  }
  if (type === "number") {
    if (typeof value === "number") return value;
    if (!(value instanceof BigNumber)) throw mismatch(type, value);
    const whole = integerOf(value);
    return whole !== undefined && whole >= longest.min && whole <= longest.max ? whole : value.text;
  }
  if (type[0] === "list" || type[0] === "set") {
    const items = type[1];
    if (!Array.isArray(value)) throw mismatch(type, value);
    return (value as readonly Value[]).map((item) => packed(items, item));
  }
  if (type[0] === "tuple") {
    if (!Array.isArray(value)) throw mismatch(type, value);
    return type[1].map((item, index) => packed(item, (value as readonly Value[])[index] ?? null));
  }
  if (!isObjectValue(value)) throw mismatch(type, value);
  if (type[0] === "map") {
    const values = type[1];
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, packed(values, inner)]));
  }
  // Every attribute has to be there, null where it has no value.
  return Object.fromEntries(Object.entries(type[1]).map(([name, inner]) => [name, packed(inner, value[name] ?? null)]));
}

function unpacked(type: CtyType, raw: unknown): Value {
  if (raw === null || raw === undefined) return null;
  if (raw instanceof ExtData) return unknown;
  if (type === "dynamic") {
    if (!Array.isArray(raw) || !(raw[0] instanceof Uint8Array)) throw mismatch(type, raw);
    const inner = JSON.parse(new TextDecoder().decode(raw[0])) as CtyType;
    return new DynamicValue(inner, unpacked(inner, raw[1]));
  }
  if (type === "string" || type === "bool") {
    if (typeof raw !== (type === "bool" ? "boolean" : "string")) throw mismatch(type, raw);
    return raw as string | boolean;
  }
  if (type === "number") {
    if (typeof raw === "number") return raw;
    if (typeof raw === "bigint" || typeof raw === "string") return numberFrom(String(raw));
    throw mismatch(type, raw);
  }
  if (type[0] === "list" || type[0] === "set" || type[0] === "tuple") {
    if (!Array.isArray(raw)) throw mismatch(type, raw);
    return raw.map((item, index) => unpacked(type[0] === "tuple" ? (type[1][index] ?? "dynamic") : type[1], item));
  }
  if (typeof raw !== "object" || Array.isArray(raw)) throw mismatch(type, raw);
  const record = raw as Readonly<Record<string, unknown>>;
  if (type[0] === "map") {
    const values = type[1];
    return Object.fromEntries(Object.entries(record).map(([key, inner]) => [key, unpacked(values, inner)]));
  }
  return Object.fromEntries(Object.entries(type[1]).map(([name, inner]) => [name, unpacked(inner, record[name])]));
}
