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
  scaleUp: { ...cpu("GT", 80), duration: 120 },
  scaleDown: cpu("LT", 20),
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
  ["a threshold", { scaleUp: cpu("GT", 90) }, (world) => expect(table(world, "conditions").map(({ threshold }) => threshold).sort()).toEqual([20, 90])],
  ["another counter beside", { scaleUp: { conditions: [...(cpu("GT", 80) as { conditions: object[] }).conditions, { counter: "vm.memory.average.percentage", operator: "GE", threshold: 70 }] } }, (world) => expect(table(world, "conditions")).toHaveLength(3)],
  ["times", { scaleDown: { ...cpu("LT", 20), duration: 300, quietTime: 900 } }, (world) => expect(table(world, "scalePolicies")).toContainEqual(expect.objectContaining({ duration: 300, quietTime: 900 }))],
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
  expect(await attempt({ scaleUp: { conditions: [{ counter: "vm.cpu", operator: "GT", threshold: 1 }] } })).toMatch(/^autoscale\.scaleUp\.conditions\[0\]\.counter: LoadBalancer api: Mold has no counter vm\.cpu .*Nearest: .*vm\.cpu\.average\.percentage/);
});
