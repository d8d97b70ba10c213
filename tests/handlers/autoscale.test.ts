/** A balancer behind which Mold makes the machines. */
import { rowsOnly } from "../../provider/emulator";
import { declaration, sharedIdentity } from "../core/world/cluster";
import { byHand, changing, intentsLeft, MadeCluster, seen, type Opened } from "../core/world/made";
import { DeclaredRule } from "./rules";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1 }));
});
afterAll(() => made.close());

const cluster = "k3x9abcdef01";
const cpu = (operator: string, threshold: number): object => ({ conditions: [{ counter: "vm.cpu.average.percentage", operator, threshold }] });
const autoscale = {
  minMembers: 2,
  maxMembers: 4,
  machines: { offering: "k8s-2c-2g", template: "debian-13-containerd", userData: "#cloud-config\n", rootDiskGb: 20 },
  scaleUpPolicies: [{ ...cpu("GT", 80), duration: 120 }],
  scaleDownPolicies: [cpu("LT", 20)],
};
const balancer = (more: object = {}): DeclaredRule => DeclaredRule.loadBalancer("api", { cluster, publicPort: 80, privatePort: 8080, autoscale, ...more });
const open = (): Opened => made.open({ hypervisor: rowsOnly });
const table = ({ cloud }: Opened, name: string): readonly Readonly<Record<string, unknown>>[] => seen(cloud)[name]!;
const parts = (world: Opened): number => ["conditions", "scalePolicies", "scaleProfiles", "scaleGroups"].reduce((sum, name) => sum + table(world, name).length, 0);
const machines = (world: Opened): string[] => table(world, "machines").map(({ name }) => String(name)).filter((name) => name.startsWith("autoScaleVm-"));

test("it is made whole: conditions, policies, profile and group, and Mold makes the machines", async () => {
  const world = open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(table(world, "scaleGroups")).toMatchObject([{ balancerId: "balancers:api", min: 2, max: 4, interval: 30, state: "ENABLED" }]);
  expect(table(world, "scalePolicies")).toMatchObject([{ action: "SCALEDOWN", duration: 60, quietTime: 300 }, { action: "SCALEUP", duration: 120, quietTime: 300 }].sort(() => 0));
  expect(table(world, "conditions").map(({ operator, threshold }) => `${String(operator)} ${String(threshold)}`).sort()).toEqual(["GT 80", "LT 20"]);
  expect(table(world, "scaleProfiles")).toMatchObject([{ offeringId: "offerings:k8s-2c-2g", templateId: "templates:debian-13-containerd", graceSeconds: 60, deployParams: { rootdisksize: "20" } }]);
  expect(machines(world)).toHaveLength(2);
  expect(table(world, "balancers").find(({ name }) => name === "api")).toMatchObject({ memberIds: machines(world).map((name) => `machines:${name}`) });
  expect(intentsLeft(world.cloud)).toEqual([]);
  expect(rule.outputs.memberIds).toEqual([]);
  const again = world.cloud.newRun();
  expect(await world.cloud.clock.run(rule.diff(again))).toEqual({ changes: false, replaces: [], plan: [] });
  expect(changing(again)).toEqual([]);
});

test.each<[string, object, (world: Opened) => void]>([
  ["bounds", { minMembers: 3, maxMembers: 8 }, (world) => expect(table(world, "scaleGroups")).toMatchObject([{ min: 3, max: 8 }])],
  ["a threshold", { scaleUpPolicies: [cpu("GT", 90)] }, (world) => expect(table(world, "conditions").map(({ threshold }) => threshold).sort()).toEqual([20, 90])],
  ["another counter beside", { scaleUpPolicies: [{ conditions: [...(cpu("GT", 80) as { conditions: object[] }).conditions, { counter: "vm.memory.average.percentage", operator: "GE", threshold: 70 }] }] }, (world) => expect(table(world, "conditions")).toHaveLength(3)],
  ["times", { scaleDownPolicies: [{ ...cpu("LT", 20), duration: 300, quietTime: 900 }] }, (world) => expect(table(world, "scalePolicies")).toContainEqual(expect.objectContaining({ duration: 300, quietTime: 900 }))],
  ["what machines are made of", { machines: { ...autoscale.machines, offering: "k8s-4c-8g", expungeGracePeriod: 300 } }, (world) => expect(table(world, "scaleProfiles")).toMatchObject([{ offeringId: "offerings:k8s-4c-8g", graceSeconds: 300 }])],
  ["off", { enabled: false }, (world) => expect([table(world, "scaleGroups")[0]!.state, machines(world).length]).toEqual(["DISABLED", 2])],
])("a change of %s is made in place: disabled, changed, enabled again", async (_, change, holds) => {
  const world = open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const before = rule.outputs.ruleId;
  rule.declare({ autoscale: { ...autoscale, ...change } });
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual([expect.stringMatching(/^LoadBalancer api: change autoscale\..* in place$/)]);
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  holds(world);
  expect(rule.outputs.ruleId).toBe(before);
  expect(intentsLeft(world.cloud)).toEqual([]);
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
});

const policies = async ({ cloud }: Opened, action: string): Promise<string[]> => {
  const there = await cloud.clock.run(byHand(cloud).list("listAutoScalePolicies", { action }));
  const conditions = (each: (typeof there)[number]): string => (each.conditions as { relationaloperator: string; threshold: number }[]).map(({ relationaloperator, threshold }) => `${relationaloperator} ${threshold}`).sort().join(" and ");
  return there.map((each) => `${conditions(each)} for ${each.duration!} s`).sort();
};
const linked = (world: Opened): number[] => table(world, "scaleGroups").map(({ upIds, downIds }) => [(upIds as string[]).length, (downIds as string[]).length]).flat();

describe("several policies in a direction, any one of which suffices", () => {
  const slow = { ...cpu("GT", 60), duration: 600 };
  const fast = { ...cpu("GT", 90), duration: 60 };
  const begun = async (scaleUpPolicies: object[], more: object = {}): Promise<{ world: Opened; rule: DeclaredRule }> => {
    const world = open();
    const rule = balancer({ autoscale: { ...autoscale, scaleUpPolicies, ...more } });
    await world.cloud.clock.run(rule.up(world.cloud.newRun()));
    return { world, rule };
  };
  const change = async ({ world, rule }: { world: Opened; rule: DeclaredRule }, scaleUpPolicies: object[], more: object = {}): Promise<readonly string[]> => {
    rule.declare({ autoscale: { ...autoscale, scaleUpPolicies, ...more } });
    const run = world.cloud.newRun();
    await world.cloud.clock.run(rule.up(run));
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
    expect(intentsLeft(world.cloud)).toEqual([]);
    expect(table(world, "scaleGroups")).toMatchObject([{ state: "ENABLED" }]);
    return changing(run);
  };

  test("each is made, and the group has them all", async () => {
    const { world, rule } = await begun([slow, fast]);
    expect(await policies(world, "scaleup")).toEqual(["GT 60 for 600 s", "GT 90 for 60 s"]);
    expect(linked(world)).toEqual([2, 1]);
    expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("one more, and one fewer: the others stay as they are, and what nothing uses any longer goes", async () => {
    const there = await begun([slow]);
    const [kept] = table(there.world, "scalePolicies").filter(({ action }) => action === "SCALEUP");
    const more = await change(there, [fast, slow]);
    expect(more.filter((command) => command === "updateAutoScalePolicy")).toEqual([]);
    expect([await policies(there.world, "scaleup"), linked(there.world), parts(there.world)]).toEqual([["GT 60 for 600 s", "GT 90 for 60 s"], [2, 1], 8]);
    await change(there, [slow]);
    expect([await policies(there.world, "scaleup"), linked(there.world), parts(there.world)]).toEqual([["GT 60 for 600 s"], [1, 1], 6]);
    expect(table(there.world, "scalePolicies")).toContainEqual(kept);
  });

  test("told in another order they are the same: nothing is done", async () => {
    expect(await change(await begun([slow, fast]), [fast, slow])).toEqual([]);
  });

  test.each<[string, [number, number], [number, number]]>([
    ["longer", [30, 60], [90, 120]],
    ["shorter", [90, 120], [30, 60]],
  ])("a %s interval, with policies that look at as much time: Mold takes each on the way", async (_, [before, short], [after, long]) => {
    const at = (interval: number, duration: number): [object[], object] => [[{ ...cpu("GT", 80), duration }, { ...cpu("GT", 95), duration }], { interval, scaleDownPolicies: [{ ...cpu("LT", 20), duration }] }];
    const there = await begun(...at(before, short));
    await change(there, ...at(after, long));
    expect(table(there.world, "scaleGroups")).toMatchObject([{ interval: after }]);
    expect(await policies(there.world, "scaleup")).toEqual([`GT 80 for ${long} s`, `GT 95 for ${long} s`]);
  });

  test("a policy put in by hand is taken out of the group, and left to whoever made it", async () => {
    const { world, rule } = await begun([slow]);
    const mold = byHand(world.cloud);
    const ask = <T>(work: Promise<T>): Promise<T> => world.cloud.clock.run(work);
    const [group] = await ask(mold.list("listAutoScaleVmGroups", {}));
    const [counter] = await ask(mold.list("listCounters", { provider: "VirtualRouter" }));
    const condition = await ask(mold.run("createCondition", { counterid: counter!.id!, relationaloperator: "GT", threshold: 99 }));
    const policy = await ask(mold.run("createAutoScalePolicy", { action: "scaleup", duration: 60, conditionids: [condition.id!] }));
    await ask(mold.run("disableAutoScaleVmGroup", { id: group!.id! }));
    await ask(mold.run("updateAutoScaleVmGroup", { id: group!.id!, scaleuppolicyids: [...(group!.scaleuppolicies as { id: string }[]).map(({ id }) => id), policy.id!] }));
    await ask(mold.run("enableAutoScaleVmGroup", { id: group!.id! }));
    expect((await ask(rule.diff(world.cloud.newRun()))).plan).toEqual(["LoadBalancer api: mend autoscale"]);
    await ask(rule.up(world.cloud.newRun()));
    expect([linked(world), await policies(world, "scaleup")]).toEqual([[1, 1], ["GT 60 for 600 s", "GT 99 for 60 s"]]);
    expect((await ask(rule.diff(world.cloud.newRun()))).changes).toBe(false);
  });

  test("one that an interrupted run has left beside the group is seen, and goes", async () => {
    const { world, rule } = await begun([slow]);
    const mold = byHand(world.cloud);
    const ask = <T>(work: Promise<T>): Promise<T> => world.cloud.clock.run(work);
    const [ours] = await ask(mold.list("listAutoScalePolicies", { action: "scaleup" }));
    await ask(mold.run("createAutoScalePolicy", { name: ours!.name!, action: "scaleup", duration: 90, conditionids: [(ours!.conditions as { id: string }[])[0]!.id] }));
    expect((await ask(rule.diff(world.cloud.newRun()))).plan).toEqual(["LoadBalancer api: mend autoscale"]);
    await ask(rule.up(world.cloud.newRun()));
    expect(await policies(world, "scaleup")).toEqual(["GT 60 for 600 s"]);
  });
});

test("switched by hand, it is switched back", async () => {
  const world = open();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const mold = byHand(world.cloud);
  const [group] = await world.cloud.clock.run(mold.list("listAutoScaleVmGroups", {}));
  await world.cloud.clock.run(mold.run("disableAutoScaleVmGroup", { id: group!.id! }));
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual(["LoadBalancer api: mend autoscale"]);
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(table(world, "scaleGroups")).toMatchObject([{ state: "ENABLED" }]);
});

test("from members to machines of Mold's and back; the preview says that those go", async () => {
  const world = open();
  const rule = balancer({ autoscale: undefined, members: { role: "worker" } });
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  const goal = world.cloud.state();
  await world.cloud.clock.run(rule.declare({ autoscale, members: undefined }).up(world.cloud.newRun()));
  expect(machines(world)).toHaveLength(2);
  rule.declare({ autoscale: undefined, members: { role: "worker" } });
  expect((await world.cloud.clock.run(rule.diff(world.cloud.newRun()))).plan).toEqual([expect.stringContaining("the machines that Mold made for it go")]);
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(world.cloud.state()).toBe(goal);
});

test("two that are alike, made side by side, and one of them deleted beside a third that is made: each has what is its own", async () => {
  const world = open();
  const { clock } = world.cloud;
  const alike = (name: string, publicPort: number): DeclaredRule => DeclaredRule.loadBalancer(name, { cluster, publicPort, privatePort: 8080, autoscale });
  const [one, other, third] = [alike("api", 80), alike("web", 443), alike("shop", 8443)];
  const run = world.cloud.newRun();
  await clock.run(Promise.all([one.up(run), other.up(run)]));
  const next = world.cloud.newRun();
  await clock.run(Promise.all([one.destroy(next), third.up(next)]));
  for (const rule of [other, third]) expect(await clock.run(rule.diff(world.cloud.newRun()))).toEqual({ changes: false, replaces: [], plan: [] });
  expect([parts(world), machines(world).length, intentsLeft(world.cloud)]).toEqual([2 * 6, 4, []]);
});

describe("two that change ports with each other in one up", () => {
  const plain = { autoscale: undefined, members: { role: "worker" } };
  test.each<[string, object, number]>([
    ["both autoscaled", {}, 4],
    ["one of them with members of its own", plain, 2],
  ])("%s: each ends whole on the other's port, and nothing is left to do", async (_, more, made) => {
    for (const isTurned of [false, true]) {
      const world = open();
      const { clock } = world.cloud;
      const [one, other] = [balancer(), DeclaredRule.loadBalancer("web", { cluster, publicPort: 443, privatePort: 8443, autoscale, ...more })];
      await clock.run(one.up(world.cloud.newRun()));
      await clock.run(other.up(world.cloud.newRun()));
      one.declare({ publicPort: 443, privatePort: 8443 });
      other.declare({ publicPort: 80, privatePort: 8080 });
      const run = world.cloud.newRun();
      const both = isTurned ? [other, one] : [one, other];
      await clock.run(Promise.all(both.map((rule) => rule.up(run))));
      expect(table(world, "balancers").filter(({ name }) => name !== "prod-api").map(({ name, publicPort }) => `${String(name)} ${String(publicPort)}`).sort()).toEqual(["api 443", "web 80"]);
      expect([table(world, "scaleGroups").length, machines(world).length, intentsLeft(world.cloud)]).toEqual([made / 2, made, []]);
      for (const rule of both) expect(await clock.run(rule.diff(world.cloud.newRun()))).toEqual({ changes: false, replaces: [], plan: [] });
      for (const rule of both) await clock.run(rule.destroy(world.cloud.newRun()));
      expect(parts(world)).toBe(0);
    }
  });

  test("one that is declared no more, deleted beside the one that gets its port: that one ends whole", async () => {
    const world = open();
    const { clock } = world.cloud;
    const [one, other] = [balancer(), DeclaredRule.loadBalancer("web", { cluster, publicPort: 443, privatePort: 8443, autoscale })];
    await clock.run(one.up(world.cloud.newRun()));
    await clock.run(other.up(world.cloud.newRun()));
    const run = world.cloud.newRun();
    other.declare({ publicPort: 80, privatePort: 8080 });
    await clock.run(Promise.all([one.destroy(run), other.up(run)]));
    expect(await clock.run(other.diff(world.cloud.newRun()))).toEqual({ changes: false, replaces: [], plan: [] });
    await clock.run(other.destroy(world.cloud.newRun()));
    expect(parts(world)).toBe(0);
  });
});

test("it goes with the rule, and leaves what others have", async () => {
  const world = open();
  const mold = byHand(world.cloud);
  const [counter] = await world.cloud.clock.run(mold.list("listCounters", { provider: "VirtualRouter" }));
  // Equal to one of ours, and nobody's policy uses it.
  await world.cloud.clock.run(mold.run("createCondition", { counterid: counter!.id!, relationaloperator: "GT", threshold: 80 }));
  const before = world.cloud.state();
  const rule = balancer();
  await world.cloud.clock.run(rule.up(world.cloud.newRun()));
  expect(parts(world)).toBe(7);
  await world.cloud.clock.run(rule.destroy(world.cloud.newRun()));
  expect(world.cloud.state()).toBe(before);
});

test("names that nobody knows are told by the property, before anything is made", async () => {
  const world = open();
  const attempt = async (more: object): Promise<string> => {
    const run = world.cloud.newRun();
    const failure: unknown = await world.cloud.clock.run(balancer({ autoscale: { ...autoscale, ...more } }).up(run)).catch((error: unknown) => error);
    expect(changing(run)).toEqual([]);
    return `${(failure as { details: { property: string } }).details.property}: ${(failure as Error).message}`;
  };
  expect(await attempt({ machines: { ...autoscale.machines, offering: "huge" } })).toMatch(/^autoscale\.machines\.offering: LoadBalancer api: /);
  expect(await attempt({ machines: { ...autoscale.machines, template: "none" } })).toMatch(/^autoscale\.machines\.template: LoadBalancer api: /);
  expect(await attempt({ scaleUpPolicies: [{ conditions: [{ counter: "vm.cpu", operator: "GT", threshold: 1 }] }] })).toMatch(/^autoscale\.scaleUpPolicies\[0\]\.conditions\[0\]\.counter: LoadBalancer api: Mold has no counter vm\.cpu .*Nearest: .*vm\.cpu\.average\.percentage/);
});

test("Mold refuses what doesn't fit together, as it does: lists without a policy, policies that look at less time than the interval, changes of a group that is on", async () => {
  const world = open();
  const rule = balancer();
  const ask = <T>(work: Promise<T>): Promise<T> => world.cloud.clock.run(work);
  await ask(rule.up(world.cloud.newRun()));
  const mold = byHand(world.cloud);
  const [group] = await ask(mold.list("listAutoScaleVmGroups", {}));
  const [policy] = group!.scaleuppolicies as { id: string }[];
  const update = (more: object): Promise<unknown> => ask(mold.run("updateAutoScaleVmGroup", { id: group!.id!, ...more }));
  await expect(update({ scaleuppolicyids: [policy!.id] })).rejects.toThrow("only when it is in disabled state");
  await ask(mold.run("disableAutoScaleVmGroup", { id: group!.id! }));
  await expect(update({ scaledownpolicyids: [policy!.id] })).rejects.toThrow("Only scaledown policies can be specified in scaledownpolicyids");
  await expect(update({ interval: 90 })).rejects.toThrow("cannot be less than vm group's interval : 90");
  await expect(ask(mold.run("updateAutoScalePolicy", { id: policy!.id, duration: 10 }))).rejects.toThrow("duration is less than the associated AutoScaleVmGroup's interval");
  await expect(ask(mold.run("deleteAutoScalePolicy", { id: policy!.id }))).rejects.toThrow("in use by one or more AutoScale Vm Groups");
});
