/**
 * At a preview any part of a declaration may follow from something that is still to be made. Whatever it is, the provider checks and compares the
 * rest: it never fails, never refuses what would be right, replaces only what another value replaces, and shows no stand-in of a value.
 */
import fc from "fast-check";
import type { Kind } from "../../provider/adapters/pulumi-dynamic/kinds";
import { toRecord } from "../../provider/adapters/pulumi-dynamic/recorded";
import { isRecord, type Properties } from "../../schema/property";
import { resources } from "../../schema/resources";
import type { Cloud } from "../core/world/cloud";
import { sharedIdentity } from "../core/world/cluster";
import { furnished, marker, Previewed, standIn } from "./world/previewed";
import { eachUnknown } from "./world/unknown-parts";
import { declarations, type Values } from "./world/whole-declarations";

jest.setTimeout(120_000);

let cloud: Cloud;
beforeAll(async () => {
  cloud = await furnished();
});

/** The keys of a cluster, which its machines' part takes in. */
const whole = async (kind: Kind, declared: Values): Promise<Values> => (kind === "Cluster" ? { ...declared, identity: await sharedIdentity() } : declared);

test.each(declarations)("%s, all of it known, is right", async (_about, kind, declared) => {
  const { failures } = await new Previewed(cloud, kind).check(await whole(kind, declared));
  expect(failures).toEqual([]);
});

/** The declaration that each is checked by: a cluster's identity stands for all of it. */
const propertiesOf = (kind: Kind): Properties => resources[kind === "ClusterIdentity" ? "KubernetesCluster" : kind].inputs;

/** What never changes in a cluster's life stays as it is, and known, until it is another cluster's. */
const isFixed = (kind: Kind): boolean => kind === "ClusterIdentity" || kind === "ClusterEndpoint" || kind === "ClusterAccess";

test.each(declarations)("%s, of which one part isn't known", async (_about, kind, declared) => {
  const given = await whole(kind, declared);
  const { inputs: known } = await new Previewed(cloud, kind).check(given);
  const recorded = toRecord(known, { size: 1 });
  const wrong: string[] = [];
  for (const { path, isGiven, replaces, value } of eachUnknown(propertiesOf(kind), given, marker)) {
    for (const olds of [undefined, known]) {
      const previewed = new Previewed(cloud, kind);
      const say = (what: string): void => void wrong.push(`${path}${olds ? ", of what is there" : ""}: ${what}`);
      try {
        const { inputs, failures } = await previewed.check(value, olds);
        const reasons = failures.map(({ reason }) => reason);
        if (isGiven && failures.length > 0) say(`refused: ${reasons.join("; ")}`);
        if (olds && failures.length === 0) {
          const { changes, replaces: replaced } = await previewed.diff(recorded, inputs);
          if (changes !== (replaces || !isFixed(kind))) say(`${changes ? "a" : "no"} change`);
          if (JSON.stringify(replaced) !== JSON.stringify(replaces ? [/^\w+/.exec(path)![0]] : [])) say(`replaces ${JSON.stringify(replaced)}`);
        }
        for (const text of [...reasons, ...previewed.printed]) if (standIn.test(text)) say(`says ${text}`);
      } catch (error) {
        say(`failed: ${(error as Error).stack?.split("\n").slice(0, 3).join("")}`);
      }
      if (previewed.changed.length > 0) say(`changed something: ${previewed.changed.join()}`);
    }
  }
  expect(wrong).toEqual([]);
});

/** The value with some of what is inside it not known. */
function withUnknowns(value: unknown, isHidden: () => boolean): unknown {
  if (Array.isArray(value)) return value.map((item) => (isHidden() ? marker : withUnknowns(item, isHidden)));
  return isRecord(value) ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, isHidden() ? marker : withUnknowns(inner, isHidden)])) : value;
}

test.each(declarations)("%s, of which any parts aren't known", async (_about, kind, declared) => {
  const given = await whole(kind, declared);
  const { inputs: known } = await new Previewed(cloud, kind).check(given);
  const recorded = toRecord(known, { size: 1 });
  await fc.assert(
    fc.asyncProperty(fc.infiniteStream(fc.nat(9)), fc.integer({ min: 1, max: 9 }), fc.boolean(), async (choices, rare, isThere) => {
      const previewed = new Previewed(cloud, kind);
      const { inputs, failures } = await previewed.check(withUnknowns(given, () => choices.next().value! < rare) as Values, isThere ? known : undefined);
      expect(failures).toEqual([]);
      if (isThere) await previewed.diff(recorded, inputs);
      expect(previewed.printed.filter((text) => standIn.test(text))).toEqual([]);
      expect(previewed.changed).toEqual([]);
    }),
    { numRuns: 100 },
  );
});
