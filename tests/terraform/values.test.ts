/** Values keep what they are on the way to Terraform and back, in msgpack and in JSON, whatever their type. */
import * as fc from "fast-check";
import { decodeJson, encodeJson } from "../../provider/adapters/terraform/json";
import { decodeMsgpack, encodeMsgpack } from "../../provider/adapters/terraform/msgpack";
import { BigNumber, hasUnknownValue, numberFrom, sameDecimal, type Value } from "../../provider/adapters/terraform/value";
import { unknown } from "../../provider/handlers/handler";
import { ofAnyType } from "./world/any-value";

test("msgpack: any value of any type, unknown ones among them, comes back as it was", () => {
  fc.assert(fc.property(ofAnyType({ unknowns: true }), ({ type, value }) => expect(decodeMsgpack(type, encodeMsgpack(type, value))).toEqual(value)), { numRuns: 2000 });
});

test("JSON: any known value of any type comes back as it was", () => {
  fc.assert(
    fc.property(ofAnyType({ unknowns: false, bigNumbers: false }), ({ type, value }) => expect(decodeJson(type, encodeJson(type, value))).toEqual(value)),
    { numRuns: 2000 },
  );
});

test("numbers that no double holds keep every digit", () => {
  for (const text of ["9007199254740993", "-9223372036854775807", "18446744073709551615", "0.1", "1e400", "123456789012345678901234567890.5"]) {
    const value = numberFrom(text);
    expect(value).toBeInstanceOf(BigNumber);
    const back = decodeMsgpack("number", encodeMsgpack("number", value));
    expect(sameDecimal((back as BigNumber).text, text)).toBe(true);
  }
  for (const text of ["0", "-1", "0.5", "1e3", "9007199254740992", "1.25"]) expect(numberFrom(text)).toBe(Number(text));
  expect(() => numberFrom("many")).toThrow("is no number");
});

test("an object has every attribute of its type, null where it has no value", () => {
  const type = ["object", { name: "string", size: "number" }] as const;
  expect(decodeMsgpack(type, encodeMsgpack(type, { name: "prod" }))).toEqual({ name: "prod", size: null });
});

test("a value of another type is an error in words, not garbage", () => {
  expect(() => encodeMsgpack("string", 3)).toThrow("is to be string, and is number");
  expect(() => encodeMsgpack(["list", "string"], "a")).toThrow("is to be list");
  expect(() => decodeMsgpack("bool", encodeMsgpack("string", "a"))).toThrow("is to be bool");
});

test("an unknown is seen however deep it lies, and JSON refuses it", () => {
  const value: Value = { nodes: [{ name: unknown }] };
  expect(hasUnknownValue(value)).toBe(true);
  expect(() => encodeJson(["map", "string"], { a: unknown })).toThrow("isn't known yet");
});

test("a state of an earlier schema is read: what it has beyond is left out, what it lacks is null", () => {
  expect(decodeJson(["object", { name: "string", size: "number" }], '{"name":"prod","gone":[1]}')).toEqual({ name: "prod", size: null });
});
