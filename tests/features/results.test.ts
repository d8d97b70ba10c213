/** The table in the docs says "yes" of nothing that wasn't shown and seen to fail. */
import { refusedByCheck, type Claim } from "./claims";
import { featuresFile, type ClaimedRow, type Result, type ResultOf } from "./results";

const nothing = { shows: () => Promise.resolve(), without: () => [] };
const plain: Claim = { says: "it scales", ...nothing };
const refused: Claim = { says: "its pods have a network", ...nothing, refused: { mold: refusedByCheck("podCidr", { podCidr: "10.200.0.0/16" }) } };
const good: Result = { isShown: true, noticed: ["nothing is scaled"], unnoticed: [] };

const row = (...claims: Claim[]): ClaimedRow => ({ number: 7, korean: "크기", says: "size", tests: {}, claims, file: () => "tests/features/stories/scaling.ts" });
const linesOf = (claims: Claim[], resultOf: ResultOf): string[] => featuresFile([row(...claims)], resultOf, "../../").split("\n").filter((line) => line.startsWith("| "));
const cells = (line: string, from: number, to: number): string[] => line.replace(/ \|$/, "").split(" | ").slice(from, to);

/** The cells of the two managements: of the row, and of its last claim. */
function told(claims: Claim[], ofCore: Result | undefined, ofMold: Result | undefined = good): string[] {
  const lines = linesOf(claims, (_number, _claim, on) => (on === "core" ? ofCore : ofMold));
  return [...cells(lines[1]!, 3, 5), ...cells(lines.at(-1)!, 1, 3)];
}

/** The cell of Terraform: of the row, and of its last claim. */
function toldOfTerraform(claims: Claim[], ofCore: Result | undefined, ofMold: Result | undefined = good): string[] {
  const lines = linesOf(claims, (_number, _claim, on, way) => (way === "handlers" ? good : on === "core" ? ofCore : ofMold));
  return [...cells(lines[1]!, 5, 6), ...cells(lines.at(-1)!, 3, 4)];
}

test("what is shown and was seen to fail is a yes; what a management can't is a no, with its reason", () => {
  expect(told([plain], good)).toEqual(["yes", "yes", "yes", "yes"]);
  const why = "Mold sets the pod network itself";
  expect(told([plain, refused], good)).toEqual(["yes", `yes, but not: \`podCidr\` (${why})`, "yes", `no: ${why}; it says so`]);
  expect(told([refused], good)).toEqual(["yes", `no: \`podCidr\` (${why})`, "yes", `no: ${why}; it says so`]);
});

test.each<[string, Result | undefined, string]>([
  ["wasn't tried", undefined, "**not shown**"],
  ["fails", { ...good, isShown: false }, "**not shown**"],
  ["nobody notices the lack of", { ...good, unnoticed: ["nobody joins"] }, "**not sure**: nobody notices when nobody joins"],
  ["has no switch", { ...good, noticed: [] }, "**not sure**: nobody notices when it is gone"],
])("what %s is no yes, and neither is its row, whatever else of it is", (_, result, verdict) => {
  expect(told([refused, plain], result)).toEqual(["**not shown**", expect.stringMatching(/^yes, but not/), verdict, "yes"]);
});

test("of Terraform it is a yes where both managements were tried by it; what can't be had there is told with why", () => {
  expect(toldOfTerraform([plain], good)).toEqual(["yes", "yes"]);
  expect(toldOfTerraform([{ ...plain, inTerraform: "in its log" }], good)).toEqual(["yes", "yes, in its log"]);
  const not: Claim = { ...plain, notThroughTerraform: "its protocol has none" };
  expect(toldOfTerraform([not], undefined, undefined)).toEqual(["no: its protocol has none", "no: its protocol has none"]);
  expect(toldOfTerraform([plain, not], good)).toEqual(["yes, but not: its protocol has none", "no: its protocol has none"]);
  for (const [ofCore, ofMold] of [[undefined, good], [good, { ...good, isShown: false }]] as const) expect(toldOfTerraform([not, plain], ofCore, ofMold)).toEqual(["**not shown**", "**not shown**"]);
  expect(toldOfTerraform([plain], good, { ...good, noticed: [] })).toEqual(["**not shown**", "**not sure**: nobody notices when it is gone"]);
});
