/** A node that is replaced has a successor under another name: rules that name the old node lead to the new one, before the old one goes. */
import { loadBalancer, type LoadBalancerResourceInputs } from "../../provider/handlers/load-balancer";
import { networkRule, type NetworkRuleResourceInputs } from "../../provider/handlers/network-rule";
import { nodesTarget, predecessorsOf, succeeds } from "../../provider/core/succession";
import { checkInputs } from "../../schema/check";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { MadeCluster, seen } from "./world/made";

jest.setTimeout(120_000);

const declared = (nodes: object = {}, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 2, nodes, ...more });

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declared());
});
afterAll(() => made.close());

const by = (resource: string): { owner: string; resource: string } => ({ ...declaredBy, resource });
const forwardTo = (life: Life, node: string): NetworkRuleResourceInputs => {
  const { inputs } = checkInputs("NetworkRule", { cluster: life.outputs.uid, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { node } });
  return { ...inputs, declaredBy: by("ssh") } as NetworkRuleResourceInputs;
};
const balancerTo = (life: Life, ...nodes: string[]): LoadBalancerResourceInputs => {
  const { inputs } = checkInputs("LoadBalancer", { cluster: life.outputs.uid, name: "web", publicPort: 80, privatePort: 30080, members: { nodes } });
  return { ...inputs, declaredBy: by("web") } as LoadBalancerResourceInputs;
};
interface Ruled {
  differences(): Promise<readonly string[]>;
  /** What an engine does where there are any. */
  mend(): Promise<void>;
}
async function ruled(life: Life, forward: string, ...nodes: string[]): Promise<Ruled> {
  const [rule, balancer] = [forwardTo(life, forward), balancerTo(life, ...nodes)];
  const ask = <T>(work: (session: ReturnType<Life["cloud"]["newRun"]>["session"]) => Promise<T>): Promise<T> => life.cloud.clock.run(work(life.cloud.newRun().session));
  const [one, other] = [await ask((session) => networkRule.create(session, rule)), await ask((session) => loadBalancer.create(session, balancer))];
  return {
    differences: async () => [
      ...(await ask((session) => networkRule.diff(session, one.id, { inputs: rule, outputs: one.outputs }, rule))).plan,
      ...(await ask((session) => loadBalancer.diff(session, other.id, { inputs: balancer, outputs: other.outputs }, balancer))).plan,
    ],
    mend: async () => {
      await ask((session) => networkRule.update(session, one.id, { inputs: rule, outputs: one.outputs }, rule));
      await ask((session) => loadBalancer.update(session, other.id, { inputs: balancer, outputs: other.outputs }, balancer));
    },
  };
}
const forwardedTo = (life: Life): unknown => (seen(life.cloud).forwards ?? []).map(({ machineId }) => machineId);
const behindWeb = (life: Life): unknown => (seen(life.cloud).balancers ?? []).find(({ name }) => name === "web")?.memberIds;
const at = (life: Life, command: string): number => life.run.calls.indexOf(command);

test("a worker: the forward and the balancer that name it lead to its successor before it is drained, and have nothing to mend afterwards", async () => {
  const life = new Life(made);
  const rules = await ruled(life, "prod-worker-1", "prod-worker-1", "prod-worker-2");
  const replaced = declared({ "prod-worker-1": { replace: "disk" } });
  expect(await life.plan(replaced)).toEqual(expect.arrayContaining(["lead tcp/2222 to prod-worker-3 (prod-worker-1, which it leads to, goes)", "put prod-worker-3 behind web", "take prod-worker-1 out of web"]));
  await life.up(replaced);
  expect(forwardedTo(life)).toEqual(["machines:prod-worker-3"]);
  expect(behindWeb(life)).toEqual(["machines:prod-worker-2", "machines:prod-worker-3"]);
  expect(at(life, "updatePortForwardingRule")).toBeLessThan(at(life, "destroyVirtualMachine"));
  expect(await rules.differences()).toEqual([]);
  expect(await life.plan()).toEqual([]);
});

test("its successor is replaced in its turn: the rules follow still", async () => {
  const life = new Life(made);
  const rules = await ruled(life, "prod-worker-1", "prod-worker-1");
  await life.up(declared({ "prod-worker-1": { replace: "disk" } }));
  await life.up(declared({ "prod-worker-1": { replace: "disk" }, "prod-worker-3": { replace: "disk" } }));
  expect(forwardedTo(life)).toEqual(["machines:prod-worker-4"]);
  expect(behindWeb(life)).toEqual(["machines:prod-worker-4"]);
  expect(await rules.differences()).toEqual([]);
});

test("a control plane, and a worker that goes for another by name", async () => {
  const life = new Life(made);
  const rules = await ruled(life, "prod-control-2", "prod-worker-2");
  await life.up(declared({ "prod-control-2": { replace: "disk" }, "prod-worker-2": { delete: true } }));
  expect(forwardedTo(life)).toEqual(["machines:prod-control-4"]);
  expect(behindWeb(life)).toEqual(["machines:prod-worker-3"]);
  expect(await rules.differences()).toEqual([]);
});

test("an upgrade that makes workers anew, a new one first", async () => {
  const life = new Life(made);
  const rules = await ruled(life, "prod-worker-1", "prod-worker-1", "prod-worker-2");
  await life.up(declared({}, { version: "1.36", upgrade: { strategy: "replace", maxSurge: 1 } }));
  expect(await rules.differences()).toEqual([]);
  expect((forwardedTo(life) as string[])[0]).not.toBe("machines:prod-worker-1");
});

describe("where the old one goes first", () => {
  const required = (nodes: object = {}): Record<string, unknown> => declared(nodes, { affinity: "required" });
  const anew = declared({}, { version: "1.36", upgrade: { strategy: "replace" } });
  let strict: MadeCluster;
  beforeAll(async () => {
    strict = await MadeCluster.make(required());
  });
  afterAll(() => strict.close());
  const notes = (lines: readonly string[]): string[] => lines.filter((line) => /leads to nobody|is without/.test(line));

  test("a control plane whose host no other may share: the preview says what leads to nobody meanwhile; the balancer has the successor as soon as it is Ready", async () => {
    const life = new Life(strict);
    const rules = await ruled(life, "prod-control-2", "prod-control-2", "prod-worker-1");
    const replaced = required({ "prod-control-2": { replace: "disk" } });
    expect(notes(await life.plan(replaced))).toEqual([
      "web is without prod-control-2, which it names, from when that goes until prod-control-4 is Ready: affinity is required, so that there may be no host for both at once",
      "tcp/2222 leads to nobody from when prod-control-2, which it names, goes until prod-control-4 is there and the rule's own update (this or the next up) makes it anew: affinity is required, so that there may be no host for both at once",
    ]);
    await life.up(replaced);
    expect(behindWeb(life)).toEqual(["machines:prod-control-4", "machines:prod-worker-1"]);
    expect(await rules.differences()).toEqual([expect.stringMatching(/^NetworkRule ssh: /)]);
    expect(forwardedTo(life)).toEqual([]);
    await rules.mend();
    expect([forwardedTo(life), await rules.differences(), await life.plan()]).toEqual([["machines:prod-control-4"], [], []]);
  });

  test("workers that an upgrade makes anew without a surge", async () => {
    const life = new Life(made);
    const rules = await ruled(life, "prod-worker-1", "prod-worker-1", "prod-worker-2");
    expect(notes(await life.plan(anew)).map((line) => line.replace(/:.*/, ""))).toEqual(expect.arrayContaining([
      "web is without prod-worker-1, which it names, from when that goes until prod-worker-3 is Ready",
      "tcp/2222 leads to nobody from when prod-worker-1, which it names, goes until prod-worker-3 is there and the rule's own update (this or the next up) makes it anew",
    ]));
    await life.up(anew);
    expect(behindWeb(life)).toHaveLength(2);
    await rules.mend();
    expect([await rules.differences(), await life.plan()]).toEqual([[], []]);
  });

  test("killed at any call on the way, the rules find the successors all the same", async () => {
    const probe = new Life(made);
    await ruled(probe, "prod-worker-2", "prod-worker-1", "prod-worker-2");
    await probe.up(anew);
    const from = probe.run.calls.indexOf("destroyVirtualMachine") - 3;
    for (let call = from; call <= probe.run.calls.length; call += 16) {
      const life = new Life(made);
      const rules = await ruled(life, "prod-worker-2", "prod-worker-1", "prod-worker-2");
      await life.up(anew, { killAt: { call, when: "after" } });
      life.cloud.ended.add(life.run.name);
      await life.up(anew);
      await rules.mend();
      expect([call, await rules.differences(), await life.plan()]).toEqual([call, [], []]);
    }
  });
});

test("killed at any call on the way, the next run ends with the rules at the successor", async () => {
  const replaced = declared({ "prod-worker-1": { replace: "disk" } });
  const probe = new Life(made);
  await ruled(probe, "prod-worker-1", "prod-worker-1");
  await probe.up(replaced);
  const from = probe.run.calls.indexOf("deployVirtualMachine") + 1;
  for (let call = from; call <= probe.run.calls.length; call += 5) {
    const life = new Life(made);
    const rules = await ruled(life, "prod-worker-1", "prod-worker-1");
    await life.up(replaced, { killAt: { call, when: "after" } });
    life.cloud.ended.add(life.run.name);
    await life.up(replaced);
    expect([call, forwardedTo(life), behindWeb(life), await rules.differences()]).toEqual([call, ["machines:prod-worker-3"], ["machines:prod-worker-3"], []]);
  }
});

test("rules that lead to a machine by its id, or are somebody else's, stay as they are", async () => {
  const life = new Life(made);
  const { inputs } = checkInputs("NetworkRule", { cluster: life.outputs.uid, kind: "portForward", protocol: "tcp", startPort: 2222, privateStartPort: 22, target: { machineId: life.outputs.nodes.find(({ name }) => name === "prod-worker-1")!.machineId } });
  await life.cloud.clock.run(networkRule.create(life.cloud.newRun().session, { ...inputs, declaredBy: by("ssh") } as NetworkRuleResourceInputs));
  expect((await life.plan(declared({ "prod-worker-1": { replace: "disk" } }))).filter((line) => line.startsWith("lead"))).toEqual([]);
});

test("what a tag can't hold is left out: the first predecessors, and a list of names that is too long", () => {
  const tags = succeeds({ name: "n".repeat(60), tags: { "ablestack-succeeds": Array.from({ length: 4 }, (_, at) => `${at}`.repeat(60)).join() } });
  expect(tags["ablestack-succeeds"]!.length).toBeLessThanOrEqual(255);
  expect(predecessorsOf(tags)[0]).toBe("n".repeat(60));
  expect(nodesTarget(Array.from({ length: 10 }, (_, at) => `${at}`.repeat(40)))).toEqual({});
});
