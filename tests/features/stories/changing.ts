/** Rows 10 to 15, 18 and 19: what is done to a cluster that is there. */
import type { ManagedPlan } from "../../../provider/core/managed/plan";
import type { World } from "../../../provider/core/ports";
import type { MakeLife } from "../../../provider/handlers/cluster-life";
import type { Management } from "../../../schema/property";
import type { Declaration } from "../../core/world/cluster";
import type { Life } from "../../core/world/life";
import { byHand, changing } from "../../core/world/made";
import { deployment, podsOf } from "../../core/world/workloads";
import { refusedByCheck, type Claim } from "../claims";
import { idle, off, unheard, type Switch } from "../switches";
import { controlPlanesOf, declared, endOf, list, machinesOf, opened, workersOf } from "../worlds";

const larger = "k8s-4c-8g";
const offeringsOf = async (life: Life): Promise<Map<string, string | undefined>> => new Map((await machinesOf(life)).map(({ name, serviceofferingname }) => [name!, serviceofferingname]));

/** Each step needs only what is done to the same machine: nobody waits for another. */
const eachByItself = <P>(says: string, module: string, at: string): Switch =>
  off<(steps: { all: { work: object; needs: readonly string[] }[] }, ...given: P[]) => unknown>(says, module, at, (real) => (steps, ...given) => {
    const before = steps.all.length;
    const end = real(steps, ...given);
    for (const step of steps.all.slice(before)) {
      const { machine } = step.work as { machine?: { name: string } };
      Object.assign(step, { needs: step.needs.filter((need) => machine !== undefined && need.includes(machine.name)) });
    }
    return end;
  });

export const oneOffering: Claim = {
  says: "`nodes[…].offering`: that node has another offering than its role's; taken out, it has its role's again",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    await life.up(declared(on, { nodes: { [first]: { offering: larger } } }));
    const then = await offeringsOf(life);
    expect([then.get(first), then.get(second)]).toEqual([larger, "k8s-2c-4g"]);
    expect(await life.plan()).toEqual([]);
    await life.up(declared(on, { nodes: {} }));
    expect((await offeringsOf(life)).get(first)).toBe("k8s-2c-4g");
  },
  without: (on) => [unheard(on, "nodes")],
};

export const nodesInTurn: Claim = {
  says: "several such nodes are away one at a time",
  async shows(on) {
    const life = opened(on);
    const nodes = workersOf(life);
    await life.up(declared(on, { nodes: Object.fromEntries(nodes.map((name) => [name, { offering: larger }])) }));
    const moves = life.run.calls.filter((call) => /^(stop|start|scale)VirtualMachine$/.test(call));
    expect(moves).toEqual(nodes.flatMap(() => ["stopVirtualMachine", "scaleVirtualMachine", "startVirtualMachine"]));
  },
  without: (on) => [on === "core" ? eachByItself("no node waits for another", "provider/core/plan-turns", "planTurns") : eachByItself("no node waits for another", "provider/core/managed/plan-nodes", "planNodeOperations")],
};

const stopped = { powerState: "stopped" };
const statesOf = ({ machines }: Life): Set<string> => new Set(machines.map((machine) => machine.split(" ")[1]!));

export const stop: Claim = {
  says: "`powerState: \"stopped\"`: every machine is off, control planes last, and the cluster shows as Stopped",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, stopped));
    expect(statesOf(life)).toEqual(new Set(["Stopped"]));
    expect(life.outputs.state).toBe("Stopped");
    expect(await life.plan()).toEqual([]);
    // Mold stops a cluster of its own as a whole.
    const inOrder = life.run.lines.flatMap((line) => /^info stop (\S+(?: …|: done))/.exec(line)?.[1] ?? []);
    expect(inOrder.slice(-2)).toEqual(on === "core" ? ["prod-control-1 …", "prod-control-1: done"] : []);
  },
  without: (on) => [unheard(on, "powerState", "running"), ...(on === "core" ? [eachByItself("no machine waits for another", "provider/core/plan-power", "planStopped")] : [])],
};

export const start: Claim = {
  says: "`powerState: \"running\"` again: every node is Ready, and what was in the cluster still is",
  async shows(on) {
    const life = opened(on);
    await deployment(life, "web", 2);
    await life.up(declared(on, stopped));
    await life.up(declared(on));
    expect(statesOf(life)).toEqual(new Set(["Running"]));
    const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
    expect(nodes.map(({ ready }) => ready)).toEqual([true, true, true]);
    expect(await podsOf(life, "web")).toHaveLength(2);
  },
  without: (on) => [off<MakeLife>("nothing is started", "provider/handlers/cluster-life", `lives.${on}`, (real) => (session, inputs, ...more) => real(session, { ...inputs, powerState: more[0]?.outputs.state === "Stopped" ? "stopped" : inputs.powerState }, ...more))],
};

export const grow: Claim = {
  says: "more `workers.count`: they join; control planes are left as they are",
  async shows(on) {
    const life = opened(on);
    const before = [...controlPlanesOf(life), ...workersOf(life)];
    await life.up(declared(on, { workers: 4 }));
    expect(workersOf(life)).toHaveLength(4);
    expect([...controlPlanesOf(life), ...workersOf(life)]).toEqual(expect.arrayContaining(before));
    expect(controlPlanesOf(life)).toHaveLength(1);
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "workers.count", 2)],
};

const leaves: Readonly<Record<Management, string>> = { core: "destroyVirtualMachine", mold: "scaleKubernetesCluster" };

export const shrink: Claim = {
  says: "fewer `workers.count`: the newest leaves, drained first; control planes are left as they are",
  async shows(on) {
    const life = opened(on);
    const [control, first] = [controlPlanesOf(life), workersOf(life)[0]!];
    await deployment(life, "web", 4);
    await life.up(declared(on, { workers: 1 }));
    expect(workersOf(life)).toEqual([first]);
    expect(controlPlanesOf(life)).toEqual(control);
    const drained = life.run.calls.findIndex((call) => call.endsWith("/eviction"));
    expect(drained).toBeGreaterThan(0);
    expect(drained).toBeLessThan(life.run.calls.indexOf(leaves[on]));
    expect(new Set((await podsOf(life, "web")).map(({ node }) => node))).toEqual(new Set([first.toLowerCase()]));
  },
  without: (on) => [unheard(on, "workers.count", 2), on === "core" ? idle("nothing is drained", "provider/core/actions/index", "actions.drainNode") : idle("nothing is drained", "provider/core/managed/actions/nodes", "drainNode")],
};

export const workersOffering: Claim = {
  says: "another `workers.offering`: every worker has it, no control plane does",
  async shows(on) {
    const life = opened(on);
    expect(await life.plan(declared(on, { offerings: { workers: larger } }))).not.toEqual([]);
    await life.up(declared(on, { offerings: { workers: larger } }));
    const offerings = await offeringsOf(life);
    expect(workersOf(life).map((name) => offerings.get(name))).toEqual([larger, larger]);
    expect(controlPlanesOf(life).map((name) => offerings.get(name))).toEqual(["k8s-2c-4g"]);
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "workers.offering", "k8s-2c-4g")],
};

export const scaleStopped: Claim = {
  says: "while it is stopped: fewer workers at once, more with the next start, as the preview says",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, stopped));
    await life.up(declared(on, { ...stopped, workers: 1 }));
    expect(life.machines).toHaveLength(2);
    expect(await life.plan(declared(on, { ...stopped, workers: 3 }))).toEqual([expect.stringMatching(/^2 more workers are made when prod is started/)]);
    await life.up(declared(on, { workers: 3 }));
    expect(workersOf(life)).toHaveLength(3);
  },
  without: (on) => [unheard(on, "workers.count", 2)],
  refused: {
    mold: {
      subject: "change the size of a stopped cluster",
      async shows(on) {
        const life = opened(on);
        await life.up(declared(on, stopped));
        expect(await life.plan(declared(on, { ...stopped, workers: 3 }))).toEqual(["prod goes from 2 to 3 workers when it is started: Mold changes the size of none that is stopped"]);
        await life.up(declared(on, { workers: 3 }));
        expect(workersOf(life)).toHaveLength(3);
      },
      without: (on) => [off<(...given: never[]) => ManagedPlan>("the preview does not say when", "provider/core/managed/plan", "planManaged", (real) => (...given) => ({ ...real(...given), notes: [] })), unheard(on, "workers.count", 2)],
    },
  },
};

const bounds = { min: 1, max: 4 };
const scaled = (on: Management, more: Declaration & { count?: number } = {}): Record<string, unknown> => {
  const { count = 2, ...others } = more;
  return { ...declared(on, others), workers: { count, offering: "k8s-2c-4g", autoscaling: bounds } };
};

export const autoscaling: Claim = {
  says: "`workers.autoscaling`: Mold scales between the two; left out, no more",
  async shows(on) {
    const life = opened(on);
    await life.up(scaled(on));
    expect(await list(life, "listKubernetesClusters")).toMatchObject([{ autoscalingenabled: true, minsize: 1, maxsize: 4 }]);
    expect(life.outputs.autoscalingEnabled).toBe(true);
    await life.up(declared(on));
    expect(await list(life, "listKubernetesClusters")).toMatchObject([{ autoscalingenabled: false }]);
  },
  without: (on) => [unheard(on, "workers.autoscaling"), unheard(on, "workers.autoscaling.max", 3)],
  refused: { core: refusedByCheck("workers.autoscaling", { workers: { count: 2, offering: "k8s-2c-4g", autoscaling: bounds } }) },
};

export const liveSize: Claim = {
  says: "the live size between the two is no difference, and neither is another `workers.count`",
  async shows(on) {
    const life = opened(on);
    await life.up(scaled(on));
    const [record] = await list(life, "listKubernetesClusters");
    await life.cloud.clock.run(byHand(life.cloud).run("scaleKubernetesCluster", { id: record!.id!, size: 3 }));
    const isOfSize = (line: string): boolean => /worker|autoscaling|remove|size/.test(line);
    expect((await life.plan()).filter(isOfSize)).toEqual([]);
    expect((await life.plan(scaled(on, { count: 1 }))).filter(isOfSize)).toEqual([]);
    expect(life.machines).toHaveLength(4);
  },
  without: (on) => [unheard(on, "workers.autoscaling")],
  refused: { core: refusedByCheck("workers.autoscaling", { workers: { count: 2, offering: "k8s-2c-4g", autoscaling: bounds } }) },
};

const problemless = (on: Management, says: string): Switch =>
  on === "core"
    ? off<(...given: never[]) => object>(says, "provider/core/release", "releaseOf", (real) => (...given) => ({ ...real(...given), problems: [] }))
    : off<(...given: never[]) => object>(says, "provider/core/managed/hops", "hopsOf", (real) => (...given) => ({ ...real(...given), problems: [] }));

/** One hop, whatever lies between. */
const skipping = (on: Management): Switch => {
  const last = (real: (...given: never[]) => { hops: readonly { from: string }[] }) => (...given: never[]) => {
    const release = real(...given);
    return { ...release, hops: release.hops.slice(-1).map((hop) => ({ ...hop, from: release.hops[0]!.from })) };
  };
  return on === "core" ? off("minors between are skipped", "provider/core/release", "releaseOf", last) : off("minors between are skipped", "provider/core/managed/hops", "hopsOf", last);
};

export const upgrade: Claim = {
  says: "a later `version`: every node ends at it",
  async shows(on) {
    const life = opened(on);
    await life.up(declared(on, { version: "1.36" }));
    expect(life.outputs.kubernetesVersion).toBe("1.36.3");
    const nodes = await life.cloud.clock.run((await life.kubernetes()).nodes());
    expect(nodes.map(({ version, ready }) => `${version} ${String(ready)}`)).toEqual(["1.36.3 true", "1.36.3 true", "1.36.3 true"]);
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "version", "1.34")],
};

export const minorsInSequence: Claim = {
  says: "several minors away: one hop for each, to the newest registered patch, as the preview says",
  async shows(on) {
    const plan = (await opened(on).plan(declared(on, { version: "1.36" }))).join("\n");
    expect([...new Set([...plan.matchAll(/\b1\.3\d\.\d+\b/g)].map(([version]) => version))].sort()).toEqual(["1.34.2", "1.35.4", "1.36.3"]);
  },
  without: (on) => [skipping(on)],
};

export const missingMinor: Claim = {
  says: "a minor between that nobody has registered is named before anything changes",
  async shows(on) {
    const life = opened(on);
    for (const { id, semanticversion } of await list(life, "listKubernetesSupportedVersions")) {
      if (semanticversion?.startsWith("1.35.")) await byHand(life.cloud).call("updateKubernetesSupportedVersion", { id: id!, state: "Disabled" });
    }
    await expect(life.plan(declared(on, { version: "1.36" }))).rejects.toThrow(/version: is 1\.36, and prod runs 1\.34\.2\. The way there leads through every minor, and .*1\.35/);
    expect(await endOf(life.up(declared(on, { version: "1.36" })))).toMatch(/1\.35/);
    expect(changing(life.run).filter((call) => !call.endsWith("Tags"))).toEqual([]);
  },
  without: (on) => [problemless(on, "a gap on the way is not looked for")],
};

export const older: Claim = {
  says: "an older `version` is refused: Kubernetes can't go back",
  async shows(on) {
    await expect(opened(on).plan(declared(on, { version: "1.33" }))).rejects.toThrow(/version: is 1\.33, and prod runs 1\.34\.2/);
  },
  without: (on) => [problemless(on, "which way it goes is not looked at")],
};

/** Machine, network and cluster of somebody else's, beside it. */
async function others(life: Life): Promise<void> {
  const mold = byHand(life.cloud);
  const [network] = await mold.list("listNetworks", {});
  const [offering] = await mold.list("listServiceOfferings", { name: "k8s-2c-2g" });
  const [template] = await mold.list("listTemplates", { templatefilter: "executable", name: "debian-13-containerd" });
  const { id } = await mold.call("createNetwork", { name: "theirs", displaytext: "theirs", zoneid: network!.zoneid!, networkofferingid: network!.networkofferingid! });
  await life.cloud.clock.run(mold.run("deployVirtualMachine", { zoneid: network!.zoneid!, serviceofferingid: offering!.id!, templateid: template!.id!, networkids: [id!], name: "theirs-1" }));
  await life.cloud.clock.run(mold.run("createKubernetesCluster", { name: "theirs", zoneid: network!.zoneid!, networkid: id, clustertype: "ExternalManaged" }));
}

const tables = ["machines", "networks", "clusters", "balancers", "firewallRules", "forwards", "affinityGroups", "tags"] as const;

export const destroy: Claim = {
  says: "`delete`: machines, network, address, rules and record go, nothing of anybody else's does",
  async shows(on) {
    const life = opened(on);
    await others(life);
    expect(await endOf(life.destroy())).toBe("done");
    const left = JSON.parse(life.cloud.emulator.snapshot()) as Record<string, readonly { name?: string }[]>;
    expect(tables.flatMap((table) => (left[table] ?? []).map(({ name }) => `${table} ${name ?? ""}`))).toEqual(["machines theirs-1", "networks theirs", "clusters theirs"]);
  },
  without: (on) => [
    off<(owner: { world: World }) => Promise<object[]>>("networks of others are taken for its own", "provider/core/own-network", "ownNetworks", () => ({ world }) => world.mold.list("listNetworks", {})),
    off<(...given: never[]) => object>("the place is not deleted", "provider/handlers/place-runs", `placeRuns.${on}`, (real) => (...given) => Object.assign(real(...given), { delete: () => Promise.resolve() })),
  ],
};

export const reboot: Claim = {
  says: "`nodes[…].reboot`: the node is rebooted, once each time the text is another",
  async shows(on) {
    const life = opened(on);
    const [first] = workersOf(life) as [string];
    const reboots = async (text: string): Promise<number> => {
      await life.up(declared(on, { nodes: { [first]: { reboot: text } } }));
      return life.run.calls.filter((call) => call === "rebootVirtualMachine").length;
    };
    expect([await reboots("kernel"), await reboots("kernel"), await reboots("another")]).toEqual([1, 0, 1]);
  },
  without: (on) => [unheard(on, "nodes")],
};

export const deleteOne: Claim = {
  says: "`nodes[…].delete` with the count lowered: that worker leaves, drained, and not the newest",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    await deployment(life, "web", 4);
    await life.up(declared(on, { workers: 1, nodes: { [first]: { delete: true } } }));
    expect(workersOf(life)).toEqual([second]);
    const drained = life.run.calls.findIndex((call) => call.endsWith("/eviction"));
    expect(drained).toBeGreaterThan(0);
    expect(drained).toBeLessThan(life.run.calls.indexOf(leaves[on]));
    expect(await life.plan()).toEqual([]);
  },
  without: (on) => [unheard(on, "nodes"), on === "core" ? idle("nothing is drained", "provider/core/actions/index", "actions.drainNode") : idle("nothing is drained", "provider/core/managed/actions/nodes", "drainNode")],
};

export const replaceOne: Claim = {
  says: "`nodes[…].delete` with the count as it was: a new worker takes its place first",
  async shows(on) {
    const life = opened(on);
    const [first, second] = workersOf(life) as [string, string];
    await life.up(declared(on, { nodes: { [first]: { delete: true } } }));
    expect(workersOf(life)).toHaveLength(2);
    expect(workersOf(life)).toContain(second);
    expect(workersOf(life)).not.toContain(first);
    expect(life.outputs.size).toBe(2);
  },
  without: (on) => [unheard(on, "nodes")],
};

export const deleteControlPlane: Claim = {
  says: "a control plane is not deleted by name: refused, since etcd counts its members",
  async shows(on) {
    const life = opened(on);
    const [control] = controlPlanesOf(life) as [string];
    await expect(life.plan(declared(on, { nodes: { [control]: { delete: true } } }))).rejects.toThrow(new RegExp(`nodes\\["${control}"\\]\\.delete: .*control plane`));
  },
  without: (on) => [
    on === "core"
      ? off<(...given: never[]) => readonly unknown[]>("who may go is not looked at", "provider/core/plan-nodes", "nodeProblems", () => () => [])
      : off<(...given: never[]) => readonly unknown[]>("who may go is not looked at", "provider/core/managed/problems", "problemsOf", () => () => []),
  ],
};

