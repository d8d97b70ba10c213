/** More and fewer control planes, and lost ones: one member of etcd at a time, never a second etcd. */
import { declaration, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, MadeCluster, seen } from "./world/made";
import { violations } from "./sweeps/sweep";

const sized = (controlPlanes: number): Record<string, unknown> => declaration({ controlPlanes, workers: 1 });
const names = (count: number): string[] => Array.from({ length: count }, (_, at) => `prod-control-${at + 1}`);

const made = new Map<number, MadeCluster>();
beforeAll(async () => {
  await sharedIdentity();
  for (const count of [1, 3]) made.set(count, await MadeCluster.make(sized(count)));
});
afterAll(() => made.forEach((each) => each.close()));

/** Voting members, by name. */
async function voters(life: Life, via = "prod-control-1"): Promise<string[]> {
  const members = await life.cloud.clock.run((await life.kubernetes()).etcdMembers(via));
  return members.filter(({ isLearner }) => !isLearner).map(({ name }) => name).sort();
}

/** Who is behind the API. */
function behindApi(life: Life): string[] {
  const { memberIds } = seen(life.cloud).balancers!.find(({ publicPort }) => Number(publicPort) === 6443) as { memberIds?: string[] };
  return memberIds ?? [];
}

test.each([[1, 3], [3, 5], [3, 1]])("from %i to %i: members of etcd, nodes and the API's balancer follow, and nothing is left to do", async (from, to) => {
  const life = new Life(made.get(from)!);
  await life.up(sized(to));
  expect(life.names.filter((name) => name.includes("control"))).toEqual(names(to));
  expect(await voters(life)).toEqual(names(to));
  expect((await life.nodes()).filter((name) => name.includes("control"))).toEqual(names(to));
  expect(behindApi(life)).toHaveLength(to);
  expect(life.outputs.controlPlaneCount).toBe(to);
  expect(await life.plan()).toEqual([]);
  expect(violations(life.cloud)).toEqual([]);
});

test("a new control plane is behind the API only once it is Ready", async () => {
  const life = new Life(made.get(1)!);
  await life.up(sized(2));
  const lines = life.run.lines.join("\n");
  expect(lines.indexOf("wait for prod-control-2 to be Ready: done")).toBeLessThan(lines.indexOf("put prod-control-2 behind the API of prod: done"));
  expect(lines).toMatch(/put prod-control-2 behind the API of prod: done/);
});

test("the preview says who goes, and in what order", async () => {
  expect((await new Life(made.get(3)!).plan(sized(2))).slice(0, 5)).toEqual([
    "take prod-control-3 out of the API of prod",
    "record that prod-control-3 leaves etcd (from now on it goes, whatever is declared next)",
    "take prod-control-3 out of etcd (its vote would still count)",
    "destroy prod-control-3 (fewer control planes are declared)",
    "delete the node prod-control-3",
  ]);
});

test("one that has left etcd when its run is killed goes, whatever is declared next: the last member is never another", async () => {
  const whole = new Life(made.get(3)!);
  await whole.up(sized(1));
  const destroyed = whole.run.calls.indexOf("destroyVirtualMachine") + 1;
  // All three are wanted again; or one alone, and not the one that would have stayed.
  for (const next of [sized(3), { ...sized(1), nodes: { "prod-control-1": { replace: "other hardware" } } }, sized(2)]) {
    for (const leaver of [0, 1]) {
      const life = new Life(made.get(3)!);
      const call = leaver === 0 ? destroyed : whole.run.calls.indexOf("destroyVirtualMachine", destroyed) + 1;
      await life.up(sized(1), { killAt: { call, when: "before" } });
      await life.up(next);
      // Control planes go one at a time.
      await life.up(next);
      const controlPlanes = life.names.filter((name) => name.includes("control"));
      expect(await voters(life, controlPlanes[0])).toEqual(controlPlanes);
      expect(controlPlanes).toHaveLength((next.controlPlane as { count: number }).count);
      expect(await life.plan()).toEqual([]);
      expect(violations(life.cloud)).toEqual([]);
    }
  }
});

test.each(names(3))("%s, removed from Mold by hand, leaves etcd and is made anew as a member, never as a second etcd", async (lost) => {
  const life = new Life(made.get(3)!);
  const mold = byHand(life.cloud);
  const machine = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).find(({ name }) => name === lost);
  await life.cloud.clock.run(mold.run("destroyVirtualMachine", { id: machine!.id!, expunge: true }));
  expect(await life.plan()).toEqual(expect.arrayContaining([`take ${lost} out of etcd (its vote would still count)`, `delete the node ${lost} (its machine is gone)`, `deploy ${lost}`]));
  await life.up(sized(3));
  expect(await voters(life, lost)).toEqual(names(3));
  expect(await life.plan()).toEqual([]);
  expect(violations(life.cloud)).toEqual([]);
});

test("while it is stopped the number waits for the start, and the preview says so", async () => {
  const life = new Life(made.get(1)!);
  await life.up({ ...sized(1), powerState: "stopped" });
  expect(await life.plan({ ...sized(3), powerState: "stopped" })).toEqual(["the number of control planes changes from 1 to 3 when prod is started: etcd has to run for it"]);
  await life.up(sized(3));
  expect(await voters(life)).toEqual(names(3));
});
