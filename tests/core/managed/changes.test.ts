/** What is changed of a cluster that Mold runs, and what of it Mold can't: the same declarations as for the core's clusters. */
import { sharedIdentity } from "../world/cluster";
import { Life } from "../world/life";
import { byHand, changing, MadeCluster } from "../world/made";
import { budget, deployment, podsOf } from "../world/workloads";
import { managed, nodesInside } from "./managed";

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(managed());
}, 60_000);
afterAll(() => made.close());

const plain = (names: readonly string[]): string[] => names.map((name) => name.replace(/-[0-9a-f]{11}\b/g, "-…")).sort();
const open = (): Life => new Life(made);
const at = (life: Life, role: "control" | "node", place = 0): string => life.names.filter((name) => name.includes(`-${role}-`))[place]!;

async function isDone(life: Life): Promise<void> {
  expect(await life.plan()).toEqual([]);
}

test("more workers, and fewer: the newest leave, out of the way of what runs on them, as disruption budgets allow", async () => {
  const life = open();
  await life.up(managed({ workers: 3 }));
  expect(life.outputs.size).toBe(3);
  expect(plain(life.machines)).toEqual(["prod-control-… Running", "prod-node-… Running", "prod-node-… Running", "prod-node-… Running"]);
  await isDone(life);
  await deployment(life, "web", 3);
  await budget(life, "web", 3);
  const plan = await life.plan(managed({ workers: 1 }));
  expect(plan.map((line) => line.replace(/-[0-9a-f]{11}/g, "-…"))).toEqual(["cordon prod-node-…", "drain prod-node-…", "cordon prod-node-…", "drain prod-node-…", "have Mold remove prod-node-…, prod-node-…", expect.stringMatching(/^about /)]);
  await expect(life.up(managed({ workers: 1 }))).rejects.toThrow(/is not drained after 600 s: the pod default\/web-.* is held.*web/);
  expect(life.outputs.size).toBe(3);
  await budget(life, "web", 1);
  const first = at(life, "node");
  await life.up(managed({ workers: 1 }));
  expect(life.names.filter((name) => name.includes("-node-"))).toEqual([first]);
  expect((await podsOf(life, "web")).map(({ node }) => node)).toEqual([first, first, first]);
  expect(nodesInside(life.cloud)).toEqual(["control 1.34.2", "node 1.34.2"]);
  await isDone(life);
});

test("a worker that is named leaves; with the count as it was a new one takes its place first", async () => {
  const life = open();
  const [first, second] = [at(life, "node"), at(life, "node", 1)];
  await life.up(managed({ workers: 1, nodes: { [first]: { delete: true } } }));
  expect(life.names.filter((name) => name.includes("-node-"))).toEqual([second]);
  const declared = managed({ workers: 1, nodes: { [first]: { delete: true }, [second]: { replace: "disk" } } });
  const lines = await life.plan(declared);
  expect(lines.slice(0, 2)).toEqual([`note that the place of ${second} is to be taken`, expect.stringMatching(/^have Mold make 1 more worker of prod \(they take the places/)]);
  await life.up(declared);
  expect(life.names.filter((name) => name.includes("-node-"))).toHaveLength(1);
  expect(life.names).not.toContain(second);
  await isDone(life);
  await expect(life.plan(managed({ workers: 1, nodes: { "prod-node-1": { reboot: "x" } } }))).rejects.toThrow(/nodes\["prod-node-1"\].*there is no node prod-node-1.*Nearest: prod-/);
});

test("stopped, and started: and what Mold can't do meanwhile is said", async () => {
  const life = open();
  expect(await life.plan(managed({ workers: 3, powerState: "stopped" }))).toEqual(["have Mold stop prod", "prod goes from 2 to 3 workers when it is started: Mold changes the size of none that is stopped", expect.stringMatching(/^about /)]);
  await life.up(managed({ powerState: "stopped" }));
  expect(life.outputs.state).toBe("Stopped");
  expect(new Set(life.machines.map((machine) => machine.split(" ")[1]))).toEqual(new Set(["Stopped"]));
  await isDone(life);
  await life.up(managed({ workers: 3 }));
  expect([life.outputs.state, life.outputs.size]).toEqual(["Running", 3]);
  await isDone(life);
});

test("other offerings by role, which takes a stop and a start, as the preview says; a smaller one is refused", async () => {
  const life = open();
  const larger = managed({ offerings: { workers: "k8s-4c-8g" } });
  expect((await life.plan(larger)).slice(0, 3)).toEqual([expect.stringMatching(/have Mold stop prod \(it gives its clusters other offerings only while all of them is off/), "give workers k8s-4c-8g", "have Mold start prod"]);
  await life.up(larger);
  expect(life.outputs.nodes.map(({ role, offering }) => `${role} ${offering}`)).toEqual(["control-plane k8s-2c-4g", "worker k8s-4c-8g", "worker k8s-4c-8g"]);
  await isDone(life);
  await expect(life.plan(managed())).rejects.toThrow(/workers\.offering: is k8s-2c-4g .*Mold gives the machines of its clusters no smaller one/);
});

test("a role gets the offering that its first node was tried with: Mold, which goes by that node, is brought to give it to the others, and to know", async () => {
  const life = open();
  const tried = at(life, "node");
  await life.up(managed({ nodes: { [tried]: { offering: "k8s-4c-8g" } } }));
  await life.up(managed({ offerings: { workers: "k8s-4c-8g" } }));
  expect(life.outputs.nodes.map(({ role, offering }) => `${role} ${offering}`)).toEqual(["control-plane k8s-2c-4g", "worker k8s-4c-8g", "worker k8s-4c-8g"]);
  expect(changing(life.run).filter((call) => call === "stopKubernetesCluster")).toHaveLength(1);
  await isDone(life);
  await life.up(managed({ workers: 3, offerings: { workers: "k8s-4c-8g" } }));
  expect(life.outputs.nodes.filter(({ offering }) => offering === "k8s-4c-8g")).toHaveLength(3);
});

test("other offerings that stopped half-way are gone on with, and all of a stopped cluster is waited for", async () => {
  const life = open();
  const larger = managed({ offerings: { workers: "k8s-4c-8g" } });
  life.cloud.emulator.faults.order({ kind: "serviceFails", command: "scaleKubernetesCluster", skip: 1, text: "the host is away" });
  await expect(life.up(larger)).rejects.toThrow(/give workers k8s-4c-8g: .*unable to scale cluster VM.*the host is away/s);
  await life.up(larger);
  expect(life.outputs.nodes.map(({ role, offering }) => `${role} ${offering}`)).toEqual(["control-plane k8s-2c-4g", "worker k8s-4c-8g", "worker k8s-4c-8g"]);
  await isDone(life);
});

test("a change of offerings that a dead run has left under way is waited for", async () => {
  const life = open();
  await life.up(managed({ powerState: "stopped" }));
  const larger = managed({ offerings: { workers: "k8s-4c-8g" } });
  const [[record], [offering]] = await life.cloud.clock.run(Promise.all([byHand(life.cloud).list("listKubernetesClusters", {}), byHand(life.cloud).list("listServiceOfferings", { name: "k8s-4c-8g" })]));
  life.cloud.emulator.faults.order({ kind: "serviceHangs", command: "scaleKubernetesCluster", skip: 1, ms: 90_000 });
  await life.cloud.clock.run(byHand(life.cloud).start("scaleKubernetesCluster", { id: record!.id!, nodeofferings: [{ node: "worker", offering: offering!.id! }] }));
  await life.cloud.clock.pass(5_000);
  expect((await life.plan(larger))[0]).toMatch(/wait for prod to be scaled \(Mold shows it as ScalingStoppedCluster\)/);
  await life.up(larger);
  expect([life.outputs.state, ...life.outputs.nodes.map(({ offering: has }) => has)]).toEqual(["Running", "k8s-2c-4g", "k8s-4c-8g", "k8s-4c-8g"]);
  expect(life.run.calls).not.toContain("scaleKubernetesCluster");
  await isDone(life);
});

test("one node with an offering of its own, and back; one that is rebooted, once", async () => {
  const life = open();
  const node = at(life, "node");
  await life.up(managed({ nodes: { [node]: { offering: "k8s-4c-8g", reboot: "kernel" } } }));
  expect(life.outputs.nodes.filter(({ offering }) => offering === "k8s-4c-8g").map(({ name }) => name)).toEqual([node]);
  await isDone(life);
  expect(nodesInside(life.cloud)).toEqual(["control 1.34.2", "node 1.34.2", "node 1.34.2"]);
  await life.up(managed({ nodes: {} }));
  expect(new Set(life.outputs.nodes.map(({ offering }) => offering))).toEqual(new Set(["k8s-2c-4g"]));
  await isDone(life);
});

test("an upgrade over two minors is two hops of Mold's, the whole way looked up first", async () => {
  const life = open();
  const plan = await life.plan(managed({ version: "1.36" }));
  expect(plan.filter((line) => line.startsWith("have Mold upgrade"))).toEqual([expect.stringMatching(/from 1\.34\.2 to 1\.35\.4, one node after another/), expect.stringMatching(/from 1\.35\.4 to 1\.36\.3/)]);
  await life.up(managed({ version: "1.36" }));
  expect(life.outputs.kubernetesVersion).toBe("1.36.3");
  expect(nodesInside(life.cloud)).toEqual(["control 1.36.3", "node 1.36.3", "node 1.36.3"]);
  await isDone(life);
  await expect(life.plan(managed({ version: "1.35" }))).rejects.toThrow(/version: is 1\.35, and prod runs 1\.36\.3: Kubernetes can't go back/);
});

test("an upgrade that stops half-way is told with what the nodes run, and gone on with; whom a person cordoned stays cordoned", async () => {
  const life = open();
  const kubernetes = await life.kubernetes();
  const kept = at(life, "node", 1);
  await life.cloud.clock.run(kubernetes.cordonNode(kept, { annotation: "by", value: "hand" }));
  life.cloud.emulator.faults.order({ kind: "serviceFails", command: "upgradeKubernetesCluster", skip: 1, effect: "after", text: "ssh timed out" });
  await expect(life.up(managed({ version: "1.35" }))).rejects.toThrow(/ssh timed out.*On the way from 1\.34\.2 to 1\.35\.4: .*-control-.* runs 1\.35\.4.*-node-.* runs 1\.35\.4 and is cordoned, .* runs 1\.34\.2 and is cordoned.*Run again/s);
  // Mold's scanner finds all nodes Ready, and shows it as Running, of the old version.
  await life.cloud.clock.pass(120_000);
  const [record] = await life.cloud.clock.run(byHand(life.cloud).list("listKubernetesClusters", {}));
  expect([record!.state, record!.kubernetesversionname]).toEqual(["Running", "v1.34.2"]);
  await expect(life.plan(managed())).rejects.toThrow(/an upgrade to it was begun and stopped half-way; Mold still shows 1\.34\.2/);
  expect((await life.plan(managed({ version: "1.35" }))).find((line) => line.startsWith("have Mold upgrade"))).toMatch(/an earlier upgrade to it stopped half-way/);
  await life.up(managed({ version: "1.35" }));
  expect(nodesInside(life.cloud)).toEqual(["control 1.35.4", "node 1.35.4", "node 1.35.4 cordoned"]);
  await isDone(life);
});

test("nothing of a hop is begun while a disruption budget would stop Mold's drain half-way", async () => {
  const life = open();
  await deployment(life, "web", 2);
  await budget(life, "web", 2);
  await expect(life.up(managed({ version: "1.35" }))).rejects.toThrow(/prod stays at 1\.34\.2: the disruption budget default\/web lets no pod go.*Nothing of this hop was begun/);
  expect(nodesInside(life.cloud)).toEqual(["control 1.34.2", "node 1.34.2", "node 1.34.2"]);
});

test("autoscaling: on, with its live size no difference; put back after a hop; its bounds changed; off", async () => {
  const life = open();
  const scaled = (max: number, more: Record<string, unknown> = {}): Record<string, unknown> => ({ ...managed(more), workers: { count: 2, offering: "k8s-2c-4g", autoscaling: { min: 1, max } } });
  await life.up(scaled(4));
  expect(life.outputs.autoscalingEnabled).toBe(true);
  await isDone(life);
  const mold = byHand(life.cloud);
  const [record] = await life.cloud.clock.run(mold.list("listKubernetesClusters", {}));
  await life.cloud.clock.run(mold.run("scaleKubernetesCluster", { id: record!.id!, size: 3 }));
  // The new machine is tagged; its being there is no difference.
  expect((await life.plan()).filter((line) => !/^(tag|about)/.test(line))).toEqual([]);
  const plan = await life.plan(scaled(4, { version: "1.35" }));
  const [off, on] = [plan.findIndex((line) => /turn autoscaling of prod off \(while its nodes change; it is put back/.test(line)), plan.findIndex((line) => line === "have Mold scale prod between 1 and 4 workers")];
  expect([off >= 0, on > off]).toEqual([true, true]);
  await life.up(scaled(4, { version: "1.35" }));
  expect([life.outputs.autoscalingEnabled, life.outputs.size, life.outputs.kubernetesVersion]).toEqual([true, 3, "1.35.4"]);
  await life.up(scaled(5, { version: "1.35" }));
  await isDone(life);
  await life.up(managed({ version: "1.35" }));
  expect([life.outputs.autoscalingEnabled, life.outputs.size]).toEqual([false, 2]);
  await isDone(life);
});

test("Mold itself adds a worker when pods fit nowhere, and its rules follow with the next run", async () => {
  const life = open();
  await life.up({ ...managed(), workers: { count: 2, offering: "k8s-2c-4g", autoscaling: { min: 2, max: 3 } } });
  const kubernetes = await life.kubernetes();
  for (const node of life.names.filter((name) => name.includes("-node-"))) await life.cloud.clock.run(kubernetes.cordonNode(node, { annotation: "by", value: "hand" }));
  await deployment(life, "web", 1);
  await life.cloud.clock.pass(300_000);
  expect(life.names.filter((name) => name.includes("-node-"))).toHaveLength(3);
});

test.each([
  [{ controlPlanes: 3 }, /controlPlane\.count: is 3, and the cluster has 1: Mold can't change the number of control planes.*making another cluster/],
  [{ sshKeyPair: "ops" }, /sshKeyPair: Mold gives the key pair to machines as the cluster is made/],
  [{ privateRegistry: { url: "https://r", username: "u", password: "hush-hush" } }, /privateRegistry: Mold takes the registry.*when it makes the cluster/],
])("what Mold sets once is refused later, by name: %j", async (change, says) => {
  const life = open();
  await expect(life.plan(managed(change))).rejects.toThrow(says);
  await expect(life.up(managed(change))).rejects.toThrow(says);
});
