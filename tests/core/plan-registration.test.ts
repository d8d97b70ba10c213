import fc from "fast-check";
import { planCluster } from "../../provider/core/plan";
import type { Plan } from "../../provider/core/plan-input";
import type { ObservedCluster } from "../../provider/core/observe";
import { carriedText, recordDescription, type ObservedRecord } from "../../provider/core/records";
import type { DesiredCluster } from "../../provider/core/desired";
import { desired, nodeOf, owner, record, registered, uid, whole } from "./world/observed";

const versions = registered("1.34.2", "1.35.4", "1.36.3");
const there = (changes: Partial<ObservedRecord>[] = [{}]): ObservedCluster => ({ ...whole(), nodes: whole().machines.map(({ name }) => nodeOf(name)), records: changes.map((each) => record(whole().machines, each)) });
const plan = (observed: ObservedCluster, changes: Partial<DesiredCluster> = {}): Plan => planCluster({ desired: desired(changes), observed, owner, versions, former: desired(changes) });
const kinds = ({ steps }: Plan): string[] => steps.map(({ work }) => work.kind);

test("a record whose name says another version is judged by the version's id", () => {
  expect(kinds(plan(there([{ versionName: "stable" }])))).toEqual([]);
  expect(kinds(plan(there([{ versionName: "stable", versionId: "1.34.2" }])))).toEqual(["registerCluster", "enlistMachines", "enlistMachines", "carryComments", "unregisterCluster"]);
});

test("of two records, as a run that was killed leaves them, the right one stays", () => {
  const made = plan(there([{ id: "old", versionId: "1.34.2", versionName: "v1.34.2" }, { id: "new", machineIds: [], controlCount: 0, workerCount: 0 }]));
  expect(kinds(made)).toEqual(["enlistMachines", "enlistMachines", "carryComments", "unregisterCluster"]);
  expect(made.steps.at(-1)?.work).toMatchObject({ recordId: "old" });
  expect(made.steps.at(-1)?.needs).toEqual(expect.arrayContaining(["carryComments old", "enlistMachines worker"]));
});

test("while nobody says which version is right no record is replaced", () => {
  const { nodes: _nodes, ...silent } = there([{ versionId: "1.34.2", versionName: "v1.34.2" }]);
  expect(kinds(plan(silent))).not.toContain("registerCluster");
  const { nodes: _none, ...two } = there([{ id: "a", versionId: "1.34.2", versionName: "v1.34.2" }, { id: "b" }]);
  expect(kinds(plan(two))).not.toContain("unregisterCluster");
});

test("an account that may not see records gets no step on them", () => {
  const { records: _records, ...unseen } = there();
  expect(plan(unseen)).toEqual({ steps: [], problems: [] });
});

test("destroyed machines of ours are taken out; of others nothing is", () => {
  const made = plan(there([{ machineIds: [...whole().machines.map(({ id }) => id), "gone", "theirs"], goneIds: ["gone"], workerCount: 5 }]));
  expect(made.steps.map(({ work }) => work)).toEqual([{ kind: "delistMachines", recordId: "record", machineIds: ["gone"] }]);
});

test("the description holds the mark whatever is declared, and is no longer than Mold takes", () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 300 }), (description) => {
      const text = recordDescription({ name: "prod", uid, description });
      expect(text.length).toBeLessThanOrEqual(255);
      expect(text.endsWith(`[ablestack-kubernetes ${uid}]`)).toBe(true);
    }),
  );
});

test("a comment is carried as often as records change without growing, and never longer than Mold takes", () => {
  const comment = { id: "c", author: "min", day: "2026-11-23", adminsOnly: false };
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 255 }), (text) => {
      const once = carriedText({ ...comment, text }, []);
      expect(once.length).toBeLessThanOrEqual(255);
      expect(carriedText({ ...comment, text: once }, [])).toBe(once);
      expect(carriedText({ ...comment, text }, [text])).toBe(text);
    }),
  );
});
