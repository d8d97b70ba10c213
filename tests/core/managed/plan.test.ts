/** Planning for a cluster that Mold runs is total: whatever is seen, there is a plan or problems that each name a property, and nothing is thrown. */
import fc from "fast-check";
import { marked, type ManagedMachine, type ManagedRecord, type ObservedManaged } from "../../../provider/core/managed/observe";
import type { DesiredManaged } from "../../../provider/core/managed/desired";
import { planManaged } from "../../../provider/core/managed/plan";
import type { ManagedPlanInput } from "../../../provider/core/managed/plan-input";
import { tagKeys } from "../../../provider/core/ownership";
import type { KubernetesNode } from "../../../provider/core/ports";

const uid = "u1";
const small = { id: "o1", name: "small", cpus: 2, memoryMb: 2048 };
const large = { id: "o2", name: "large", cpus: 4, memoryMb: 8192 };
const place = { zoneId: "z", networkId: "n", networkOwned: true, networkCidr: "10.1.1.0/24", publicIpAddressId: "a", publicIpAddress: "203.0.113.9" };
const versions = ["1.33.1", "1.34.2", "1.35.4", "1.36.3"].map((version) => ({ id: version, version, isoId: version, usable: version !== "1.36.3", minCpus: 2, minMemoryMb: 2048 }));

const version = fc.constantFrom("1.33.1", "1.34.2", "1.34.2", "1.35.4");
const maybe = <T>(value: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(value, { nil: undefined });
/** What a plan mostly meets, and what mostly is a reason to refuse: the more of these there are, the fewer plans are left to look at. */
const often = <T>(usual: fc.Arbitrary<T>, rare: fc.Arbitrary<T>): fc.Arbitrary<T> => fc.oneof({ weight: 7, arbitrary: usual }, { weight: 1, arbitrary: rare });
const bounds = maybe(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 3, max: 6 })).map(([min, max]) => ({ min, max })));

const anyMachine = (role: "control-plane" | "worker", index: number): fc.Arbitrary<{ machine: ManagedMachine; node?: KubernetesNode }> =>
  fc
    .record({
      state: fc.constantFrom("Running", "Running", "Running", "Stopped", "Starting", "Error"), isLarge: fc.boolean(), isExternal: fc.boolean(), joined: fc.boolean(), ready: fc.boolean(),
      cordoned: fc.boolean(), runs: fc.oneof(version, fc.constant("what it says itself")), tags: fc.dictionary(fc.constantFrom("team", tagKeys.cluster, tagKeys.role), fc.constantFrom("a", uid, role)),
    })
    .map(({ state, isLarge, isExternal, joined, ready, cordoned, runs, tags }) => {
      const name = `prod-${role === "worker" ? "node" : "control"}-${index}`;
      const { id: offeringId, name: offeringName, cpus, memoryMb } = isLarge ? large : small;
      const node = { name, ready, version: runs, labels: {}, annotations: {}, unschedulable: cordoned, pressures: [], runtime: "containerd://2", allocatable: { cpu: 1, memory: 1, pods: 1 } } as unknown as KubernetesNode;
      return { machine: { id: name, name, role, state, offeringId, offeringName, cpus, memoryMb, created: index, tags, isExternal, ipAddress: `10.1.1.${index + 10}` }, ...(joined ? { node } : {}) };
    });

const anyRecord: fc.Arbitrary<ManagedRecord> = fc
  .record({
    state: fc.constantFrom("Running", "Running", "Running", "Created", "Starting", "Scaling", "Upgrading", "Importing", "RemovingNodes", "Stopping", "Stopped", "Alert", "Recovering", "Error", "Destroying", "Destroyed", "Dreaming"),
    size: fc.integer({ min: 0, max: 6 }), controlPlanes: often(fc.constant(1), fc.constant(3)), version, large: fc.boolean(), autoscaling: bounds, csi: often(fc.constant(undefined), fc.boolean()),
  })
  .map(({ large: isLarge, autoscaling, ...rest }) => ({ id: "c", name: "prod", description: "", ...rest, controlOffering: small, workerOffering: isLarge ? large : small, ...(autoscaling ? { autoscaling } : {}), created: "", account: "a", domain: "d" }));

const anyObserved: fc.Arbitrary<ObservedManaged> = fc
  .record({
    cluster: often(anyRecord, fc.constant(undefined)), network: often(fc.constant(true), fc.constant(false)), whole: fc.boolean(), upgrading: maybe(version), gone: maybe(fc.constant("prod-node-2")), others: often(fc.constant<string[]>([]), fc.constant<string[]>(["c9"])), answers: fc.boolean(),
    controls: fc.tuple(anyMachine("control-plane", 1), anyMachine("control-plane", 2), anyMachine("control-plane", 3)), workers: fc.tuple(anyMachine("worker", 4), anyMachine("worker", 5), anyMachine("worker", 6)), some: fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 0, max: 3 })),
    followed: fc.boolean(), around: fc.subarray([{ id: "theirs-1", name: "theirs-1", state: "Running" }, { id: "theirs-2", name: "theirs-2", state: "Stopped" }]), comments: maybe(fc.subarray(["one", "two"])),
  })
  .map(({ around, comments, cluster, network, whole, upgrading, gone, others, answers, controls, workers, some, followed }) => {
    const members = [...controls.slice(0, some[0]), ...workers.slice(0, some[1])];
    const marks = marked({ name: "prod", uid, place }, { ...(whole ? { [tagKeys.initialised]: uid } : {}), ...(upgrading ? { [tagKeys.upgrading]: upgrading } : {}), ...(gone ? { [tagKeys.gone + gone]: "yes" } : {}) });
    return {
      ...(network ? { marks } : {}), ...(cluster ? { cluster } : {}), others, around, ...(comments ? { comments: comments.map((text) => ({ id: text, text, author: "a", day: "", adminsOnly: false })) } : {}), machines: members.map(({ machine }) => machine), ...(answers ? { nodes: members.flatMap(({ node }) => node ?? []) } : {}),
      followers: followed ? [{ id: "r", name: "web", description: "", publicPort: 80, privatePort: 30080, memberIds: ["prod-node-4"], tags: { [tagKeys.cluster]: uid, [tagKeys.target]: "role=worker" } } as unknown as ObservedManaged["followers"][number]] : [],
    };
  });

const anyNode = fc.record({ offering: maybe(fc.constantFrom("small", "large")), reboot: maybe(fc.constantFrom("a", "b")), replace: maybe(fc.constantFrom("a", "b")), delete: fc.boolean() });
const anyDesired: fc.Arbitrary<DesiredManaged> = fc
  .record({
    version: fc.constantFrom("1.34.2", "1.34", "1.35", "1.35.4", "1.35.4", "1.36", "1.99"), controls: often(fc.constant(1), fc.constant(3)), workers: fc.integer({ min: 0, max: 6 }), offerings: fc.tuple(fc.constantFrom("small", "large"), fc.constantFrom("small", "large")), autoscaling: bounds,
    powerState: fc.constantFrom("running" as const, "running" as const, "stopped" as const), failedCreate: fc.constantFrom("continue" as const, "remove" as const), rootDiskGb: maybe(fc.constant(40)), sshKeyPair: maybe(fc.constant("ops")),
    csi: often(fc.constant(false), fc.constant(true)), comments: fc.subarray(["one", "three"]), externalNodes: fc.subarray(["prod-node-5", "theirs-1", "theirs-1", "theirs-2"], { maxLength: 1 }),
    tags: fc.dictionary(fc.constant("team"), fc.constantFrom("a", "b")), nodes: fc.dictionary(fc.constantFrom("prod-node-4", "prod-control-1", "prod-node-2", "stranger"), anyNode, { maxKeys: 2 }),
  })
  .map(({ controls, workers, offerings, autoscaling, ...rest }) => ({
    name: "prod", uid, place, ...rest, controlPlane: { count: controls, offering: offerings[0] }, workers: { count: workers, offering: offerings[1] }, ...(autoscaling ? { autoscaling } : {}),
    timeouts: { createSeconds: 1, updateSeconds: 1, deleteSeconds: 1, upgradeSeconds: 1, scaleSeconds: 1, drainSeconds: 1 },
  }) as DesiredManaged);

const offeringOf = (name: string | undefined): typeof small => (name === "large" ? large : small);

const anyInput: fc.Arbitrary<ManagedPlanInput> = fc.record({ desired: anyDesired, observed: anyObserved, former: fc.constantFrom("none", "same", "same", "other"), other: anyDesired, birth: fc.boolean(), adopts: often(fc.constant(false), fc.constant(true)) }).map(({ former, other, ...input }) => ({
  ...input, owner: "me", ...(former === "none" ? {} : { former: former === "same" ? input.desired : other }), versions,
  offerings: { controlPlane: offeringOf(input.desired.controlPlane.offering), workers: offeringOf(input.desired.workers.offering), nodes: Object.fromEntries(Object.entries(input.desired.nodes).flatMap(([name, { offering }]) => (offering === undefined ? [] : [[name, offeringOf(offering)]]))), known: new Map([[small.id, small], [large.id, large]]) },
}));

test("whatever is there and whatever is declared, there is a plan whose steps can be put in order, or a reason for each property that stands against it", () => {
  const met = { steps: 0, problems: 0 };
  fc.assert(
    fc.property(anyInput, (input) => {
      const { steps, problems } = planManaged(input);
      if (problems.length > 0) met.problems += 1;
      else if (steps.length > 1) met.steps += 1;
      for (const { property, reason } of problems) expect([property, reason].every((text) => text.length > 0)).toBe(true);
      if (problems.length > 0) expect(steps).toEqual([]);
      const before = new Set<string>();
      for (const { id, needs, title } of steps) {
        expect(title).not.toMatch(/undefined|NaN|\[object/);
        // Each after what it needs, and none twice.
        expect(before.has(id)).toBe(false);
        expect(needs.filter((need) => !before.has(need))).toEqual([]);
        before.add(id);
      }
      // The same sight leads to the same plan.
      expect(planManaged(input)).toEqual({ ...planManaged(input), steps });
    }),
    { numRuns: 2000 },
  );
  expect(met.problems).toBeGreaterThan(100);
  expect(met.steps).toBeGreaterThan(100);
});
