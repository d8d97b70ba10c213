import fc from "fast-check";
import { parse } from "yaml";
import { yamlText } from "../../provider/node/yaml-text";

const scalar = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  // Files: what ends in a line break becomes a block, if anything does.
  fc.array(fc.string({ unit: fc.constantFrom("a", " ", "#", ":", "-", "\t", "|", "é", "'") }), { minLength: 1 }).map((lines) => `${lines.join("\n")}\n`),
  fc.constantFrom("on", "No", "null", "1e3", "12:30", "0x1f", "~", "", "a: b", "- a", "#c", "2026-11-23", "a\n", "\n", " a\n", "a\n\n", "a \n"),
  fc.integer(),
  fc.boolean(),
);
const { document } = fc.letrec((tie) => ({
  value: fc.oneof({ depthSize: "small" }, scalar, fc.array(tie("value"), { maxLength: 4 }), tie("document")),
  document: fc.dictionary(fc.string({ unit: "grapheme-ascii", minLength: 1 }).filter((key) => key !== "__proto__"), tie("value"), { maxKeys: 4, noNullPrototype: true }),
}));

it.each(["1.1", "1.2"] as const)("means the same to a reader of YAML %s", (version) => {
  fc.assert(
    fc.property(document, (value) => {
      expect(parse(yamlText(value as never), { version, schema: version === "1.1" ? "yaml-1.1" : "core" })).toEqual(value);
    }),
    { numRuns: 500 },
  );
});

it("leaves out what is undefined, and shows what is empty", () => {
  expect(yamlText({ a: undefined, b: [], c: {}, d: { e: undefined } })).toBe("b: []\nc: {}\nd: {}\n");
});

it("keeps files readable", () => {
  expect(yamlText({ files: [{ content: "one\n\n two\n", mode: "0600" }] })).toBe('files:\n  - content: |\n      one\n\n       two\n    mode: "0600"\n');
});
