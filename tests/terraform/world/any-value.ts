/** Values of every type that Terraform has. */
import * as fc from "fast-check";
import { BigNumber, DynamicValue, numberFrom, type Value } from "../../../provider/adapters/terraform/value";
import { unknown } from "../../../provider/handlers/handler";
import type { CtyType } from "../../../schema/terraform-schema";

export interface TypedValue {
  readonly type: CtyType;
  readonly value: Value;
}

export interface AnyValueOptions {
  readonly unknowns: boolean;
  /** Numbers that no double holds. Default: true. */
  readonly bigNumbers?: boolean;
  /** Values of a type that comes along with them. Default: true. */
  readonly dynamic?: boolean;
}

/** As Terraform keeps texts: composed (NFC), and any character but NUL. */
const text = fc.string({ unit: "grapheme", maxLength: 12 }).map((each) => each.normalize("NFC").replaceAll("\u0000", ""));
const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);

const digits = (longest: number): fc.Arbitrary<string> => fc.stringMatching(new RegExp(`^[1-9][0-9]{0,${longest - 1}}$`));
const bigNumber = fc
  .oneof(digits(40), fc.tuple(digits(20), digits(20)).map(([whole, fraction]) => `${whole}.${fraction}`), fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String))
  .map(numberFrom)
  .filter((each) => each instanceof BigNumber);
const doubleText = fc.oneof(fc.integer(), fc.maxSafeInteger(), fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e15, max: 1e15 }).map((each) => Math.round(each * 1024) / 1024)).map((each) => each + 0);

const typeOf = (depth: number, dynamic: boolean): fc.Arbitrary<CtyType> => {
  const leaf = fc.constantFrom<CtyType>("string", "number", "bool", ...(dynamic ? (["dynamic"] as const) : []));
  if (depth === 0) return leaf;
  const inner = typeOf(depth - 1, dynamic);
  // Entries of a collection are of one type, which `dynamic` can't promise.
  const same = typeOf(depth - 1, false);
  return fc.oneof(
    { weight: 3, arbitrary: leaf },
    { weight: 2, arbitrary: fc.tuple(fc.constantFrom("list" as const, "map" as const), same).map(([kind, of]): CtyType => (kind === "list" ? [kind, of] : [kind, of])) },
    { weight: 2, arbitrary: fc.dictionary(name, inner, { maxKeys: 4, noNullPrototype: true }).map((attributes): CtyType => ["object", attributes]) },
    { weight: 1, arbitrary: fc.array(inner, { maxLength: 3 }).map((items): CtyType => ["tuple", items]) },
  );
};

function valueOf(type: CtyType, options: AnyValueOptions): fc.Arbitrary<Value> {
  const { unknowns, bigNumbers = true } = options;
  const known = (): fc.Arbitrary<Value> => {
    if (type === "string") return text;
    if (type === "bool") return fc.boolean();
    if (type === "number") return bigNumbers ? fc.oneof(doubleText, bigNumber) : doubleText;
    if (type === "dynamic") return typeOf(1, false).chain((inner) => valueOf(inner, options).map((value) => (value === null || value === unknown ? value : new DynamicValue(inner, value))));
    if (type[0] === "list" || type[0] === "set") return fc.array(valueOf(type[1], options), { maxLength: 4 });
    if (type[0] === "tuple") return fc.tuple(...type[1].map((item) => valueOf(item, options)));
    if (type[0] === "map") return fc.dictionary(name, valueOf(type[1], options), { maxKeys: 4, noNullPrototype: true });
    return fc.record(Object.fromEntries(Object.entries(type[1]).map(([key, inner]) => [key, valueOf(inner, options)])), { noNullPrototype: true });
  };
  return fc.oneof({ weight: 8, arbitrary: known() }, { weight: 1, arbitrary: fc.constant(null) }, ...(unknowns ? [{ weight: 1, arbitrary: fc.constant(unknown) }] : []));
}

/** A type, and a value of it. */
export const ofAnyType = (options: AnyValueOptions): fc.Arbitrary<TypedValue> =>
  typeOf(3, options.dynamic ?? true).chain((type) => valueOf(type, options).map((value) => ({ type, value })));
