/** The first thing a delete does: it names what blocks it before anything goes, says what is lost, and goes on with what is left after mending. */
import { observeDelete } from "../../provider/core/observe-delete";
import type { KubernetesPort, MoldPort, World } from "../../provider/core/ports";
import { findCluster } from "../../provider/core/find-cluster";
import { planDeletion } from "../../provider/core/rehearsal";
import { DeclaredRule } from "../handlers/rules";
import { declaration, destroy, owner, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, changing, locksLeft, MadeCluster, seen } from "./world/made";
import { whole } from "./world/observed";
import { VirtualClock } from "./world/virtual-clock";
import { service, volume } from "./world/workloads";

const uid = "k3x9abcdef01";
let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 2 }));
});
afterAll(() => made.close());

const handOf = (life: Life): { mold: MoldPort; run: <T>(work: Promise<T>) => Promise<T> } => ({ mold: byHand(life.cloud), run: (work) => life.cloud.clock.run(work) });
const failureOf = (work: Promise<unknown>): Promise<Error | undefined> => work.then(() => undefined, (error: unknown) => error as Error);
const warnings = (life: Life): string[] => life.run.lines.flatMap((line) => /^warn KubernetesCluster prod: lost with it, or left behind: (.*)$/.exec(line)?.[1] ?? []);
/** Whatever changed something, but for the lock. */
const acts = (life: Life): string[] => changing(life.run).filter((call) => !/Tags$/.test(call));

async function foreignMachine(life: Life, name: string): Promise<string> {
  const { mold, run } = handOf(life);
  const [template] = await run(mold.list("listTemplates", { templatefilter: "executable", keyword: "debian" }));
  const [offering] = await run(mold.list("listServiceOfferings", { keyword: "k8s-2c-2g" }));
  const { zoneId, networkId } = life.endpoint;
  return (await run(mold.run("deployVirtualMachine", { zoneid: zoneId, templateid: template!.id!, serviceofferingid: offering!.id!, networkids: [networkId], name }))).id!;
}

async function rulesByHand(life: Life): Promise<void> {
  const { mold, run } = handOf(life);
  const { publicIpAddressId } = life.endpoint;
  const { machineId } = life.outputs.nodes.find(({ role }) => role === "worker")!;
  await run(mold.run("createFirewallRule", { ipaddressid: publicIpAddressId, protocol: "tcp", startport: 22, endport: 22, cidrlist: ["10.0.0.0/8"] }));
  await run(mold.run("createPortForwardingRule", { ipaddressid: publicIpAddressId, protocol: "tcp", publicport: 2222, privateport: 22, virtualmachineid: machineId, openfirewall: false }));
  await run(mold.run("createLoadBalancerRule", { publicipid: publicIpAddressId, name: "theirs", algorithm: "source", publicport: 8080, privateport: 80, openfirewall: false }));
}

describe("a machine of others on the cluster's own network", () => {
  test("is named before anything is destroyed, with its id and what to do; then nothing has changed", async () => {
    const life = new Life(made);
    const ids = [await foreignMachine(life, "db"), await foreignMachine(life, "cache")];
    const before = life.cloud.state();
    const failure = await failureOf(life.destroy());
    expect(failure?.message).toBe(
      `KubernetesCluster prod: network: machines that are not of this cluster are on its network prod-${uid}: db (${ids[0]}), cache (${ids[1]}). ` +
        "They would keep the network from going. Move or remove them, then destroy again. Nothing was deleted.",
    );
    expect(acts(life)).toEqual([]);
    expect(life.cloud.state()).toBe(before);
    expect(locksLeft(life.cloud)).toEqual([]);
  });

  test("once it is gone, the next destroy goes on and leaves nothing", async () => {
    const life = new Life(made);
    const id = await foreignMachine(life, "db");
    expect(await failureOf(life.destroy())).toBeDefined();
    const { mold, run } = handOf(life);
    await run(mold.run("destroyVirtualMachine", { id, expunge: true }));
    await life.destroy();
    expect(life.cloud.emulator.isEmpty()).toBe(true);
  });

  test("what would be lost is said also when something blocks, so that both can be mended at once", async () => {
    const life = new Life(made);
    await rulesByHand(life);
    await foreignMachine(life, "db");
    expect(await failureOf(life.destroy())).toBeDefined();
    expect(warnings(life)).toHaveLength(3);
  });

  test("blocks also where no address tells of the cluster any more, and only its place is recorded", async () => {
    const { recorded } = made.open();
    const life = new Life(made);
    await foreignMachine(life, "db");
    const { mold, run } = handOf(life);
    await run(mold.run("deleteTags", { resourcetype: "PublicIpAddress", resourceids: [life.endpoint.publicIpAddressId], tags: [{ key: "ablestack-cluster" }] }));
    const taken = await run(mold.run("associateIpAddress", { networkid: life.endpoint.networkId }));
    const destroying = life.cloud.newRun();
    const failure = await run(failureOf(destroy(destroying, { endpoint: recorded.endpoint }, made.declared)));
    expect(failure?.message).toMatch(/^KubernetesCluster prod: network: machines that are not of this cluster are on its network prod-k3x9abcdef01: db \(/);
    expect(destroying.lines).toContainEqual(expect.stringContaining(`lost with it, or left behind: public address ${taken.ipaddress} (`));
    expect(life.machines).toHaveLength(4);
  });
});

test("a machine that is protected against deletion in Mold blocks before another one is destroyed; without it the destroy completes", async () => {
  const life = new Life(made);
  const { mold, run } = handOf(life);
  const { machineId } = life.outputs.nodes.find(({ name }) => name === "prod-worker-2")!;
  await run(mold.call("updateVirtualMachine", { id: machineId, deleteprotection: true }));
  const failure = await failureOf(life.destroy());
  expect(failure?.message).toBe(`KubernetesCluster prod: nodes: machines of this cluster are protected against deletion in Mold: prod-worker-2 (${machineId}). Take the protection away there, then destroy again. Nothing was deleted.`);
  expect(acts(life)).toEqual([]);
  await run(mold.call("updateVirtualMachine", { id: machineId, deleteprotection: false }));
  await life.destroy();
  expect(life.cloud.emulator.isEmpty()).toBe(true);
});

describe("what is only lost", () => {
  test("is said, each thing once, before the first machine is destroyed, and the delete goes on", async () => {
    const life = new Life(made);
    await rulesByHand(life);
    await service(life, "web", "LoadBalancer");
    await service(life, "inner", "ClusterIP");
    await volume(life, "data", { local: { path: "/data" } });
    await volume(life, "shared", { nfs: { server: "10.0.0.9", path: "/" } });
    const { mold, run } = handOf(life);
    const taken = await run(mold.run("associateIpAddress", { networkid: life.endpoint.networkId }));
    await life.destroy();
    expect(warnings(life)).toEqual([
      expect.stringMatching(/^firewall rule tcp\/22 from 10\.0\.0\.0\/8 on 127\.90\.0\.\d+ \([0-9a-f-]{36}\), made by hand or by another program: declare it/),
      expect.stringMatching(/^port forward tcp\/2222 on .*made by hand/),
      expect.stringMatching(/^balancer rule theirs \(8080\) on .*made by hand/),
      expect.stringContaining(`public address ${taken.ipaddress} (${taken.id}) with all rules on it`),
      expect.stringMatching(/^service default\/web of type LoadBalancer \(no address yet, port 80\): delete it first/),
      expect.stringMatching(/^volume data \(default\/data, 10Gi, kept by a node's own disk\): save what is on it/),
      expect.stringMatching(/^volume shared \(default\/shared, 10Gi, kept by nfs\): delete its claim first/),
    ]);
    const lines = life.run.lines.join("\n");
    expect(lines.lastIndexOf("lost with it")).toBeLessThan(lines.indexOf("destroy prod-"));
    expect(life.cloud.emulator.isEmpty()).toBe(true);
  });

  test("is nothing of the program's own rules, also where their own delete was never called", async () => {
    const life = new Life(made);
    const { run } = handOf(life);
    await run(DeclaredRule.networkRule("web", { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 443 }).up(life.cloud.newRun()));
    await run(DeclaredRule.loadBalancer("ingress", { cluster: uid, publicPort: 80, privatePort: 30080, members: { role: "worker" } }).up(life.cloud.newRun()));
    await run(DeclaredRule.networkRule("theirs", { cluster: uid, kind: "firewall", protocol: "tcp", startPort: 8443 }).by("pulumi:organization/project/other").up(life.cloud.newRun()));
    await life.destroy();
    expect(warnings(life)).toEqual([expect.stringMatching(/^firewall rule tcp\/8443 .* declared by pulumi:organization\/project\/other: destroy it there first/)]);
  });
});

describe("the cluster's own API", () => {
  test("of a stopped cluster is not asked, which is said; the delete completes", async () => {
    const life = new Life(made);
    await life.up({ ...made.declared, powerState: "stopped" });
    await life.destroy();
    expect(life.run.calls.filter((call) => call.startsWith("kubernetes"))).toEqual([]);
    expect(life.run.lines).toContain("info KubernetesCluster prod: its services of type LoadBalancer and its volumes were not looked at: no control plane runs");
    expect(life.cloud.emulator.isEmpty()).toBe(true);
  });

  test("that nobody reaches is asked once, and the delete completes", async () => {
    const life = new Life(made);
    const { mold, run } = handOf(life);
    for (const rule of await run(mold.list("listFirewallRules", {}))) await run(mold.run("deleteFirewallRule", { id: rule.id! }));
    await life.destroy();
    expect(life.run.calls.filter((call) => call.startsWith("kubernetes")).sort()).toEqual(["kubernetes GET /api/v1/persistentvolumes", "kubernetes GET /api/v1/services"]);
    expect(life.run.lines).toContainEqual(expect.stringMatching(/^info KubernetesCluster prod: its services of type LoadBalancer and its volumes were not looked at: GET https:.*no answer/));
    expect(life.cloud.emulator.isEmpty()).toBe(true);
  });

  test("that takes the question and never answers holds a delete up for five seconds", async () => {
    const clock = new VirtualClock();
    const began = clock.now();
    const never = (): Promise<never> => new Promise(() => undefined);
    const controller = new AbortController();
    const world = { mold: { list: () => Promise.resolve([]) }, clock, signal: controller.signal, kubernetes: () => ({ loadBalancers: never, volumes: never }) as unknown as KubernetesPort } as unknown as World;
    const access = { endpoint: "https://127.90.0.3:6443", caCertificate: "", clientCertificate: "", clientKey: "" };
    expect(await clock.run(observeDelete(world, { addressId: "address" }, whole(), access))).toEqual({ inside: { unseen: "its API did not answer within 5.0 s" } });
    expect(clock.now() - began).toBe(5000);
    // And a run that is ended meanwhile ends.
    const asking = observeDelete(world, {}, whole(), access);
    controller.abort(new Error("interrupted"));
    await expect(clock.run(asking)).rejects.toThrow("interrupted");
  });
});

describe("found by name or uid from Mold alone, a delete's plan", () => {
  const planned = async (life: Life, wanted: string): Promise<Awaited<ReturnType<typeof planDeletion>>> => {
    const world = life.cloud.newRun().world({ owner });
    return life.cloud.clock.run(findCluster(world, wanted).then((cluster) => planDeletion(world, cluster)));
  };

  test.each(["prod", uid])("of %s is in the words of the run that then does it, in its order", async (wanted) => {
    const life = new Life(made);
    const { plan, blocks, losses, declared } = await planned(life, wanted);
    expect({ blocks, losses, declared }).toEqual({ blocks: [], losses: [], declared: [] });
    expect(plan.at(-2)).toBe(`delete the network prod-${uid}`);
    expect(plan.at(-1)).toMatch(/^about \d+.* s in all$/);
    await life.destroy();
    const said = (line: string): boolean => life.run.lines.some((each) => each.startsWith(`info ${line}: done in`) || each === `info ${line} …`);
    expect(plan.slice(0, -1).filter((line) => !said(line))).toEqual([]);
    // Nothing was done that was not in the plan.
    const done = life.run.lines.flatMap((line) => /^info (.*): done in/.exec(line)?.[1] ?? []);
    expect(done.filter((title) => !plan.includes(title))).toEqual([]);
  });

  test("changes nothing, and shows steps also where something blocks", async () => {
    const life = new Life(made);
    const id = await foreignMachine(life, "db");
    const before = life.cloud.state();
    const { plan, blocks } = await planned(life, "prod");
    expect(blocks).toMatchObject([{ kind: "foreignMachine", name: "db", id }]);
    expect(plan.filter((line) => line.startsWith("destroy prod-"))).toHaveLength(3);
    expect(life.cloud.state()).toBe(before);
    expect(seen(life.cloud).machines).toHaveLength(4);
  });

  test("of one whose address is gone names what its mark tells", async () => {
    const life = new Life(made);
    const { mold, run } = handOf(life);
    await run(mold.run("deleteTags", { resourcetype: "PublicIpAddress", resourceids: [life.endpoint.publicIpAddressId], tags: [{ key: "ablestack-cluster" }] }));
    const { plan } = await planned(life, "prod");
    expect(plan).toEqual(["destroy prod-control-1", "destroy prod-worker-1", "destroy prod-worker-2", "delete the anti-affinity group", `delete the network prod-${uid}`]);
  });
});
