import { quantity } from "../../provider/kubernetes/quantity";

test.each([
  ["2", 2],
  ["100m", 0.1],
  ["1.5", 1.5],
  [".5", 0.5],
  ["70Mi", 73_400_320],
  ["4Gi", 4 * 2 ** 30],
  ["128974848", 128_974_848],
  ["129e6", 129e6],
  ["1E", 1e18],
  ["200k", 200_000],
])("%s is %d", (text, number) => {
  expect(quantity(text)).toBeCloseTo(number, 9);
});

test("what is none counts as nothing", () => {
  for (const text of [undefined, "", "many", "1 Gi", "Mi"]) expect(quantity(text)).toBe(0);
});
