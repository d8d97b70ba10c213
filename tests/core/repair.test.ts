/** A machine that runs and whose node is not Ready: shown, waited for, rebooted if that does not help, and never where it would cost more. */
import { cluster } from "../../provider/handlers/cluster";
import { clusterInputs, declaration, sharedIdentity } from "./world/cluster";
import { inside, wrongs } from "./world/inside";
import { Life } from "./world/life";
import { byHand, MadeCluster, seen } from "./world/made";
import { Mishaps } from "./world/mishaps";
import { deployment } from "./world/workloads";
import { violations } from "./sweeps/sweep";

const declared = (more: object = {}, controlPlanes = 3, workers = 3): Record<string, unknown> => declaration({ controlPlanes, workers, apiAccess: { cidrList: ["127.0.0.0/8"] }, ...more });
const longMs = 240_000;

const made = new Map<string, MadeCluster>();
beforeAll(async () => {
  await sharedIdentity();
  for (const [controlPlanes, workers] of [[3, 3], [1, 2], [2, 1]] as const) made.set(`${controlPlanes}+${workers}`, await MadeCluster.make(declared({}, controlPlanes, workers)));
});
afterAll(() => made.forEach((each) => each.close()));

function open(size = "3+3"): { life: Life; mishaps: Mishaps } {
  const life = new Life(made.get(size)!);
  return { life, mishaps: new Mishaps(life.cloud) };
}
const failureOf = (work: Promise<unknown>): Promise<string> => work.then(() => "", ({ message }: Error) => message);
const reboots = ({ run }: Life): number => run.calls.filter((call) => call === "rebootVirtualMachine").length;
const notReady = async (life: Life): Promise<string[]> => (await life.cloud.clock.run((await life.kubernetes()).nodes())).filter(({ ready }) => !ready).map(({ name }) => name);

/** What a refresh finds. */
async function refreshed(life: Life): Promise<string> {
  const inputs = await clusterInputs(declared(), life.endpoint);
  const read = await life.cloud.clock.run(cluster.read(life.cloud.newRun().session, life.outputs.clusterId, { inputs, outputs: life.outputs }));
  return read!.outputs.state;
}

describe("a worker whose node is not Ready", () => {
  test.each(["sicken", "hang"] as const)("(%s) is shown by refresh and preview, and rebooted by the next up", async (mishap) => {
    const { life, mishaps } = open();
    await mishaps[mishap]("prod-worker-2");
    await life.cloud.clock.pass(longMs);
    expect(await refreshed(life)).toBe("Alert");
    const plan = await life.plan();
    expect(plan[0]).toMatch(/^see whether prod-worker-2 comes back by itself \(its node is NotReady: .+\)$/);
    expect(plan.slice(1, 3)).toEqual(["reboot prod-worker-2 unless it has come back", "wait for prod-worker-2 to be Ready"]);
    await life.up(declared());
    expect(reboots(life)).toBe(1);
    expect(await notReady(life)).toEqual([]);
    expect(await refreshed(life)).toBe("Running");
    expect(await life.plan()).toEqual([]);
  });

  test("for a short while is no difference: it may just be rebooting", async () => {
    const { life, mishaps } = open();
    await mishaps.hang("prod-worker-2");
    await life.cloud.clock.pass(60_000);
    expect(await notReady(life)).toEqual(["prod-worker-2"]);
    expect(await life.plan()).toEqual([]);
    expect(await refreshed(life)).toBe("Running");
    await life.cloud.clock.pass(longMs);
    expect(await life.plan()).not.toEqual([]);
  });

  test("that comes back while it is waited for is not rebooted", async () => {
    const { life, mishaps } = open();
    await mishaps.hang("prod-worker-2");
    await life.cloud.clock.pass(longMs);
    const id = (await life.cloud.clock.run(byHand(life.cloud).list("listVirtualMachines", {}))).find(({ name }) => name === "prod-worker-2")!.id!;
    life.cloud.clock.after(60_000, () => void byHand(life.cloud).run("rebootVirtualMachine", { id }));
    await life.up(declared());
    expect(reboots(life)).toBe(0);
    expect(await notReady(life)).toEqual([]);
  });

  test("that no reboot helps is named, with what its kubelet says and what to do; whatever else was to change has changed", async () => {
    const { life, mishaps } = open();
    await mishaps.sicken("prod-worker-2", Infinity);
    await life.cloud.clock.pass(longMs);
    const wider = declared({ apiAccess: { cidrList: ["127.0.0.0/8", "192.0.2.0/24"] } });
    const failure = await failureOf(life.up(wider));
    expect(failure).toMatch(/prod-worker-2 is not Ready after 900 s: its node is NotReady \(container runtime network not ready.*nodes: \{ "prod-worker-2": \{ replace: .*or destroy it in Mold: the next run makes it anew/s);
    expect(reboots(life)).toBe(1);
    expect(seen(life.cloud).firewallRules!.some(({ cidrs }) => String(cidrs) === "192.0.2.0/24")).toBe(true);
    // As it says.
    life.cloud.emulator.faults.clear();
    await mishaps.destroy("prod-worker-2");
    await life.up(wider);
    expect(await notReady(life)).toEqual([]);
    expect(await life.plan(wider)).toEqual([]);
  });

  test.each(["prod-worker-2", "prod-control-2"])("%s, that no reboot helps, is replaced as the error says", async (name) => {
    const { life, mishaps } = open();
    await deployment(life, "web", 6);
    await mishaps.hang(name, Infinity);
    await life.cloud.clock.pass(longMs);
    expect(await failureOf(life.up(declared()))).toContain(`nodes: { "${name}": { replace: `);
    life.cloud.emulator.faults.clear();
    const replaced = declared({ nodes: { [name]: { replace: "it hangs" } } });
    await life.up(replaced);
    expect(life.names).not.toContain(name);
    expect(wrongs(life.cloud, { controlPlanes: 3, workers: 3 })).toEqual([]);
    expect(await life.plan(replaced)).toEqual([]);
  });

  test("and one that was forgotten by the cluster, though its machine runs, come back with their role", async () => {
    const { life } = open();
    await life.cloud.clock.run((await life.kubernetes()).deleteNode("prod-worker-3"));
    expect((await life.plan())[0]).toBe("see whether prod-worker-3 comes back by itself (its node is gone from the cluster)");
    await life.up(declared());
    const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
    expect(nodes.find(({ name }) => name === "prod-worker-3")).toMatchObject({ ready: true, labels: { "node-role.kubernetes.io/worker": "" } });
    expect(await life.plan()).toEqual([]);
  });
});

describe("a control plane whose node is not Ready", () => {
  test.each([["sicken", "prod-control-1"], ["hang", "prod-control-1"], ["hang", "prod-control-3"]] as const)("(%s %s) is rebooted while the others serve, and is behind the API again", async (mishap, name) => {
    const { life, mishaps } = open();
    await mishaps[mishap](name);
    await life.cloud.clock.pass(longMs);
    await life.up(declared());
    expect(reboots(life)).toBe(1);
    const order = life.run.calls.filter((call) => /^(removeFrom|assignTo|reboot)/.test(call));
    expect(order).toEqual(["removeFromLoadBalancerRule", "rebootVirtualMachine", "assignToLoadBalancerRule"]);
    expect(await notReady(life)).toEqual([]);
    expect(await life.plan()).toEqual([]);
    expect(violations(life.cloud)).toEqual([]);
  });

  test.each([["1+2", /prod-control-1 is NotReady and not rebooted: meanwhile etcd needs 1 of 1 control planes, and has 0/], ["2+1", /prod-control-2 is NotReady and not rebooted: meanwhile etcd needs 2 of 2 control planes, and has 1/]])(
    "in %s is not rebooted: etcd would be away; the preview says so, and up ends with what to do",
    async (size, said) => {
      const { life, mishaps } = open(size);
      const name = size === "1+2" ? "prod-control-1" : "prod-control-2";
      await mishaps.sicken(name, Infinity);
      await life.cloud.clock.pass(longMs);
      const plan = await life.plan();
      expect(plan.join("\n")).toMatch(said);
      expect(plan.join("\n")).not.toMatch(/^reboot /m);
      expect(await failureOf(life.up(declared({}, Number(size[0]), Number(size[2]))))).toMatch(new RegExp(`${name} is not Ready after .*reboot one by hand in Mold`, "s"));
      expect(reboots(life)).toBe(0);
      life.cloud.emulator.faults.clear();
      await mishaps.reboot(name);
      await life.cloud.clock.pass(longMs);
      expect(await life.plan()).toEqual([]);
    },
  );

  describe("and that is the only one", () => {
    const started = declared({}, 1, 2);
    const stopped = declared({ powerState: "stopped" }, 1, 2);

    test("and hangs at a start: the error says to reboot it, and never to destroy what alone has etcd; then it is Ready", async () => {
      const { life, mishaps } = open("1+2");
      await life.up(stopped);
      life.cloud.emulator.faults.order({ kind: "machineNeverBoots", name: "prod-control-1" });
      const failure = await failureOf(life.up(started));
      expect(failure).toMatch(/prod-control-1 is not known to be Ready after \d+ s: the API does not answer.*reboot it in Mold, by which nothing is lost; but don't destroy it: etcd is on prod-control-1 alone/s);
      expect(failure).not.toMatch(/prod-control-1": \{ replace|or destroy it/);
      await mishaps.reboot("prod-control-1");
      await life.up(started);
      expect(await notReady(life)).toEqual([]);
      expect(await life.plan(started)).toEqual([]);
    });

    test("and goes off while it is waited for: that is said at once, though nobody answers by then", async () => {
      const { life } = open("1+2");
      await life.up(stopped);
      life.cloud.emulator.faults.order({ kind: "machineNeverBoots", name: "prod-control-1" });
      life.cloud.clock.after(60_000, () => void new Mishaps(life.cloud).stop("prod-control-1"));
      expect(await failureOf(life.up(started))).toMatch(/prod-control-1 is off: Mold says it is Stopped, and this run did not stop it/);
      await life.up(started);
      expect(await notReady(life)).toEqual([]);
    });
  });

  test("that goes while another is away is not rebooted: looked at just before, since the plan is minutes old", async () => {
    const { life, mishaps } = open();
    await mishaps.sicken("prod-control-3", Infinity);
    await life.cloud.clock.pass(longMs);
    // After the plan, and before the reboot.
    const mold = byHand(life.cloud);
    const id = (await life.cloud.clock.run(mold.list("listVirtualMachines", {}))).find(({ name }) => name === "prod-control-2")!.id!;
    life.cloud.clock.after(60_000, () => void mold.run("stopVirtualMachine", { id, forced: true }));
    expect(await failureOf(life.up(declared()))).toMatch(/prod-control-3 stays: of the other control planes prod-control-1 serve, and etcd of prod needs 2 without it/);
    expect(reboots(life)).toBe(0);
  });
});

describe("more than machines now and then", () => {
  test("two of three workers: none is rebooted, the preview and the error say why, by name", async () => {
    const { life, mishaps } = open();
    for (const name of ["prod-worker-1", "prod-worker-3"]) await mishaps.sicken(name, Infinity);
    await life.cloud.clock.pass(longMs);
    const plan = await life.plan();
    expect(plan).toContain("2 of 3 workers are NotReady (prod-worker-1, prod-worker-3): too many for it to be the machines, so none is rebooted. Look at what they share (the network, the hosts, the way to the API), or reboot one by hand in Mold");
    expect(plan.filter((line) => line.startsWith("reboot "))).toEqual([]);
    expect(await failureOf(life.up(declared()))).toMatch(/prod-worker-1 is not Ready.*Look at what they share/s);
    expect(reboots(life)).toBe(0);
  });

  test("as many as upgrade.maxUnavailable allows are rebooted, and at once", async () => {
    const { life, mishaps } = open();
    for (const name of ["prod-worker-1", "prod-worker-3"]) await mishaps.sicken(name);
    await life.cloud.clock.pass(longMs);
    await life.up(declared({ upgrade: { maxUnavailable: 2 } }));
    expect(reboots(life)).toBe(2);
    expect(await notReady(life)).toEqual([]);
  });

  test("an API that does not answer is said, and is no difference: a change of tags goes on", async () => {
    const { life, mishaps } = open("1+2");
    await mishaps.hang("prod-control-1", Infinity);
    await life.cloud.clock.pass(5 * longMs);
    expect(await life.plan()).toEqual([expect.stringMatching(/^the API at 127\.90\.0\.\d+:6443 does not answer, so that nobody knows whether the nodes of prod are Ready\. Look at the console of prod-control-1 in Mold/)]);
    await life.up(declared({ tags: { team: "a" } }, 1, 2));
    expect(seen(life.cloud).tags!.filter(({ key }) => key === "team")).toHaveLength(3);
  });
});

test("one after another: never two workers away at once by our hand", async () => {
  const wide = await MadeCluster.make(declared({}, 1, 6));
  const life = new Life(wide);
  const mishaps = new Mishaps(life.cloud);
  for (const name of ["prod-worker-1", "prod-worker-2"]) await mishaps.sicken(name);
  await life.cloud.clock.pass(longMs);
  const booting: number[] = [];
  const up = life.up(declared({}, 1, 6));
  let ended = false;
  const look = (): void => {
    if (ended) return;
    booting.push(inside(life.cloud).machines.filter(({ phase }) => phase !== "member").length);
    life.cloud.clock.after(500, look);
  };
  look();
  await up.finally(() => (ended = true));
  expect(reboots(life)).toBe(2);
  expect(Math.max(...booting)).toBe(1);
  expect(await life.plan()).toEqual([]);
  wide.close();
});

describe("after a run that was killed", () => {
  const stopped = { powerState: "stopped" };
  const large = { offerings: { controlPlane: "k8s-4c-8g", workers: "k8s-4c-8g" } };
  const changes = {
    "a start": { before: stopped, to: {} },
    "another offering": { before: {}, to: large },
  };

  test.each(Object.keys(changes) as (keyof typeof changes)[])("in the middle of %s the next one ends with every machine up and every node Ready, and reboots none", async (name) => {
    const { before, to } = changes[name];
    const begin = async (): Promise<Life> => {
      const { life } = open("1+2");
      if (before === stopped) await life.up(declared(before, 1, 2));
      return life;
    };
    const undisturbed = await begin();
    await undisturbed.up(declared(to, 1, 2));
    const { calls } = undisturbed.run;
    const wrong: string[] = [];
    for (let call = 3; call <= calls.length; call += 7) {
      const life = await begin();
      await life.up(declared(to, 1, 2), { killAt: { call, when: "after" } });
      // Run again at once, on the same host, where the dead run's lock is not waited for.
      life.cloud.ended.add(life.run.name);
      await life.up(declared(to, 1, 2));
      // At this moment, and not only when everything has come to rest.
      wrong.push(...wrongs(life.cloud, { controlPlanes: 1, workers: 2 }).map((each) => `killed after call ${call} (${calls[call - 1]}): ${each}`));
      if (reboots(life) > 0) wrong.push(`killed after call ${call} (${calls[call - 1]}): rebooted`);
    }
    expect(wrong).toEqual([]);
  }, 120_000);
});
