/**
 * Whatever is declared of a rule and right: once it is made, or changed into anything else, it is as declared, and the next preview shows nothing;
 * and when it is deleted nothing of it is left.
 */
import fc from "fast-check";
import type { Run } from "../core/world/cloud";
import { intentsLeft, seen, type Opened, type Seen } from "../core/world/made";
import { balancers, networkRules, type Declared } from "./generated-rules";
import { RuleWorld } from "./rule-lives";
import { DeclaredRule } from "./rules";

jest.setTimeout(240_000);

let ruleWorld: RuleWorld;
beforeAll(async () => {
  ruleWorld = await RuleWorld.make();
});
afterAll(() => ruleWorld.close());

const standIn = /undefined|\bnull\b|\bNaN\b|\[object|Symbol\(/;

/** What there is; of the machines that Mold has made for a balancer Mold shows for a while that they were there. */
function there({ cloud }: Opened): Seen {
  const { machines: _machines, volumes: _volumes, ...rest } = seen(cloud);
  return rest;
}
const rulesIn = (tables: Seen): number => ["balancers", "firewallRules", "forwards", "aclItems"].reduce((sum, table) => sum + tables[table]!.length, 0);

/** Made, changed and deleted in one world, each time looked at once more. */
async function live(rule: DeclaredRule, world: Opened, second: Declared): Promise<void> {
  const { clock } = world.cloud;
  const before = there(world);
  const said: string[] = [];
  const during = async <T>(work: (run: Run) => Promise<T>): Promise<T> => {
    const run = world.cloud.newRun();
    const answer = await clock.run(work(run));
    said.push(...run.lines);
    return answer;
  };
  const asDeclared = async (): Promise<void> => {
    expect(await during((run) => rule.diff(run))).toEqual({ changes: false, replaces: [], plan: [] });
    expect(rulesIn(there(world))).toBe(rulesIn(before) + 1);
  };
  await during((run) => rule.up(run));
  await asDeclared();
  rule.declaration = second;
  said.push(...(await during((run) => rule.diff(run))).plan);
  await during((run) => rule.up(run));
  await asDeclared();
  expect(await during((run) => rule.read(run))).toBe(true);
  await asDeclared();
  await during((run) => rule.destroy(run));
  expect(there(world)).toEqual(before);
  expect(intentsLeft(world.cloud)).toEqual([]);
  expect(said.filter((line) => standIn.test(line))).toEqual([]);
}

const settings = { numRuns: 40, endOnFailure: true };

test.each(["firewall", "egress", "portForward", "acl"])("%s", async (kind) => {
  const world = ruleWorld.open();
  const declared = networkRules(ruleWorld.vpc)[kind]!;
  await fc.assert(fc.asyncProperty(declared, declared, (first, second) => live(DeclaredRule.networkRule("web", first), world, second)), settings);
});

test("balancers", async () => {
  const world = ruleWorld.open();
  await fc.assert(fc.asyncProperty(balancers, balancers, (first, second) => live(DeclaredRule.loadBalancer("ingress", first), world, second)), settings);
});
