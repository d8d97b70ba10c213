import fc from "fast-check";
import { upgradePath } from "../../provider/core/upgrade-path";
import { registered } from "./world/observed";

const versions = registered("1.33.1", "1.34.2", "1.34.8", "1.35.4", "1.36.0 Disabled", "1.36.3");
const ways = (from: string, to: string): string[] => upgradePath(from, to, versions).hops.map((hop) => `${hop.from} → ${hop.to.version}`);

test("one hop per minor, to the newest usable patch of each", () => {
  expect(ways("1.34", "1.36")).toEqual(["1.34.8 → 1.35.4", "1.35.4 → 1.36.3"]);
  expect(ways("1.34.2", "1.34")).toEqual([]);
  expect(ways("1.34.2", "1.34.8")).toEqual(["1.34.2 → 1.34.8"]);
  expect(ways("1.32.9", "1.34.2")).toEqual(["1.32.9 → 1.33.1", "1.33.1 → 1.34.2"]);
});

test("every gap on the way is named, not the first alone", () => {
  const { hops, missing } = upgradePath("1.35", "1.38", versions);
  expect(hops).toHaveLength(1);
  expect(missing).toHaveLength(2);
  expect(missing[0]).toMatch(/^no Kubernetes version 1\.37 is registered/);
});

test("there is no way back", () => {
  expect(upgradePath("1.36", "1.34", versions).missing).toEqual(["1.34 is older than 1.36.3: Kubernetes can't go back."]);
});

test("no minor is skipped, whatever is asked for and registered", () => {
  const minor = fc.integer({ min: 28, max: 40 });
  fc.assert(
    fc.property(minor, minor, fc.uniqueArray(minor), (from, to, there) => {
      const { hops, missing } = upgradePath(`1.${from}`, `1.${to}`, registered(...there.map((each) => `1.${each}.1`)));
      if (missing.length > 0) return;
      const minors = hops.map((hop) => Number(hop.to.version.split(".")[1]));
      expect(minors).toEqual(Array.from({ length: Math.max(0, to - from) }, (_, at) => from + 1 + at));
    }),
  );
});
