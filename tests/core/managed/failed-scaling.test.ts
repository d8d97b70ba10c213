/** A scaling up that failed half-way leaves machines that Mold does not count, and waits from then on for a number of Ready nodes that never comes. */
import { sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { byHand, MadeCluster } from "../world/made";
import { seeing } from "../world/seeing";
import { budget, deployment, podsOf } from "../world/workloads";
import { managed } from "./managed";

jest.setTimeout(120_000);

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

/** Four workers, of which Mold counts two. */
async function halfScaled(workers = 4, of = made): Promise<Life> {
  const life = new Life(of);
  life.cloud.emulator.faults.order({ kind: "serviceFails", command: "scaleKubernetesCluster", name: "prod-node-2", effect: "after" });
  await life.up(managed({ workers })).catch(() => undefined);
  await life.up(managed({ workers }));
  return life;
}
async function shown(life: Life): Promise<string> {
  const [record] = await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {}));
  return `${record!.state} ${record!.size} of ${((record!.virtualmachines ?? []) as unknown[]).length - 1}`;
}

test("as many as were asked for are there: nothing is done about the count", async () => {
  const life = await halfScaled();
  expect(await shown(life)).toBe("Running 2 of 4");
  expect(await life.plan()).toEqual([]);
});

test("before more are made Mold is brought to count anew, and the preview says so; what runs on those that go is moved first", async () => {
  const life = await halfScaled();
  await deployment(life, "web", 4);
  await budget(life, "web", 3);
  const plan = await life.plan(managed({ workers: 5 }));
  expect(plan.filter((line) => line.startsWith("drain"))).toHaveLength(3);
  expect(plan).toContainEqual(expect.stringMatching(/^have Mold scale prod down to 1 worker, so that it counts anew: .* go \(it counts 2 workers, and 4 are there since a scaling failed half-way: it could make no more of them\)$/));
  await life.up(managed({ workers: 5 }));
  expect(await shown(life)).toBe("Running 5 of 5");
  expect(await podsOf(life, "web")).toHaveLength(4);
  expect(await life.plan()).toEqual([]);
});

test("a worker that Mold's list lacked as that was planned is drained as well, before Mold takes it", async () => {
  const life = await halfScaled();
  await deployment(life, "web", 4);
  await budget(life, "web", 3);
  const newest = (await life.cloud.clock.run(byHand(life.cloud).list("listVirtualMachines", {}))).map(({ name }) => name!).filter((name) => name.includes("-node-")).sort().at(-1)!;
  const newRun = life.cloud.newRun.bind(life.cloud);
  let left = 1;
  jest.spyOn(life.cloud, "newRun").mockImplementation((options) => {
    const run = newRun(options);
    const session = seeing(run.session, (command, params, items) => (command === "listVirtualMachines" && "networkid" in params && left-- > 0 ? items.filter(({ name }) => name !== newest) : items));
    return Object.defineProperty(run, "session", { value: session });
  });
  await life.up(managed({ workers: 5 }));
  expect(left).toBeLessThan(0);
  expect(life.run.lines).toContainEqual(expect.stringContaining(`drain ${newest}: done`));
  expect(await podsOf(life, "web")).toHaveLength(4);
  expect(await shown(life)).toBe("Running 5 of 5");
});

test("left to itself Mold waits for as many Ready nodes as it counts until its time is over", async () => {
  const life = await halfScaled();
  const [record] = await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {}));
  await expect(life.cloud.clock.run(byHand(life.cloud).run("scaleKubernetesCluster", { id: record!.id!, size: 3 }, { timeoutMs: 4_000_000 }))).rejects.toThrow(/does not have desired number of nodes in ready state/);
});

test("where it can't be brought to that, the reason is told before anything changes", async () => {
  const alone = await MadeCluster.make(managed({ workers: 1 }));
  const life = await halfScaled(3, alone);
  expect(await shown(life)).toBe("Running 1 of 3");
  await expect(life.plan(managed({ workers: 4 }))).rejects.toThrow(/workers\.count: Mold counts 1 workers of the cluster, and more are there.*declare as many workers as there are \(3\)/);
  alone.close();
});
