import fc from "fast-check";
import { planCluster } from "../../provider/core/plan";
import { joinSeconds, type Plan } from "../../provider/core/plan-input";
import type { ObservedCluster, ObservedMachine } from "../../provider/core/observe";
import { machineName, tagKeys } from "../../provider/core/ownership";
import type { DesiredCluster } from "../../provider/core/desired";
import type { KubernetesNode } from "../../provider/core/ports";
import type { MachineRef, Step } from "../../provider/core/step";
import { desired, machine, nodeOf, nothing, owner, registered, uid, whole } from "./world/observed";

const versions = registered("1.34.2", "1.35.2", "1.35.4", "1.36.3");
const plan = (observed: ObservedCluster, changes: Partial<DesiredCluster> = {}): Plan => planCluster({ desired: desired(changes), observed, owner, versions, former: desired(changes) });
const titles = ({ steps }: Plan): string[] => steps.map(({ title }) => title);
const ofKind = <K extends Step["work"]["kind"]>({ steps }: Plan, kind: K): Extract<Step["work"], { kind: K }>[] =>
  steps.flatMap(({ work }) => (work.kind === kind ? [work as Extract<Step["work"], { kind: K }>] : []));

/** Everything that must be done before a step, by its id. */
function ancestry(steps: readonly Step[]): (id: string) => ReadonlySet<string> {
  const needs = new Map(steps.map((step) => [step.id, step.needs]));
  const known = new Map<string, Set<string>>();
  const allBefore = (id: string): Set<string> => {
    const found = known.get(id) ?? new Set((needs.get(id) ?? []).flatMap((need) => [need, ...allBefore(need)]));
    known.set(id, found);
    return found;
  };
  return allBefore;
}

describe("planning a cluster", () => {
  test("what is as declared needs no step", () => {
    expect(plan({ ...whole(), nodes: whole().machines.map(({ name }) => nodeOf(name)) })).toEqual({ steps: [], problems: [] });
  });

  test("from nothing: every machine is asked for without waiting for another, one initialises, all others join", () => {
    const made = plan(nothing());
    const deploys = ofKind(made, "deployMachine");
    expect(deploys).toHaveLength(6);
    expect(deploys.filter(({ action }) => action === "init").map(({ machine: { name } }) => name)).toEqual(["prod-control-1"]);
    const deploySteps = made.steps.filter(({ work }) => work.kind === "deployMachine");
    expect(new Set(deploySteps.flatMap(({ needs }) => needs))).toEqual(new Set(["createAffinityGroup"]));
  });

  test("control planes are asked for before workers: their joins take longest", () => {
    expect(ofKind(plan(nothing()), "deployMachine").map((work) => work.machine.role)).toEqual([...Array(3).fill("control-plane"), ...Array(3).fill("worker")]);
  });

  test("a machine that was told to initialise and is still there is never joined by a second one", () => {
    const first = machine("control-plane", 1, { tags: {}, state: "Starting" });
    expect(ofKind(plan(nothing({ machines: [first] })), "deployMachine").map(({ action }) => action)).not.toContain("init");
  });

  test("the machine that was told to initialise failed while others did not: the next one initialises", () => {
    const failed = machine("control-plane", 1, { tags: {}, state: "Error" });
    const second = machine("control-plane", 2, { tags: {} });
    const made = plan(nothing({ machines: [failed, second] }));
    expect(ofKind(made, "discardMachine").map((work) => work.machine.name)).toEqual(["prod-control-1"]);
    expect(ofKind(made, "deployMachine").filter(({ action }) => action === "init")).toHaveLength(1);
  });

  test("nodes answer though nothing recorded it: etcd is there, everybody joins, and it is recorded", () => {
    const node = { name: "prod-control-1", ready: true, version: "1.35.4", labels: { "node-role.kubernetes.io/control-plane": "" }, annotations: {}, unschedulable: false, pressures: [], runtime: "containerd://2.1.9", allocatable: { cpu: 2, memory: 4e9 } };
    const made = plan(nothing({ machines: [machine("control-plane", 1, { tags: {} })], nodes: [node] }));
    expect(ofKind(made, "deployMachine").map(({ action }) => action)).not.toContain("init");
    expect(ofKind(made, "markInitialised")).toHaveLength(1);
  });

  test("a machine that is no node when its token is long over is made anew", () => {
    const late = machine("worker", 3, { tags: {}, created: Date.parse("2026-01-01T00:10:00Z") - joinSeconds * 1000 - 1 });
    const { machines, ...there } = whole(3, 2);
    const observed = { ...there, machines: [...machines, late], nodes: machines.map(({ name }) => nodeOf(name)) };
    expect(titles(plan(observed)).slice(0, 2)).toEqual(["remove prod-worker-3", "deploy prod-worker-3"]);
  });

  describe("a machine whose node has not turned Ready when its token is long over", () => {
    const long = Date.parse("2026-01-01T00:10:00Z") - joinSeconds * 1000 - 1;
    const sick = (name: string): KubernetesNode => ({ ...nodeOf(name), ready: false, since: long });
    const late = (name: string, { state = "Running" } = {}): ObservedCluster => {
      const there = whole();
      return { ...there, machines: there.machines.map((each) => (each.name === name ? { ...each, tags: {}, created: long, state } : each)), nodes: there.machines.map((each) => (each.name === name ? sick(name) : nodeOf(each.name))) };
    };

    test("is made anew under its name, after what there is of it in etcd and among the nodes", () => {
      const remaking = ["remove prod-worker-3", "delete the node prod-worker-3", "deploy prod-worker-3"];
      expect(titles(plan(late("prod-worker-3"))).slice(0, 3)).toEqual(remaking);
      const made = plan(late("prod-control-2"));
      const before = ancestry(made.steps)("deployMachine prod-control-2");
      expect([...before]).toEqual(expect.arrayContaining(["leaveEtcd prod-control-2", "discardMachine prod-control-2", "deleteNode prod-control-2"]));
      expect(ancestry(made.steps)("discardMachine prod-control-2")).toContain("leaveEtcd prod-control-2");
      expect(ofKind(made, "deployMachine")).toMatchObject([{ action: "join" }]);
    });

    test("is not while it is the one that makes etcd, has been Ready since, or is not there for that long", () => {
      const alone = late("prod-control-1");
      const without = (change: (node: KubernetesNode) => KubernetesNode): Plan => plan({ ...late("prod-worker-3"), nodes: late("prod-worker-3").nodes!.map((node) => (node.name === "prod-worker-3" ? change(node) : node)) });
      const plans = [
        plan({ ...alone, machines: alone.machines.slice(0, 1), nodes: alone.nodes!.slice(0, 1) }),
        without((node) => ({ ...node, ready: true })),
        without((node) => ({ ...node, since: long + 2000 })),
        without(({ since: _unknown, ...node }) => node),
      ];
      expect(plans.flatMap((made) => ofKind(made, "discardMachine"))).toEqual([]);
    });

    test("that Mold has in Error all the same leaves etcd before another takes its name", () => {
      const made = plan(late("prod-control-2", { state: "Error" }));
      expect(ancestry(made.steps)("deployMachine prod-control-2")).toContain("leaveEtcd prod-control-2");
    });
  });

  test("machines that Mold has not expunged yet keep their names: new ones take the next numbers", () => {
    const observed = nothing({ destroyed: [machine("control-plane", 1, { state: "Destroyed" })] });
    expect(ofKind(plan(observed), "deployMachine").map((work) => work.machine.name)).toContain("prod-control-4");
    expect(ofKind(plan(observed), "deployMachine").map((work) => work.machine.name)).not.toContain("prod-control-1");
  });

  test("more workers: only new ones are touched, and balancers that follow workers get them when they are Ready", () => {
    const follower = { id: "ingress", name: "ingress-80", description: "", state: "Active", publicPort: 80, privatePort: 30080, tags: { [tagKeys.cluster]: uid, [tagKeys.target]: "role=worker" } };
    const made = plan({ ...whole(), followers: [follower] }, { workers: { count: 5, offering: "small" } });
    expect(ofKind(made, "deployMachine").map((work) => work.machine.name)).toEqual(["prod-worker-4", "prod-worker-5"]);
    const join = made.steps.find(({ work }) => work.kind === "joinBalancer");
    expect(join?.needs).toEqual(["awaitNode prod-worker-4", "awaitNode prod-worker-5"]);
  });

  test("the guest network is let in to the API beside the declared ranges", () => {
    expect(ofKind(plan(nothing(), { apiCidrs: ["192.0.2.0/24"] }), "openApi").map(({ cidr }) => cidr)).toEqual(["10.1.1.0/24", "192.0.2.0/24"]);
  });

  test("a changed range is opened before the former one is closed", () => {
    const made = plan(whole(), { apiCidrs: ["192.0.2.0/24"] });
    const close = made.steps.find(({ work }) => work.kind === "closeApi");
    expect(close?.needs).toEqual(expect.arrayContaining(["openApi 192.0.2.0/24", "openApi 10.1.1.0/24"]));
  });

  test("a rule on the API's port that somebody made by hand is left alone", () => {
    const byHand = { id: "hand", state: "Active", protocol: "tcp", startPort: 6443, endPort: 6443, cidrs: ["198.51.100.0/24"], tags: {} };
    const observed = whole();
    expect(plan({ ...observed, apiFirewall: [...observed.apiFirewall, byHand] }).steps).toEqual([]);
  });

  test("a user's tags come and go with the declaration, other tags stay", () => {
    const tagged = (tags: Record<string, string>): ObservedCluster => {
      const observed = whole(1, 0);
      return { ...observed, machines: observed.machines.map((each) => ({ ...each, tags: { ...each.tags, ...tags } })) };
    };
    const made = planCluster({
      desired: desired({ controlPlane: { count: 1, offering: "small" }, workers: { count: 0, offering: "small" }, tags: { team: "b", new: "1" } }),
      observed: tagged({ team: "a", former: "x", byHand: "y" }),
      owner,
      former: desired({ tags: { team: "a", former: "x" } }),
    });
    expect(ofKind(made, "untagMachine")[0]?.tags).toEqual({ team: "a", former: "x" });
    expect(ofKind(made, "tagMachine")[0]?.tags).toEqual({ team: "b", new: "1" });
  });

  test("an older version is refused naming it, and nothing else is planned", () => {
    const made = plan({ ...whole(), nodes: [nodeOf("prod-control-1")] }, { version: "1.34", workers: { count: 9, offering: "small" } });
    expect(made.problems.map((problem) => problem.property)).toEqual(["version"]);
    expect(made.steps).toEqual([]);
  });

  test("of the discs in drives only those that an upgrade left there are taken out", () => {
    const observed = { ...whole(3, 2), nodes: whole(3, 2).machines.map(({ name }) => nodeOf(name)) };
    const machines = observed.machines.map((each) => (each.name === "prod-worker-1" ? { ...each, isoId: "somebody's own" } : each.name === "prod-worker-2" ? { ...each, isoId: "iso-1.35.4" } : each));
    expect(titles(plan({ ...observed, machines }, { workers: { count: 2, offering: "small" } }))).toEqual(["detach the Kubernetes ISO from prod-worker-2"]);
  });

  test("an upgrade empties a drive that somebody else uses, and uses what an interrupted one had put in", () => {
    const observed = { ...whole(1, 2), nodes: whole(1, 2).machines.map(({ name }) => nodeOf(name)) };
    const machines = observed.machines.map((each) => (each.name === "prod-worker-1" ? { ...each, isoId: "somebody's own" } : each.name === "prod-worker-2" ? { ...each, isoId: "iso-1.36.3" } : each));
    const made = titles(plan({ ...observed, machines }, { version: "1.36", controlPlane: { count: 1, offering: "small" }, workers: { count: 2, offering: "small" } }));
    expect(made).toContain("empty the drive of prod-worker-1");
    expect(made).toContain("attach the ISO of Kubernetes 1.36.3 to prod-worker-1");
    expect(made).not.toContain("attach the ISO of Kubernetes 1.36.3 to prod-worker-2");
  });

  test("a new worker that has a lost one's name, and is replaced by the same upgrade, has its node deleted twice: before it comes and after it has gone", () => {
    const found = whole(1, 0);
    const observed = { ...found, nodes: [...found.machines.map(({ name }) => name), "prod-worker-1"].map((name) => ({ ...nodeOf(name), version: "1.34.2" })) };
    const { steps } = plan(observed, { version: "1.35", controlPlane: { count: 1, offering: "small" }, workers: { count: 1, offering: "small" }, upgrade: { maxUnavailable: 1, maxSurge: 1, drainSeconds: 600, strategy: "replace" } });
    const at = (id: string): number => steps.findIndex((step) => step.id === id);
    expect(new Set(steps.map(({ id }) => id)).size).toBe(steps.length);
    expect(steps.filter(({ work }) => work.kind === "deleteNode")).toHaveLength(2);
    expect(at("deleteNode prod-worker-1")).toBeLessThan(at("deployMachine prod-worker-1"));
    expect(at("destroyMachine prod-worker-1")).toBeLessThan(at("deleteNode 1.35.4 prod-worker-1"));
  });

  test("a place that is gone is said, not planned around", () => {
    expect(plan(nothing({ anchorTags: undefined })).problems[0]?.property).toBe("network");
  });
});

const follower = { id: "ingress", name: "ingress-80", description: "", state: "Active", publicPort: 80, privatePort: 30080, tags: { [tagKeys.cluster]: uid, [tagKeys.target]: "role=worker" } };
describe("for any cluster and anything that can be found of it", () => {
  const state = fc.constantFrom("Running", "Running", "Running", "Starting", "Stopped", "Stopping", "Error");
  const anyMachine = (role: "control-plane" | "worker"): fc.Arbitrary<ObservedMachine> =>
    fc.record({ index: fc.integer({ min: 1, max: 6 }), state, joined: fc.boolean(), tagged: fc.boolean(), iso: fc.boolean(), old: fc.boolean(), first: fc.boolean(), large: fc.boolean() }).map((seen) =>
      machine(role, seen.index, {
        state: seen.state,
        tags: seen.joined ? machine(role, 1).tags : seen.tagged ? { [tagKeys.cluster]: uid, [tagKeys.owner]: owner, [tagKeys.role]: role } : {},
        initialises: role === "control-plane" && seen.first,
        ...(seen.iso ? { isoId: "iso" } : {}),
        ...(seen.old ? { created: 0 } : {}),
        offeringName: seen.large ? "large" : "small",
      }),
    );
  const machines = fc.tuple(
    fc.uniqueArray(anyMachine("control-plane"), { selector: ({ index }) => index, maxLength: 5 }),
    fc.uniqueArray(anyMachine("worker"), { selector: ({ index }) => index, maxLength: 5 }),
  ).map(([controlPlanes, workers]) => [...controlPlanes, ...workers]);
  const anyObserved = fc.record({ machines, initialised: fc.boolean(), group: fc.boolean(), rule: fc.boolean(), answers: fc.boolean(), cordoned: fc.boolean(), lost: fc.boolean(), balanced: fc.boolean(), nodes: fc.array(fc.constantFrom("1.34.2", "1.35.2", "1.35.4", "1.35.4", "1.36.3"), { minLength: 1, maxLength: 4 }) }).map(({ machines: found, initialised, group, rule, answers, cordoned, lost, balanced, nodes }) =>
    nothing({
      machines: found,
      anchorTags: { [tagKeys.cluster]: uid, ...(initialised ? { [tagKeys.initialised]: uid } : {}) },
      ...(group ? { affinityGroupId: "group" } : {}),
      ...(rule ? { apiRule: { ...whole().apiRule!, memberIds: found.filter(({ role }, at) => role === "control-plane" && at % 2 === 0).map(({ id }) => id) } } : {}),
      ...(answers ? { nodes: [...found.filter(({ tags }) => tags[tagKeys.joined]), ...(lost ? [machine("worker", 9)] : [])].map(({ name }, at) => ({ ...nodeOf(name, cordoned && at % 2 === 0), version: nodes[at % nodes.length]! })) } : {}),
      ...(balanced ? { followers: [follower] } : {}),
    }),
  );
  const offering = fc.constantFrom("small", "large");
  const anyName = fc.tuple(fc.constantFrom("control-plane" as const, "worker" as const), fc.integer({ min: 1, max: 7 })).map(([role, index]) => machineName("prod", role, index));
  const anyText = fc.option(fc.constantFrom("a", "b"), { nil: undefined });
  const anyNodes = fc.dictionary(anyName, fc.record({ offering: fc.option(offering, { nil: undefined }), reboot: anyText, replace: anyText, delete: fc.boolean() }), { maxKeys: 3 }).map((entries) =>
    Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, { ...entry, delete: entry.delete && name.includes("worker") }])),
  );
  const anyDesired = fc
    .record({
      controlPlanes: fc.integer({ min: 1, max: 5 }),
      workers: fc.integer({ min: 0, max: 6 }),
      first: offering,
      second: offering,
      version: fc.constantFrom("1.35.4", "1.35", "1.36", "1.36.3"),
      maxUnavailable: fc.integer({ min: 1, max: 4 }),
      maxSurge: fc.integer({ min: 0, max: 2 }),
      strategy: fc.constantFrom("in-place" as const, "in-place" as const, "replace" as const),
      nodes: anyNodes,
      affinity: fc.constantFrom("preferred" as const, "required" as const),
    })
    .map(({ controlPlanes, workers, first, second, version, maxUnavailable, maxSurge, strategy, nodes, affinity }) => ({
      version,
      upgrade: { maxUnavailable, maxSurge, drainSeconds: 600, strategy },
      controlPlane: { count: controlPlanes, offering: first },
      workers: { count: workers, offering: second },
      nodes,
      affinity,
    }));
  const anyPower = fc.constantFrom("running" as const, "running" as const, "stopped" as const);
  const check = (property: (made: Plan, observed: ObservedCluster) => void): void =>
    fc.assert(
      fc.property(anyObserved, anyDesired, anyPower, (observed, changes, powerState) => property(plan(observed, { ...changes, powerState }), observed)),
      { numRuns: 3000 },
    );

  test("there is a plan or a problem that names a property, never an exception", () => {
    check(({ steps, problems }) => {
      if (problems.length > 0) expect(steps).toEqual([]);
      for (const { property, reason } of problems) expect(property && reason).toBeTruthy();
    });
  });

  test("the steps are a graph that can be walked: ids are unique, needs exist and come before", () => {
    check(({ steps }) => {
      const before = new Set<string>();
      const wrong: string[] = [];
      for (const { id, needs } of steps) {
        wrong.push(...needs.filter((need) => !before.has(need)).map((need) => `${id} needs ${need}`));
        if (before.has(id)) wrong.push(`${id} twice`);
        before.add(id);
      }
      expect(wrong).toEqual([]);
    });
  });

  test("at most one machine initialises, and none where etcd is known to be there", () => {
    check((made, observed) => {
      const inits = ofKind(made, "deployMachine").filter(({ action }) => action === "init").length;
      const kept = observed.machines.filter(({ initialises, state: seen, name }) => initialises && seen !== "Error" && !ofKind(made, "discardMachine").some((work) => work.machine.name === name));
      const initialised = observed.anchorTags?.[tagKeys.initialised] !== undefined || (observed.nodes ?? []).length > 0;
      // A create that lost its etcd begins anew: only once nothing is left of what was.
      const isAnew = made.steps.some(({ work }) => work.kind === "untagAnchor") && ofKind(made, "discardMachine").length === observed.machines.length;
      expect(inits).toBeLessThanOrEqual((initialised && !isAnew) || kept.length > 0 ? 0 : 1);
    });
  });

  test("a machine that has joined is never removed", () => {
    check((made, observed) => {
      const joined = new Set(observed.machines.filter(({ tags, state: seen }) => tags[tagKeys.joined] === "yes" && seen !== "Error").map(({ name }) => name));
      for (const { machine: removed } of ofKind(made, "discardMachine")) expect(joined).not.toContain(removed.name);
    });
  });

  test("never two machines away at once by our hand, and a control plane only out of a balancer that others serve", () => {
    check(({ steps }) => {
      const stops = steps.filter(({ work }) => work.kind === "rebootMachine" || (work.kind === "stopMachine" && steps.some((start) => start.work.kind === "startMachine" && start.work.machine.name === work.machine.name)));
      const allBefore = ancestry(steps);
      for (const [at, stop] of stops.entries()) {
        const next = stops[at + 1];
        if (next && "machine" in stop.work) expect(allBefore(next.id)).toContain(`awaitNode ${stop.work.machine.name}`);
      }
    });
  });

  test("an upgrade has one control plane on its turn at a time, workers only after them, at most maxUnavailable at once, and each only after its drain", () => {
    fc.assert(
      fc.property(anyObserved, anyDesired, (observed, changes) => {
        const { steps } = plan(observed, changes);
        const allBefore = ancestry(steps);
        const orders = steps.filter(({ work }) => work.kind === "orderUpgrade");
        const doneOf = (id: string): string => id.replace("orderUpgrade", "awaitUpgrade");
        const isWorker = (id: string): boolean => id.includes("-worker-");
        for (const [at, order] of orders.entries()) {
          const apart = orders.slice(0, at).filter((earlier) => !allBefore(order.id).has(doneOf(earlier.id)));
          expect(apart.filter(({ id }) => !isWorker(id) || !isWorker(order.id))).toEqual([]);
          const name = order.id.split(" ").slice(1).join(" ");
          if (isWorker(order.id)) expect(allBefore(order.id)).toContain(`drainNode ${name}`);
          else if (changes.controlPlane.count >= 3) expect(allBefore(order.id)).toContain(`leaveApiBalancer ${name}`);
        }
        // As many lanes as may be away: whoever waits for nobody of its hop begins one.
        for (const version of new Set(orders.map(({ work }) => (work.kind === "orderUpgrade" ? work.version : "")))) {
          const workers = orders.filter(({ id }) => isWorker(id) && id.includes(` ${version} `));
          const lanes = workers.filter(({ id }) => !workers.some((other) => allBefore(id).has(doneOf(other.id))));
          expect(lanes.length).toBeLessThanOrEqual(changes.upgrade.maxUnavailable + changes.upgrade.maxSurge);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test("no node is forgotten that is to stay, and no control plane goes while etcd counts it", () => {
    check((made, observed) => {
      const isNode = ({ name }: MachineRef): boolean => (observed.nodes ?? []).some((node) => node.name === name);
      const going = [...ofKind(made, "destroyMachine"), ...ofKind(made, "discardMachine").filter((work) => isNode(work.machine))].map((work) => work.machine);
      for (const gone of going) if (gone.role === "control-plane") expect(made.steps.some(({ id }) => id === `leaveEtcd ${gone.name}`)).toBe(true);
      for (const { machine: forgotten } of ofKind(made, "deleteNode")) expect(observed.machines.some(({ name }) => name === forgotten.name) && !going.some(({ name }) => name === forgotten.name)).toBe(false);
    });
  });

  test("after the plan the declared machines are there, each under a name of its own", () => {
    fc.assert(
      fc.property(anyObserved, anyDesired, (observed, changes) => {
        const made = plan(observed, changes);
        if (made.problems.length > 0) return;
        const there = new Set(observed.machines.map(({ name }) => name));
        for (const { work } of made.steps) {
          if (work.kind === "discardMachine" || work.kind === "destroyMachine") expect(there.delete(work.machine.name)).toBe(true);
          if (work.kind !== "deployMachine") continue;
          expect(there).not.toContain(work.machine.name);
          there.add(work.machine.name);
        }
        const names = [...there];
        const later = Number(/^(\d+) more control planes? (is|are) made once the API/m.exec((made.notes ?? []).join("\n"))?.[1] ?? 0);
        expect(names.filter((name) => name.includes("-control-"))).toHaveLength(changes.controlPlane.count - later);
        expect(names.filter((name) => name.includes("-worker-"))).toHaveLength(changes.workers.count);
      }),
      { numRuns: 3000 },
    );
  });
});
