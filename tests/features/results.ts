/** What comes out when the claims are tried, and the table in the docs that is made of it. Pure. */
import { capability } from "../../schema/capability";
import type { Management } from "../../schema/property";
import type { Claim } from "./claims";
import type { Way } from "./door";
import type { FeatureRow } from "./rows";

export const managements: readonly Management[] = ["core", "mold"];

/** Of one claim on one management, by one way in. */
export interface Result {
  /** Its test passes. */
  isShown: boolean;
  /** What was switched off and noticed by the test. */
  readonly noticed: string[];
  /** What nobody noticed. */
  readonly unnoticed: string[];
}

export interface ClaimedRow extends FeatureRow {
  readonly number: number;
  readonly claims: readonly Claim[];
  /** Where its tests are. */
  readonly file: (claim: Claim) => string;
}

export type ResultOf = (number: number, claim: Claim, on: Management, way: Way) => Result | undefined;

const cell = (text: string): string => text.replace(/\|/g, "\\|").replace(/\n/g, " ");
const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...lines.map((line) => `| ${line.map(cell).join(" | ")} |`)].join("\n");

/** Nothing counts that was not seen to fail. */
const holds = (result: Result | undefined): boolean => result !== undefined && result.isShown && result.noticed.length > 0 && result.unnoticed.length === 0;

const unsure = (result: Result | undefined): string => (result?.isShown ? `**not sure**: nobody notices when ${result.unnoticed.join(", ") || "it is gone"}` : "**not shown**");

function verdict(result: Result | undefined, claim: Claim, on: Management): string {
  if (!holds(result)) return unsure(result);
  const refusal = claim.refused?.[on];
  return refusal === undefined ? "yes" : `no: ${String(capability(on, refusal.subject))}; it says so`;
}

/** Of both managements: that all is there as it is without Terraform, and refused where it is refused. */
function terraformVerdict(row: ClaimedRow, claim: Claim, resultOf: ResultOf): string {
  if (claim.notThroughTerraform !== undefined) return `no: ${claim.notThroughTerraform}`;
  const failed = managements.map((on) => resultOf(row.number, claim, on, "terraform")).find((result) => !holds(result));
  if (!managements.every((on) => holds(resultOf(row.number, claim, on, "terraform")))) return unsure(failed);
  return claim.inTerraform === undefined ? "yes" : `yes, ${claim.inTerraform}`;
}

/** @param reasons why not all of it; @param isNone nothing of it is */
const partly = (reasons: readonly string[], isNone: boolean): string => (reasons.length === 0 ? "yes" : `${isNone ? "no" : "yes, but not"}: ${[...new Set(reasons)].join("; ")}`);

/** A property is named, since its reason does not say what it is about. */
const reasonOf = (subject: string, on: Management): string => (subject.includes(" ") ? String(capability(on, subject)) : `\`${subject}\` (${String(capability(on, subject))})`);

function summary({ number, claims }: ClaimedRow, on: Management, resultOf: ResultOf): string {
  if (!claims.every((claim) => holds(resultOf(number, claim, on, "handlers")))) return "**not shown**";
  const refusals = claims.flatMap(({ refused }) => refused?.[on] ?? []);
  return partly(refusals.map(({ subject }) => reasonOf(subject, on)), refusals.length === claims.length);
}

function terraformSummary(row: ClaimedRow, resultOf: ResultOf): string {
  const reasons = row.claims.flatMap(({ notThroughTerraform = [] }) => notThroughTerraform);
  const able = row.claims.filter(({ notThroughTerraform }) => notThroughTerraform === undefined);
  return able.every((claim) => terraformVerdict(row, claim, resultOf).startsWith("yes")) ? partly(reasons, able.length === 0) : "**not shown**";
}

function section(row: ClaimedRow, resultOf: ResultOf, root: string): string {
  const { number, korean, says, claims, tests, file } = row;
  const lines = claims.map((claim) => {
    const noticed = [...new Set(managements.flatMap((on) => resultOf(number, claim, on, "handlers")?.noticed ?? []))];
    return [claim.says, ...managements.map((on) => verdict(resultOf(number, claim, on, "handlers"), claim, on)), terraformVerdict(row, claim, resultOf), noticed.join("; ")];
  });
  const link = (path: string): string => `[${path}](${root}${path})`;
  const shownBy = [...new Set(claims.map(file))].map(link).join(", ");
  const more = Object.keys(tests).map(link).join(", ");
  return [
    `## ${number}. ${korean}`,
    `${says[0]!.toUpperCase()}${says.slice(1)}. Shown by ${shownBy} (\`npx jest -c .config/jest.config.cjs tests/features/features.test.ts -t "row ${number},"\`)${more ? `; more of it: ${more}` : ""}.`,
    table(["In a program", "`core`", "`mold`", "Terraform", "Its test fails when"], lines),
  ].join("\n\n");
}

/** @param root of the repository, as seen from the file */
export function featuresFile(all: readonly ClaimedRow[], resultOf: ResultOf, root: string): string {
  const of = (way: Way): readonly (Result | undefined)[] => all.flatMap(({ number, claims }) => claims.flatMap((claim) => managements.map((on) => resultOf(number, claim, on, way))));
  const shown = (way: Way): string => `${of(way).filter(holds).length} promises`;
  const switches = of("handlers").reduce((sum, result) => sum + (result?.noticed.length ?? 0), 0);
  const lines = all.map((row) => [String(row.number), row.korean, row.says, ...managements.map((on) => summary(row, on, resultOf)), terraformSummary(row, resultOf)]);
  return (
    [
      "<!-- Made by tests/features/features.test.ts of what its tests find. Don't edit: run `npm run features`. -->",
      "# What ABLESTACK's documentation says of Kubernetes, row by row",
      `Each row of the chapter on Kubernetes (ABLESTACK V4.0-4.0.15), by the management that a cluster has: \`core\`, this library, or \`mold\`, Mold's own Kubernetes service. A "yes" stands here only where a test shows it and was seen to fail as soon as the behaviour was switched off: ${shown("handlers")}, ${switches} switches. \`make test\` tries all of them again, and fails where this page says otherwise.`,
      `"Terraform" says it of both managements together: what the two columns say is so there too, and what they refuse is refused. The same tests were run anew with every declaration validated, planned, applied, read and destroyed by the provider's own gRPC server (protocol 6), and every data source read by it: ${shown("terraform")}, each seen to fail there by the first of its switches (\`FEATURES=all\` tries all of them there, too). Terraform's part is played by [tests/terraform/world/core.ts](${root}tests/terraform/world/core.ts), and the identity of a cluster that isn't taken over is in the state already; the real program is run by tests/terraform/engine.`,
      table(["#", "문서", "In few words", "`core`", "`mold`", "Terraform"], lines),
      ...all.map((row) => section(row, resultOf, root)),
    ].join("\n\n") + "\n"
  );
}
