/** Values as Terraform's type system (cty) has them, in JavaScript. */
import { isUnknown, type unknown } from "../../handlers/handler";
import type { CtyType, TerraformAttribute, TerraformAttributes } from "../../../schema/terraform-schema";

/** Objects and maps are records, lists, sets and tuples arrays; a number that no double holds is a `BigNumber`. */
export type Value = null | boolean | number | string | typeof unknown | BigNumber | DynamicValue | readonly Value[] | { readonly [name: string]: Value };
export type ObjectValue = Readonly<Record<string, Value>>;

/** A number of any size and precision, as decimal text. */
export class BigNumber {
  constructor(readonly text: string) {}
}

/** A value with its type, where the schema says that any may come. */
export class DynamicValue {
  constructor(
    readonly type: CtyType,
    readonly value: Value,
  ) {}
}

export const isObjectValue = (value: Value | undefined): value is ObjectValue =>
  typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof BigNumber) && !(value instanceof DynamicValue);

/**
 * The number that a decimal text says: a double where one holds all of it.
 * @throws RangeError when it is no number
 */
export function numberFrom(text: string): number | BigNumber {
  const near = Number(text);
  if (text.trim() === "" || Number.isNaN(near)) throw new RangeError(`${JSON.stringify(text)} is no number`);
  return Number.isFinite(near) && sameDecimal(decimalOf(near), text) ? near : new BigNumber(text);
}

/** Every double is a decimal number of finitely many digits; this is all of them, where JavaScript's own text is the shortest that tells it apart. */
function decimalOf(value: number): string {
  if (Number.isInteger(value)) return BigInt(value).toString();
  // Beyond 100 digits after the point nobody compares: such a number is none that a person has written.
  return value.toFixed(100);
}

interface Decimal {
  readonly digits: bigint;
  readonly exponent: number;
}

function parseDecimal(text: string): Decimal | undefined {
  const [, sign = "", whole = "", fraction = "", exponent = "0"] = /^([+-]?)(\d*)\.?(\d*)(?:[eE]([+-]?\d+))?$/.exec(text.trim()) ?? [];
  if (whole === "" && fraction === "") return undefined;
  const written = `${whole}${fraction}`.replace(/^0+(?=\d)/, "");
  const zeros = /0*$/.exec(written)![0].length;
  const digits = written.length === zeros ? 0n : BigInt(written.slice(0, written.length - zeros));
  return { digits: sign === "-" ? -digits : digits, exponent: digits === 0n ? 0 : Number(exponent) - fraction.length + zeros };
}

export function sameDecimal(one: string, other: string): boolean {
  const [a, b] = [parseDecimal(one), parseDecimal(other)];
  return a !== undefined && b !== undefined && a.digits === b.digits && a.exponent === b.exponent;
}

/** A whole number as such, whatever way it is written; undefined: it has a fraction, or more digits than any machine counts. */
export function integerOf({ text }: BigNumber): bigint | undefined {
  const decimal = parseDecimal(text);
  if (decimal === undefined || decimal.exponent < 0 || decimal.exponent > 400) return undefined;
  return decimal.digits * 10n ** BigInt(decimal.exponent);
}

/** The type of the whole of some attributes, nested ones too. */
export const typeOfAttributes = (attributes: TerraformAttributes): CtyType => ["object", Object.fromEntries(Object.entries(attributes).map(([name, attribute]) => [name, typeOfAttribute(attribute)]))];

export function typeOfAttribute({ type, nested_type: nested }: TerraformAttribute): CtyType {
  if (nested === undefined) return type ?? "dynamic";
  const inside = typeOfAttributes(nested.attributes);
  if (nested.nesting_mode === "single") return inside;
  return nested.nesting_mode === "list" ? ["list", inside] : nested.nesting_mode === "set" ? ["set", inside] : ["map", inside];
}

/** Something inside is not known yet. */
export function hasUnknownValue(value: Value): boolean {
  if (isUnknown(value)) return true;
  if (value instanceof DynamicValue) return hasUnknownValue(value.value);
  if (Array.isArray(value)) return value.some(hasUnknownValue);
  return isObjectValue(value) && Object.values(value).some(hasUnknownValue);
}
