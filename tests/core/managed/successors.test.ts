/** Which of the machines that Mold has made took whose place. */
import fc from "fast-check";
import type { ManagedMachine, ObservedManaged } from "../../../provider/core/managed/observe";
import { successorsAmong } from "../../../provider/core/managed/succession";
import { tagKeys, type Tags } from "../../../provider/core/ownership";

const machine = (at: number, created: number, tags: Tags = {}): ManagedMachine => ({ id: `m${at}`, name: `prod-node-${at}`, role: "worker", created, tags, isExternal: false }) as unknown as ManagedMachine;
const observed = (machines: readonly ManagedMachine[]): ObservedManaged => ({ machines }) as unknown as ObservedManaged;

test("the newest, each for one; a run that dies between two of them has the next one find the same", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 4 }), (leave, stay, toldOf) => {
      const old = Array.from({ length: leave + stay }, (_, at) => machine(at, 1000 + at));
      const going = old.slice(0, leave);
      const fresh = going.map((_, at) => machine(100 + at, 5000 + at));
      const places = going.map(({ id, name, role }) => ({ old: { id, name, role }, names: name }));
      const pairs = successorsAmong(observed([...fresh, ...old]), places, going);
      expect(pairs.map(({ successor }) => successor.id)).toEqual(fresh.map(({ id }) => id));
      const told = fresh.map((each, at) => (at < toldOf ? { ...each, tags: { [tagKeys.succeeds]: going[at]!.name } } : each));
      expect(successorsAmong(observed([...told, ...old]), places, going)).toEqual(pairs);
    }),
  );
});

test("where nobody has come, nobody is meant", () => {
  const [old] = [machine(1, 1000)];
  expect(successorsAmong(observed([old!]), [{ old: { id: "m1", name: "prod-node-1", role: "worker" }, names: "prod-node-1" }], [old!])).toEqual([]);
});
