/**
 * From what is declared and what is there to a graph of steps. Pure and total: a plan, or problems that each name a property.
 */
import { roleOf, type DesiredCluster } from "./desired";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { machineName, tagKeys, type Role, type Tags } from "./ownership";
import { etcdLost, planAnew, planWhole, startsAnew } from "./plan-anew";
import { planApiMembers, planApiRule } from "./plan-api";
import { joinSeconds, type Plan, type PlanInput, type Problem } from "./plan-input";
import { diskProblems } from "./plan-disks";
import { planBack, planLeaving, planLeavingControlPlanes, planLostNodes, planStaleMembers, surplus } from "./plan-leaving";
import { doneTags, goesFirst, isNotToBe, leastToSpareOne, namedMachines, nodeProblems, placesTaken, planForgotten, planRebooted, type Named } from "./plan-nodes";
import { planStopped } from "./plan-power";
import { awaitsStart, awayFirst, nodesAway, planRepair, planSilence } from "./plan-repair";
import { planMachineTags } from "./plan-tags";
import { planChanges, planTurns, takesTurn } from "./plan-turns";
import { isOutdated, planUpgrade } from "./plan-upgrade";
import { releaseOf, satisfies, type Release } from "./release";
import type { MachineRef } from "./step";
import { refOf, Steps } from "./steps";

export function planCluster(input: PlanInput): Plan {
  const { desired, observed } = input;
  if (!observed.anchorTags) {
    return { steps: [], problems: [{ property: "network", reason: "the cluster's network or its public address is gone from Mold. Destroy the cluster and create it anew." }] };
  }
  const release = releaseOf(input);
  const problems = [...release.problems, ...powerThatCannotChange(desired, observed), ...etcdLost(input), ...diskProblems(input), ...nodeProblems(input, namesToMake(desired, observed))];
  if (problems.length > 0) return { steps: [], problems };

  const steps = new Steps();
  const group = planAffinityGroup(steps, desired, observed);
  const api = planApiRule(steps, input);
  planForgotten(steps, input);
  const machines = desired.powerState === "stopped" ? planStopped(steps, input) : planMachines(steps, input, release, group, api);
  const notes = [...machines, ...planWaitingUpgrade(input, release)];
  return { steps: steps.all, problems: [], ...(notes.length > 0 ? { notes } : {}) };
}

function planAffinityGroup(steps: Steps, desired: DesiredCluster, observed: ObservedCluster): string | undefined {
  if (desired.affinity === "none" || observed.affinityGroupId) return undefined;
  return steps.add({ kind: "createAffinityGroup", strict: desired.affinity === "required" }, `create the anti-affinity group of ${desired.name}`, [], {
    why: "control planes on different hosts",
  });
}

interface PlannedMachine {
  readonly ref: MachineRef;
  readonly seen?: ObservedMachine;
  /** The step after which it runs; undefined: it runs. */
  readonly running?: string;
  readonly initialises: boolean;
}

function planMachines(steps: Steps, found: PlanInput, release: Release, group: string | undefined, api: { rule?: string; open: string[] }): string[] {
  const foundSorted = sortMachines(found.desired, found.observed);
  const anew = startsAnew(found, foundSorted.discarded) ? planAnew(steps, found) : undefined;
  const input = anew ? { ...found, observed: anew.observed } : found;
  const { desired, observed } = input;
  const sorted = anew ? sortMachines(desired, observed) : foundSorted;
  const { kept, discarded, leaving, waiting } = sorted;
  const initialised = isInitialised(desired, observed);
  const away = nodesAway(input);

  planLostNodes(steps, input);
  for (const machine of discarded) {
    steps.add({ kind: "discardMachine", machine: refOf(machine) }, `remove ${machine.name}`, [], {
      pool: "destroy",
      why: machine.state === "Error" ? "Mold could not deploy it" : "it did not join in time",
    });
  }
  const missing = newMachines(desired, observed, { kept, leaving });
  // Whoever was lost has to leave etcd before another takes its name or its address, and as long as the API is away nobody can tell.
  const fresh = missing.filter((ref) => !(isControlPlane(ref) && initialised && observed.nodes === undefined));
  const growsEtcd = initialised && (fresh.some(isControlPlane) || kept.some((machine) => isControlPlane(machine) && machine.tags[tagKeys.joined] !== "yes"));
  const tidied = growsEtcd || release.hops.length > 0 ? planStaleMembers(steps, input) : undefined;
  const places = placesTaken(sorted, fresh);
  const goingFirst = goesFirst(desired) ? sorted.replaced.filter(({ role }) => role === "control-plane") : [];
  const room = planLeavingControlPlanes(steps, input, goingFirst);
  const someoneInitialises = initialised || [...kept, ...leaving].some(({ initialises }) => initialises);
  const ofRole = (role: Role, startNeeds: readonly (string | undefined)[]): PlannedMachine[] => [
    ...kept
      .filter((seen) => seen.role === role)
      .map((seen) => ({ ref: refOf(seen), seen, running: planRunning(steps, desired, seen, startNeeds), initialises: seen.initialises && !initialised })),
    ...fresh.filter((ref) => ref.role === role).map((ref) => planDeploy(steps, ref, release.current, !someoneInitialises && ref === fresh[0], [group, ...(anew?.cleared ?? []), ...(role === "control-plane" ? [tidied, ...room] : [])], { discarded, places })),
  ];

  const controlPlanes = ofRole("control-plane", []);
  // While nobody serves yet all are behind the API from the start; later a new one only once it serves, and one that an upgrade has taken out at the end of its turn.
  const isOut = ({ ref }: PlannedMachine): boolean => desired.controlPlane.count >= leastToSpareOne && isOutdated(release, ref);
  const members = planApiMembers(steps, desired, observed, controlPlanes.filter((machine) => !initialised || !(isJoining(machine) || isOut(machine) || away.has(machine.ref.name))), api.rule);
  const joiningControlPlanes = controlPlanes.filter(isJoining);
  const first = joiningControlPlanes.find(({ initialises }) => initialises);
  const mounted = planMounts(steps, input, release, joiningControlPlanes.map((machine) => (machine === first ? { ...machine, running: planInitialising(steps, input, first.running) } : machine)));
  // Those that are members already have to be up again before the API answers.
  const waking = controlPlanes.flatMap((machine) => (isJoining(machine) ? [] : (machine.running ?? [])));
  const early = waking.length === 0 ? ofRole("worker", []) : undefined;
  const isNeeded = !initialised || mustAsk(input, release) || awaitsStart(input) || waking.length > 0 || missing.length > 0 || kept.some(({ tags }) => tags[tagKeys.joined] !== "yes");
  const ready = isNeeded ? planApi(steps, input, [members, api.rule, ...api.open, first && mounted.get(first.ref.name), ...waking]) : undefined;

  const workers = early ?? ofRole("worker", [ready]);
  const machines = [...controlPlanes, ...workers];
  planMachineTags(steps, input, machines);
  for (const [name, mount] of planMounts(steps, input, release, workers.filter(isJoining))) mounted.set(name, mount);
  const joining = machines.filter(isJoining);
  if (joining.length > 0 || !initialised) planJoin(steps, input, joining, { mounted, ready: ready! });
  if (missing.length === fresh.length) planWhole(steps, input, joiningControlPlanes.map(({ ref }) => `tagMachine ${ref.name}`));
  for (const { ref, seen } of joiningControlPlanes) {
    if (!initialised || (seen && observed.apiRule?.memberIds.includes(seen.id))) continue;
    steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, [`awaitNode ${ref.name}`, api.rule], { about: ref.name });
  }
  const staying = machines.flatMap(({ seen, running }) => (seen?.tags[tagKeys.joined] === "yes" && !takesTurn(desired, seen) ? [{ seen, running }] : []));
  for (const { seen, running } of staying) {
    if (away.has(seen.name) || (running === undefined && isOutdated(release, seen))) continue;
    planBack(steps, input, seen, running);
    // However it came to be off: as it starts it is rebooted.
    if (seen.state === "Stopped" || seen.state === "Stopping") planRebooted(steps, desired, seen, `awaitNode ${seen.name}`);
  }
  const spared = planRepair(steps, input, staying.flatMap(({ seen }) => (away.has(seen.name) && !waiting.includes(seen) ? [seen] : [])), away, api.rule);
  const isInPlaceOfOne = [...sorted.deleted, ...sorted.replaced].some(({ role }) => role === "worker");
  planLeaving(steps, input, leaving.filter(({ role }) => role === "worker"), isInPlaceOfOne ? joining.flatMap(({ ref }) => (ref.role === "worker" ? [`awaitNode ${ref.name}`] : [])) : []);
  planLeavingControlPlanes(steps, input, leaving.filter((machine) => machine.role === "control-plane" && !goingFirst.includes(machine)));
  planTurns(steps, input, awayFirst(kept.filter((machine) => takesTurn(desired, machine) && !waiting.includes(machine)), away));
  const upgrade = planUpgrade(steps, input, release, kept);
  return [...planPostponed(desired, missing.length - fresh.length), ...spared, ...(isNeeded ? [] : planSilence(input)), ...upgrade, ...waiting.map(({ name }) => `${name} is replaced after that: control planes go one at a time`)];
}

const planPostponed = ({ name }: DesiredCluster, count: number): string[] =>
  count === 0 ? [] : [`${count} more control ${count === 1 ? "plane is" : "planes are"} made once the API of ${name} answers: whoever was lost leaves etcd first`];

/** Nobody says what the nodes run, and what the last run had recorded is not what is declared. */
const mustAsk = ({ desired, observed }: PlanInput, { current }: Release): boolean => observed.nodes === undefined && !satisfies(current, desired.version);

function planWaitingUpgrade(input: PlanInput, release: Release): string[] {
  const { name, version } = input.desired;
  if (!mustAsk(input, release)) return [];
  return [`${name} goes from ${release.current} to ${version} ${input.desired.powerState === "stopped" ? "when it is started: a node is upgraded while it runs" : "once its API answers"}`];
}

const isControlPlane = ({ role }: { readonly role: Role }): boolean => role === "control-plane";

const isJoining = ({ seen }: PlannedMachine): boolean => seen?.tags[tagKeys.joined] !== "yes";

function planDeploy(
  steps: Steps,
  ref: MachineRef,
  version: string,
  initialises: boolean,
  needs: readonly (string | undefined)[],
  { discarded, places }: { readonly discarded: readonly ObservedMachine[]; readonly places: ReadonlyMap<string, string> },
): PlannedMachine {
  const replaced = discarded.find(({ name }) => name === ref.name);
  const place = places.get(ref.name);
  const why = initialises ? "the first control plane initialises the cluster" : place === undefined ? undefined : `takes the place of ${place}`;
  const running = steps.add(
    { kind: "deployMachine", machine: ref, action: initialises ? "init" : "join", version },
    `deploy ${ref.name}`,
    // Workers too: so that control planes are placed first, whose joins take longest.
    [...needs, replaced ? `discardMachine ${replaced.name}` : undefined, steps.has(`deleteNode ${ref.name}`) ? `deleteNode ${ref.name}` : undefined],
    { pool: "deploy", ...(why === undefined ? {} : { why }) },
  );
  return { ref, running, initialises };
}

/** The first control plane makes etcd as soon as it has the ISO. @returns the step after which it is known that it may have */
function planInitialising(steps: Steps, { desired, observed }: PlanInput, running: string | undefined): string | undefined {
  if (observed.anchorTags?.[tagKeys.initialising] === desired.uid) return running;
  return steps.add({ kind: "markInitialising" }, `record that ${desired.name} is about to be initialised`, [running], { why: "so that what may have joined a first control plane is known, should that be lost" });
}

/** A machine that is not in yet needs the Kubernetes ISO. @returns the step after which each has it */
function planMounts(steps: Steps, { observed }: PlanInput, { current: version }: Release, joining: readonly PlannedMachine[]): Map<string, string | undefined> {
  const inAlready = new Set(observed.nodes?.filter(({ ready }) => ready).map(({ name }) => name));
  return new Map(
    joining.map(({ ref, seen, running }) => [ref.name, seen && (seen.isoId || inAlready.has(ref.name)) ? running : steps.add({ kind: "attachIso", machine: ref, version }, `attach the Kubernetes ISO to ${ref.name}`, [running])]),
  );
}

/** @returns the step after which the API answers, and it is recorded that etcd is there */
function planApi(steps: Steps, { desired, observed }: PlanInput, needs: readonly (string | undefined)[]): string {
  const recorded = observed.anchorTags?.[tagKeys.initialised] === desired.uid;
  const restarted = observed.machines.some((machine) => isControlPlane(machine) && machine.tags[tagKeys.joined] === "yes");
  const ready = steps.add({ kind: "awaitApi", ...(restarted ? { restarted } : {}) }, `wait for the API of ${desired.name}`, needs, {
    why: recorded ? "machines join by it" : "the first control plane initialises etcd",
    // It answered just now.
    ...(observed.nodes ? { estimateSeconds: 1 } : {}),
  });
  return recorded ? ready : steps.add({ kind: "markInitialised" }, `record that ${desired.name} is initialised`, [ready], { why: "from now on every machine joins" });
}

/** Machines find their own way in; the steps wait for them and clear up after them. */
function planJoin(steps: Steps, { desired, observed }: PlanInput, joining: readonly PlannedMachine[], { mounted, ready }: { mounted: ReadonlyMap<string, string | undefined>; ready: string }): void {
  const first = joining.find(({ initialises }) => initialises);
  // A first control plane that is deployed by this run brings the token along; an API that is there already has to be told of it.
  const known = first !== undefined && first.seen === undefined && joining.every(({ seen }) => seen === undefined);
  const token = known || joining.length === 0 ? ready : steps.add({ kind: "publishToken" }, "make a join token for the new machines", [ready]);
  const joined = joining.map(({ ref, seen }) => planJoined(steps, ref, seen, [mounted.get(ref.name), token], doneTags(desired, ref)));
  planFollowers(steps, observed, joining.map(({ ref }) => ref));
  if (joining.length > 0) steps.add({ kind: "withdrawToken" }, "withdraw the join token", joined, { why: "nothing joins with it any longer" });
}

/** Balancers that follow a role get its new machines once they are Ready. */
function planFollowers(steps: Steps, observed: ObservedCluster, joining: readonly MachineRef[]): void {
  for (const rule of observed.followers) {
    const machines = joining.filter(({ role }) => rule.tags[tagKeys.target] === `role=${role}`);
    if (machines.length === 0) continue;
    steps.add(
      { kind: "joinBalancer", rule: { id: rule.id, name: rule.name }, machines },
      `put ${machines.map(({ name }) => name).join(", ")} behind ${rule.name}`,
      machines.map(({ name }) => `awaitNode ${name}`),
    );
  }
}

/** By its tag; or because nodes answer, should the run have died between the two. */
function isInitialised(desired: DesiredCluster, observed: ObservedCluster): boolean {
  return observed.anchorTags?.[tagKeys.initialised] === desired.uid || (observed.nodes ?? []).length > 0;
}

/** After a machine has joined nothing secret stays where whatever runs on it could read it. */
function planJoined(steps: Steps, ref: MachineRef, seen: ObservedMachine | undefined, needs: readonly (string | undefined)[], done: Tags): string {
  const node = steps.add({ kind: "awaitNode", machine: ref }, `wait for ${ref.name} to be Ready`, needs);
  const label = ref.role === "worker" ? steps.add({ kind: "labelNode", machine: ref }, `label ${ref.name} as worker`, [node], { why: "a kubelet may not give itself a role" }) : undefined;
  const mounted = seen?.isoId !== undefined || steps.has(`attachIso ${ref.name}`);
  const iso = mounted ? steps.add({ kind: "detachIso", machine: ref }, `detach the Kubernetes ISO from ${ref.name}`, [node]) : undefined;
  const data = steps.add({ kind: "replaceUserData", machine: ref }, `replace the user data of ${ref.name}`, [node], { why: "it holds join material" });
  return steps.add({ kind: "tagMachine", machine: ref, tags: { [tagKeys.joined]: "yes", ...done } }, `record that ${ref.name} has joined`, [label, iso, data, seen ? undefined : `deployMachine ${ref.name}`]);
}

/** @returns the step after which it runs; undefined: it runs. One that is being stopped is started when that has ended: Mold does one after the other. */
function planRunning(steps: Steps, desired: DesiredCluster, machine: ObservedMachine, startNeeds: readonly (string | undefined)[]): string | undefined {
  const ref = refOf(machine);
  if (machine.state === "Running") return undefined;
  const changed = machine.state === "Stopped" ? planChanges(steps, desired, machine, undefined) : undefined;
  if (machine.state === "Stopped" || machine.state === "Stopping") return steps.add({ kind: "startMachine", machine: ref }, `start ${machine.name}`, [...startNeeds, changed], { why: "it was found stopped" });
  return steps.add({ kind: "awaitRunning", machine: ref }, `wait for ${machine.name} to run`, [], { why: `it was found ${machine.state}` });
}

interface Sorted extends Named {
  readonly kept: readonly ObservedMachine[];
  readonly discarded: readonly ObservedMachine[];
  readonly leaving: readonly ObservedMachine[];
}

/**
 * A machine that Mold could not make, or that never joined in time, is made anew; nothing of it is in the cluster. Those leave that are
 * named, and those beyond the count.
 */
function sortMachines(desired: DesiredCluster, observed: ObservedCluster): Sorted {
  const nodes = new Set(observed.nodes?.map(({ name }) => name));
  const spent = (machine: ObservedMachine): boolean =>
    machine.tags[tagKeys.joined] !== "yes" && !nodes.has(machine.name) && observed.at - machine.created > joinSeconds * 1000;
  const ordered = [...observed.machines].sort((a, b) => (a.role === b.role ? a.index - b.index : a.role === "control-plane" ? -1 : 1));
  const discarded = ordered.filter((machine) => machine.state === "Error" || spent(machine));
  const there = ordered.filter((machine) => !discarded.includes(machine));
  const named = namedMachines(desired, there);
  const going = new Set([...named.deleted, ...named.replaced]);
  const rest = there.filter((machine) => !going.has(machine));
  const leaving = new Set([...going, ...surplus(desired, "control-plane", rest), ...surplus(desired, "worker", rest)]);
  return { ...named, kept: rest.filter((machine) => !leaving.has(machine)), discarded, leaving: [...leaving] };
}

/** Names of the machines that are yet to be made, now or at the next start. */
function namesToMake(desired: DesiredCluster, observed: ObservedCluster): string[] {
  const { kept, leaving } = sortMachines(desired, observed);
  return newMachines(desired, observed, { kept, leaving }).map(({ name }) => name);
}

/** The lowest free numbers: those of machines that Mold has not expunged yet are still taken, as host names, and those of nodes that the declaration has leave stay free. */
function newMachines(desired: DesiredCluster, observed: ObservedCluster, { kept, leaving }: Pick<Sorted, "kept" | "leaving">): MachineRef[] {
  return (["control-plane", "worker"] as const).flatMap((role) => {
    const taken = new Set([...kept, ...observed.destroyed, ...leaving].filter((machine) => machine.role === role).map(({ index }) => index));
    const missing = roleOf(desired, role).count - kept.filter((machine) => machine.role === role).length;
    const fresh: MachineRef[] = [];
    for (let index = 1; fresh.length < missing; index++) {
      const ref = { name: machineName(desired.name, role, index), role };
      if (!taken.has(index) && !isNotToBe(desired, observed, ref)) fresh.push(ref);
    }
    return fresh;
  });
}

/** A cluster is made running, and stopped afterwards. */
function powerThatCannotChange(desired: DesiredCluster, observed: ObservedCluster): Problem[] {
  if (desired.powerState !== "stopped" || isInitialised(desired, observed)) return [];
  return [{ property: "powerState", reason: "is stopped, and the cluster is not made yet: machines become a cluster by running. Leave it out, and stop the cluster once it is there." }];
}
