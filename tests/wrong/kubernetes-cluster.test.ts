/** Each wrong declaration is refused at check, which names the property, and nothing is changed by asking. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { Cloud } from "../core/world/cloud";
import { declaredBy } from "../core/world/cluster";
import { changing } from "../core/world/made";
import { cases } from "./kubernetes-cluster";

const table = cases.map((each, at) => [`${at + 1} ${String(each.inputs.management ?? "core")} ${each.property}: ${each.words}`, each] as const);
const told: string[] = [];

test("there are at least 80 of them, over both managements", () => {
  expect(cases.length).toBeGreaterThanOrEqual(80);
  expect(cases.filter(({ inputs }) => inputs.management === "mold").length).toBeGreaterThanOrEqual(40);
});

test.each(table)("%s", async (_, { inputs, property, words }) => {
  const cloud = new Cloud();
  const run = cloud.newRun();
  const { failures } = await cloud.clock.run(clusterIdentity.check(run.session, undefined, { ...inputs, declaredBy } as unknown as IdentityInputs));
  expect(failures.filter((failure) => failure.property === property).map(({ reason }) => reason)).toContainEqual(expect.stringContaining(words));
  expect(JSON.stringify(failures)).not.toContain("hush-hush");
  expect(changing(run)).toEqual([]);
  told.push(property);
});

afterAll(() => {
  const counts = new Map<string, number>();
  for (const property of told) counts.set(property.split(/[.[]/)[0]!, (counts.get(property.split(/[.[]/)[0]!) ?? 0) + 1);
  process.stdout.write(`${[...counts].sort().map(([property, count]) => `  ${property.padEnd(26)} ${count}`).join("\n")}\n  ${told.length} of ${cases.length} refused\n`);
});
