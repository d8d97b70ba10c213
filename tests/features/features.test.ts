/**
 * Each row of the documentation on both managements: it is so, and the test of it fails as soon as it is switched off. The table in
 * schema/generated/features.md is made of what comes out here.
 */
import { withoutIt } from "./switches";
import { capability } from "../../schema/capability";
import type { Management } from "../../schema/property";
import type { Claim, Shown } from "./claims";
import { claimed } from "./claimed";
import { rows } from "./rows";
import { closeOwn, closeWorlds, makeWorlds } from "./worlds";

const managements: readonly Management[] = ["core", "mold"];

beforeAll(makeWorlds, 120_000);
afterEach(closeOwn);
afterAll(closeWorlds);

/** Which of the two stands for this management. */
const shownBy = (claim: Claim, on: Management): Shown => claim.refused?.[on] ?? claim;

/** What jest's own `expect` throws; anything else says that the switch broke the test rather than the promise. */
const isExpectation = (error: unknown): boolean => error instanceof Error && error.constructor.name === "JestAssertionError";

async function failure(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(Object.entries(rows).map(([number, { says }]) => [Number(number), says] as const))("row %d, %s", (number) => {
  for (const claim of claimed[number] ?? []) {
    for (const on of managements) {
      const refusal = claim.refused?.[on];
      const { shows, without } = shownBy(claim, on);
      describe(`${on}: ${refusal ? "can't, and says so: " : ""}${claim.says}`, () => {
        if (refusal) test("the table of capabilities says why", () => expect(capability(on, refusal.subject)).toEqual(expect.any(String)));
        test("is so", () => shows(on));
        test.each(without(on).map((each) => [each.says, each] as const))("fails without it: %s", async (_, each) => {
          const error = await withoutIt(each, () => failure(() => shows(on)));
          if (error !== undefined && !isExpectation(error)) throw error;
          // Undefined: nobody noticed.
          expect(error).toBeDefined();
        });
      });
    }
  }
});
