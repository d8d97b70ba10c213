/** Whose place a new machine takes: told once, it stays; nobody takes two, and nobody's is taken twice. */
import fc from "fast-check";
import type { ObservedCluster, ObservedMachine } from "../../provider/core/observe";
import { machineName, tagKeys } from "../../provider/core/ownership";
import { placesTaken, succeededFirst, successionTags } from "../../provider/core/succession";

const worker = (index: number, created: number, tags: Record<string, string> = {}): ObservedMachine =>
  ({ id: `id-${index}`, name: machineName("prod", "worker", index), role: "worker", index, created, state: "Running", tags }) as unknown as ObservedMachine;
const observed = (machines: readonly ObservedMachine[], anchorTags: Record<string, string> = {}): ObservedCluster => ({ machines, anchorTags }) as unknown as ObservedCluster;
const ref = (index: number): { name: string; role: "worker" } => ({ name: machineName("prod", "worker", index), role: "worker" });
const joined = { [tagKeys.joined]: "yes" };

test("as many as can be: each place is taken once, by the last of those that come", () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 5 }), fc.uniqueArray(fc.integer({ min: 10, max: 19 }), { maxLength: 5 }), fc.integer({ min: 0, max: 5 }), (old, fresh, alreadyThere) => {
      const machines = old.map((index) => worker(index, 1000, joined));
      const told = placesTaken(observed(machines), "prod", machines, fresh.map(ref));
      expect(told.size).toBe(Math.min(old.length, fresh.length));
      expect(new Set(told.values()).size).toBe(told.size);
      // A run that died after it had made and told some of them: the next one gives out the same.
      const made = [...told].slice(0, alreadyThere).map(([name, place]) => worker(Number(name.split("-").at(-1)), 2000, successionTags(observed(machines), { name, role: "worker" }, place)));
      expect(new Map(placesTaken(observed([...machines, ...made]), "prod", machines, fresh.map(ref)))).toEqual(told);
    }),
  );
});

test("one that went before another came is on the anchor: the next one is told of it and of those before it; under the old one's own name only of those before", () => {
  const cluster = observed([worker(2, 1000, joined)], { [`${tagKeys.vacant}prod-worker-3`]: "prod-worker-3,prod-worker-1" });
  expect([...placesTaken(cluster, "prod", [], [ref(4)])]).toEqual([["prod-worker-4", "prod-worker-3"]]);
  expect(successionTags(cluster, ref(4), "prod-worker-3")).toEqual({ [tagKeys.succeeds]: "prod-worker-3,prod-worker-1" });
  expect([...placesTaken(cluster, "prod", [], [ref(3), ref(4)])]).toEqual([["prod-worker-3", "prod-worker-3"]]);
  expect(successionTags(cluster, ref(3), "prod-worker-3")).toEqual({ [tagKeys.succeeds]: "prod-worker-1" });
});

test("a name that was another's before: what an older machine had taken over from that one says nothing of the one that has it now", () => {
  const former = worker(3, 1000, { ...joined, [tagKeys.succeeds]: "prod-worker-1" });
  const now = worker(1, 2000, joined);
  expect([...placesTaken(observed([former, now]), "prod", [now], [ref(4)])]).toEqual([["prod-worker-4", "prod-worker-1"]]);
});

test("those whose successors are there go first", () => {
  const machines = [worker(1, 1000, joined), worker(2, 1000, joined), worker(3, 2000, { [tagKeys.succeeds]: "prod-worker-2" })];
  expect(succeededFirst(observed(machines), new Map(), [ref(1), ref(2)]).map(({ name }) => name)).toEqual(["prod-worker-2", "prod-worker-1"]);
});
