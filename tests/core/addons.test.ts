/** What a cluster has beyond its network: the cloud controller and the storage driver, from its Kubernetes ISO, with keys that were named for it. */
import { planCluster } from "../../provider/core/plan";
import type { Plan } from "../../provider/core/plan-input";
import { addonsAnnotation, addonsOnDiscAnnotation } from "../../provider/core/ownership";
import type { DesiredCluster } from "../../provider/core/desired";
import type { ObservedCluster } from "../../provider/core/observe";
import { clusterIdentity, type IdentityInputs } from "../../provider/handlers/cluster-identity";
import { unknown } from "../../provider/handlers/handler";
import { checkInputs } from "../../schema/check";
import { Engine } from "./world/engine";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Cloud } from "./world/cloud";
import { Life } from "./world/life";
import { changing, MadeCluster, seen } from "./world/made";
import { desired, nodeOf, owner, registered, whole } from "./world/observed";
import { send } from "./world/workloads";

jest.setTimeout(120_000);

const with_ = (addons: object, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 1, version: "1.35", addons, ...more });
const both = { cloudController: true, csi: true, credentials: "inside" };

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(with_({}));
});
afterAll(() => made.close());

const keys = (secretKey: string): { apiUrl: string; apiKey: string; secretKey: string } => ({ apiUrl: "https://mold.example.com/client/api", apiKey: "inner-key", secretKey });
const life = (of = made): Life => {
  const open = new Life(of);
  open.cloud.connections.set("inside", keys("hush-hush"));
  return open;
};
const failureOf = (work: Promise<unknown>): Promise<string> => work.then(() => "no failure", (error: unknown) => (error as Error).message);

interface Workload {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly template: { readonly metadata: { readonly annotations?: Readonly<Record<string, string>> } } };
}
async function workloads(of: Life): Promise<Workload[]> {
  const found = await Promise.all(["deployments", "daemonsets"].map(async (kind) => (JSON.parse((await send(of, "GET", `/apis/apps/v1/namespaces/kube-system/${kind}`)).body) as { items: Workload[] }).items));
  return found.flat().filter(({ metadata: { name } }) => /^cloud/.test(name));
}
const names = async (of: Life): Promise<string[]> => (await workloads(of)).map(({ metadata }) => metadata.name).sort();
const configIn = async (of: Life): Promise<string | undefined> => (await of.cloud.clock.run((await of.kubernetes()).cloudConfig()))?.text;
const all = ["cloud-controller-manager", "cloudstack-csi-controller", "cloudstack-csi-node"];

test("a cluster is made with them: the keys of the named connection first, then what asks with them; and nothing is left to do", async () => {
  const cloud = new Cloud();
  cloud.connections.set("inside", { ...keys("hush-hush"), projectId: "p-1", insecure: true });
  const engine = new Engine(with_(both));
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  const again = cloud.newRun();
  expect(await cloud.clock.run(engine.plan(again))).toEqual([]);
  expect(changing(again)).toEqual([]);
  const order = run.calls.filter((call) => /secrets$|PATCH .*nodes\/prod-control/.test(call));
  expect(order.findIndex((call) => call.endsWith("/secrets"))).toBeLessThan(order.length - 1);
  expect(JSON.stringify([engine.recorded, run.lines])).not.toContain("hush-hush");
  expect(JSON.stringify([...run.lines])).toContain("put the keys of the connection inside into prod");
});

test("they are installed in a cluster that is there, and what was put there is what CloudStack's own programs read", async () => {
  const open = life();
  expect(await open.plan(with_(both))).toEqual([
    "put the keys of the connection inside into prod (its add-ons ask Mold with them)",
    "install the cloud controller and the storage driver in prod (from the Kubernetes ISO)",
    expect.stringMatching(/^about/),
  ]);
  await open.up(with_(both));
  expect(await names(open)).toEqual(all);
  expect(await configIn(open)).toBe("[Global]\napi-url = https://mold.example.com/client/api\napi-key = inner-key\nsecret-key = hush-hush\nzone = zone-1\n");
  expect(await open.plan()).toEqual([]);
  expect(open.run.calls.filter((call) => /^(deploy|attach|stop|start)/.test(call))).toEqual([]);
});

test("other keys are put in with the next run, and what reads them starts anew, once", async () => {
  const open = life();
  await open.up(with_(both));
  open.cloud.connections.set("inside", keys("other-hush"));
  const plan = await open.plan();
  expect(plan.slice(0, 2)).toEqual(["put the keys of the connection inside into prod (others are configured now)", "restart what asks Mold from within prod (it reads its keys as it starts)"]);
  expect(plan.join()).not.toContain("hush");
  await open.up(with_(both));
  expect(await configIn(open)).toContain("secret-key = other-hush");
  const marks = (await workloads(open)).map(({ spec }) => spec.template.metadata.annotations?.["ablestack.io/cloud-config"]);
  expect(marks).toEqual([expect.any(String), marks[0], marks[0]]);
  expect(await open.plan()).toEqual([]);
});

test("killed between the keys and the restart, the next run restarts", async () => {
  const open = life();
  await open.up(with_(both));
  open.cloud.connections.set("inside", keys("other-hush"));
  const probe = life();
  await probe.up(with_(both));
  probe.cloud.connections.set("inside", keys("other-hush"));
  await probe.up(with_(both));
  const call = probe.run.calls.findIndex((each) => /PATCH .*secrets\/cloudstack-secret/.test(each)) + 1;
  await open.up(with_(both), { killAt: { call, when: "after" } });
  open.cloud.ended.add(open.run.name);
  expect(open.run.wasKilled).toBe(true);
  expect(await open.plan()).toContain("restart what asks Mold from within prod (it reads its keys as it starts)");
  await open.up(with_(both));
  expect((await workloads(open)).every(({ spec }) => spec.template.metadata.annotations?.["ablestack.io/cloud-config"] !== undefined)).toBe(true);
  expect(await open.plan()).toEqual([]);
});

test("one that is taken out goes, the other stays; with the last the keys go", async () => {
  const open = life();
  await open.up(with_(both));
  await open.up(with_({ ...both, csi: false }));
  expect(await names(open)).toEqual(["cloud-controller-manager"]);
  expect(await configIn(open)).toContain("hush");
  expect(await open.plan()).toEqual([]);
  expect(await open.plan(with_({}))).toEqual([expect.stringMatching(/^remove the cloud controller from prod/), expect.stringMatching(/^take the keys for Mold out of prod/), expect.stringMatching(/^about/)]);
  await open.up(with_({}));
  expect(await names(open)).toEqual([]);
  expect(await configIn(open)).toBeUndefined();
  expect(await open.plan()).toEqual([]);
});

test("taken out together with a change that fails they go with the run that completes it, and so do tags and comments", async () => {
  const cloud = new Cloud();
  cloud.connections.set("inside", keys("hush-hush"));
  const engine = new Engine(declaration({ controlPlanes: 1, workers: 1, version: "1.34", addons: { cloudController: true, credentials: "inside" }, comments: ["first"], tags: { team: "shop" } }));
  await cloud.clock.run(engine.up(cloud.newRun()));
  engine.declare(declaration({ controlPlanes: 1, workers: 1, version: "1.35" }));
  cloud.emulator.faults.order({ kind: "httpError", command: "attachIso", count: Infinity, code: 530 });
  expect(await failureOf(cloud.clock.run(engine.up(cloud.newRun())))).toMatch(/530/);
  cloud.emulator.faults.clear();
  const run = cloud.newRun();
  await cloud.clock.run(engine.up(run));
  expect(run.lines.join("\n")).toMatch(/remove the cloud controller from prod: done/);
  expect(run.lines.join("\n")).toMatch(/take the keys for Mold out of prod: done/);
  expect((seen(cloud).annotations ?? []).map(({ annotation }) => annotation)).toEqual([]);
  expect((seen(cloud).tags ?? []).filter(({ key }) => key === "team")).toEqual([]);
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
});

test("one that something hangs on is not taken out: what it is, is named", async () => {
  const open = life();
  await open.up(with_(both));
  await send(open, "POST", "/api/v1/persistentvolumes", { metadata: { name: "pv-1" }, spec: { csi: { driver: "csi.cloudstack.apache.org" }, claimRef: { namespace: "shop", name: "data" } } });
  await send(open, "POST", "/api/v1/namespaces/default/services", { metadata: { name: "web" }, spec: { type: "LoadBalancer", ports: [{ port: 80 }] } });
  expect(await failureOf(open.plan(with_({})))).toMatch(/addons\.cloudController: was taken out, and the service default\/web hangs on the cloud controller.*\n?.*addons\.csi: was taken out, and the volume pv-1 of shop\/data hangs on the storage driver/s);
  expect(await failureOf(open.up(with_({})))).toMatch(/Delete it first/);
  expect(await names(open)).toEqual(all);
});

test("a secret of that name that somebody else made is left alone, and said", async () => {
  const open = life();
  await send(open, "POST", "/api/v1/namespaces/kube-system/secrets", { metadata: { name: "cloudstack-secret" }, data: { "cloud-config": "dGhlaXJz" } });
  expect(await failureOf(open.up(with_(both)))).toMatch(/addons\.credentials: there is a secret cloudstack-secret in kube-system that this library did not make/);
  expect(await configIn(open)).toBe("theirs");
});

test("an ISO without the storage driver is named in the preview, before anything changes; going to a version whose ISO has it installs it", async () => {
  const old = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1, version: "1.34" }));
  const at = (version: string): Record<string, unknown> => declaration({ controlPlanes: 1, workers: 1, version, addons: { csi: true, credentials: "inside" } });
  const open = life(old);
  expect(await failureOf(open.plan(at("1.34")))).toMatch(/addons\.csi: the Kubernetes ISO of 1\.34\.2 that the cluster was made from has no manifest\.yaml/);
  await open.up(at("1.35"));
  expect(await names(open)).toEqual(["cloudstack-csi-controller", "cloudstack-csi-node"]);
  expect(await open.plan()).toEqual([]);
  old.close();
});

test("a create from such an ISO makes the cluster, and says what it has no driver from", async () => {
  const cloud = new Cloud();
  const engine = new Engine(declaration({ controlPlanes: 1, workers: 1, version: "1.34", addons: { csi: true, credentials: "inside" } }));
  expect(await failureOf(cloud.clock.run(engine.up(cloud.newRun())))).toMatch(/install the storage driver in prod: .*the Kubernetes ISO of 1\.34\.2 has no manifest\.yaml/);
  expect(engine.cluster.nodes).toHaveLength(2);
  engine.declare(declaration({ controlPlanes: 1, workers: 1, version: "1.34", addons: { csi: false, credentials: "inside" } }));
  await cloud.clock.run(engine.up(cloud.newRun()));
  expect(await cloud.clock.run(engine.plan(cloud.newRun()))).toEqual([]);
});

test("an upgrade renews them from its disc, after the nodes", async () => {
  const open = life();
  await open.up(with_(both));
  const plan = await open.plan(with_(both, { version: "1.36" }));
  const at = plan.indexOf("install the cloud controller and the storage driver in prod (from the ISO of 1.36.3)");
  expect(at).toBeGreaterThan(plan.findLastIndex((line) => line.startsWith("tell ")));
  await open.up(with_(both, { version: "1.36" }));
  expect(await open.plan()).toEqual([]);
  const nodes = await open.cloud.clock.run((await open.kubernetes()).nodes());
  expect(nodes.flatMap(({ annotations }) => annotations[addonsAnnotation] ?? [])).toEqual(["1.36.3 +cloud-controller +csi"]);
});

test("the control plane that installed them is replaced: another is told, and the new one is not behind", async () => {
  const open = life();
  await open.up(with_(both));
  await open.up(with_(both, { nodes: { "prod-control-1": { replace: "disk" } } }));
  expect(await open.plan()).toEqual([]);
  expect(await names(open)).toEqual(all);
});

describe("the keys", () => {
  const check = async (cloud: Cloud, declared: Record<string, unknown>): Promise<readonly { property: string; reason: string }[]> =>
    (await cloud.clock.run(clusterIdentity.check(cloud.newRun().session, undefined, { ...declared, declaredBy } as unknown as IdentityInputs))).failures;

  test("are nobody's unless a connection is named: a run's own are never put into a cluster", () => {
    expect(checkInputs("KubernetesCluster", with_({ csi: true })).failures).toEqual([{ property: "addons.credentials", reason: expect.stringContaining("csi asks Mold from within the cluster: name a connection") as string }]);
    expect(checkInputs("KubernetesCluster", with_({ csi: false })).failures).toEqual([]);
    expect(checkInputs("KubernetesCluster", with_({ csi: true, credentials: unknown })).failures).toEqual([]);
  });

  test("of another project than the cluster's are refused, since they would find none of its machines", async () => {
    const cloud = new Cloud();
    expect(await check(cloud, with_(both))).toEqual([]);
    cloud.connections.set("inside", { ...keys("hush-hush"), projectId: "p-2" });
    expect(await check(cloud, with_(both))).toEqual([{ property: "addons.credentials", reason: "the connection inside works in the project p-2, and prod is in none: its machines would not be found" }]);
  });
});

describe("planning", () => {
  const there = (annotations: Record<string, string>, addons: ObservedCluster["addons"]): ObservedCluster => {
    const cluster = whole();
    return { ...cluster, nodes: cluster.machines.map(({ name, role }) => ({ ...nodeOf(name), annotations: { ...nodeOf(name).annotations, ...(role === "control-plane" ? annotations : {}) } })), ...(addons ? { addons } : {}) };
  };
  const plan = (observed: ObservedCluster, addons: DesiredCluster["addons"], former = addons): Plan =>
    planCluster({ desired: desired({ addons }), observed, owner, versions: registered("1.35.4", "1.36.3"), former: desired({ addons: former }) });
  const config = { text: "a", isOurs: true, restarts: false };
  const on = { cloudController: true, csi: true, credentials: "inside", cloudConfig: "a" };
  const kinds = ({ steps }: Plan): string[] => steps.map(({ work }) => work.kind);

  test.each([
    ["1.35.4 +cloud-controller +csi", []],
    ["1.35.4 +csi +cloud-controller -old", []],
    ["1.35.4 +cloud-controller", ["orderAddons"]],
    ["1.34.2 +cloud-controller +csi", ["orderAddons"]],
    ["1.35.4 +cloud-controller +csi failed: no route", ["orderAddons"]],
    ["1.35.4 +cloud-controller +csi refused: the Kubernetes ISO of 1.35.4 has no manifest.yaml", ["orderAddons"]],
  ])("an agent that says %j: %j", (answer, expected) => {
    expect(kinds(plan(there({ [addonsAnnotation]: answer }, { cloudConfig: config, users: {} }), on))).toEqual(expected);
  });

  test("a cluster that never had any is not asked for any, and gets no step", () => {
    expect(plan(there({}, undefined), { cloudController: false, csi: false })).toEqual({ steps: [], problems: [] });
  });

  test("one whose API does not answer gets none either: nobody knows what it has", () => {
    const { nodes: _nodes, ...silent } = there({}, undefined);
    expect(kinds(plan(silent, on)).filter((kind) => /Addons|CloudConfig|CloudUsers/.test(kind))).toEqual([]);
  });

  test("what no disc has is a problem only where none of a later version comes", () => {
    const without = there({ [addonsOnDiscAnnotation]: "cloud-controller" }, { users: {} });
    expect(plan(without, on).problems).toEqual([{ property: "addons.csi", reason: expect.stringContaining("has no manifest.yaml") as string }]);
    expect(planCluster({ desired: desired({ version: "1.36", addons: on }), observed: without, owner, versions: registered("1.35.4", "1.36.3"), former: desired({ addons: on }) }).problems).toEqual([]);
  });
});
