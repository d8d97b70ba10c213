/** Rows 12 and 13: more and fewer workers, other ones, and as many as there is demand for. */
import type { ManagedPlan } from "../../../provider/core/managed/plan";
import type { Management } from "../../../schema/property";
import type { Declaration } from "../../core/world/cluster";
import { byHand } from "../../core/world/made";
import { deployment, podsOf } from "../../core/world/workloads";
import { refusedByCheck, type Claim } from "../claims";
import { off, undrained, unheard, type Switch } from "../switches";
import { controlPlanesOf, declared, drainedFirst, list, offeringsOf, opened, stopped, workersOf } from "../worlds";

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

type Machines = readonly { readonly role: string }[];
const oldest = (machines: Machines, count: number): Machines => machines.filter(({ role }) => role === "worker").slice(0, count);

const oldestFirst = (on: Management): Switch =>
  on === "core"
    ? off<(desired: never, role: string, machines: Machines, spare?: number) => Machines>("the oldest leaves", "provider/core/plan-leaving", "surplus", (real) => (desired, role, machines, spare) => {
        const found = real(desired, role, machines, spare);
        return role === "worker" ? oldest(machines, found.length) : found;
      })
    : off<(input: { observed: { machines: Machines } }, ...more: never[]) => { machines: Machines }>("the oldest leaves", "provider/core/managed/plan-nodes", "leavingOf", (real) => (input, ...more) => {
        const found = real(input, ...more);
        return { ...found, machines: oldest(input.observed.machines, found.machines.length) };
      });

export const shrink: Claim = {
  says: "fewer `workers.count`: the newest leaves, drained first; control planes are left as they are",
  async shows(on) {
    const life = opened(on);
    const [control, first] = [controlPlanesOf(life), workersOf(life)[0]!];
    await deployment(life, "web", 4);
    await life.up(declared(on, { workers: 1 }));
    expect(workersOf(life)).toEqual([first]);
    expect(controlPlanesOf(life)).toEqual(control);
    expect(drainedFirst(life, on)).toBe(true);
    expect(new Set((await podsOf(life, "web")).map(({ node }) => node))).toEqual(new Set([first.toLowerCase()]));
  },
  without: (on) => [unheard(on, "workers.count", 2), undrained(on), oldestFirst(on)],
};

export const workersOffering: Claim = {
  says: "another `workers.offering`: every worker has it, no control plane does",
  async shows(on) {
    const life = opened(on);
    expect(await life.plan(declared(on, { offerings: { workers: "k8s-4c-8g" } }))).not.toEqual([]);
    await life.up(declared(on, { offerings: { workers: "k8s-4c-8g" } }));
    const offerings = await offeringsOf(life);
    expect(workersOf(life).map((name) => offerings.get(name))).toEqual(["k8s-4c-8g", "k8s-4c-8g"]);
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
