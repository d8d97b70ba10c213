/** A rule is found again by its resource's name, however long: what an interrupted run wrote down of it or made is seen by the next, whatever is declared by then. */
import type { KillAt } from "../core/world/cloud";
import { intentsLeft, seen } from "../core/world/made";
import { cluster, RuleWorld } from "./rule-lives";
import { DeclaredRule } from "./rules";

let ruleWorld: RuleWorld;
beforeAll(async () => {
  ruleWorld = await RuleWorld.make();
});
afterAll(() => ruleWorld.close());

test.each([100, 140, 145, 150, 155, 160, 255])("a name of %i characters", async (length) => {
  const name = "웹-".padEnd(length, "shop-");
  const declared = (): DeclaredRule => DeclaredRule.networkRule(name, { cluster, kind: "firewall", protocol: "tcp", startPort: 443 });
  const { cloud: undisturbed } = ruleWorld.open();
  const before = seen(undisturbed).firewallRules!.length;
  const whole = undisturbed.newRun();
  await undisturbed.clock.run(declared().up(whole));
  expect(whole.calls.length).toBeGreaterThan(3);
  for (let call = 1; call <= whole.calls.length; call++) {
    const killAt: KillAt = { call, when: "after" };
    const { cloud } = ruleWorld.open();
    const rule = declared();
    const run = cloud.newRun({ killAt });
    await cloud.clock.run(rule.up(run)).catch((error: unknown) => {
      if (!run.wasKilled) throw error;
    });
    await cloud.clock.pass(3000);
    rule.declare({ startPort: 8443 });
    await cloud.clock.run(rule.up(cloud.newRun()));
    expect(await cloud.clock.run(rule.diff(cloud.newRun()))).toEqual({ changes: false, replaces: [], plan: [] });
    expect(seen(cloud).firewallRules!.length).toBe(before + 1);
    expect(intentsLeft(cloud)).toEqual([]);
  }
});
