/** Planning for single nodes and root disks, over any healthy cluster, any declaration, and runs that end anywhere. */
import fc from "fast-check";
import { nodeProperty, offeringOf, type DesiredCluster, type DesiredNode } from "../../provider/core/desired";
import type { ObservedCluster } from "../../provider/core/observe";
import { machineName, tagKeys, type Role } from "../../provider/core/ownership";
import { planCluster } from "../../provider/core/plan";
import type { Plan } from "../../provider/core/plan-input";
import type { Step } from "../../provider/core/step";
import { after, type Expunging } from "./world/carried-out";
import { desired, nodeOf, owner, whole } from "./world/observed";

const gb = 2 ** 30;
const entry = (changes: Partial<DesiredNode> = {}): DesiredNode => ({ delete: false, ...changes });

interface Case {
  readonly from: ObservedCluster;
  readonly to: DesiredCluster;
  readonly expunging: Expunging;
  /** After how many steps each run ends that does not come through. */
  readonly killedAfter: readonly number[];
  /** What was declared while they ran, if it was something else. */
  readonly formerly?: DesiredCluster["controlPlane"];
}

const text = fc.constantFrom("a", "b");
const anyEntry: fc.Arbitrary<DesiredNode> = fc.record({ delete: fc.boolean() }, {}).chain(({ delete: isGone }) =>
  fc.record({ offering: fc.option(fc.constantFrom("small", "large"), { nil: undefined }), reboot: fc.option(text, { nil: undefined }), replace: fc.option(text, { nil: undefined }), delete: fc.constant(isGone) }),
);
const anyCase: fc.Arbitrary<Case> = fc
  .record({ controlPlanes: fc.integer({ min: 1, max: 5 }), workers: fc.integer({ min: 1, max: 5 }) })
  .chain(({ controlPlanes, workers }) => {
    const names = (role: Role, count: number): string[] => Array.from({ length: count }, (_, at) => machineName("prod", role, at + 1));
    return fc.record({
      entries: fc.dictionary(fc.constantFrom(...names("control-plane", controlPlanes), ...names("worker", workers)), anyEntry, { maxKeys: 4 }),
      done: fc.dictionary(fc.constantFrom(...names("control-plane", controlPlanes), ...names("worker", workers)), text, { maxKeys: 4 }),
      counts: fc.record({ controlPlanes: fc.integer({ min: 1, max: 5 }), workers: fc.integer({ min: 1, max: 6 }) }),
      same: fc.boolean(),
      size: fc.constantFrom(undefined, 10, 20),
      affinity: fc.constantFrom("preferred" as const, "required" as const),
      expunging: fc.constantFrom("expunged" as const, "unexpunged" as const),
      killedAfter: fc.array(fc.nat({ max: 60 }), { maxLength: 3 }),
      formerly: fc.option(fc.record({ count: fc.integer({ min: 1, max: 5 }), offering: fc.constant("small") }), { nil: undefined }),
    }).map(({ entries, done, counts, same, size, affinity, expunging, killedAfter, formerly }): Case => {
      const made = whole(controlPlanes, workers);
      const nodes = Object.fromEntries(Object.entries(entries).map(([name, one]) => [name, name.includes("-control-") ? { ...one, delete: false } : one]));
      return {
        from: {
          ...made,
          nodes: made.machines.map(({ name }) => nodeOf(name)),
          machines: made.machines.map((machine) => ({
            ...machine,
            rootDisk: { id: machine.name, bytes: 10 * gb },
            tags: { ...machine.tags, ...(done[machine.name] === undefined ? {} : { [tagKeys.rebooted]: done[machine.name]!, [tagKeys.replaced]: done[machine.name]! }) },
          })),
        },
        to: desired({
          nodes,
          affinity,
          controlPlane: { count: same ? controlPlanes : counts.controlPlanes, offering: "small" },
          workers: { count: same ? workers : counts.workers, offering: "small", ...(size === undefined ? {} : { rootDiskGb: size }) },
        }),
        expunging,
        killedAfter,
        ...(formerly ? { formerly } : {}),
      };
    });
  });

const planOf = (observed: ObservedCluster, to: DesiredCluster): Plan => planCluster({ desired: to, observed, owner, former: desired() });

/** Steps one by one, as `up` after `up` carries them out; `look` sees what is there before and after each. */
function live({ from, to: last, expunging, killedAfter, formerly }: Case, look: (before: ObservedCluster, step: Step, now: ObservedCluster) => void = () => undefined): { now: ObservedCluster; plans: Plan[] } {
  let now = from;
  const plans: Plan[] = [];
  const kills = [...killedAfter];
  // Each run carries on as long as it may; those that are killed do not count.
  for (let rounds = 0; rounds < 40; rounds++) {
    const to = formerly && kills.length > 0 ? { ...last, controlPlane: formerly } : last;
    const made = planOf(now, to);
    plans.push(made);
    if (made.problems.length > 0) throw new Error(JSON.stringify(made.problems));
    if (made.steps.length === 0 && to === last) return { now, plans };
    for (const step of made.steps.slice(0, kills.shift())) {
      const before = now;
      now = after(now, step, to, expunging);
      look(before, step, now);
    }
  }
  throw new Error(`no end: ${plans.at(-1)!.steps.map(({ title }) => title).join("; ")}`);
}

const check = (property: (one: Case) => void): void => fc.assert(fc.property(anyCase, property), { numRuns: 1000 });
const ofRole = ({ machines }: ObservedCluster, role: Role): ObservedCluster["machines"] => machines.filter((machine) => machine.role === role);

test("every declaration comes true, wherever runs end: counts, offerings, sizes, no node that is not to be, and nothing left to do", () => {
  check((one) => {
    const { now } = live(one);
    const { to } = one;
    expect([ofRole(now, "control-plane").length, ofRole(now, "worker").length]).toEqual([to.controlPlane.count, to.workers.count]);
    expect(new Set(now.machines.map(({ name }) => name)).size).toBe(now.machines.length);
    for (const machine of now.machines) {
      const { name, tags, offeringName, role, rootDisk } = machine;
      expect(offeringName).toBe(offeringOf(to, machine));
      expect(rootDisk!.bytes).toBeGreaterThanOrEqual((role === "worker" ? (to.workers.rootDiskGb ?? 0) : 0) * gb);
      const wanted = to.nodes[name];
      if (wanted?.reboot !== undefined) expect(tags[tagKeys.rebooted]).toBe(wanted.reboot);
      if (wanted?.replace !== undefined) expect(tags[tagKeys.replaced]).toBe(wanted.replace);
      expect(wanted?.delete ?? false).toBe(false);
    }
    expect(now.nodes!.filter(({ unschedulable }) => unschedulable)).toEqual([]);
    expect(now.nodes!.map(({ name }) => name).sort()).toEqual(now.machines.map(({ name }) => name).sort());
    expect([...now.apiRule!.memberIds].sort()).toEqual(ofRole(now, "control-plane").map(({ id }) => id).sort());
  });
});

test("it takes one plan, and at most one more for each control plane that is replaced", () => {
  check((one) => {
    const { plans } = live({ ...one, killedAfter: [] });
    const replaced = ofRole(one.from, "control-plane").filter(({ name, tags }) => one.to.nodes[name]?.replace !== undefined && one.to.nodes[name].replace !== tags[tagKeys.replaced]).length;
    expect(plans.length).toBeLessThanOrEqual(2 + replaced);
  });
});

test("etcd never loses its majority by our hand, and its last member never goes", () => {
  check((one) => {
    const voters = new Set(ofRole(one.from, "control-plane").map(({ name }) => name));
    const wrong: string[] = [];
    live(one, (_before, { work, title }, now) => {
      if (work.kind === "awaitNode" && work.machine.role === "control-plane") voters.add(work.machine.name);
      if (work.kind === "leaveEtcd") voters.delete(work.machine.name);
      const up = ofRole(now, "control-plane").filter(({ name, state }) => voters.has(name) && state === "Running").length;
      if (voters.size === 0 || (voters.size >= 3 && up <= voters.size / 2)) wrong.push(`${title}: ${up} of ${voters.size} are up`);
    });
    expect(wrong).toEqual([]);
  });
});

test("nobody goes but who is named or beyond the count, and workers are never fewer than declared or there at first, but for one that takes its turn", () => {
  check(({ formerly: _, ...one }) => {
    const { from, to } = one;
    const least = Math.min(ofRole(from, "worker").length, to.workers.count) - 1;
    const wrong: string[] = [];
    live(one, (before, { work, title }, now) => {
      const running = ofRole(now, "worker").filter(({ state, tags }) => state === "Running" && tags[tagKeys.joined] === "yes").length;
      if (running < least) wrong.push(`${title}: ${running} workers run`);
      if (work.kind !== "destroyMachine") return;
      const gone = before.machines.find(({ name }) => name === work.machine.name)!;
      const named = to.nodes[gone.name];
      const isNamed = named?.delete === true || (named?.replace !== undefined && gone.tags[tagKeys.replaced] !== named.replace);
      const { count } = gone.role === "worker" ? to.workers : to.controlPlane;
      if (!isNamed && ofRole(before, gone.role).length <= count) wrong.push(`${title}: nobody asked for it`);
    });
    expect(wrong).toEqual([]);
  });
});

test("a node is off or rebooted at most once for one declaration when no run is interrupted, and never when its text was recorded", () => {
  check((one) => {
    const away = new Map<string, number>();
    live({ ...one, killedAfter: [] }, (_before, { work }) => {
      if (work.kind === "rebootMachine" || work.kind === "stopMachine") away.set(work.machine.name, (away.get(work.machine.name) ?? 0) + 1);
    });
    for (const [name, times] of away) {
      expect(times).toBe(1);
      const machine = one.from.machines.find((each) => each.name === name);
      const wanted = one.to.nodes[name];
      const isSettled = machine && wanted?.reboot === machine.tags[tagKeys.rebooted] && offeringOf(one.to, machine) === "small" && (machine.role === "control-plane" || (one.to.workers.rootDiskGb ?? 0) <= 10);
      expect(isSettled ?? false).toBe(false);
    }
  });
});

describe("what can't be is a problem that names the property", () => {
  const problems = (nodes: Record<string, DesiredNode>, observed = whole()): Plan["problems"] => planCluster({ desired: desired({ nodes }), observed, owner }).problems;

  test("a node that is not there, with the nearest that are", () => {
    expect(problems({ "prod-worker-33": entry({ reboot: "x" }) })).toEqual([{ property: nodeProperty("prod-worker-33"), reason: "there is no node prod-worker-33. Nearest: prod-worker-3, prod-worker-1, prod-worker-2." }]);
  });

  test("a control plane that is to be deleted", () => {
    expect(problems({ "prod-control-1": entry({ delete: true }) }).map(({ property }) => property)).toEqual(['nodes["prod-control-1"].delete']);
  });

  test("not a node that waits to be expunged, nor one whose machine was lost: somebody else took it away", () => {
    const observed = whole();
    const [lost, ...left] = observed.machines;
    expect(problems({ [lost!.name]: entry({ reboot: "x" }) }, { ...observed, machines: left, destroyed: [lost!] })).toEqual([]);
    expect(problems({ [lost!.name]: entry({ reboot: "x" }) }, { ...observed, machines: left, nodes: observed.machines.map(({ name }) => nodeOf(name)) })).toEqual([]);
  });
});
