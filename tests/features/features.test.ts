/**
 * Each row of the documentation on both managements: it is so, and the test of it fails as soon as it is switched off. What comes out
 * is the table in the docs: FEATURES=write (`npm run features`) writes it, and otherwise it has to be what is there.
 */
import { withoutIt } from "./switches";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capability } from "../../schema/capability";
import type { Management } from "../../schema/property";
import { claimed, fileOf } from "./claimed";
import type { Claim } from "./claims";
import { featuresFile, managements, type ClaimedRow, type Result } from "./results";
import { rows } from "./rows";
import { closeOwn, closeWorlds, makeWorlds } from "./worlds";

const page = join(__dirname, "RESULTS.md");

beforeAll(makeWorlds, 120_000);
afterEach(closeOwn);
afterAll(closeWorlds);

const all: readonly ClaimedRow[] = Object.entries(rows).map(([number, row]) => ({ ...row, number: Number(number), claims: claimed[Number(number)] ?? [], file: fileOf }));

const results = new Map<string, Result>();
const keyOf = (number: number, { says }: Claim, on: Management): string => `${number} ${on} ${says}`;

function resultOf(number: number, claim: Claim, on: Management): Result {
  const key = keyOf(number, claim, on);
  if (!results.has(key)) results.set(key, { isShown: false, noticed: [], unnoticed: [] });
  return results.get(key)!;
}

/** What jest's own `expect` throws. Anything else says that the switch broke the test, not the promise. */
const isExpectation = (error: unknown): boolean => error instanceof Error && error.constructor.name === "JestAssertionError";

async function failureOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(all.map((row) => [row.number, row.says, row] as const))("row %d, %s", (number, _, { claims }) => {
  for (const claim of claims) {
    for (const on of managements) {
      const refusal = claim.refused?.[on];
      const { shows, without } = refusal ?? claim;
      describe(`${on}${refusal ? " can't, and says so" : ""}: ${claim.says}`, () => {
        if (refusal) test("why stands in the table of capabilities: what it can by now has to be shown", () => expect(capability(on, refusal.subject)).toEqual(expect.any(String)));

        test("it is so", async () => {
          await shows(on);
          resultOf(number, claim, on).isShown = true;
        });

        test.each(without(on).map((each) => [each.says, each] as const))("it is not, and is seen not to be, when %s", async (says, each) => {
          const error = await withoutIt(each, () => failureOf(() => shows(on)));
          if (error !== undefined && !isExpectation(error)) throw error;
          const { noticed, unnoticed } = resultOf(number, claim, on);
          (error === undefined ? unnoticed : noticed).push(says);
          // Undefined: nobody noticed.
          expect(error).toBeDefined();
        });
      });
    }
  }
});

test("tests/features/RESULTS.md says what was found: else run npm run features", () => {
  // Of some of them alone no table can be made.
  expect(all.flatMap(({ number, claims }) => claims.flatMap((claim) => managements.map((on) => keyOf(number, claim, on)))).filter((key) => !results.has(key))).toEqual([]);
  const found = featuresFile(all, (number, claim, on) => results.get(keyOf(number, claim, on)), "../../");
  if (process.env.FEATURES === "write") writeFileSync(page, found);
  expect(readFileSync(page, "utf8")).toBe(found);
});
