/** Workers that leave: out of the balancers, drained as budgets allow, gone with their nodes; and what an interrupted run left of it. */
import { loadBalancer } from "../../provider/handlers/load-balancer";
import { checkInputs } from "../../schema/check";
import type { LoadBalancerResourceInputs } from "../../provider/handlers/load-balancer";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, MadeCluster, seen } from "./world/made";
import { budget, deployment, podsOf } from "./world/workloads";

const sized = (workers: number): Record<string, unknown> => declaration({ controlPlanes: 1, workers });

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(sized(4));
});
afterAll(() => made.close());

test("the newest workers leave with their nodes; everybody else is untouched, and nothing is left to do", async () => {
  const life = new Life(made);
  await life.up(sized(2));
  const left = ["prod-control-1", "prod-worker-1", "prod-worker-2"];
  expect(life.names).toEqual(left);
  expect(await life.nodes()).toEqual(left);
  expect(life.outputs.size).toBe(2);
  expect(life.run.calls.filter((call) => call === "destroyVirtualMachine")).toHaveLength(2);
  expect(await life.plan()).toEqual([]);
});

test("the preview says who leaves, and in what order", async () => {
  expect((await new Life(made).plan(sized(3))).slice(0, 4)).toEqual([
    "cordon prod-worker-4 (nothing new is to be placed on it)",
    "drain prod-worker-4 (its pods move, as their disruption budgets allow)",
    "destroy prod-worker-4 (fewer workers are declared)",
    "delete the node prod-worker-4",
  ]);
});

test("pods move to the nodes that stay, none to one that leaves as well", async () => {
  const life = new Life(made);
  await deployment(life, "web", 8);
  await life.up(sized(2));
  const pods = await podsOf(life, "web");
  expect(pods).toHaveLength(8);
  expect(new Set(pods.map(({ node }) => node))).toEqual(new Set(["prod-worker-1", "prod-worker-2"]));
});

test("a budget that allows nothing ends the change with the names of pod and budget; nothing is taken away, and the next run goes on", async () => {
  const life = new Life(made);
  await deployment(life, "web", 4);
  await budget(life, "web", 4);
  await expect(life.up(sized(3))).rejects.toThrow(/prod-worker-4 is not drained after .* the pod default\/web-\S+ is held: .*disruption budget web needs 4 healthy pods and has 4.* run again/s);
  expect(life.names).toContain("prod-worker-4");
  await budget(life, "web", 1);
  await life.up(sized(3));
  expect(life.names).not.toContain("prod-worker-4");
  expect(await life.nodes()).not.toContain("prod-worker-4");
});

test("a drain that a budget has held for a minute goes on when an eviction is not answered", async () => {
  const life = new Life(made);
  await deployment(life, "web", 4);
  await budget(life, "web", 4);
  const { emulator, clock } = life.cloud;
  const answer = emulator.request.bind(emulator);
  const [began, late] = [clock.now(), 60_000];
  let dropped = 0;
  jest.spyOn(emulator, "request").mockImplementation(async (host, port, request) => {
    if (!/\/eviction$/.test(request.path) || clock.now() - began < late || dropped > 0) return answer(host, port, request);
    dropped += 1;
    // Somebody gives the budget room meanwhile.
    await answer(host, port, { ...request, method: "PATCH", path: "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web", headers: { "content-type": "application/merge-patch+json" }, body: JSON.stringify({ spec: { minAvailable: 1 } }) });
    return undefined;
  });
  await life.up(sized(3));
  jest.restoreAllMocks();
  expect(dropped).toBe(1);
  expect(life.names).not.toContain("prod-worker-4");
});

test("taken back after it was refused: no node stays cordoned, but the one that a person had cordoned", async () => {
  const life = new Life(made);
  await deployment(life, "web", 4);
  await budget(life, "web", 4);
  const kubernetes = await life.kubernetes();
  await life.cloud.clock.run(kubernetes.cordonNode("prod-worker-1", { annotation: "by", value: "a person" }));
  await expect(life.up(sized(3))).rejects.toThrow(/is not drained/);
  expect(await life.plan(sized(4))).toContain("uncordon prod-worker-4 (an interrupted run had cordoned it)");
  await life.up(sized(4));
  const nodes = await life.cloud.clock.run(kubernetes.nodes());
  expect(nodes.filter(({ unschedulable }) => unschedulable).map(({ name }) => name)).toEqual(["prod-worker-1"]);
  expect(await life.plan()).toEqual([]);
});

test("a balancer loses them before they are drained, and keeps the others", async () => {
  const life = new Life(made);
  const { inputs } = checkInputs("LoadBalancer", { name: "web", cluster: (await sharedIdentity()).uid, publicPort: 80, privatePort: 30080, members: { role: "worker" } });
  const declared = { ...inputs, declaredBy: { ...declaredBy, resource: "web" } } as LoadBalancerResourceInputs;
  const rule = await life.cloud.clock.run(loadBalancer.create(life.cloud.newRun().session, declared));
  await life.up(sized(2));
  const { calls } = life.run;
  const first = (call: string): number => calls.findIndex((each) => each.includes(call));
  expect(first("removeFromLoadBalancerRule")).toBeGreaterThan(first("PATCH /api/v1/nodes/prod-worker-"));
  expect(first("removeFromLoadBalancerRule")).toBeLessThan(first("GET /api/v1/pods"));
  expect(first("GET /api/v1/pods")).toBeLessThan(first("destroyVirtualMachine"));
  const members = seen(life.cloud).balancers!.find(({ name }) => name === "web")!.memberIds as string[];
  expect(members).toHaveLength(2);
  // A change of workers is no difference of the balancer.
  expect((await life.cloud.clock.run(loadBalancer.diff(life.cloud.newRun().session, rule.id, { inputs: declared, outputs: rule.outputs }, declared))).changes).toBe(false);
});

test("a worker that somebody removed from Mold is shown, and made anew; its former node is forgotten", async () => {
  const life = new Life(made);
  const mold = byHand(life.cloud);
  const [machine] = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).filter(({ name }) => name === "prod-worker-2");
  await life.cloud.clock.run(mold.run("destroyVirtualMachine", { id: machine!.id!, expunge: true }));
  expect(await life.plan()).toEqual(expect.arrayContaining(["delete the node prod-worker-2 (its machine is gone)", "deploy prod-worker-2"]));
  await life.up(sized(4));
  expect(life.names).toHaveLength(5);
  expect(await life.nodes()).toHaveLength(5);
  expect(await life.plan()).toEqual([]);
});
