/** What is made of a recorder's lines, by example and whatever their times and however nodes take turns. */
import * as fc from "fast-check";
import { recordingOf } from "./recording";
import type { Line } from "./recorder";
import type { TrimmedNode } from "./trimmed";

const node = (changes: Partial<TrimmedNode> & { ready?: string } = {}): TrimmedNode => {
  const { ready = "True", ...rest } = changes;
  return { leaving: false, unschedulable: false, taints: [], hasPodCidr: true, conditions: [{ type: "Ready", status: ready, reason: "Any" }], addresses: ["InternalIP"], info: { kubeletVersion: "v1.34.2" }, ...rest };
};
const begin = (stage: string): Line => ({ at: 0, stage, source: "stage", name: stage, now: "begun" });
const seen = (source: Line["source"], name: string, now?: unknown, stage = "upgrade"): Line => ({ at: 0, stage, source, name, ...(now === undefined ? {} : { now }) });

test("a node's story: each change once, in the order in which it came", () => {
  const marked = { annotations: { "ablestack.io/cordoned-by": "k3x9abcdef01", other: "x" } };
  const lines = [begin("upgrade"), seen("node", "a", node({ ready: "False" })), seen("node", "a", node()), seen("node", "a", node({ unschedulable: true, ...marked })), seen("node", "a")];
  expect(recordingOf(lines).upgrade!["node a"]).toEqual(["is there", "version: v1.34.2", "cordoned: yes", "ablestack.io/cordoned-by: (the cluster)", "is gone"]);
});

test("conditions and taints are told each for itself: kubelets and controllers set them in their own time", () => {
  const taint = (key: string): { key: string; effect: string } => ({ key, effect: "NoSchedule" });
  const lines = [begin("start"), ...[["a", "b"], ["b"], ["b", "a"], []].map((keys) => seen("node", "a", node({ taints: keys.map(taint) }), "start"))];
  expect(recordingOf(lines).start!["beside a"]).toEqual(["condition Ready: True", "taint a:NoSchedule: set, removed, set, removed", "taint b:NoSchedule: set, removed"]);
});

test("what a stage ends with is told once, and again only when it has changed", () => {
  const lines = [begin("create"), seen("node", "a", node(), "create"), begin("stop"), begin("start"), seen("node", "a", node({ hasPodCidr: false }), "start")];
  const { create, stop, start } = recordingOf(lines);
  expect(create!["a in the end"]).toContain("pod range given");
  expect(stop!["a in the end"]).toBeUndefined();
  expect(start!["a in the end"]).toContain("pod range none");
});

test("of a value that each cluster has its own of it matters that it is there, and when it came", () => {
  const ends = (time: string): TrimmedNode => node({ annotations: { "ablestack.io/certificates-end": time } });
  const told = (time: string): unknown => recordingOf([begin("create"), seen("node", "a", ends(time), "create")]);
  expect(told("2027-01-01T00:00:00Z")).toEqual(told("2030-02-03T00:00:00Z"));
});

test("a machine's facts go each their own way, by its name: two looks apart, or one", () => {
  const machine = (state: string, isoname?: string): unknown => ({ state, isoname, address: true, tags: { "ablestack-role": "worker" } });
  const lines = [begin("create"), seen("machine", "a id-1", machine("Starting"), "create"), seen("machine", "a id-1", machine("Running", "iso"), "create"), seen("machine", "a id-1", undefined, "create")];
  expect(recordingOf(lines).create!["machine a"]).toEqual(["state: Starting → Running → gone", "disc in the drive: none → iso", "address: given", "tags: ablestack-role"]);
});

test("in an upgrade it is told in which order nodes have their turns", () => {
  const at = (annotations: Record<string, string>, unschedulable = false): TrimmedNode => node({ annotations, unschedulable });
  const order = { "ablestack.io/wanted-version": "1.35.4" };
  const lines = [
    begin("upgrade"),
    ...["a", "b"].map((name) => seen("node", name, node())),
    seen("node", "a", at(order)),
    seen("configuration", "kubeadm-config", { version: "1.35.4" }),
    seen("node", "a", at({ ...order, "ablestack.io/agent": "upgraded 1.35.4" })),
    seen("node", "b", at({}, true)),
    seen("node", "b", at({})),
  ];
  expect(recordingOf(lines).upgrade!.order).toEqual(["a told to go to 1.35.4", "the cluster is at 1.35.4", "a upgraded 1.35.4", "b cordoned", "b uncordoned"]);
});

test("when things happened changes nothing, nor how nodes take turns where no order is promised", () => {
  const states = fc.array(fc.record({ ready: fc.constantFrom("True", "False", "Unknown"), unschedulable: fc.boolean() }), { maxLength: 6 });
  const three = fc.tuple(states, states, states);
  fc.assert(
    fc.property(three, fc.array(fc.nat(2), { maxLength: 18 }), fc.infiniteStream(fc.nat(1e6)), (each, turns, times) => {
      const queues = each.map((all, index) => all.map((one) => seen("node", `n${index}`, node(one), "start")));
      const oneByOne = queues.flat();
      const mixed = [...turns.flatMap((index) => queues[index]!.splice(0, 1)), ...queues.flat()].map((line) => ({ ...line, at: times.next().value! }));
      expect(recordingOf([begin("start"), ...mixed])).toEqual(recordingOf([begin("start"), ...oneByOne]));
    }),
  );
});
