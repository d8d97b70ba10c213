/** A LoadBalancer that follows a role has the machines that Mold makes behind it, and loses those that leave before they are drained; rules that name a node lead to its successor. */
import { loadBalancer, type LoadBalancerResourceInputs } from "../../../provider/handlers/load-balancer";
import { networkRule, type NetworkRuleResourceInputs } from "../../../provider/handlers/network-rule";
import { checkInputs } from "../../../schema/check";
import { declaredBy, sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { intentsLeft, locksLeft, MadeCluster, seen } from "../world/made";
import { managed } from "./managed";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

test("its members follow the cluster as it grows and shrinks", async () => {
  const life = new Life(made);
  const { inputs } = checkInputs("LoadBalancer", { cluster: life.outputs.uid, ipAddressId: life.outputs.publicIpAddressId, name: "https", publicPort: 443, privatePort: 30_443, members: { role: "worker" } });
  const balancer = { ...inputs, declaredBy: { ...declaredBy, resource: "https" } } as LoadBalancerResourceInputs;
  const members = (): unknown => (seen(life.cloud).balancers ?? []).find(({ name }) => name === "https")?.memberIds;
  const workers = (): string[] => life.names.filter((name) => name.includes("-node-")).map((name) => `machines:${name}`);
  await life.cloud.clock.run(loadBalancer.create(life.cloud.newRun().session, balancer));
  expect(members()).toEqual(workers());
  await life.up(managed({ workers: 3 }));
  expect(workers()).toHaveLength(3);
  expect(members()).toEqual(workers());
  expect((await life.plan(managed({ workers: 1 }))).filter((line) => line.startsWith("take"))).toHaveLength(2);
  await life.up(managed({ workers: 1 }));
  expect(members()).toEqual(workers());
  expect(await life.plan()).toEqual([]);
});

test.each(["NetworkRule", "LoadBalancer"] as const)("a %s on the port that Mold takes for SSH to the next machine is named before Mold is asked for that machine, and nothing of it is begun", async (kind) => {
  const life = new Life(made);
  const by = { declaredBy: { ...declaredBy, resource: "mine" } };
  const place = { cluster: life.outputs.uid, ipAddressId: life.outputs.publicIpAddressId };
  const { session } = life.cloud.newRun();
  if (kind === "NetworkRule") {
    const { inputs } = checkInputs(kind, { ...place, kind: "portForward", protocol: "tcp", startPort: 2225, privateStartPort: 8080, target: { role: "worker" } });
    await life.cloud.clock.run(networkRule.create(session, { ...inputs, ...by, target: { node: life.names.find((name) => name.includes("-node-")) } } as NetworkRuleResourceInputs));
  } else {
    const { inputs } = checkInputs(kind, { ...place, name: "mine", publicPort: 2225, privatePort: 30_080, members: { role: "worker" } });
    await life.cloud.clock.run(loadBalancer.create(session, { ...inputs, ...by } as LoadBalancerResourceInputs));
  }
  await expect(life.up(managed({ workers: 3 }))).rejects.toThrow(/workers\.count.*Mold leads the port 2225 of \S+ to the machine.*for SSH.*2225 is taken by .*mine.*another port.*Run again/s);
  expect([life.outputs.size, life.outputs.state]).toEqual([2, "Running"]);
  expect(life.run.calls).not.toContain("scaleKubernetesCluster");
});

describe("rules that name a worker which is replaced", () => {
  const by = (resource: string): { declaredBy: { owner: string; resource: string } } => ({ declaredBy: { ...declaredBy, resource } });
  const workersOf = (life: Life): string[] => life.names.filter((name) => name.includes("-node-"));
  const ask = <T>({ cloud }: Life, work: (session: ReturnType<Life["cloud"]["newRun"]>["session"]) => Promise<T>): Promise<T> => cloud.clock.run(work(cloud.newRun().session));
  /** A forward and a balancer to the first worker. */
  async function ruled(life: Life): Promise<{ differences(): Promise<readonly string[]> }> {
    const [old] = workersOf(life);
    const place = { cluster: life.outputs.uid, ipAddressId: life.outputs.publicIpAddressId };
    const forward = { ...checkInputs("NetworkRule", { ...place, kind: "portForward", protocol: "tcp", startPort: 8022, privateStartPort: 8022, target: { node: old } }).inputs, ...by("debug") } as NetworkRuleResourceInputs;
    const balancer = { ...checkInputs("LoadBalancer", { ...place, name: "web", publicPort: 80, privatePort: 30_080, members: { nodes: [old] } }).inputs, ...by("web") } as LoadBalancerResourceInputs;
    const [one, other] = [await ask(life, (session) => networkRule.create(session, forward)), await ask(life, (session) => loadBalancer.create(session, balancer))];
    return {
      differences: async () => [
        ...(await ask(life, (session) => networkRule.diff(session, one.id, { inputs: forward, outputs: one.outputs }, forward))).plan,
        ...(await ask(life, (session) => loadBalancer.diff(session, other.id, { inputs: balancer, outputs: other.outputs }, balancer))).plan,
      ],
    };
  }
  const led = (life: Life): unknown[] => [
    ...(seen(life.cloud).forwards ?? []).filter(({ publicPort }) => publicPort === 8022).map(({ machineId }) => machineId),
    ...(seen(life.cloud).balancers ?? []).filter(({ name }) => name === "web").flatMap(({ memberIds }) => memberIds as string[]),
  ];
  const vacant = (life: Life): unknown[] => (seen(life.cloud).tags ?? []).filter(({ key }) => String(key).startsWith("ablestack-vacant-"));
  const replacing = (name: string): Record<string, unknown> => managed({ nodes: { [name]: { replace: "disk" } } });

  test("lead to the machine that takes its place, before it is drained, and have nothing to mend afterwards", async () => {
    const life = new Life(made);
    const rules = await ruled(life);
    const [old, stays] = workersOf(life);
    const plan = await life.plan(replacing(old!));
    expect(plan.map((line) => line.replace(/ \(.*/, ""))).toEqual(expect.arrayContaining([`note that the place of ${old!} is to be taken`, `lead what names ${old!} to the machine that takes its place`]));
    await life.up(replacing(old!));
    const [successor] = workersOf(life).filter((name) => name !== stays);
    expect(successor).not.toBe(old);
    expect(led(life)).toEqual([`machines:${successor!}`, `machines:${successor!}`]);
    expect(life.run.calls.indexOf("updatePortForwardingRule")).toBeLessThan(life.run.calls.lastIndexOf("scaleKubernetesCluster"));
    expect([await rules.differences(), vacant(life), await life.plan()]).toEqual([[], [], []]);
    // And its successor in its turn.
    await life.up(managed({ nodes: { [old!]: { replace: "disk" }, [successor!]: { replace: "disk" } } }));
    const [next] = workersOf(life).filter((name) => name !== stays);
    expect(led(life)).toEqual([`machines:${next!}`, `machines:${next!}`]);
    expect(await rules.differences()).toEqual([]);
  });

  test("killed at any call on the way, the next run ends with the rules at the successor", async () => {
    const probe = new Life(made);
    await ruled(probe);
    const [old, stays] = workersOf(probe);
    await probe.up(replacing(old!));
    for (const [at, when] of probe.run.calls.flatMap((_, call) => (call % 6 === 0 ? [[call + 1, "before"], [call + 1, "after"]] as const : []))) {
      const life = new Life(made);
      const rules = await ruled(life);
      await life.up(replacing(old!), { killAt: { call: at, when } });
      life.cloud.ended.add(life.run.name);
      await life.up(replacing(old!));
      const [successor] = workersOf(life).filter((name) => name !== stays);
      expect([at, led(life), await rules.differences(), vacant(life), intentsLeft(life.cloud), locksLeft(life.cloud), workersOf(life).length]).toEqual([at, [`machines:${successor!}`, `machines:${successor!}`], [], [], [], [], 2]);
    }
  }, 300_000);

  test("one that goes without another in its place: the rules say which nodes there are, and what to do", async () => {
    const life = new Life(made);
    const rules = await ruled(life);
    const [old, stays] = workersOf(life);
    await life.up(managed({ workers: 1, nodes: { [old!]: { delete: true } } }));
    await expect(rules.differences()).rejects.toThrow(new RegExp(`the cluster has no node ${old!}.*It has .*${stays!}.*[Nn]ame one of them`));
  });
});
