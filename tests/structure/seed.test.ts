import * as fc from "fast-check";

test("properties are tried with the same cases in every run, unless others are asked for", () => {
  const { PROPERTY_SEED: asked = "20261129" } = process.env;
  expect(fc.readConfigureGlobal().seed).toBe(asked === "random" ? undefined : Number(asked));
});
