/** The report of `make test-real-full`, by example: no real node is needed for it. */
import { isMet } from "../real/world/judgement";
import { points } from "../real/world/points";
import { report, type ResultLine } from "../real/world/report";
import { stepTables } from "../real/world/step-tables";
import { spansInWords } from "../real/world/timeline";

const about: ResultLine = {
  about: { date: "2026-11-28 07:00 UTC", commit: "abc123", machine: { CPU: "AMD EPYC", cores: "2", memory: "23.5 GiB" }, versions: { Kubernetes: "1.34.2, 1.35.4", Node: "v20.20.2" } },
};
const made: ResultLine[] = [
  { what: "3 control planes and 2 workers at 1.34, from `pulumi up` until all are Ready, and to its end", seen: "82 s, 86 s" },
  { what: "by hand, kubeadm on each machine, until all are Ready", seen: "75 s; `pulumi up` takes 1.09 times that", goal: "at most 1.2 times" },
];
const load = (failed: number, gap: number): string => `2,310 requests, ${failed} failed, longest gap ${gap} ms`;
const rowsOf = (text: string, heading: string): string[] =>
  text.split(/^## /m).find((section) => section.startsWith(heading))!.split("\n").filter((line) => line.startsWith("| "));
const inShort = (text: string): string[] => rowsOf(text, "In short").slice(1).map((line) => line.split(" | ").at(-1)!.replace(/ \|$/, "").trim()).slice(1);

test("of a run that recorded nothing every point is said to be not run, and so is what was not noted", () => {
  const text = report([]);
  expect(inShort(text)).toEqual(points.map(() => "not run"));
  expect(text).toContain("Where and with what it was run was not recorded.");
  expect(text).toContain("How the tests ended was not recorded.");
});

test("it says when, where and with what it was run", () => {
  const text = report([about]);
  for (const [name, value] of [["date", "2026-11-28 07:00 UTC"], ["commit", "abc123"], ["CPU", "AMD EPYC"], ["Kubernetes", "1.34.2, 1.35.4"]]) expect(text).toContain(`| ${name} | ${value} |`);
});

test("a point all of which was seen is met; one of which a part is missing says so", () => {
  expect(inShort(report(made))[0]).toBe("met");
  expect(inShort(report(made.slice(0, 1)))[0]).toBe("in part: not all of it was run");
  expect(rowsOf(report(made.slice(0, 1)), "1. Made").at(-1)).toBe("| the same by hand |  | at most 1.2 times | not run |");
});

test("one figure beyond its goal is enough for a point to be not met, whatever else was seen", () => {
  const lines: ResultLine[] = [
    { what: "two hops: reads through the API's balancer", seen: load(0, 1_234), goal: "no gap longer than 1 s" },
    { what: "two hops: writes", seen: load(0, 900), goal: "no gap longer than 1 s" },
  ];
  const text = report(lines);
  expect(inShort(text)[1]).toBe("**not met**");
  expect(rowsOf(text, "2. Upgraded").filter((row) => row.includes("**no**"))).toEqual([`| two hops: reads through the API's balancer | ${load(0, 1_234)} | no gap longer than 1 s | **no** |`]);
});

test("a figure's own word goes before what the words of its goal say; where neither tells, that is said", () => {
  const [own, unclear] = [{ ...made[1]!, met: false }, { ...made[1]!, goal: "as quick as it gets" }] as ResultLine[];
  expect(inShort(report([made[0]!, own!]))[0]).toBe("**not met**");
  expect(inShort(report([made[0]!, unclear!]))[0]).toBe("run; see below");
});

test("of a file that is run again the last outcome counts; when, at which commit and what had failed before stays to be read", () => {
  const destroyed: ResultLine = { test: "a cluster on real nodes destroy leaves no machine, namespace, mount, cgroup, link or process", file: "tests/real/cluster.test.ts", outcome: "failed", why: "found a cgroup" };
  const other: ResultLine = { test: "another", file: "tests/real/full/kills.test.ts", outcome: "passed" };
  const again: ResultLine = { again: { date: "2026-11-28 09:00 UTC", commit: "def456", files: ["tests/real/cluster.test.ts"] } };
  const text = report([about, destroyed, other, again, { ...destroyed, outcome: "passed" }]);
  expect(text).toContain("Tests: 2 passed, 0 failed, 0 skipped.");
  expect(text).not.toContain("### Failed");
  expect(text).toContain("- 2026-11-28 09:00 UTC, at def456: tests/real/cluster.test.ts");
  expect(text).toContain("What had failed before:\n\n- a cluster on real nodes destroy leaves no machine, namespace, mount, cgroup, link or process (tests/real/cluster.test.ts): found a cgroup");
  expect(report([about, other])).not.toContain("Run again");
});

test("a failed test is named with its file and why; it fails its point", () => {
  const text = report([{ test: "a cluster on real nodes destroy leaves no machine, namespace, mount, cgroup, link or process", file: "tests/real/cluster.test.ts", outcome: "failed", why: "expected [] | found\n[cgroup]" }]);
  expect(text).toContain("Tests: 0 passed, 1 failed, 0 skipped.");
  expect(text).toContain("(tests/real/cluster.test.ts): expected [] \\| found [cgroup]");
  expect(inShort(text)[5]).toBe("**not met**");
});

test("a skipped test is not run", () => {
  const text = report([{ test: "a cluster on real nodes another offering for one node: only that one was away", file: "tests/real/cluster.test.ts", outcome: "skipped" }]);
  expect(inShort(text)[2]).toBe("not run");
});

test("an upgrade that was killed is a figure of the point about kills alone", () => {
  const text = report([{ what: "1.34 to 1.36 of 3+2, killed 6 times (seed 7)", seen: "ends right" }]);
  expect(inShort(text).map((seen, index) => (seen === "not run" ? 0 : index + 1)).filter(Boolean)).toEqual([4]);
});

test("what belongs to no point is not lost", () => {
  expect(rowsOf(report([{ what: "a new thing", seen: "7 s" }]), "Also seen").at(-1)).toBe("| a new thing | 7 s |  |  |");
});

test("where the time of an upgrade goes: a row for each step, a column for each node", () => {
  const spans = (seconds: number): string => spansInWords([{ step: "kubeadm upgrade apply is done", seconds }, { step: "asks https://198.51.100.2:6443, meanwhile", seconds: 2 }, { step: "order", seconds: 0.2 }]);
  const figures = [
    { what: "steps of the agent of life-control-1 to 1.35.4", seen: spans(61) },
    { what: "steps of the agent of life-control-2 to 1.35.4", seen: "kubeadm upgrade node is done 40 s" },
    { what: "steps of the core for life-control-1", seen: "cordon 1 s" },
  ];
  const [agent, core] = stepTables(figures);
  expect(agent!.header).toEqual(["step", "life-control-1", "life-control-2"]);
  expect(agent!.rows).toEqual([["kubeadm upgrade apply is done", "61", ""], ["asks https://198.51.100.2:6443, meanwhile", "2", ""], ["kubeadm upgrade node is done", "", "40"], ["together", "63", "40"]]);
  expect(core!.rows).toEqual([["cordon", "1"]]);
  expect(report(figures)).toContain("| kubeadm upgrade apply is done | 61 |  |");
});

test.each([
  ["none failed", load(0, 90), true],
  ["none failed", "2,310 requests, 1,002 failed (10:00:00.000 ECONNRESET after 3 ms), longest gap 90 ms", false],
  ["no gap longer than 1 s", load(3, 1_000), true],
  ["no gap longer than 1 s", load(0, 1_001), false],
  ["at most 1.2 times", "75 s; `pulumi up` takes 1.21 times that", false],
  ["at most 95 s", "95 s", true],
  ["at most 95 s", "95.4 s", false],
  ["no difference but those that are allowed", "0 differences that are not allowed, 3 that are", true],
  ["no difference but those that are allowed", "1 difference that is not allowed, 3 that are", false],
  ["none failed", "no load was made", undefined],
  ["whatever", "7 s", undefined],
])("%s, and seen: %s", (goal, seen, met) => {
  expect(isMet(goal, seen)).toBe(met);
});

test("what a table's cell can't hold breaks none", () => {
  const text = report([{ what: "one | two", seen: "a\nb" }]);
  expect(rowsOf(text, "Also seen").at(-1)).toBe("| one \\| two | a b |  |  |");
});
