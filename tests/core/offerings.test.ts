/** Another offering for machines that exist: one after another, each out of the way before it goes and back before the next. */
import { declaration, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { MadeCluster } from "./world/made";
import { budget, deployment, podsOf } from "./world/workloads";

const large = "k8s-4c-8g";
const offered = (offerings: { controlPlane?: string; workers?: string } = {}, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 2, offerings, ...more });

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(offered());
});
afterAll(() => made.close());

/** Machines that were ever off at the same time while `work` ran. */
async function offTogether(life: Life, work: Promise<unknown>): Promise<Set<string>> {
  const seen = new Set<string>();
  let ended = false;
  const look = (): void => {
    if (ended) return;
    const off = life.machines.filter((machine) => !machine.endsWith(" Running")).map((machine) => machine.split(" ")[0]!);
    if (off.length > 0) seen.add(off.join(" "));
    life.cloud.clock.after(500, look);
  };
  look();
  await work.finally(() => (ended = true));
  return seen;
}

test("control planes and workers get it one at a time, control planes first; then nothing is left to do", async () => {
  const life = new Life(made);
  const larger = offered({ controlPlane: large, workers: large });
  const off = await offTogether(life, life.up(larger));
  expect([...off]).toEqual(["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-1", "prod-worker-2"]);
  expect(life.outputs.nodes.map(({ offering }) => offering)).toEqual(Array(5).fill(large));
  expect(await life.plan()).toEqual([]);
  const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
  expect(nodes.filter(({ ready, unschedulable }) => ready && !unschedulable)).toHaveLength(5);
});

test("only the role that is to change does", async () => {
  const life = new Life(made);
  const off = await offTogether(life, life.up(offered({ workers: large })));
  expect([...off]).toEqual(["prod-worker-1", "prod-worker-2"]);
});

test("a control plane leaves the API's balancer before it stops and is back in it before the next one leaves", async () => {
  const life = new Life(made);
  await life.up(offered({ controlPlane: large }));
  const order = life.run.calls.filter((call) => /^(removeFrom|assignTo|stop|scale|start)/.test(call));
  const turn = ["removeFromLoadBalancerRule", "stopVirtualMachine", "scaleVirtualMachine", "startVirtualMachine", "assignToLoadBalancerRule"];
  expect(order).toEqual([...turn, ...turn, ...turn]);
  // Who leads etcd hands over first; the others need not.
  const handOver = life.run.calls.findIndex((call) => call.includes("move-leader"));
  expect(handOver).toBeGreaterThan(life.run.calls.indexOf("removeFromLoadBalancerRule"));
  expect(handOver).toBeLessThan(life.run.calls.indexOf("stopVirtualMachine"));
});

describe("with a control plane's node down already", () => {
  /** `lasting`: it does not come back by another reboot either. */
  async function withThirdDown(options: { readonly lasting: boolean }): Promise<{ life: Life; reboot: () => Promise<void> }> {
    const life = new Life(made);
    const mold = life.cloud.newRun().world({ owner: "by hand" }).mold;
    const third = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).find(({ name }) => name === "prod-control-3")!.id!;
    const reboot = async (): Promise<void> => {
      await life.cloud.clock.run(mold.run("rebootVirtualMachine", { id: third }));
      await life.cloud.clock.pass(240_000);
    };
    life.cloud.emulator.faults.order({ kind: "nodeNeverReady", name: "prod-control-3", count: options.lasting ? Infinity : 1 });
    await reboot();
    return { life, reboot };
  }
  const larger = offered({ controlPlane: large });

  test("its turn comes first: the others serve without it, and it is back before one of them leaves", async () => {
    const { life } = await withThirdDown({ lasting: false });
    const off = await offTogether(life, life.up(larger));
    expect([...off]).toEqual(["prod-control-3", "prod-control-1", "prod-control-2"]);
    expect(life.run.calls).not.toContain("rebootVirtualMachine");
    expect(await life.plan()).toEqual([]);
  });

  test("and for good, none of the others is taken away: the error says who is not Ready and what to do, and the next run goes on", async () => {
    const { life, reboot } = await withThirdDown({ lasting: true });
    const failure = life.up(larger).then(() => "", ({ message }: Error) => message);
    const off = await offTogether(life, failure);
    expect(await failure).toMatch(/prod-control-3 is not Ready after 900 s: its node is NotReady \(.*cni.*nodes: \{ "prod-control-3": \{ replace.*[Rr]un again/s);
    expect([...off]).toEqual(["prod-control-3"]);
    expect(life.run.calls.filter((call) => call === "stopVirtualMachine")).toHaveLength(1);
    life.cloud.emulator.faults.clear();
    await reboot();
    await life.up(larger);
    expect(await life.plan()).toEqual([]);
  });
});

test("pods that a budget protects come through", async () => {
  const life = new Life(made);
  await deployment(life, "web", 2);
  await budget(life, "web", 1);
  await life.up(offered({ workers: large }));
  expect(await podsOf(life, "web")).toHaveLength(2);
});

test("while it is stopped every machine gets it at once, and none is started for it", async () => {
  const life = new Life(made);
  await life.up(offered({}, { powerState: "stopped" }));
  await life.up(offered({ controlPlane: large, workers: large }, { powerState: "stopped" }));
  expect(life.outputs.nodes.map(({ offering }) => offering)).toEqual(Array(5).fill(large));
  expect(life.run.calls).not.toContain("startVirtualMachine");
  expect(life.machines.every((machine) => machine.endsWith(" Stopped"))).toBe(true);
});

test("with one control plane the preview says that the API is away", async () => {
  const alone = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1 }));
  const life = new Life(alone);
  const larger = declaration({ controlPlanes: 1, workers: 1, offerings: { controlPlane: large } });
  expect(await life.plan(larger)).toContain("stop prod-control-1 (the API of prod is away until it is back)");
  await life.up(larger);
  expect(await life.plan()).toEqual([]);
  alone.close();
});
