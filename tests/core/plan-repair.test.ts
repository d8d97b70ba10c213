/** What planning makes of nodes that are not there, whatever else is to be done. */
import fc from "fast-check";
import { planCluster } from "../../provider/core/plan";
import type { Plan, PlanInput } from "../../provider/core/plan-input";
import type { ObservedCluster, ObservedMachine } from "../../provider/core/observe";
import { agentAnnotation, cordonedBy, tagKeys } from "../../provider/core/ownership";
import { comingBackSeconds, nodesAway } from "../../provider/core/plan-repair";
import type { KubernetesNode } from "../../provider/core/ports";
import { desired, machine, owner, uid, whole } from "./world/observed";

const nodeOf = (name: string, changes: Partial<KubernetesNode> = {}): KubernetesNode => ({
  name,
  ready: true,
  version: "1.35.4",
  labels: {},
  annotations: { [agentAnnotation]: "joined 1.35.4" },
  unschedulable: false,
  pressures: [],
  runtime: "containerd://2.1.9",
  allocatable: { cpu: 2, memory: 4e9 },
  ...changes,
});

/** All of it, with its nodes; those named in `down` have been NotReady for that many seconds. */
function seen(controlPlanes: number, workers: number, down: Readonly<Record<string, number>> = {}): ObservedCluster {
  const observed = whole(controlPlanes, workers);
  return {
    ...observed,
    nodes: observed.machines.map(({ name }) => (name in down ? nodeOf(name, { ready: false, reason: "kubelet is silent", since: observed.at - down[name]! * 1000 }) : nodeOf(name))),
  };
}
const plan = (observed: ObservedCluster, more: Partial<PlanInput> = {}): Plan => {
  const count = (role: string): number => observed.machines.filter((each) => each.role === role).length;
  return planCluster({ desired: desired({ controlPlane: { count: count("control-plane"), offering: "small" }, workers: { count: count("worker"), offering: "small" } }), observed, owner, ...more });
};
const ids = ({ steps }: Plan): string[] => steps.map(({ id }) => id);

test("what is away for less than a reboot takes is no difference; a run that is at work anyhow waits for it", () => {
  const observed = seen(3, 3, { "prod-worker-1": comingBackSeconds - 1 });
  expect(plan(observed).steps).toEqual([]);
  expect(ids(plan(observed, { attentive: true }))).toEqual(["awaitRecovery prod-worker-1", "reviveMachine prod-worker-1", "awaitNode prod-worker-1"]);
  expect(ids(plan(seen(3, 3, { "prod-worker-1": comingBackSeconds })))).toHaveLength(3);
});

test("what has not been heard of since it was started is waited for, and not rebooted", () => {
  const started = seen(3, 1);
  const at = started.at - 20_000;
  const machines = started.machines.map((each) => (each.name === "prod-worker-1" ? { ...each, since: at } : each));
  const heard = (ms: number): ObservedCluster => ({ ...started, machines, heartbeats: new Map(machines.map(({ name }) => [name, new Date(at + ms).toISOString()])) });
  expect(ids(plan(heard(-1000), { attentive: true }))).toEqual(["awaitNode prod-worker-1"]);
  expect(ids(plan(heard(1000), { attentive: true }))).toEqual([]);
});

test("an API that is away, though its control planes were started a moment ago, is waited for by a run and is no difference for a preview", () => {
  const observed = whole(3, 1);
  const machines = observed.machines.map((each) => ({ ...each, since: observed.at - 20_000 }));
  expect(ids(plan({ ...observed, machines }, { attentive: true }))).toEqual(["awaitApi"]);
  expect(plan({ ...observed, machines }).steps).toEqual([]);
});

test("a node whose machine is to go, or has its turn anyhow, is not repaired first", () => {
  const observed = seen(3, 3, { "prod-worker-3": 300 });
  const fewer = planCluster({ desired: desired({ workers: { count: 2, offering: "small" } }), observed, owner });
  expect(ids(fewer).filter((id) => /reviveMachine|awaitRecovery/.test(id))).toEqual([]);
  const larger = planCluster({ desired: desired({ workers: { count: 3, offering: "large" } }), observed, owner });
  expect(ids(larger).filter((id) => /reviveMachine|awaitRecovery/.test(id))).toEqual([]);
  // Its turn is the first of the workers'.
  expect(ids(larger).filter((id) => id.startsWith("stopMachine"))).toEqual(["stopMachine prod-worker-3", "stopMachine prod-worker-1", "stopMachine prod-worker-2"]);
});

test("a node that has been NotReady for long is not drained: nobody there could end its pods", () => {
  const fewer = (down: number): string[] => ids(planCluster({ desired: desired({ workers: { count: 2, offering: "small" } }), observed: seen(3, 3, { "prod-worker-3": down }), owner }));
  expect(fewer(300)).toContain("drainNode prod-worker-3");
  expect(fewer(600)).not.toContain("drainNode prod-worker-3");
});

test("a node that an interrupted run had cordoned is uncordoned only once it is heard of", () => {
  const observed = seen(3, 2);
  const nodes = observed.nodes!.map((node) => (node.name === "prod-worker-1" ? { ...node, unschedulable: true, annotations: { ...node.annotations, [cordonedBy(uid).annotation]: uid } } : node));
  const { steps } = plan({ ...observed, nodes });
  expect(steps.map(({ id, needs }) => [id, needs])).toEqual([["awaitNode prod-worker-1", []], ["uncordonNode prod-worker-1", ["awaitNode prod-worker-1"]]]);
});

describe("a first control plane that is lost before the cluster was whole", () => {
  const unjoined = (role: "control-plane" | "worker", index: number): ObservedMachine => machine(role, index, { tags: {}, isoId: "iso", initialises: false });
  const begun = (anchorTags: Record<string, string>, machines = [unjoined("control-plane", 2), unjoined("worker", 1)]): ObservedCluster => ({ ...whole(3, 1), machines, anchorTags: { [tagKeys.cluster]: uid, ...anchorTags } });

  test.each([
    ["before etcd was recorded", { [tagKeys.initialising]: uid }],
    ["after it", { [tagKeys.initialising]: uid, [tagKeys.initialised]: uid }],
  ])("%s: the others go before another initialises, and only once the API is known to be silent", (_, anchorTags) => {
    const { steps } = plan(begun(anchorTags));
    const needs = new Map(steps.map((step) => [step.id, step.needs]));
    const comesBefore = (id: string, of: string): boolean => (needs.get(of) ?? []).some((need) => need === id || comesBefore(id, need));
    const init = steps.find(({ work }) => work.kind === "deployMachine" && work.action === "init")!.id;
    for (const before of ["confirmSilence", "discardMachine prod-control-2", "discardMachine prod-worker-1"]) expect(comesBefore(before, init)).toBe(true);
    for (const discard of ["discardMachine prod-control-2", "discardMachine prod-worker-1"]) expect(comesBefore("confirmSilence", discard)).toBe(true);
  });

  test("before it had its ISO, or where Mold could not even deploy it: nobody can have joined it, and everybody stays", () => {
    expect(ids(plan(begun({}))).filter((id) => id.startsWith("discardMachine"))).toEqual([]);
    const failed = machine("control-plane", 1, { tags: {}, state: "Error" });
    expect(ids(plan(begun({ [tagKeys.initialising]: uid }, [failed, unjoined("worker", 1)]))).filter((id) => id.startsWith("discardMachine"))).toEqual(["discardMachine prod-control-1"]);
  });

  test("of a cluster that was whole nothing is removed: without any control plane it is a problem, with one it is waited for", () => {
    const joined = whole(3, 1);
    const without = (names: readonly string[]): ObservedCluster => ({ ...joined, machines: joined.machines.filter(({ name }) => !names.includes(name)) });
    expect(plan(without(["prod-control-1", "prod-control-2", "prod-control-3"])).problems.map(({ property }) => property)).toEqual(["controlPlane"]);
    const waited = planCluster({ desired: desired({ workers: { count: 1, offering: "small" } }), observed: without(["prod-control-1"]), owner });
    expect(ids(waited)).toEqual(["awaitApi"]);
    expect(waited.notes).toEqual(["1 more control plane is made once the API of prod answers: whoever was lost leaves etcd first"]);
  });

  test("that never was whole and is a day old is left alone: it may be in use", () => {
    const old = begun({ [tagKeys.initialising]: uid, [tagKeys.initialised]: uid }, [machine("control-plane", 2, { initialises: false, created: 0 }), machine("worker", 1, { created: 0 })]);
    expect(ids(plan(old)).filter((id) => id.startsWith("discardMachine"))).toEqual([]);
  });
});

describe("for any cluster with any nodes away", () => {
  const health = fc.constantFrom("well" as const, "well" as const, "well" as const, "down" as const, "young" as const, "missing" as const, "stopped" as const);
  const any = fc.record({
    controlPlanes: fc.array(health, { minLength: 1, maxLength: 5 }),
    workers: fc.array(health, { minLength: 0, maxLength: 9 }),
    maxUnavailable: fc.integer({ min: 0, max: 3 }),
    attentive: fc.boolean(),
  });
  const build = ({ controlPlanes, workers, maxUnavailable, attentive }: typeof any extends fc.Arbitrary<infer T> ? T : never): { made: Plan; input: PlanInput } => {
    const observed = whole(controlPlanes.length, workers.length);
    const states = new Map<string, string>([...controlPlanes.map((state, at) => [`prod-control-${at + 1}`, state] as const), ...workers.map((state, at) => [`prod-worker-${at + 1}`, state] as const)]);
    const input: PlanInput = {
      desired: desired({
        controlPlane: { count: controlPlanes.length, offering: "small" },
        workers: { count: workers.length, offering: "small" },
        upgrade: { maxUnavailable, maxSurge: 0, drainSeconds: 600, strategy: "in-place" },
      }),
      observed: {
        ...observed,
        machines: observed.machines.map((each) => (states.get(each.name) === "stopped" ? { ...each, state: "Stopped" } : each)),
        nodes: observed.machines.flatMap(({ name }) => {
          const state = states.get(name);
          if (state === "missing") return [];
          return [nodeOf(name, state === "well" ? {} : { ready: false, since: observed.at - (state === "young" ? 20_000 : 3_600_000) })];
        }),
      },
      owner,
      attentive,
    };
    return { made: planCluster(input), input };
  };
  const check = (property: (made: Plan, input: PlanInput) => void): void =>
    fc.assert(
      fc.property(any, (each) => {
        const { made, input } = build(each);
        property(made, input);
      }),
      { numRuns: 3000 },
    );
  const revived = ({ steps }: Plan, role: string): string[] => steps.flatMap(({ work }) => (work.kind === "reviveMachine" && work.machine.role === role ? [work.machine.name] : []));

  test("the steps are a graph that can be walked, each once", () => {
    check(({ steps }) => {
      const before = new Set<string>();
      const wrong: string[] = [];
      for (const { id, needs } of steps) {
        wrong.push(...needs.filter((need) => !before.has(need)).map((need) => `${id} needs ${need}`), ...(before.has(id) ? [`${id} twice`] : []));
        before.add(id);
      }
      expect(wrong).toEqual([]);
    });
  });

  test("every node that is away is waited for, and nobody else", () => {
    check(({ steps }, input) => {
      const waited = steps.flatMap(({ work }) => (work.kind === "awaitRecovery" ? [work.machine.name] : []));
      expect(waited.sort()).toEqual([...nodesAway(input).keys()].sort());
    });
  });

  test("a control plane is rebooted only while the others are a majority without it, one after another", () => {
    check((made, { observed, ...input }) => {
      const away = nodesAway({ ...input, observed });
      const controlPlanes = observed.machines.filter(({ role }) => role === "control-plane");
      const up = controlPlanes.filter(({ name, state }) => state === "Running" && !away.has(name));
      const names = revived(made, "control-plane");
      if (names.length > 0) expect(up.length * 2).toBeGreaterThan(controlPlanes.length);
      const needs = new Map(made.steps.map((step) => [step.id, step.needs]));
      const comesBefore = (id: string, of: string): boolean => (needs.get(of) ?? []).some((need) => need === id || comesBefore(id, need));
      for (const [at, name] of names.entries()) if (at > 0) expect(comesBefore(`awaitNode ${names[at - 1]}`, `reviveMachine ${name}`)).toBe(true);
    });
  });

  test("of workers never more are rebooted at once than maxUnavailable allows, and none where more than a third are away: then a note names them", () => {
    check((made, input) => {
      const { maxUnavailable } = input.desired.upgrade;
      const workers = input.observed.machines.filter(({ role }) => role === "worker");
      const away = [...nodesAway(input).keys()].filter((name) => name.includes("-worker-"));
      const names = revived(made, "worker");
      const many = away.length > Math.max(1, maxUnavailable) && away.length * 3 > workers.length;
      expect(names).toHaveLength(many ? 0 : away.length);
      if (many) expect(made.notes?.join("\n")).toContain(away[0]!);
      // Those that no other has to wait for go at once.
      const needs = new Map(made.steps.map((step) => [step.id, step.needs]));
      const waits = (name: string): boolean => names.some((other) => (needs.get(`reviveMachine ${name}`) ?? []).some((need) => need.endsWith(` ${other}`) && other !== name));
      expect(names.filter((name) => !waits(name)).length).toBeLessThanOrEqual(Math.max(1, maxUnavailable));
    });
  });
});
