/** The table in the docs says "yes" of nothing that wasn't shown and seen to fail. */
import { refusedByCheck, type Claim } from "./claims";
import { featuresFile, type ClaimedRow, type Result } from "./results";

const nothing = { shows: () => Promise.resolve(), without: () => [] };
const plain: Claim = { says: "it scales", ...nothing };
const refused: Claim = { says: "its pods have a network", ...nothing, refused: { mold: refusedByCheck("podCidr", { podCidr: "10.200.0.0/16" }) } };
const good: Result = { isShown: true, noticed: ["nothing is scaled"], unnoticed: [] };

const row = (...claims: Claim[]): ClaimedRow => ({ number: 7, korean: "크기", says: "size", tests: {}, claims, file: () => "tests/features/stories/scaling.ts" });
/** The cells of the two managements: of the row, and of its last claim. */
function told(claims: Claim[], ofCore: Result | undefined, ofMold: Result | undefined = good): string[] {
  const lines = featuresFile([row(...claims)], (_number, _claim, on) => (on === "core" ? ofCore : ofMold), "../../").split("\n").filter((line) => line.startsWith("| "));
  const cells = (line: string, at: number): string[] => line.split(" | ").slice(at, at + 2);
  return [...cells(lines[1]!, 3), ...cells(lines.at(-1)!, 1)];
}

test("what is shown and was seen to fail is a yes; what a management can't is a no, with its reason", () => {
  expect(told([plain], good)).toEqual(["yes", "yes", "yes", "yes"]);
  const why = "Mold sets the pod network itself";
  expect(told([plain, refused], good)).toEqual(["yes", `yes, but not: ${why}`, "yes", `no: ${why}; it says so`]);
  expect(told([refused], good)).toEqual(["yes", `no: ${why}`, "yes", `no: ${why}; it says so`]);
});

test.each<[string, Result | undefined, string]>([
  ["wasn't tried", undefined, "**not shown**"],
  ["fails", { ...good, isShown: false }, "**not shown**"],
  ["nobody notices the lack of", { ...good, unnoticed: ["nobody joins"] }, "**not sure**: nobody notices when nobody joins"],
  ["has no switch", { ...good, noticed: [] }, "**not sure**: nobody notices when it is gone"],
])("what %s is no yes, and neither is its row, whatever else of it is", (_, result, verdict) => {
  expect(told([refused, plain], result)).toEqual(["**not shown**", expect.stringMatching(/^yes, but not/), verdict, "yes"]);
});
