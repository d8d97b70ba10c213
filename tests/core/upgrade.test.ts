/** Another version: every minor on the way, control planes one at a time, then workers; nothing is skipped, and nothing is away for longer than it has to be. */
import { loadBalancer, type LoadBalancerResourceInputs } from "../../provider/handlers/load-balancer";
import { checkInputs } from "../../schema/check";
import { violations } from "./sweeps/sweep";
import { declaration, declaredBy, sharedIdentity } from "./world/cluster";
import { Life } from "./world/life";
import { byHand, MadeCluster, seen } from "./world/made";
import { budget, deployment, podsOf } from "./world/workloads";

const at = (version: string, more: object = {}): Record<string, unknown> => declaration({ controlPlanes: 3, workers: 3, version, ...more });

let made: MadeCluster;
beforeAll(async () => {
  await sharedIdentity();
  made = await MadeCluster.make(at("1.34"));
});
afterAll(() => made.close());

const nodesOf = async (life: Life): Promise<{ name: string; version: string; ready: boolean; unschedulable: boolean }[]> => [...(await life.cloud.clock.run((await life.kubernetes()).nodes()))];
const versionsOf = async (life: Life): Promise<string[]> => (await nodesOf(life)).map(({ version }) => version);
const failureOf = (work: Promise<unknown>): Promise<string> => work.then(() => "no failure", (error: unknown) => (error as Error).message);

/** What a look twice a second sees while `work` runs. */
async function watching<T>(life: Life, work: Promise<unknown>, look: () => T): Promise<T[]> {
  const seenSoFar: T[] = [];
  let ended = false;
  const again = (): void => {
    if (ended) return;
    seenSoFar.push(look());
    life.cloud.clock.after(500, again);
  };
  again();
  await work.finally(() => (ended = true));
  return seenSoFar;
}

/** Disables or enables what is registered. */
async function register(life: Life, version: string, state: "Enabled" | "Disabled"): Promise<void> {
  const mold = byHand(life.cloud);
  const found = (await life.cloud.clock.run(mold.list("listKubernetesSupportedVersions", {}))).find(({ semanticversion }) => semanticversion === version)!;
  await life.cloud.clock.run(mold.call("updateKubernetesSupportedVersion", { id: found.id!, state }));
}

async function balancer(life: Life): Promise<{ members(): number }> {
  const { inputs } = checkInputs("LoadBalancer", { name: "web", cluster: (await sharedIdentity()).uid, publicPort: 80, privatePort: 30080, members: { role: "worker" } });
  await life.cloud.clock.run(loadBalancer.create(life.cloud.newRun().session, { ...inputs, declaredBy: { ...declaredBy, resource: "web" } } as LoadBalancerResourceInputs));
  return { members: () => (seen(life.cloud).balancers!.find(({ name }) => name === "web")!.memberIds as string[]).length };
}

describe("two minors away", () => {
  test("wherever its run dies and however far agents go on alone, the next one ends right: whose turn is over serves again before another leaves", async () => {
    const whole = new Life(made);
    await whole.up(at("1.36"));
    const moments = 12;
    for (let part = 1; part <= moments; part++) {
      const life = new Life(made);
      await life.up(at("1.36"), { killAt: { call: Math.floor((whole.run.calls.length * part) / (moments + 1)), when: part % 2 === 0 ? "before" : "after" } });
      const { clock } = life.cloud.newRun().world({ owner: "by hand" });
      await life.cloud.clock.run(clock.sleep(900_000));
      await life.up(at("1.36"));
      expect(await versionsOf(life)).toEqual(Array(6).fill("1.36.3"));
      expect(await life.plan()).toEqual([]);
      expect(violations(life.cloud)).toEqual([]);
    }
  });

  test("is two hops: every node ends at the newest patch of the target, workloads keep what their budgets want, and nothing is left to do", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    await budget(life, "web", 2);
    await life.up(at("1.36"));
    expect(await nodesOf(life)).toEqual(Array.from({ length: 6 }, () => expect.objectContaining({ version: "1.36.3", ready: true, unschedulable: false }) as unknown));
    expect(life.outputs).toMatchObject({ kubernetesVersion: "1.36.3", nodes: Array(6).fill(expect.objectContaining({ version: "1.36.3" })) });
    expect(await life.plan()).toEqual([]);
    expect(await podsOf(life, "web")).toHaveLength(3);
    expect(violations(life.cloud)).toEqual([]);
    expect(seen(life.cloud).machines!.filter(({ isoId }) => isoId !== undefined)).toEqual([]);
  });

  test("the preview shows every hop and every node in order, how long it takes, and that there is no way back", async () => {
    const plan = await new Life(made).plan(at("1.36"));
    const told = plan.filter((line) => line.startsWith("tell ")).map((line) => line.split(" (")[0]);
    const order = ["control-1", "control-2", "control-3", "worker-1", "worker-2", "worker-3"];
    expect(told).toEqual(["1.35.4", "1.36.3"].flatMap((version) => order.map((name) => `tell prod-${name} to go to ${version}`)));
    expect(plan).toContainEqual(expect.stringMatching(/^prod goes from 1\.34\.2 to 1\.35\.4 \(hop 1 of 2\): 6 nodes, about \d+ s$/));
    expect(plan).toContainEqual(expect.stringMatching(/^prod goes from 1\.35\.4 to 1\.36\.3 \(hop 2 of 2\): 6 nodes, about \d+ s$/));
    expect(plan).toContain("an upgrade can't be undone: Kubernetes goes forward only");
  });

  test("the whole chain is looked at first: a minor that is not registered or disabled is named, and no changing call is made", async () => {
    const life = new Life(made);
    await register(life, "1.35.4", "Disabled");
    await register(life, "1.35.2", "Disabled");
    expect(await failureOf(life.plan(at("1.36")))).toMatch(/version: is 1\.36, and prod runs 1\.34\.2\. The way there leads through every minor, and 1\.35\.4 is registered but it is Disabled\. Registered: .*1\.36\.3/);
    expect(await failureOf(life.up(at("1.36")))).toMatch(/1\.35\.4 is registered but/);
    expect(life.run.calls.filter((call) => /^(attach|update|remove|kubernetes PATCH)/.test(call))).toEqual([]);
    await register(life, "1.35.2", "Enabled");
    await life.up(at("1.36"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.36.3"]));
  });
});

describe("while it goes on", () => {
  test("images are loaded by one control plane at a time, and by workers after them, four at a time: one storage may bear all their disks", async () => {
    const life = new Life(await MadeCluster.make(at("1.34", { workers: 7 })));
    await life.up(at("1.35", { workers: 7 }));
    const loading = new Set<string>();
    const together: string[][] = [];
    for (const line of life.run.lines) {
      const [, name, end] = /^info have (\S+) load the images of 1\.35\.4( …$|: done in)/.exec(line) ?? [];
      if (name === undefined) continue;
      if (end === " …") loading.add(name);
      else loading.delete(name);
      together.push([...loading]);
    }
    expect(together.slice(0, 6)).toEqual([["prod-control-1"], [], ["prod-control-2"], [], ["prod-control-3"], []]);
    const workers = together.slice(6);
    expect(new Set(workers.flat())).toEqual(new Set(Array.from({ length: 7 }, (_, index) => `prod-worker-${index + 1}`)));
    expect(Math.max(...workers.map((names) => names.length))).toBe(4);
  });

  test("never two control planes are away, and two are behind the API all the time", async () => {
    const life = new Life(made);
    const behind = await watching(life, life.up(at("1.35")), () => (seen(life.cloud).balancers!.find(({ publicPort }) => Number(publicPort) === 6443)!.memberIds as string[]).length);
    expect(Math.min(...behind)).toBe(2);
    expect(violations(life.cloud)).toEqual([]);
  });

  test("workers leave their balancers before they are drained and are back before the next one leaves: it is never empty, nor down to half", async () => {
    const life = new Life(made);
    const web = await balancer(life);
    const members = await watching(life, life.up(at("1.35")), () => web.members());
    expect(new Set(members)).toEqual(new Set([2, 3]));
    const { calls } = life.run;
    expect(calls.filter((call) => call === "removeFromLoadBalancerRule")).toHaveLength(6);
    const drained = calls.findIndex((call) => call.includes("/eviction"));
    expect(calls.slice(0, drained).filter((call) => call === "removeFromLoadBalancerRule").length).toBeGreaterThanOrEqual(4);
  });

  test.each([[1, 1], [2, 2], [9, 2]])("maxUnavailable %d: %d of three workers are away at once, never all", async (maxUnavailable, most) => {
    const life = new Life(made);
    const web = await balancer(life);
    const members = await watching(life, life.up(at("1.35", { upgrade: { maxUnavailable } })), () => web.members());
    expect(Math.min(...members)).toBe(3 - most);
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
  });

  test("with one control plane the preview says that the API is away, and the upgrade waits it out", async () => {
    const alone = await MadeCluster.make(declaration({ controlPlanes: 1, workers: 1, version: "1.34" }));
    const life = new Life(alone);
    const next = declaration({ controlPlanes: 1, workers: 1, version: "1.35" });
    expect(await life.plan(next)).toContain("tell prod-control-1 to go to 1.35.4 (the API of prod is away for some seconds meanwhile)");
    await life.up(next);
    expect(await versionsOf(life)).toEqual(["1.35.4", "1.35.4"]);
    alone.close();
  });

  test("with two control planes etcd has no majority meanwhile: one after the other all the same", async () => {
    const two = await MadeCluster.make(declaration({ controlPlanes: 2, workers: 1, version: "1.34" }));
    const life = new Life(two);
    await life.up(declaration({ controlPlanes: 2, workers: 1, version: "1.35" }));
    expect(await versionsOf(life)).toEqual(["1.35.4", "1.35.4", "1.35.4"]);
    expect(await life.plan()).toEqual([]);
    two.close();
  });
});

describe("upgrade.maxSurge", () => {
  test("in place: one more worker comes first and goes last; meanwhile as many serve as were declared", async () => {
    const life = new Life(made);
    const web = await balancer(life);
    const before = life.names;
    const surged = at("1.36", { upgrade: { maxSurge: 1, maxUnavailable: 0 } });
    const plan = await life.plan(surged);
    expect(plan.filter((line) => line.includes("prod-worker-4")).map((line) => line.split(" (")[0])).toEqual(expect.arrayContaining(["deploy prod-worker-4", "tell prod-worker-4 to go to 1.36.3", "drain prod-worker-4", "destroy prod-worker-4"]));
    const members = await watching(life, life.up(surged), () => web.members());
    // It is made once, upgraded along, and destroyed.
    expect(Math.min(...members)).toBe(3);
    expect(life.run.calls.filter((call) => call === "deployVirtualMachine")).toHaveLength(1);
    expect(life.names).toEqual(before);
    expect(await versionsOf(life)).toEqual(Array(6).fill("1.36.3"));
    expect(await life.plan()).toEqual([]);
    expect(violations(life.cloud)).toEqual([]);
  });

  test("without a worker more there is no room; with the surge there is", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3, { cpu: "1500m" });
    await budget(life, "web", 2);
    await life.up(at("1.35", { upgrade: { maxSurge: 1 } }));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
    expect(life.names).toHaveLength(6);
  });
});

describe("upgrade.strategy replace", () => {
  test.each([[1, 0], [2, 0], [0, 1], [0, 2]])("with maxSurge %d and maxUnavailable %d new workers take the place of the old ones, and the control planes stay", async (maxSurge, maxUnavailable) => {
    const life = new Life(made);
    const web = await balancer(life);
    const members = await watching(life, life.up(at("1.35", { upgrade: { strategy: "replace", maxSurge, maxUnavailable } })), () => web.members());
    expect(life.names).toEqual(["prod-control-1", "prod-control-2", "prod-control-3", "prod-worker-4", "prod-worker-5", "prod-worker-6"]);
    expect(await versionsOf(life)).toEqual(Array(6).fill("1.35.4"));
    expect(Math.min(...members)).toBe(3 - maxUnavailable);
    expect(Math.max(...members)).toBe(3 + maxSurge);
    expect(await life.plan()).toEqual([]);
    expect(violations(life.cloud)).toEqual([]);
  });

  test("over two minors each hop has new ones, in one run, and the preview names them all", async () => {
    const life = new Life(made);
    const declared = at("1.36", { upgrade: { strategy: "replace", maxSurge: 1 } });
    expect((await life.plan(declared)).filter((line) => line.startsWith("deploy "))).toEqual([4, 5, 6, 7, 8, 9].map((index) => `deploy prod-worker-${index} (takes the place of prod-worker-${index - 3})`));
    await life.up(declared);
    expect(await versionsOf(life)).toEqual(Array(6).fill("1.36.3"));
    expect(life.names.slice(3)).toEqual(["prod-worker-7", "prod-worker-8", "prod-worker-9"]);
    expect(await life.plan()).toEqual([]);
    expect(violations(life.cloud)).toEqual([]);
  });
});

describe("what stops it stops it where nothing is half done", () => {
  test("a budget that lets nobody go is named before the hop begins; once it has room the next run goes on", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    await budget(life, "web", 3);
    expect(await failureOf(life.up(at("1.35")))).toMatch(/prod stays at 1\.34\.2: the disruption budget default\/web lets no pod go.*Nothing of this hop was begun.*run again/s);
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.34.2"]));
    await budget(life, "web", 2);
    await life.up(at("1.35"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
  });

  test("without room for one worker fewer it does not begin; with a worker more it does", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3, { cpu: "1500m" });
    expect(await failureOf(life.up(at("1.35")))).toMatch(/prod stays at 1\.34\.2: there is no room for one worker fewer: the pods of prod-worker-\d request 1\.5\d* CPU cores and the other workers have .* CPU cores left\. Declare more workers, or upgrade\.maxSurge/);
    await life.up(declaration({ controlPlanes: 3, workers: 5, version: "1.35" }));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
  });

  test("a certificate that ends before the hop has to is named by preview and error in the same words; once it is renewed the next run goes on", async () => {
    const life = new Life(made);
    const kubernetes = await life.kubernetes();
    const says = (end: number): Promise<void> => life.cloud.clock.run(kubernetes.annotateNode("prod-control-2", { "ablestack.io/certificates-end": new Date(end).toISOString() }));
    const now = life.cloud.clock.now();
    await says(now + 7_000_000);
    const words = `prod stays at 1.34.2: certificates of prod-control-2 end on ${new Date(now + 7_000_000).toISOString().replace("T", " ").slice(0, 16)} UTC, and a hop may take 120 min`;
    expect(await life.plan(at("1.35"))).toContainEqual(expect.stringContaining(words));
    const failure = await failureOf(life.up(at("1.35")));
    expect(failure).toContain(words);
    expect(failure).toMatch(/kubectl describe node prod-control-2.*or replace the machine \(nodes: \{ "prod-control-2": .*Nothing of this hop was begun/);
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.34.2"]));
    expect(life.run.calls.filter((call) => /^(attach|remove|kubernetes PATCH)/.test(call))).toEqual([]);
    await says(now + 366 * 86_400_000);
    expect(await life.plan(at("1.35"))).not.toContainEqual(expect.stringContaining("certificates of"));
    await life.up(at("1.35"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
  });

  test("a node that a killed run has told to go is not asked to prepare for it: the next run does not wait for an answer that never comes", async () => {
    const undisturbed = new Life(made);
    await undisturbed.up(at("1.35"));
    // The first one is that of its preparation.
    const [, order] = undisturbed.run.calls.flatMap((call, index) => (call === "kubernetes PATCH /api/v1/nodes/prod-control-2" ? [index + 1] : []));
    const life = new Life(made);
    await life.up(at("1.35"), { killAt: { call: order!, when: "after" } });
    expect(life.run.wasKilled).toBe(true);
    const began = life.cloud.clock.now();
    await life.up(at("1.35"));
    expect(life.cloud.clock.now() - began).toBeLessThan(1_200_000);
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
  });

  test("a drain that can't end stops it at that node, names pod and budget, and goes on from there", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    await budget(life, "web", 2);
    // Somebody tightens it while the control planes are under way.
    const { adminCertificate: clientCertificate } = await sharedIdentity();
    life.cloud.clock.after(200_000, () => {
      void life.cloud.emulator.request(life.endpoint.publicIpAddress, 6443, {
        method: "PATCH",
        path: "/apis/policy/v1/namespaces/default/poddisruptionbudgets/web",
        headers: { "content-type": "application/merge-patch+json" },
        body: JSON.stringify({ spec: { minAvailable: 3 } }),
        clientCertificate,
      });
    });
    const failure = await failureOf(life.up(at("1.35", { upgrade: { drainTimeout: 120 } })));
    expect(failure).toMatch(/prod-worker-\d is not drained after 12\d s: the pod default\/web-\S+ is held: .*budget web/s);
    const half = await versionsOf(life);
    expect(half.slice(0, 3)).toEqual(Array(3).fill("1.35.4"));
    expect(half.slice(3)).toContain("1.34.2");
    await budget(life, "web", 1);
    const left = await life.plan(at("1.35"));
    expect(left.filter((line) => line.startsWith("tell prod-control"))).toEqual([]);
    await life.up(at("1.35"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
    expect(await life.plan()).toEqual([]);
  });

  test("a control plane that is destroyed for good while it is upgraded: the run says so soon, and the next one makes it anew, etcd member included", async () => {
    const life = new Life(made);
    const idNow = async (): Promise<string> => (await life.cloud.clock.run(byHand(life.cloud).list("listVirtualMachines", { name: "prod-control-2" })))[0]!.id!;
    const lost = await idNow();
    const failed = failureOf(life.up(at("1.35")));
    let since = 0;
    await watching(life, failed, () => {
      // To prepare itself first, then to go.
      const told = life.run.calls.filter((call) => call === "kubernetes PATCH /api/v1/nodes/prod-control-2").length;
      if (told < 2 || since > 0) return;
      since = life.cloud.clock.now();
      void byHand(life.cloud).start("destroyVirtualMachine", { id: lost, expunge: true }, { resource: "by hand" });
    });
    expect(await failed).toMatch(/prod-control-2 is gone: it was destroyed in Mold while this run waited for it\. Run again: it is made anew/);
    expect((life.cloud.clock.now() - since) / 1000).toBeLessThan(150);
    await life.up(at("1.35"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
    expect(await nodesOf(life)).toHaveLength(6);
    expect(await idNow()).not.toBe(lost);
    expect(violations(life.cloud)).toEqual([]);
    expect(await life.plan()).toEqual([]);
  });

  test("a node that is NotReady keeps the hop from beginning", async () => {
    const life = new Life(made);
    life.cloud.emulator.faults.order({ kind: "nodeNeverReady", name: "prod-worker-2", count: Infinity });
    const mold = byHand(life.cloud);
    const second = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).find(({ name }) => name === "prod-worker-2")!.id!;
    await life.cloud.clock.run(mold.run("rebootVirtualMachine", { id: second }));
    await life.cloud.clock.pass(120_000);
    expect(await failureOf(life.up(at("1.35")))).toMatch(/prod-worker-2 is NotReady|prod-worker-2 is not Ready/);
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.34.2"]));
  });

  test("timeouts.upgrade bounds a hop: the error names it, and the next run goes on", async () => {
    const life = new Life(made);
    expect(await failureOf(life.up(at("1.35", { timeouts: { upgrade: 150 } })))).toMatch(/prod-control-2 is not done after .*its agent says: upgrading 1\.35\.4.*timeouts\.upgrade/s);
    await life.cloud.clock.pass(300_000);
    await life.up(at("1.35"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
    expect(violations(life.cloud)).toEqual([]);
  });
});

describe("what is there decides", () => {
  test("there is no way back: an older version is refused by name, declared exactly or as a minor", async () => {
    for (const older of ["1.33", "1.34.1"]) {
      const life = new Life(made);
      expect(await failureOf(life.plan(at(older)))).toMatch(new RegExp(`version: is ${older.replaceAll(".", "\\.")}, and prod runs 1\\.34\\.2: Kubernetes can't go back`));
    }
  });

  test("a minor is satisfied by the patch that runs, an exact patch is gone to", async () => {
    const patched = await MadeCluster.make(at("1.35.2"));
    const life = new Life(patched);
    expect(await life.plan(at("1.35"))).toEqual([]);
    await life.up(at("1.35.4"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
    patched.close();
  });

  test("workers that an upgrade left behind are seen and brought along, before a further hop begins", async () => {
    const life = new Life(made);
    await deployment(life, "web", 3);
    await budget(life, "web", 2);
    expect(await failureOf(life.up(at("1.35", { timeouts: { upgrade: 350 } })))).toMatch(/timeouts\.upgrade/);
    await life.cloud.clock.pass(300_000);
    const half = await versionsOf(life);
    expect(new Set(half)).toEqual(new Set(["1.34.2", "1.35.4"]));
    const plan = await life.plan(at("1.36"));
    expect(plan).toContainEqual(expect.stringMatching(/^prod goes from 1\.34\.2 to 1\.35\.4 \(hop 1 of 2\): \d nodes?/));
    await life.up(at("1.36"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.36.3"]));
    expect(violations(life.cloud)).toEqual([]);
  });

  test("more workers together with another version: they join at the version that is there, and go along through every hop", async () => {
    const life = new Life(made);
    await life.up(declaration({ controlPlanes: 3, workers: 5, version: "1.36" }));
    expect(await versionsOf(life)).toEqual(Array(8).fill("1.36.3"));
    expect(await life.plan()).toEqual([]);
    expect(violations(life.cloud)).toEqual([]);
  });

  test("fewer control planes and other offerings together with another version end as declared", async () => {
    const life = new Life(made);
    const declared = declaration({ controlPlanes: 1, workers: 2, version: "1.35", offerings: { controlPlane: "k8s-4c-8g", workers: "k8s-4c-8g" } });
    await life.up(declared);
    expect(await versionsOf(life)).toEqual(Array(3).fill("1.35.4"));
    expect(await life.plan()).toEqual([]);
    expect(violations(life.cloud)).toEqual([]);
  });

  test("a stopped cluster waits with it until it is started", async () => {
    const life = new Life(made);
    await life.up(at("1.34", { powerState: "stopped" }));
    const waiting = at("1.35", { powerState: "stopped" });
    expect(await life.plan(waiting)).toEqual(["prod goes from 1.34.2 to 1.35 when it is started: a node is upgraded while it runs"]);
    await life.up(waiting);
    expect(life.machines.every((machine) => machine.endsWith(" Stopped"))).toBe(true);
    await life.up(at("1.35"));
    expect(new Set(await versionsOf(life))).toEqual(new Set(["1.35.4"]));
    expect(life.outputs.kubernetesVersion).toBe("1.35.4");
    expect(await life.plan()).toEqual([]);
  });
});
