/** The report of `make test-real-full`, made of the lines that it left: a pure function of them. */
import { isMet } from "./judgement";
import { points, type Expected, type Point } from "./points";
import type { Figure } from "./results";
import { stepTables } from "./step-tables";

/** Where and with what it was run. */
export interface About {
  readonly date: string;
  readonly commit: string;
  /** By name: CPU, memory, kernel, …. */
  readonly machine: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, string>>;
}

/** Files that were run again afterwards: what had failed was mended, and the whole takes an hour or more. */
export interface Again extends Pick<About, "date" | "commit"> {
  readonly files: readonly string[];
}

export interface TestOutcome {
  /** With the names of what it is in. */
  readonly test: string;
  readonly file: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Of a failed one. */
  readonly why?: string;
}

export type ResultLine = { readonly about: About } | { readonly again: Again } | Figure | TestOutcome;

type Verdict = "met" | "not met" | "not judged" | "not run";
interface Row {
  readonly what: string;
  readonly seen: string;
  readonly goal: string;
  readonly verdict: Verdict;
}

/**
 * Markdown. What was not run is said to be not run.
 * @param lines as they were written; of a figure that was recorded twice both are shown, of a test that was run again the last outcome counts
 */
export function report(lines: readonly ResultLine[]): string {
  const abouts = lines.flatMap((line) => ("about" in line ? [line.about] : []));
  const figures = lines.flatMap((line) => ("seen" in line ? [line] : []));
  const outcomes = lines.flatMap((line) => ("test" in line ? [line] : []));
  const tests = outcomes.filter((outcome) => outcomes.findLast(isSameTest(outcome)) === outcome);
  const sections = points.map((point) => ({ point, rows: point.shown.flatMap((expected) => rowsOf(expected, figures, tests)) }));
  const isExpected = ({ what }: Figure): boolean => points.some(({ shown }) => shown.some(({ by }) => "figure" in by && by.figure.test(what)));
  const others = figures.filter((figure) => !isExpected(figure)).map(rowOf);
  const failed = tests.filter(({ outcome }) => outcome === "failed");
  return [
    "# What was seen on real nodes",
    "Written by `make test-real-full`; not by hand.",
    ...(abouts.length === 0 ? ["Where and with what it was run was not recorded."] : [aboutInWords(abouts.at(-1)!)]),
    "## In short",
    table(["", "what is to be shown", "seen"], sections.map(({ point, rows }, index) => [String(index + 1), point.wanted, overall(rows)])),
    testsInWords(tests),
    ...(failed.length === 0 ? [] : ["### Failed", failed.map(failureInWords).join("\n")]),
    ...runAgain(lines.flatMap((line) => ("again" in line ? [line.again] : [])), outcomes.filter((outcome) => outcome.outcome === "failed" && !tests.includes(outcome))),
    ...sections.flatMap(({ point, rows }, index) => sectionOf(point, rows, index + 1, figures)),
    ...(others.length === 0 ? [] : ["## Also seen", rowTable(others)]),
  ].join("\n\n").concat("\n");
}

const isSameTest =
  ({ test, file }: TestOutcome) =>
  (other: TestOutcome): boolean =>
    other.test === test && other.file === file;

const failureInWords = ({ test, file, why }: TestOutcome): string => `- ${cell(test)} (${file})${why === undefined ? "" : `: ${cell(why)}`}`;

function runAgain(runs: readonly Again[], before: readonly TestOutcome[]): string[] {
  if (runs.length === 0) return [];
  const lines = runs.map(({ date, commit, files }) => `- ${date}, at ${commit}: ${files.join(", ")}`);
  return ["### Run again", lines.join("\n"), ...(before.length === 0 ? [] : ["What had failed before:", before.map(failureInWords).join("\n")])];
}

function rowsOf({ what, by }: Expected, figures: readonly Figure[], tests: readonly TestOutcome[]): Row[] {
  const notRun: Row = { what, seen: "", goal: "", verdict: "not run" };
  if ("test" in by) {
    const found = tests.filter(({ test }) => by.test.test(test));
    return found.length === 0 ? [notRun] : found.map(({ test, outcome }) => ({ what: test, seen: outcome, goal: "passes", verdict: ({ passed: "met", failed: "not met", skipped: "not run" } as const)[outcome] }));
  }
  const found = figures.filter((figure) => by.figure.test(figure.what));
  if (found.length === 0) return [{ ...notRun, goal: by.goal ?? "" }];
  // They have tables of their own.
  if (found.every(isSteps)) return [];
  return found.map((figure) => rowOf({ ...(by.goal === undefined ? {} : { goal: by.goal }), ...figure }));
}

const isSteps = ({ what }: Figure): boolean => what.startsWith("steps of the ");

function rowOf({ what, seen, goal, met }: Figure): Row {
  const judged = met ?? (goal === undefined ? true : isMet(goal, seen));
  return { what, seen, goal: goal ?? "", verdict: judged === undefined ? "not judged" : judged ? "met" : "not met" };
}

function overall(rows: readonly Row[]): string {
  const count = (verdict: Verdict): number => rows.filter((row) => row.verdict === verdict).length;
  if (count("not met") > 0) return "**not met**";
  if (rows.length > 0 && count("not run") === rows.length) return "not run";
  if (count("not run") > 0) return "in part: not all of it was run";
  return count("not judged") > 0 ? "run; see below" : "met";
}

function sectionOf({ title, wanted }: Point, rows: readonly Row[], number: number, figures: readonly Figure[]): string[] {
  const steps = title === "How long an upgrade takes" ? stepTables(figures.filter(isSteps)).map(({ title: of, header, rows: cells }) => `${of}\n\n${table(header, cells)}`) : [];
  return [`## ${number}. ${title}`, `Wanted: ${wanted}.`, rowTable(rows), ...steps];
}

const rowTable = (rows: readonly Row[]): string =>
  table(
    ["what", "seen", "goal", "met"],
    rows.map(({ what, seen, goal, verdict }) => [what, seen, goal, verdict === "met" ? (goal === "" ? "" : "yes") : verdict === "not met" ? "**no**" : verdict]),
  );

function testsInWords(tests: readonly TestOutcome[]): string {
  if (tests.length === 0) return "How the tests ended was not recorded.";
  const count = (outcome: TestOutcome["outcome"]): number => tests.filter((test) => test.outcome === outcome).length;
  return `Tests: ${count("passed")} passed, ${count("failed")} failed, ${count("skipped")} skipped.`;
}

function aboutInWords({ date, commit, machine, versions }: About): string {
  const rows = [["date", date], ["commit", commit], ...Object.entries(machine), ...Object.entries(versions)];
  return table(["run", ""], rows);
}

/** Markdown reads these as its own. */
const cell = (text: string): string => text.replaceAll("|", "\\|").replaceAll(/\s*\n\s*/g, " ").trim();

function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map(cell).join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}
