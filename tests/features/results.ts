/** What comes out when the claims are tried, and the table in the docs that is made of it. Pure. */
import { capability } from "../../schema/capability";
import type { Management } from "../../schema/property";
import type { Claim } from "./claims";
import type { FeatureRow } from "./rows";

export const managements: readonly Management[] = ["core", "mold"];

/** Of one claim on one management. */
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

export type ResultOf = (number: number, claim: Claim, on: Management) => Result | undefined;

const cell = (text: string): string => text.replace(/\|/g, "\\|").replace(/\n/g, " ");
const table = (head: readonly string[], lines: readonly (readonly string[])[]): string =>
  [`| ${head.join(" | ")} |`, `|${head.map(() => "---").join("|")}|`, ...lines.map((line) => `| ${line.map(cell).join(" | ")} |`)].join("\n");

/** Nothing counts that was not seen to fail. */
const holds = (result: Result | undefined): boolean => result !== undefined && result.isShown && result.noticed.length > 0 && result.unnoticed.length === 0;

function verdict(result: Result | undefined, claim: Claim, on: Management): string {
  if (!holds(result)) return result?.isShown ? `**not sure**: nobody notices when ${result.unnoticed.join(", ") || "it is gone"}` : "**not shown**";
  const refusal = claim.refused?.[on];
  return refusal === undefined ? "yes" : `no: ${String(capability(on, refusal.subject))}; it says so`;
}

function summary({ number, claims }: ClaimedRow, on: Management, resultOf: ResultOf): string {
  const able = claims.filter((claim) => claim.refused?.[on] === undefined);
  if (!claims.every((claim) => holds(resultOf(number, claim, on)))) return "**not shown**";
  if (able.length === claims.length) return "yes";
  const subjects = [...new Set(claims.flatMap(({ refused }) => refused?.[on]?.subject ?? []))];
  return `${able.length === 0 ? "no" : "yes, but not"}: ${subjects.map((subject) => String(capability(on, subject))).join("; ")}`;
}

function section(row: ClaimedRow, resultOf: ResultOf, root: string): string {
  const { number, korean, says, claims, tests, file } = row;
  const lines = claims.map((claim) => {
    const results = managements.map((on) => resultOf(number, claim, on));
    const noticed = [...new Set(results.flatMap((result) => result?.noticed ?? []))];
    return [claim.says, ...managements.map((on, at) => verdict(results[at], claim, on)), noticed.join("; ")];
  });
  const link = (path: string): string => `[${path}](${root}${path})`;
  const shownBy = [...new Set(claims.map(file))].map(link).join(", ");
  const more = Object.keys(tests).map(link).join(", ");
  return [
    `## ${number}. ${korean}`,
    `${says[0]!.toUpperCase()}${says.slice(1)}. Shown by ${shownBy} (\`npx jest -c .config/jest.config.cjs tests/features/features.test.ts -t "row ${number},"\`)${more ? `; more of it: ${more}` : ""}.`,
    table(["In a program", "`core`", "`mold`", "Its test fails when"], lines),
  ].join("\n\n");
}

/** @param root of the repository, as seen from the file */
export function featuresFile(all: readonly ClaimedRow[], resultOf: ResultOf, root: string): string {
  const results = all.flatMap(({ number, claims }) => claims.flatMap((claim) => managements.map((on) => resultOf(number, claim, on))));
  const noticed = results.reduce((sum, result) => sum + (result?.noticed.length ?? 0), 0);
  const lines = all.map((row) => [String(row.number), row.korean, row.says, ...managements.map((on) => summary(row, on, resultOf)), "not yet"]);
  return (
    [
      "<!-- Made by tests/features/features.test.ts of what its tests find. Don't edit: run `npm run features`. -->",
      "# What ABLESTACK's documentation says of Kubernetes, row by row",
      `Each row of the chapter on Kubernetes (ABLESTACK V4.0-4.0.15), by the management that a cluster has: \`core\`, this library, or \`mold\`, Mold's own Kubernetes service. A "yes" stands here only where a test shows it and was seen to fail as soon as the behaviour was switched off: ${results.filter(holds).length} promises, ${noticed} switches. \`make test\` tries all of them again, and fails where this page says otherwise.`,
      table(["#", "문서", "In few words", "`core`", "`mold`", "Terraform"], lines),
      ...all.map((row) => section(row, resultOf, root)),
    ].join("\n\n") + "\n"
  );
}
