/** Operations on single nodes from the program: another offering, a reboot, a new machine in its place, no such worker any more. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import type { Run } from "./world/cloud";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, MadeCluster, seen } from "./world/made";
import { violations } from "./sweeps/sweep";
import { budget, deployment, podsOf } from "./world/workloads";

type Entries = Readonly<Record<string, Readonly<Record<string, unknown>>>>;
const large = "k8s-4c-8g";
const declared = (nodes: Entries = {}, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 3, nodes, ...more });
const all = ["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2", "prod-worker-3"];

let made: MadeCluster;
let alone: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declared());
  alone = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1 }));
});
afterAll(() => [made, alone].forEach((each) => each.close()));

const offerings = ({ outputs }: Life): Record<string, string> => Object.fromEntries(outputs.nodes.map(({ name, offering }) => [name, offering]));
const count = ({ run }: Life, command: string): number => run.calls.filter((call) => call === command).length;
/** The run's steps, in the order in which they were done. */
const done = ({ run }: Life): string[] => run.lines.flatMap((line) => /^info (.*): done in/.exec(line)?.[1] ?? []);
const comesBefore = (life: Life, first: string, then: string): void => {
  const steps = done(life);
  expect(steps).toEqual(expect.arrayContaining([first, then]));
  expect(steps.indexOf(first)).toBeLessThan(steps.indexOf(then));
};
async function isWhole(life: Life, names: readonly string[]): Promise<void> {
  expect(life.names).toEqual([...names].sort());
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  expect(nodes.map(({ name }) => name).sort()).toEqual([...names].sort());
  expect(nodes.filter(({ ready, unschedulable }) => !ready || unschedulable)).toEqual([]);
  expect(await life.plan()).toEqual([]);
  expect(violations(life.cloud)).toEqual([]);
}
async function voters(life: Life, via: string): Promise<string[]> {
  const members = await life.cloud.clock.run((await life.kubernetes()).etcdMembers(via));
  return members.filter(({ isLearner }) => !isLearner).map(({ name }) => name).sort();
}

describe("offering", () => {
  test("of one node: only that one takes a turn; taken out of the program it has its role's again", async () => {
    const life = new Life(made);
    await life.up(declared({ "prod-worker-2": { offering: large }, "prod-control-3": { offering: large } }));
    expect(offerings(life)).toEqual({ ...Object.fromEntries(all.map((name) => [name, "k8s-2c-4g"])), "prod-worker-2": large, "prod-control-3": large });
    expect(count(life, "stopVirtualMachine")).toBe(2);
    await isWhole(life, all);
    await life.up(declared({ "prod-control-3": { offering: large } }));
    expect(offerings(life)["prod-worker-2"]).toBe("k8s-2c-4g");
    expect(count(life, "stopVirtualMachine")).toBe(1);
    await isWhole(life, all);
  });

  test("of a node that is yet to be made: it is made with it", async () => {
    const life = new Life(made);
    await life.up(declaration({ controlPlanes: 3, workers: 4, nodes: { "prod-worker-4": { offering: large } } }));
    expect(offerings(life)["prod-worker-4"]).toBe(large);
    expect(count(life, "scaleVirtualMachine")).toBe(0);
    await isWhole(life, [...all, "prod-worker-4"]);
  });

  test("that is not there: refused at check by node and offering, with the nearest", async () => {
    const { run, inputs } = identity({ "prod-worker-2": { offering: "k8s-4c-9g" } });
    const { failures } = await clusterIdentity.check(run.session, undefined, inputs);
    expect(failures).toEqual([{ property: 'nodes["prod-worker-2"].offering', reason: expect.stringMatching(/no compute offering "k8s-4c-9g".*k8s-4c-8g/) as unknown }]);
  });
});

describe("reboot", () => {
  const text = "2026-11-23 kernel";

  test("a worker is drained and rebooted once; the same text does it no more, another one does", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    await budget(life, "web", 2);
    const rebooted = declared({ "prod-worker-2": { reboot: text } });
    expect(await life.plan(rebooted)).toContain(`reboot prod-worker-2 (${text})`);
    await life.up(rebooted);
    for (const [first, then] of [["cordon", "drain"], ["drain", "reboot"], ["reboot", "uncordon"]]) comesBefore(life, `${first} prod-worker-2`, `${then} prod-worker-2`);
    comesBefore(life, "wait for prod-worker-2 to be Ready", "record that prod-worker-2 was rebooted");
    expect(count(life, "rebootVirtualMachine")).toBe(1);
    expect(await podsOf(life, "web")).toHaveLength(3);
    await isWhole(life, all);
    await life.up(rebooted);
    expect(count(life, "rebootVirtualMachine")).toBe(0);
    await life.up(declared({ "prod-worker-2": { reboot: "2026-12-01" } }));
    expect(count(life, "rebootVirtualMachine")).toBe(1);
    await isWhole(life, all);
  });

  test("a control plane hands over, and goes only out of a balancer that others serve", async () => {
    const life = new Life(made);
    await life.up(declared({ "prod-control-1": { reboot: text } }));
    comesBefore(life, "take prod-control-1 out of the API of prod", "let another lead etcd than prod-control-1");
    comesBefore(life, "let another lead etcd than prod-control-1", "reboot prod-control-1");
    comesBefore(life, "reboot prod-control-1", "put prod-control-1 behind the API of prod");
    await isWhole(life, all);
  });

  test("the only control plane: the preview says that the API is away", async () => {
    const life = new Life(alone);
    const rebooted = declaration({ controlPlanes: 1, workers: 1, nodes: { "prod-control-1": { reboot: text } } });
    expect(await life.plan(rebooted)).toContain(`reboot prod-control-1 (${text}; the API of prod is away until it is back)`);
    await life.up(rebooted);
    await isWhole(life, ["prod-control-1", "prod-worker-1"]);
  });

  test("several take turns, control planes first", async () => {
    const life = new Life(made);
    await life.up(declared({ "prod-worker-1": { reboot: text }, "prod-worker-3": { reboot: text }, "prod-control-2": { reboot: text } }));
    comesBefore(life, "put prod-control-2 behind the API of prod", "cordon prod-worker-1");
    comesBefore(life, "uncordon prod-worker-1", "cordon prod-worker-3");
    await isWhole(life, all);
  });

  test("together with another offering: off once, and that was the reboot", async () => {
    const life = new Life(made);
    await life.up(declared({ "prod-worker-1": { reboot: text, offering: large } }));
    expect([count(life, "rebootVirtualMachine"), count(life, "stopVirtualMachine")]).toEqual([0, 1]);
    await isWhole(life, all);
  });

  test("of a machine that was found stopped: its start was it", async () => {
    const life = new Life(made);
    const mold = byHand(life.cloud);
    const { id } = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).find(({ name }) => name === "prod-worker-1")!;
    await life.cloud.clock.run(mold.run("stopVirtualMachine", { id: id! }));
    await life.up(declared({ "prod-worker-1": { reboot: text } }));
    expect(count(life, "rebootVirtualMachine")).toBe(0);
    await isWhole(life, all);
  });

  test("declared while it is stopped: the preview says that the start is it, and it is", async () => {
    const life = new Life(made);
    const entries = { "prod-worker-1": { reboot: text } };
    await life.up(declared({}, { powerState: "stopped" }));
    expect(await life.plan(declared(entries, { powerState: "stopped" }))).toEqual(["the next start of prod is the reboot of prod-worker-1"]);
    await life.up(declared(entries));
    expect(count(life, "rebootVirtualMachine")).toBe(0);
    await isWhole(life, all);
  });

  test("declared before the machine is made: it is rebooted already", async () => {
    const life = new Life(made);
    await life.up(declaration({ controlPlanes: 3, workers: 4, nodes: { "prod-worker-4": { reboot: text } } }));
    expect(count(life, "rebootVirtualMachine")).toBe(0);
    await isWhole(life, [...all, "prod-worker-4"]);
  });

  test("with a control plane down for good none of the others is rebooted, and the error names it", async () => {
    const life = new Life(made);
    life.cloud.emulator.faults.order({ kind: "nodeNeverReady", name: "prod-control-3", count: Infinity });
    const mold = byHand(life.cloud);
    const { id } = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).find(({ name }) => name === "prod-control-3")!;
    await life.cloud.clock.run(mold.run("rebootVirtualMachine", { id: id! }));
    await life.cloud.clock.pass(120_000);
    await expect(life.up(declared({ "prod-control-1": { reboot: text } }))).rejects.toThrow(/prod-control-3 is not Ready.*Not begun: .*take prod-control-1 out of the API/s);
    // That was its own, to bring it back.
    expect(count(life, "rebootVirtualMachine")).toBe(1);
  });
});

describe("replace", () => {
  const text = "2026-11-23 disk";

  test("a worker: a new one joins under its own name, then the old one is drained and goes; once", async () => {
    const life = new Life(made);
    await deployment(life, "web", 6);
    const replaced = declared({ "prod-worker-1": { replace: text } });
    expect(await life.plan(replaced)).toEqual(expect.arrayContaining(["deploy prod-worker-4 (takes the place of prod-worker-1)", `destroy prod-worker-1 (replaced: ${text})`]));
    await life.up(replaced);
    comesBefore(life, "wait for prod-worker-4 to be Ready", "cordon prod-worker-1");
    comesBefore(life, "drain prod-worker-1", "destroy prod-worker-1");
    const now = [...all.filter((name) => name !== "prod-worker-1"), "prod-worker-4"];
    await isWhole(life, now);
    expect(await podsOf(life, "web")).toHaveLength(6);
    await life.up(replaced);
    expect(count(life, "deployVirtualMachine")).toBe(0);
    // While the entry stays the name does not come back; without it the number is free again.
    await life.up(declaration({ controlPlanes: 3, workers: 4, nodes: { "prod-worker-1": { replace: text } } }));
    await isWhole(life, [...now, "prod-worker-5"]);
    await life.up(declaration({ controlPlanes: 3, workers: 5 }));
    await life.up(declaration({ controlPlanes: 3, workers: 6 }));
    await isWhole(life, [...now, "prod-worker-5", "prod-worker-1", "prod-worker-6"]);
  });

  test("declared before the machine is made: it is new already, and another text makes it anew", async () => {
    const life = new Life(made);
    const four = (replace: string): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 4, nodes: { "prod-worker-4": { replace } } });
    await life.up(four(text));
    await isWhole(life, [...all, "prod-worker-4"]);
    await life.up(four("again"));
    await isWhole(life, [...all, "prod-worker-5"]);
  });

  test("all workers: the new ones first, together", async () => {
    const life = new Life(made);
    const entries = Object.fromEntries([1, 2, 3].map((at) => [`prod-worker-${at}`, { replace: text }]));
    await life.up(declared(entries));
    for (const fresh of [4, 5, 6]) for (const old of [1, 2, 3]) comesBefore(life, `wait for prod-worker-${fresh} to be Ready`, `cordon prod-worker-${old}`);
    await isWhole(life, [...all.slice(0, 3), "prod-worker-4", "prod-worker-5", "prod-worker-6"]);
  });

  test("with the count lowered by one: it is the one that leaves", async () => {
    const life = new Life(made);
    await life.up(declaration({ controlPlanes: 3, workers: 2, nodes: { "prod-worker-1": { replace: text } } }));
    expect(count(life, "deployVirtualMachine")).toBe(0);
    await isWhole(life, all.filter((name) => name !== "prod-worker-1"));
  });

  test.each(["prod-control-1", "prod-control-3"])("%s: the new member joins etcd and the API's balancer before the old one leaves them", async (name) => {
    const life = new Life(made);
    await life.up(declared({ [name]: { replace: text } }));
    comesBefore(life, "put prod-control-4 behind the API of prod", `take ${name} out of the API of prod`);
    comesBefore(life, `take ${name} out of etcd`, `destroy ${name}`);
    const now = [...all.filter((each) => each !== name), "prod-control-4"];
    await isWhole(life, now);
    expect(await voters(life, "prod-control-2")).toEqual(now.filter((each) => each.includes("control")).sort());
    expect((seen(life.cloud).balancers!.find(({ publicPort }) => Number(publicPort) === 6443) as { memberIds?: string[] }).memberIds).toHaveLength(3);
  });

  test("all control planes: one after another, each new before each old, and the preview says so", async () => {
    const life = new Life(made);
    const replaced = declared(Object.fromEntries(all.slice(0, 3).map((name) => [name, { replace: text }])));
    expect(await life.plan(replaced)).toEqual(expect.arrayContaining(["prod-control-2 is replaced after that: control planes go one at a time", "prod-control-3 is replaced after that: control planes go one at a time"]));
    await life.up(replaced);
    comesBefore(life, "destroy prod-control-1", "destroy prod-control-2");
    const controlPlanes = life.names.filter((name) => name.includes("control"));
    expect(controlPlanes).toHaveLength(3);
    expect(await voters(life, controlPlanes[0]!)).toEqual(controlPlanes);
    await isWhole(life, [...controlPlanes, ...all.slice(3)]);
  });

  test("the only control plane: its successor takes etcd over", async () => {
    const life = new Life(alone);
    await life.up(declaration({ controlPlanes: 1, workers: 1, nodes: { "prod-control-1": { replace: text } } }));
    expect(await voters(life, "prod-control-2")).toEqual(["prod-control-2"]);
    await isWhole(life, ["prod-control-2", "prod-worker-1"]);
  });

  test("where control planes must be on different hosts the old one makes room first", async () => {
    const strict = await MadeCluster.make(declaration({ controlPlanes: 3, workers: 1, affinity: "required" }));
    const life = new Life(strict);
    await life.up(declaration({ controlPlanes: 3, workers: 1, affinity: "required", nodes: { "prod-control-2": { replace: text } } }));
    comesBefore(life, "take prod-control-2 out of etcd", "deploy prod-control-4");
    comesBefore(life, "destroy prod-control-2", "deploy prod-control-4");
    await isWhole(life, ["prod-control-1", "prod-control-3", "prod-control-4", "prod-worker-1"]);
    strict.close();
  });

  test("while it is stopped it waits for the start, and the preview says so", async () => {
    const life = new Life(made);
    const entries = { "prod-worker-1": { replace: text }, "prod-control-1": { replace: text } };
    await life.up(declared({}, { powerState: "stopped" }));
    expect(await life.plan(declared(entries, { powerState: "stopped" }))).toEqual(["prod-control-1, prod-worker-1: replaced when prod is started, since a machine joins by running"]);
    await life.up(declared(entries));
    await isWhole(life, ["prod-control-2", "prod-control-3", "prod-control-4", "prod-worker-2", "prod-worker-3", "prod-worker-4"]);
  });

  test("no place for the new one: nothing was taken away, and the next run goes on", async () => {
    const life = new Life(made);
    life.cloud.emulator.faults.order({ kind: "noCapacity", name: "prod-worker-4" });
    await expect(life.up(declared({ "prod-worker-1": { replace: text } }))).rejects.toThrow(/prod-worker-4/);
    expect(life.names).toEqual(expect.arrayContaining(all));
    await life.up(declared({ "prod-worker-1": { replace: text } }));
    expect(life.names).not.toContain("prod-worker-1");
    expect(await life.plan()).toEqual([]);
  });
});

describe("delete", () => {
  const gone = { "prod-worker-1": { delete: true } };
  const left = all.filter((name) => name !== "prod-worker-1");

  test("with the count lowered: it leaves, drained, and not the newest; the entry may stay", async () => {
    const life = new Life(made);
    await deployment(life, "web", 6);
    const two = declaration({ controlPlanes: 3, workers: 2, nodes: gone });
    expect(await life.plan(two)).toContain('destroy prod-worker-1 (nodes["prod-worker-1"] deletes it)');
    await life.up(two);
    comesBefore(life, "drain prod-worker-1", "destroy prod-worker-1");
    expect(life.outputs.size).toBe(2);
    expect(await podsOf(life, "web")).toHaveLength(6);
    await isWhole(life, left);
    await life.up(two);
    expect(count(life, "destroyVirtualMachine")).toBe(0);
    // Neither is its number given again while it is declared not to be.
    await life.up(declaration({ controlPlanes: 3, workers: 3, nodes: gone }));
    await isWhole(life, [...left, "prod-worker-4"]);
    await life.up(declaration({ controlPlanes: 3, workers: 3 }));
    expect(done(life)).toEqual(["forget that prod-worker-1 left"]);
    expect(await life.plan()).toEqual([]);
  });

  test("with the count as it was: a new one takes its place first, and the preview says so", async () => {
    const life = new Life(made);
    expect(await life.plan(declared(gone))).toContain("deploy prod-worker-4 (takes the place of prod-worker-1)");
    await life.up(declared(gone));
    comesBefore(life, "wait for prod-worker-4 to be Ready", "cordon prod-worker-1");
    await isWhole(life, [...left, "prod-worker-4"]);
  });

  test("named and the newest, when two are to go", async () => {
    const life = new Life(made);
    await life.up(declaration({ controlPlanes: 3, workers: 1, nodes: gone }));
    await isWhole(life, all.filter((name) => name !== "prod-worker-1" && name !== "prod-worker-3"));
  });

  test("while it is stopped: gone at once, its node at the next start", async () => {
    const life = new Life(made);
    const two = declaration({ controlPlanes: 3, workers: 2, nodes: gone });
    await life.up(declared({}, { powerState: "stopped" }));
    await life.up({ ...two, powerState: "stopped" });
    expect(life.names).toEqual(left);
    await life.up(two);
    await isWhole(life, left);
  });

  test("a control plane can't be deleted so: refused by name, with what to do", async () => {
    await expect(new Life(made).plan(declared({ "prod-control-2": { delete: true } }))).rejects.toThrow(/nodes\["prod-control-2"\]\.delete: .*controlPlane\.count.*replace/);
  });
});

describe("a name that is not there", () => {
  test.each([{ offering: large }, { reboot: "x" }, { replace: "x" }, { delete: true }])("with %j is refused before anything is done, with the nearest names", async (entry) => {
    const life = new Life(made);
    await expect(life.plan(declared({ "prod-wroker-2": entry }))).rejects.toThrow(/nodes\["prod-wroker-2"\]: there is no node prod-wroker-2\. Nearest: prod-worker-2/);
    await expect(life.up(declared({ "prod-worker-22": entry }))).rejects.toThrow(/nodes\["prod-worker-22"\]: there is no node prod-worker-22/);
    expect(life.run.calls.filter((call) => /^(deploy|destroy|stop|reboot)/.test(call))).toEqual([]);
  });

  test("that was there when it was declared, and has gone since, is no error", async () => {
    const life = new Life(made);
    const entries = { "prod-worker-3": { offering: large } };
    await life.up(declared(entries));
    await life.up(declaration({ controlPlanes: 3, workers: 2, nodes: entries }));
    expect(await life.plan()).toEqual([]);
    await life.up(declared(entries));
    expect(offerings(life)["prod-worker-3"]).toBe(large);
  });

  test("that has left by another text says so", async () => {
    const life = new Life(made);
    await life.up(declared({ "prod-worker-1": { replace: "one" } }));
    await expect(life.plan(declared({ "prod-worker-1": { replace: "two" } }))).rejects.toThrow(/no node prod-worker-1\. It has left \(replaced: one\)\./);
  });

  test("of a cluster that is not there yet is refused at check", async () => {
    const { run, inputs } = identity({ "prod-worker-4": { offering: large }, "prod-worker-1": { delete: true } });
    const { failures } = await clusterIdentity.check(run.session, undefined, inputs);
    expect(failures).toEqual([
      { property: 'nodes["prod-worker-4"]', reason: expect.stringMatching(/no node prod-worker-4.*prod-worker-/) as unknown },
      { property: 'nodes["prod-worker-1"].delete', reason: expect.stringMatching(/no such node yet/) as unknown },
    ]);
    expect(run.calls).toEqual([]);
  });
});

/** A declaration of a cluster that is not there, and a run to check it with. */
function identity(nodes: Entries): { run: Run; inputs: IdentityInputs } {
  return { run: new Life(made).cloud.newRun(), inputs: { ...declared(nodes), declaredBy } as unknown as IdentityInputs };
}
