/** Stopping and starting a cluster, and what can be changed while it is off. */
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { MadeCluster } from "./world/made";
import { deployment, podsOf } from "./world/workloads";

const declared = (more: object = {}, workers = 2): Record<string, unknown> => declaration({ controlPlanes: 3, workers, ...more });
const stopped = { powerState: "stopped" };
const all = ["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2"];

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declared());
});
afterAll(() => made.close());

/** The order in which the steps of a run were done. */
const done = ({ run }: Life, verb: string): string[] => run.lines.flatMap((line) => new RegExp(`^info ${verb} (\\S+): done`).exec(line)?.[1] ?? []);

test("workers stop before control planes; stopped is as declared, and its outputs say so", async () => {
  const life = new Life(made);
  await life.up(declared(stopped));
  expect(life.machines).toEqual(all.map((name) => `${name} Stopped`));
  expect(done(life, "stop").map((name) => name.includes("worker"))).toEqual([true, true, false, false, false]);
  expect(life.outputs.state).toBe("Stopped");
  expect(life.outputs.kubernetesVersion).toBe("1.35.4");
  expect(await life.plan()).toEqual([]);
});

test("started again, workers wait for the API; everything is Ready, and what was in the cluster still is", async () => {
  const life = new Life(made);
  await deployment(life, "web", 4);
  await life.up(declared(stopped));
  await life.up(declared());
  expect(done(life, "start").map((name) => name.includes("worker"))).toEqual([false, false, false, true, true]);
  const lines = life.run.lines.join("\n");
  expect(lines.indexOf("wait for the API of prod: done")).toBeLessThan(lines.indexOf("start prod-worker-1"));
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  expect(nodes.filter(({ ready }) => ready).map(({ name }) => name).sort()).toEqual(all);
  expect(await podsOf(life, "web")).toHaveLength(4);
  expect(await life.plan()).toEqual([]);
});

test("fewer workers while it is stopped: gone at once, their nodes at the next start", async () => {
  const life = new Life(made);
  await life.up(declared(stopped));
  await life.up(declared(stopped, 1));
  expect(life.names).toEqual(all.slice(0, 4));
  await life.up(declared({}, 1));
  expect(await life.nodes()).toEqual(all.slice(0, 4));
  expect(await life.plan()).toEqual([]);
});

test("more workers while it is stopped: the preview says when they are made, and the start makes them", async () => {
  const life = new Life(made);
  await life.up(declared(stopped));
  expect(await life.plan(declared(stopped, 4))).toEqual(["2 more workers are made when prod is started: a machine joins by running"]);
  await life.up(declared(stopped, 4));
  expect(life.names).toEqual(all);
  await life.up(declared({}, 4));
  expect(await life.nodes()).toHaveLength(7);
  expect(await life.plan()).toEqual([]);
});

test("fewer while it is stopped, and more with the next start: the node that is left of one that went is not taken for the new one of its name", async () => {
  const life = new Life(made);
  await life.up(declared(stopped));
  await life.up(declared(stopped, 1));
  await life.up(declared({}, 3));
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  expect(nodes.filter(({ ready }) => ready).map(({ name }) => name).sort()).toEqual([...all, "prod-worker-3"]);
  expect(await life.plan()).toEqual([]);
});

test("a control plane and a worker that somebody stopped are shown, and started again", async () => {
  const life = new Life(made);
  const mold = life.cloud.newRun().world({ owner: "by hand" }).mold;
  const machines = await life.cloud.clock.run(mold.list("listVirtualMachines", {}));
  for (const wanted of ["prod-control-2", "prod-worker-1"]) await life.cloud.clock.run(mold.run("stopVirtualMachine", { id: machines.find(({ name }) => name === wanted)!.id! }));
  expect(await life.plan()).toEqual(expect.arrayContaining(["start prod-control-2 (it was found stopped)", "start prod-worker-1 (it was found stopped)"]));
  await life.up(declared());
  expect(life.machines).toEqual(all.map((name) => `${name} Running`));
  expect(await life.plan()).toEqual([]);
});

test("a cluster that is not there yet can't be stopped: refused at check, before anything is made", async () => {
  const run = new Life(made).cloud.newRun();
  const { failures } = await clusterIdentity.check(run.session, undefined, { ...declared(stopped), declaredBy } as unknown as IdentityInputs);
  expect(failures).toEqual([{ property: "powerState", reason: expect.stringMatching(/not there yet.*stop the cluster once it is there/) as unknown }]);
  expect(run.calls).toEqual([]);
});

test("fewer control planes declared while it is off: all that have a vote start, so that etcd is whole, and then the surplus goes", async () => {
  const life = new Life(made);
  await life.up(declared(stopped));
  const one = declaration({ controlPlanes: 1, workers: 2 });
  expect(await life.plan(one)).toEqual(expect.arrayContaining([expect.stringContaining("start prod-control-3"), expect.stringContaining("destroy prod-control-3")]));
  await life.up(one);
  expect(life.machines).toEqual(["prod-control-1 Running", "prod-worker-1 Running", "prod-worker-2 Running"]);
  expect(await life.plan()).toEqual([]);
});
