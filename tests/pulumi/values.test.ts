import { hasUnknown, unknown } from "../../provider/handlers/handler";
import { fromRecord, toRecord } from "../../provider/adapters/pulumi-dynamic/recorded";
import { fromPulumi, toPulumi } from "../../provider/adapters/pulumi-dynamic/values";

const marker = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

test("a value that Pulumi doesn't know yet is one that handlers recognise, however deep it lies", () => {
  const inputs = fromPulumi({ workers: { count: marker }, cidrList: ["10.0.0.0/8", marker], name: "prod" });
  expect(inputs).toEqual({ workers: { count: unknown }, cidrList: ["10.0.0.0/8", unknown], name: "prod" });
  expect(hasUnknown(inputs)).toBe(true);
});

test("there and back nothing is lost", () => {
  const properties = { a: marker, b: [1, { c: marker }], d: { e: true, f: null } };
  expect(toPulumi(fromPulumi(properties))).toEqual(properties);
});

test("what Pulumi adds to a resource is none of the handlers' business", () => {
  expect(fromPulumi({ __provider: "exports.handler = …", name: "prod" })).toEqual({ name: "prod" });
});

test("nothing undefined reaches Pulumi, which would fail on it", () => {
  expect(Object.keys(toPulumi({ a: undefined, b: { c: undefined, d: 1 } }))).toEqual(["b"]);
  expect(JSON.stringify(toPulumi({ b: { c: undefined }, list: [undefined, 1] }))).toBe('{"b":{},"list":[null,1]}');
});

test("a state tells apart what was declared from what came of it", () => {
  const recorded = toRecord({ name: "prod", tags: undefined }, { name: "PROD", nodes: [] });
  expect(recorded).toEqual({ name: "PROD", nodes: [], declared: { name: "prod" } });
  expect(fromRecord({ ...recorded, __provider: "…" })).toEqual({ inputs: { name: "prod" }, outputs: { name: "PROD", nodes: [] } });
});

test("a state without a declaration is refused with what to do", () => {
  expect(() => fromRecord({ ruleId: "1" })).toThrow(/take over what is there: declare it with adopt: true/);
});
