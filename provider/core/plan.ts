/**
 * From what is declared and what is there to a graph of steps. Pure and total: a plan, or problems that each name a property.
 */
import { takenProblems } from "./adoption";
import type { DesiredCluster } from "./desired";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, isLeaving, type Role, tagKeys } from "./ownership";
import { etcdLost, majorityLost, planAnew, planWhole, startsAnew } from "./plan-anew";
import { addonProblems, planAddons } from "./plan-addons";
import { planApiMembers, planApiRule } from "./plan-api";
import type { Plan, PlanInput, Problem } from "./plan-input";
import { isControlPlane, isJoining, planApi, planDeploy, planInitialising, planJoin, planMounts, type PlannedMachine } from "./plan-joining";
import { diskProblems } from "./plan-disks";
import { planBack, planDiscarded, planLeaving, planLeavingControlPlanes, planLostNodes, planStaleMembers } from "./plan-leaving";
import { goesFirst, leastToSpareOne, nodeProblems, planForgotten, planRebooted } from "./plan-nodes";
import { planStopped } from "./plan-power";
import { awaitsStart, awayFirst, nodesAway, planReadmitted, planRepair, planSilence } from "./plan-repair";
import { planMachineTags } from "./plan-tags";
import { planChanges, planTurns, takesTurn } from "./plan-turns";
import { hasFirstHop, isOutdated, planUpgrade } from "./plan-upgrade";
import { planRegistration } from "./plan-registration";
import { releaseOf, satisfies, type Release } from "./release";
import { rosterOf, type Roster } from "./roster";
import type { MachineRef } from "./step";
import { placesTaken, planGap, planSuccession, planVacancies, planVacated, succeededFirst, successionsOf } from "./succession";
import { refOf, Steps } from "./steps";

export function planCluster(input: PlanInput): Plan {
  const { desired, observed } = input;
  if (!observed.anchorTags) {
    return { steps: [], problems: [{ property: "network", reason: "the cluster's network or its public address is gone from Mold. Destroy the cluster and create it anew." }] };
  }
  const taken = takenProblems(input, observed.anchorTags);
  if (taken.length > 0) return { steps: [], problems: taken };
  const release = releaseOf(input);
  const roster = rosterOf(desired, observed, release);
  const problems = [...release.problems, ...powerThatCannotChange(desired, observed), ...etcdLost(input), ...diskProblems(input), ...addonProblems(input, release), ...nodeProblems(input, roster.missing.map(({ name }) => name))];
  if (problems.length > 0) return { steps: [], problems };

  const steps = new Steps();
  const group = planAffinityGroup(steps, desired, observed);
  const api = planApiRule(steps, input);
  planForgotten(steps, input);
  const { notes: told, warnings = [] } = desired.powerState === "stopped" ? { notes: planStopped(steps, input) } : planMachines(steps, input, release, roster, group, api);
  const notes = [...told, ...planWaitingUpgrade(input, release)];
  return { steps: steps.all, problems: [], ...(notes.length > 0 ? { notes } : {}), ...(warnings.length > 0 ? { warnings } : {}) };
}

function planAffinityGroup(steps: Steps, desired: DesiredCluster, observed: ObservedCluster): string | undefined {
  if (desired.affinity === "none" || observed.affinityGroupId) return undefined;
  return steps.add({ kind: "createAffinityGroup", strict: desired.affinity === "required" }, `create the anti-affinity group of ${desired.name}`, [], {
    why: "control planes on different hosts",
  });
}

function planMachines(steps: Steps, found: PlanInput, release: Release, foundRoster: Roster, group: string | undefined, api: { rule?: string; open: string[] }): Pick<Plan, "warnings"> & { readonly notes: readonly string[] } {
  const anew = startsAnew(found, foundRoster.discarded) ? planAnew(steps, found) : undefined;
  const input = anew ? { ...found, observed: anew.observed } : found;
  const { desired, observed } = input;
  const roster = anew ? rosterOf(desired, observed, release) : foundRoster;
  const { kept, discarded, leaving, waiting, missing } = roster;
  const initialised = isInitialised(desired, observed);
  const away = nodesAway(input);

  planLostNodes(steps, input);
  planDiscarded(steps, input, discarded);
  // Whoever was lost has to leave etcd before another takes its name or its address, and as long as the API is away nobody can tell.
  const fresh = missing.filter((ref) => !(isControlPlane(ref) && initialised && observed.nodes === undefined));
  const growsEtcd = initialised && (fresh.some(isControlPlane) || kept.some((machine) => isControlPlane(machine) && !hasJoined(machine)));
  const tidied = growsEtcd || release.hops.length > 0 ? planStaleMembers(steps, input) : undefined;
  const joiners = kept.filter((machine) => !hasJoined(machine)).map(refOf);
  const places = placesTaken(observed, desired.name, [...roster.deleted, ...roster.replaced, ...goingForExtras(input, release, kept)], [...joiners, ...fresh]);
  const goingFirst = goesFirst(desired) ? leaving.filter((machine) => isControlPlane(machine) && (isLeaving(machine) || roster.replaced.includes(machine))) : [];
  const room = planLeavingControlPlanes(steps, input, goingFirst, (machine) => ([...places.values()].includes(machine.name) ? planVacated(steps, observed, machine) : undefined));
  const someoneInitialises = initialised || [...kept, ...leaving].some(({ initialises }) => initialises);
  const deployment = (ref: MachineRef): Parameters<typeof planDeploy>[2] => {
    const place = places.get(ref.name);
    return { version: release.current, initialises: !someoneInitialises && ref === fresh[0], ...(place === undefined ? {} : { why: `takes the place of ${place}` }) };
  };
  const ofRole = (role: Role, startNeeds: readonly (string | undefined)[]): PlannedMachine[] => [
    ...kept
      .filter((seen) => seen.role === role)
      .map((seen) => ({ ref: refOf(seen), seen, running: planRunning(steps, desired, seen, startNeeds), initialises: seen.initialises && !initialised })),
    ...fresh.filter((ref) => ref.role === role).map((ref) => planDeploy(steps, ref, deployment(ref), [group, ...(anew?.cleared ?? []), ...(role === "control-plane" ? [tidied, ...room] : [])])),
  ];

  const controlPlanes = ofRole("control-plane", []);
  // While nobody serves yet all are behind the API from the start; later a new one only once it serves, and one that an upgrade has taken out at the end of its turn. One
  // whose turn of the first hop is over, since its agent went on when the run died, is put back: the others could not leave meanwhile.
  const firstHop = hasFirstHop(release);
  const isOut = ({ ref }: PlannedMachine): boolean => desired.controlPlane.count >= leastToSpareOne && firstHop(ref);
  const members = planApiMembers(steps, desired, observed, controlPlanes.filter((machine) => !initialised || !(isJoining(machine) || isOut(machine) || away.has(machine.ref.name))), api.rule);
  const joiningControlPlanes = controlPlanes.filter(isJoining);
  const first = joiningControlPlanes.find(({ initialises }) => initialises);
  const mounted = planMounts(steps, release, joiningControlPlanes.map((machine) => (machine === first ? { ...machine, running: planInitialising(steps, input, first.running) } : machine)));
  // Those that are members already have to be up again before the API answers.
  const waking = [...controlPlanes.flatMap((machine) => (isJoining(machine) ? [] : (machine.running ?? []))), ...planLeaversWoken(steps, input, leaving)];
  const early = waking.length === 0 ? ofRole("worker", []) : undefined;
  const isNeeded = !initialised || mustAsk(input, release) || awaitsStart(input) || waking.length > 0 || missing.length > 0 || !kept.every(hasJoined);
  const ready = isNeeded ? planApi(steps, input, [members, api.rule, ...api.open, first && mounted.get(first.ref.name), ...waking]) : undefined;

  const workers = early ?? ofRole("worker", [ready]);
  const machines = [...controlPlanes, ...workers];
  planMachineTags(steps, input, machines, places);
  planVacancies(steps, observed, desired.name, places, { refs: machines.map(({ ref }) => ref), missing, upgrades: release.hops.length > 0 });
  for (const [name, mount] of planMounts(steps, release, workers.filter(isJoining))) mounted.set(name, mount);
  const joining = machines.filter(isJoining);
  if (joining.length > 0 || !initialised) planJoin(steps, input, joining, { mounted, ready: ready! });
  const gaps = machines.flatMap(({ ref }) => {
    const place = places.get(ref.name);
    const isGap = place !== undefined && steps.has(`awaitNode ${ref.name}`) && (goingFirst.some(({ name }) => name === place) || !observed.machines.some(({ name }) => name === place));
    return isGap ? planGap(steps, observed, place, ref, "affinity is required, so that there may be no host for both at once") : [];
  });
  if (missing.length === fresh.length) planWhole(steps, input, joiningControlPlanes.map(({ ref }) => `tagMachine ${ref.name}`));
  for (const { ref, seen } of joiningControlPlanes) {
    if (!initialised || (seen && observed.apiRule?.memberIds.includes(seen.id))) continue;
    steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, [`awaitNode ${ref.name}`, api.rule], { about: ref.name });
  }
  const staying = machines.flatMap(({ seen, running }) => (seen && hasJoined(seen) && !takesTurn(desired, seen) ? [{ seen, running }] : []));
  for (const { seen, running } of staying) {
    if (away.has(seen.name) || (running === undefined && isOutdated(release, seen))) continue;
    planBack(steps, input, seen, running);
    // However it came to be off: as it starts it is rebooted.
    if (seen.state === "Stopped" || seen.state === "Stopping") planRebooted(steps, desired, seen, `awaitNode ${seen.name}`);
  }
  const spared = planRepair(steps, input, staying.flatMap(({ seen }) => (away.has(seen.name) && !waiting.includes(seen) ? [seen] : [])), away, api.rule);
  const moved = successionsOf(observed, [...roster.deleted, ...roster.replaced].filter((machine) => !goingFirst.includes(machine)), places, machines.map(({ ref }) => ref)).flatMap((succession) => planSuccession(steps, observed, succession));
  const isInPlaceOfOne = [...roster.deleted, ...roster.replaced].some(({ role }) => role === "worker");
  planLeaving(steps, input, leaving.filter(({ role }) => role === "worker"), isInPlaceOfOne ? [...joining.flatMap(({ ref }) => (ref.role === "worker" ? [`awaitNode ${ref.name}`] : [])), ...moved] : []);
  planLeavingControlPlanes(steps, input, leaving.filter((machine) => machine.role === "control-plane" && !goingFirst.includes(machine)));
  planTurns(steps, input, awayFirst(kept.filter((machine) => takesTurn(desired, machine) && !waiting.includes(machine)), away));
  planReadmitted(steps, kept);
  const lost = majorityLost(input);
  const upgrade = planUpgrade(steps, input, release, machines, places);
  const unregistered = planRegistration(steps, { ...input, ...registeredVersion(input, release), upgrades: release.hops.length > 0 }, machines);
  planAddons(steps, input, release, machines, initialised);
  const notes = [...gaps, ...planPostponed(desired, missing.length - fresh.length), ...(lost === undefined ? [] : [lost]), ...spared, ...(isNeeded ? [] : planSilence(input)), ...upgrade, ...waiting.map(({ name }) => `${name} is replaced after that: control planes go one at a time`)];
  return { notes, warnings: unregistered };
}

/** Workers that go for the ones that an interrupted upgrade had begun to make in their places. */
function goingForExtras({ desired, observed }: PlanInput, release: Release, kept: readonly ObservedMachine[]): ObservedMachine[] {
  const workers = kept.filter(({ role }) => role === "worker");
  if (release.hops.length === 0 || desired.upgrade.strategy !== "replace" || workers.every(hasJoined)) return [];
  return succeededFirst(observed, new Map(), workers.filter((machine) => hasJoined(machine) && isOutdated(release, machine))).slice(0, Math.max(0, workers.length - desired.workers.count));
}

/** What the cluster's record is to say. Where nobody can be asked, and the cluster is not being made, whatever it says is as good. */
function registeredVersion({ observed }: PlanInput, { hops, current }: Release): { version?: string } {
  if (observed.nodes === undefined && (observed.records ?? []).length > 0) return {};
  return { version: hops.at(-1)?.to.version ?? current };
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

/** By its tag; or because nodes answer, should the run have died between the two. */
function isInitialised(desired: DesiredCluster, observed: ObservedCluster): boolean {
  return observed.anchorTags?.[tagKeys.initialised] === desired.uid || (observed.nodes ?? []).length > 0;
}

/** @returns the step after which it runs; undefined: it runs. One that is being stopped is started when that has ended: Mold does one after the other. */
function planRunning(steps: Steps, desired: DesiredCluster, machine: ObservedMachine, startNeeds: readonly (string | undefined)[]): string | undefined {
  const ref = refOf(machine);
  if (machine.state === "Running") return undefined;
  const changed = machine.state === "Stopped" ? planChanges(steps, desired, machine, undefined) : undefined;
  if (machine.state === "Stopped" || machine.state === "Stopping") return steps.add({ kind: "startMachine", machine: ref }, `start ${machine.name}`, [...startNeeds, changed], { why: "it was found stopped" });
  return steps.add({ kind: "awaitRunning", machine: ref }, `wait for ${machine.name} to run`, [], { why: `it was found ${machine.state}` });
}

/** Control planes that are to go are members of etcd until they have: while nobody answers, it may lack their votes. */
function planLeaversWoken(steps: Steps, { desired, observed }: PlanInput, leaving: readonly ObservedMachine[]): string[] {
  if (observed.nodes !== undefined) return [];
  return leaving.filter((machine) => machine.role === "control-plane" && hasJoined(machine)).flatMap((machine) => planRunning(steps, desired, machine, []) ?? []);
}

/** A cluster is made running, and stopped afterwards. */
function powerThatCannotChange(desired: DesiredCluster, observed: ObservedCluster): Problem[] {
  if (desired.powerState !== "stopped" || isInitialised(desired, observed)) return [];
  return [{ property: "powerState", reason: "is stopped, and the cluster is not made yet: machines become a cluster by running. Leave it out, and stop the cluster once it is there." }];
}
