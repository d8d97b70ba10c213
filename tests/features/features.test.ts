/**
 * Each row of the documentation on both managements, by handlers called directly and through Terraform: it is so, and the test of it
 * fails as soon as it is switched off. What comes out is the table in the docs: FEATURES=write (`npm run features`) writes it, and otherwise it has to be what is there.
 */
import { withoutIt, type Switch } from "./switches";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { capability } from "../../schema/capability";
import type { Management } from "../../schema/property";
import { claimed, fileOf } from "./claimed";
import type { Claim } from "./claims";
import { through, ways, type Door, type Way } from "./door";
import { handlersDoor } from "./handlers-door";
import { ProtocolBroken } from "../terraform/world/core";
import { closeWire, openWire, terraformDoor } from "./terraform-door";
import { featuresFile, managements, type ClaimedRow, type Result } from "./results";
import { rows } from "./rows";
import { closeOwn, closeWorlds, makeWorlds } from "./worlds";

const page = join(__dirname, "RESULTS.md");

const doors: Readonly<Record<Way, Door>> = { handlers: handlersDoor, terraform: terraformDoor };

beforeAll(async () => {
  await openWire();
  await makeWorlds(Object.values(doors));
}, 120_000);
afterEach(closeOwn);
afterAll(async () => {
  closeWorlds();
  await closeWire();
});

const all: readonly ClaimedRow[] = Object.entries(rows).map(([number, row]) => ({ ...row, number: Number(number), claims: claimed[Number(number)] ?? [], file: fileOf }));

const results = new Map<string, Result>();
const keyOf = (number: number, { says }: Claim, on: Management, way: Way): string => `${number} ${on} ${way} ${says}`;

function resultOf(key: string): Result {
  if (!results.has(key)) results.set(key, { isShown: false, noticed: [], unnoticed: [] });
  return results.get(key)!;
}

/** What jest's own `expect` throws, or Terraform's core of a result that is not what was planned. Anything else says that the switch broke the test, not the promise. */
const isExpectation = (error: unknown): boolean => error instanceof ProtocolBroken || (error instanceof Error && error.constructor.name === "JestAssertionError");

/** Each on both managements by both ways, but for those that Terraform can't. */
const tried = (claims: readonly Claim[]): { readonly claim: Claim; readonly on: Management; readonly way: Way }[] =>
  claims.flatMap((claim) => managements.flatMap((on) => ways.filter((way) => way === "handlers" || claim.notThroughTerraform === undefined).map((way) => ({ claim, on, way }))));

/** Each takes as long as the test itself: by Terraform the first of them, or all of them with FEATURES=all. */
const switchesOf = (all: readonly Switch[], way: Way): readonly Switch[] => (way === "handlers" || process.env.FEATURES === "all" ? all : all.slice(0, 1));

async function failureOf(work: () => Promise<void>): Promise<unknown> {
  try {
    await work();
    return undefined;
  } catch (error) {
    return error;
  }
}

describe.each(all.map((row) => [row.number, row.says, row] as const))("row %d, %s", (number, _, { claims }) => {
  for (const { claim, on, way } of tried(claims)) {
    const refusal = claim.refused?.[on];
    const { shows, without } = refusal ?? claim;
    const result = (): Result => resultOf(keyOf(number, claim, on, way));
    describe(`${on}${way === "terraform" ? ", through Terraform" : ""}${refusal ? " can't, and says so" : ""}: ${claim.says}`, () => {
      if (refusal) test("why stands in the table of capabilities: what it can by now has to be shown", () => expect(capability(on, refusal.subject)).toEqual(expect.any(String)));

      test("it is so", async () => {
        await through(doors[way], () => shows(on));
        result().isShown = true;
      });

      test.each(switchesOf(without(on, way), way).map((each) => [each.says, each] as const))("it is not, and is seen not to be, when %s", async (says, each) => {
        const error = await withoutIt(each, () => failureOf(() => through(doors[way], () => shows(on))));
        if (error !== undefined && !isExpectation(error)) throw error;
        const { noticed, unnoticed } = result();
        (error === undefined ? unnoticed : noticed).push(says);
        // Undefined: nobody noticed.
        expect(error).toBeDefined();
      });
    });
  }
});

test("tests/features/RESULTS.md says what was found: else run npm run features", () => {
  // Of some of them alone no table can be made.
  expect(all.flatMap(({ number, claims }) => tried(claims).map(({ claim, on, way }) => keyOf(number, claim, on, way))).filter((key) => !results.has(key))).toEqual([]);
  const found = featuresFile(all, (number, claim, on, way) => results.get(keyOf(number, claim, on, way)), "../../");
  if (process.env.FEATURES === "write") writeFileSync(page, found);
  expect(readFileSync(page, "utf8")).toBe(found);
});
