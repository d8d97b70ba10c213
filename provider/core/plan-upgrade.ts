/**
 * Upgrading a cluster, hop by hop: in each the control planes one at a time, then the workers, a few at a time. What an interrupted
 * upgrade had begun is begun again, and finds its work done. Pure.
 */
import type { KubernetesVersion } from "./catalogue";
import { endingCertificates, staysAt } from "./certificate-life";
import { nodesByName } from "./nodes-by-name";
import type { ObservedMachine } from "./observe";
import { isCordonedBy } from "./ownership";
import type { PlanInput } from "./plan-input";
import { isJoining, type PlannedMachine } from "./plan-joining";
import { planBehindBalancers, planCordon, planDrain, planOutOfBalancers, surplus } from "./plan-leaving";
import { leastToSpareOne } from "./plan-nodes";
import { newWorkerNames, planComing, planGoing, planNoneComing } from "./plan-surge";
import { olderThan, type Release } from "./release";
import { planGap, planSuccession, planTaken, planVacated, succeededFirst, successionsOf } from "./succession";
import { estimateGraph, type MachineRef } from "./step";
import { refOf, type Steps } from "./steps";

/** Whether this machine has a version to reach. */
export const isOutdated = ({ outdated }: Release, { name }: Pick<ObservedMachine, "name">): boolean => outdated.has(name);

/** Whether this machine has a turn in the hop that comes next. */
export function hasFirstHop({ hops, versions }: Release): (machine: MachineRef) => boolean {
  const older = hops[0] ? olderThan(hops[0].to.version, versions.values()) : new Set();
  return ({ name }) => older.has(versions.get(name));
}

/** Those that an interrupted run had cordoned are away already: their pods are elsewhere, where there may be no room for others'. */
function interruptedFirst({ desired, observed }: PlanInput, workers: readonly PlannedMachine[]): PlannedMachine[] {
  const begun = new Set(observed.nodes?.filter((node) => isCordonedBy(node, desired.uid)).map(({ name }) => name));
  return [...workers.filter(({ ref }) => begun.has(ref.name)), ...workers.filter(({ ref }) => !begun.has(ref.name))];
}

/** What planning an upgrade shares. */
interface Course {
  readonly steps: Steps;
  readonly input: PlanInput;
  /** The version of each machine, as far as planning has come. */
  readonly versions: Map<string, string>;
  /** The disc in each machine's drive, likewise. A machine has one drive. */
  readonly drives: Map<string, string | undefined>;
  readonly names: Iterator<MachineRef, never>;
  /** Those that are workers, likewise. */
  workers: readonly MachineRef[];
  /** What leads to nobody for a while, in words. */
  readonly gaps: string[];
  /** Whose place new machines take, by name. */
  readonly places: ReadonlyMap<string, string>;
  /** Workers that are more than declared as long as it lasts. */
  extras: readonly MachineRef[];
}

/**
 * @param machines those that are there by then
 * @param places whose place those of them take that have not joined yet
 * @returns what it comes to, in words
 */
export function planUpgrade(steps: Steps, input: PlanInput, release: Release, machines: readonly PlannedMachine[], places: ReadonlyMap<string, string>): string[] {
  const { hops, versions, current } = release;
  const seen = machines.flatMap((machine) => machine.seen ?? []);
  emptyDrives(steps, input, seen.filter((machine) => versions.has(machine.name) && !isOutdated(release, machine)));
  if (hops.length === 0) return [];
  const { desired } = input;
  const workers = interruptedFirst(input, machines.filter(({ ref }) => ref.role === "worker"));
  const seenWorkers = workers.flatMap((machine) => machine.seen ?? []);
  const course: Course = {
    steps,
    input,
    // Those that are joining have joined by then.
    versions: new Map([...versions, ...machines.filter(isJoining).map(({ ref }): [string, string] => [ref.name, current])]),
    drives: new Map(seen.map(({ name, isoId }) => [name, isoId])),
    names: newWorkerNames(steps, input, machines),
    workers: workers.map(({ ref }) => ref),
    gaps: [],
    places,
    extras: desired.upgrade.strategy === "replace" ? [] : surplus(desired, "worker", seenWorkers).map(refOf),
  };
  const planned: (PlannedHop & { readonly begun: number; readonly ended: number })[] = [];
  // All else comes first: machines that are on their way back, and others that leave.
  let before: readonly string[] = steps.all.map(({ id }) => id);
  for (const [index, { from, to }] of hops.entries()) {
    const which = hops.length > 1 ? ` (hop ${index + 1} of ${hops.length})` : "";
    const begun = steps.all.length;
    const older = olderThan(to.version, course.versions.values());
    const isBehind = ({ name }: MachineRef): boolean => older.has(course.versions.get(name));
    const controlPlanes = machines.filter(({ ref }) => ref.role === "control-plane" && isBehind(ref));
    const workersBehind = course.workers.filter(isBehind);
    // Those that are behind may all be leaving.
    if (controlPlanes.length + workersBehind.length === 0) continue;
    const hop = { from, to, which, controlPlanes, workers: workersBehind };
    before = planHop(course, hop, before);
    planned.push({ ...hop, begun, ended: steps.all.length });
  }
  for (const extra of extrasOf(course)) planGoing({ steps, input }, extra, { about: "surge", before, why: "it was more than declared, for the upgrade" });
  const [first] = planned;
  if (!first) return [];
  const { graph } = steps;
  return [
    ...shortCertificates(input, first.from, seen),
    ...planned.map(({ from, to, which, controlPlanes, workers: others, begun, ended }) => {
      const count = controlPlanes.length + others.length;
      return `${desired.name} goes from ${from} to ${to.version}${which}: ${count} ${count === 1 ? "node" : "nodes"}, about ${estimateGraph(graph.part(begun, ended))} s`;
    }),
    ...course.gaps,
    "an upgrade can't be undone: Kubernetes goes forward only",
  ];
}

/** What the first hop would be refused for as it looks now. What is NotReady is mended before; later hops are looked at in their turn. */
function shortCertificates({ desired, observed }: PlanInput, from: string, machines: readonly ObservedMachine[]): string[] {
  const nodes = nodesByName(observed.nodes ?? []);
  const ready = machines.flatMap(({ name }) => nodes.get(name) ?? []).filter((node) => node.ready);
  return endingCertificates(ready, { now: observed.at, hopSeconds: desired.timeouts.upgradeSeconds }).map((why) => staysAt(desired.name, from, why));
}

/** Those that were made for it; of what an interrupted replacing has left beyond the count, the last. */
function extrasOf({ extras, workers, input }: Course): readonly MachineRef[] {
  return extras.length > 0 ? extras : workers.slice(input.desired.workers.count);
}

/** Discs that an interrupted run left behind. One that is no Kubernetes is somebody's own. */
function emptyDrives(steps: Steps, { versions = [] }: PlanInput, machines: readonly ObservedMachine[]): void {
  for (const machine of machines) {
    if (!versions.some(({ isoId }) => isoId === machine.isoId)) continue;
    steps.add({ kind: "detachIso", machine: refOf(machine) }, `detach the Kubernetes ISO from ${machine.name}`, [], { why: "an interrupted run had attached it" });
  }
}

interface PlannedHop {
  readonly from: string;
  readonly to: KubernetesVersion;
  /** `(hop 1 of 2)` */
  readonly which: string;
  /** Those that are behind. */
  readonly controlPlanes: readonly PlannedMachine[];
  readonly workers: readonly MachineRef[];
}

/** @returns the last steps */
function planHop(course: Course, { from, to, which, controlPlanes, workers }: PlannedHop, before: readonly string[]): string[] {
  const { steps, input, versions } = course;
  const { desired } = input;
  const check = steps.add({ kind: "checkHop", from, to: to.version, drains: workers.length > 0 }, `look whether ${desired.name} can go from ${from} to ${to.version}${which}`, before, {
    about: to.version,
    why: "nodes Ready, etcd whole, the ISO there, room on the workers, budgets that let pods go, certificates that last",
  });
  const loose: string[] = [];
  let last: readonly string[] = [check, ...planPreparation(course, to, [...controlPlanes.map(({ ref }) => ref), ...workers], [check])];
  for (const { ref } of inOrder(input, controlPlanes)) {
    const turn = planControlPlane(course, to, ref, last);
    last = [turn.back];
    loose.push(turn.ejected);
    versions.set(ref.name, to.version);
  }
  if (workers.length === 0) return [...last, ...loose];
  const ends = desired.upgrade.strategy === "replace" ? planReplacements(course, to, workers, last) : planWorkers(course, to, workers, last);
  for (const { name } of course.workers) versions.set(name, to.version);
  return [...ends, ...loose];
}

/** Those that are out of the API's balancer were on their turn when a run was interrupted: theirs is the next one, since the others serve without them. */
function inOrder({ observed }: PlanInput, controlPlanes: readonly PlannedMachine[]): PlannedMachine[] {
  const serves = ({ seen }: PlannedMachine): number => (seen === undefined || observed.apiRule?.memberIds.includes(seen.id) ? 1 : 0);
  return [...controlPlanes].sort((a, b) => serves(a) - serves(b));
}

interface Turn {
  /** It serves again. */
  readonly back: string;
  /** Its drive is empty again: nothing but the next hop waits for it. */
  readonly ejected: string;
}

function planControlPlane(course: Course, to: KubernetesVersion, ref: MachineRef, before: readonly string[]): Turn {
  const { steps, input } = course;
  const { desired } = input;
  const about = `${to.version} ${ref.name}`;
  if (desired.controlPlane.count < leastToSpareOne) return planOrder(course, to, ref, before, [], `the API of ${desired.name} is away for some seconds meanwhile`);
  const out = steps.add({ kind: "leaveApiBalancer", machine: ref }, `take ${ref.name} out of the API of ${desired.name}`, before, { about });
  const handed = steps.add({ kind: "handOverEtcd", machine: ref }, `let another lead etcd than ${ref.name}`, [out], { about, why: "writes go on while it is away" });
  const { back: up, ejected } = planOrder(course, to, ref, before, [handed]);
  return { back: steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, [up], { about }), ejected };
}

/** In place, as many at once as may be away; where there is to be a surge, after that many more have come. */
function planWorkers(course: Course, to: KubernetesVersion, workers: readonly MachineRef[], before: readonly string[]): string[] {
  const { steps, input } = course;
  const { maxUnavailable, maxSurge } = input.desired.upgrade;
  const came: string[] = [];
  const missing = maxSurge - course.extras.length;
  for (let count = 0; count < missing; count++) {
    const ref = course.names.next().value;
    came.push(...planComing({ steps, input }, ref, to.version, before, "one more than declared, for the upgrade"));
    course.workers = [...course.workers, ref];
    course.extras = [...course.extras, ref];
  }
  const ready = came.length > 0 ? [planNoneComing({ steps, input }, to.version, came)] : before;
  // One stays, where there are more than one.
  const away = Math.max(1, Math.min(maxUnavailable + course.extras.length, course.workers.length - 1));
  const lanes = Math.min(away, workers.length);
  const ends = Array.from({ length: lanes }, () => ready);
  const loose: string[] = [];
  for (const [index, ref] of workers.entries()) {
    const turn = planWorker(course, to, ref, ends[index % lanes]!);
    ends[index % lanes] = [turn.back];
    loose.push(turn.ejected);
  }
  return [...ends.flat(), ...loose];
}

function planWorker(course: Course, to: KubernetesVersion, ref: MachineRef, before: readonly string[]): Turn {
  const { steps, input } = course;
  const { desired, observed } = input;
  const about = `${to.version} ${ref.name}`;
  const cordon = planCordon(steps, ref, before, { about });
  // A single one stays behind its balancers: there is nobody else.
  const out = course.workers.length > 1 ? planOutOfBalancers(steps, observed, ref, [cordon], about) : [];
  const drain = planDrain(steps, ref, [cordon, ...out], { about, longestSeconds: desired.upgrade.drainSeconds });
  const { back: up, ejected } = planOrder(course, to, ref, before, [drain]);
  const behind = planBehindBalancers(steps, observed, ref, [up], about);
  return { back: steps.add({ kind: "uncordonNode", machine: ref }, `uncordon ${ref.name}`, [up, ...behind], { about }), ejected };
}

/**
 * New machines in the place of those that are behind: with a surge the new one comes first, without one the old one makes room for it.
 * Where an interrupted run has made some already, as many of the old ones just go.
 */
function planReplacements(course: Course, to: KubernetesVersion, workers: readonly MachineRef[], before: readonly string[]): string[] {
  const { steps, input } = course;
  const { maxUnavailable, maxSurge, drainSeconds } = input.desired.upgrade;
  const lanes = Math.min(Math.max(1, maxSurge > 0 ? maxSurge : Math.min(maxUnavailable, input.desired.workers.count - 1)), workers.length);
  const ends = Array.from({ length: lanes }, () => before);
  const surplusOnes = Math.max(0, course.workers.length - input.desired.workers.count);
  const going = { about: to.version, longestSeconds: drainSeconds };
  /** Who takes whose place; undefined: nobody. */
  const successors = new Map<MachineRef, MachineRef | undefined>();
  const came: string[] = [];
  // Those go first whose places are taken already.
  for (const [index, old] of succeededFirst(input.observed, course.places, workers).entries()) {
    const lane = index % lanes;
    const seen = input.observed.machines.find(({ name }) => name === old.name);
    const why = `it runs an older version than ${to.version}`;
    if (index < surplusOnes) {
      const moved = successionsOf(input.observed, seen ? [seen] : [], course.places, course.workers).flatMap((succession) => planSuccession(steps, input.observed, succession));
      ends[lane] = planGoing({ steps, input }, old, { ...going, before: [...ends[lane]!, ...moved], why });
      successors.set(old, undefined);
      continue;
    }
    const fresh = course.names.next().value;
    const comes = (needs: readonly string[]): string[] => {
      const back = planComing({ steps, input }, fresh, to.version, needs, `takes the place of ${old.name}`, seen);
      came.push(...back);
      // Where the old one has made room for it, Mold has taken away what led there: the rules themselves find the new one.
      return seen && maxSurge > 0 ? [...back, ...planSuccession(steps, input.observed, { old: seen, successor: fresh })] : back;
    };
    const goes = (needs: readonly (string | undefined)[]): string[] => planGoing({ steps, input }, old, { ...going, before: needs.filter((need) => need !== undefined), why });
    if (maxSurge > 0) ends[lane] = goes(comes(ends[lane]!));
    else {
      ends[lane] = comes(goes([...ends[lane]!, seen && planVacated(steps, input.observed, seen, ends[lane]!)]));
      planTaken(steps, input.observed, old.name, fresh);
      course.gaps.push(...planGap(steps, input.observed, old.name, fresh, "upgrade.maxSurge is 0, so that the old one makes room first"));
    }
    successors.set(old, fresh);
  }
  course.workers = course.workers.flatMap((ref) => (successors.has(ref) ? (successors.get(ref) ?? []) : [ref]));
  return [...ends.flat(), ...(came.length > 0 ? [planNoneComing({ steps, input }, to.version, came)] : [])];
}

/** A kubelet is changed sooner than a control plane is. */
const workerUpgradeSeconds = 40;

/**
 * Every node gets the ISO and loads its images while it still serves. All of them before the first is upgraded: kubeadm then has the cluster run a Job with
 * the new version's pause image, on any node, and where there is no registry only those that have loaded it can (kubernetes, cmd/kubeadm/app/phases/upgrade/health.go).
 * Control planes one at a time, led by another meanwhile: what is unpacked keeps the disk busy that etcd waits for with every write. Workers after them, a few
 * at a time: the disks of a zone's machines are often parts of one storage.
 */
function planPreparation(course: Course, to: KubernetesVersion, refs: readonly MachineRef[], before: readonly string[]): string[] {
  const { steps, input } = course;
  const spare = input.desired.controlPlane.count >= leastToSpareOne;
  let turn = before;
  return refs.map((ref) => {
    if (ref.role === "worker" || !spare) return planImages(course, to, ref, before, turn);
    const about = `${to.version} images ${ref.name}`;
    const handed = steps.add({ kind: "handOverEtcd", machine: ref }, `let another lead etcd than ${ref.name}, whose disk is busy`, turn, { about, why: "writes don't wait for its disk" });
    const prepared = planImages(course, to, ref, before, [handed]);
    turn = [prepared];
    return prepared;
  });
}

/** The disc comes in as soon as it can. */
function planImages({ steps, drives }: Course, { version, isoId }: KubernetesVersion, ref: MachineRef, before: readonly string[], turn: readonly string[]): string {
  const about = `${version} ${ref.name}`;
  const held = drives.get(ref.name);
  drives.delete(ref.name);
  const emptied = held !== undefined && held !== isoId ? steps.add({ kind: "detachIso", machine: ref }, `empty the drive of ${ref.name}`, before, { about: `before ${about}`, why: "it holds another ISO" }) : undefined;
  const iso = held === isoId ? undefined : steps.add({ kind: "attachIso", machine: ref, version }, `attach the ISO of Kubernetes ${version} to ${ref.name}`, [...before, emptied], { about });
  return steps.add({ kind: "prepareNode", machine: ref, version }, `have ${ref.name} load the images of ${version}`, [...turn, iso], {
    about,
    pool: "images",
    why: "it is away for less time, and what is wrong with the ISO shows before anything is changed",
  });
}

/** The order, and its answer. */
function planOrder({ steps }: Course, { version }: KubernetesVersion, ref: MachineRef, before: readonly string[], away: readonly string[], why?: string): Turn {
  const about = `${version} ${ref.name}`;
  const order = steps.add({ kind: "orderUpgrade", machine: ref, version }, `tell ${ref.name} to go to ${version}`, [...before, ...away], { about, ...(why === undefined ? {} : { why }) });
  const estimate = ref.role === "worker" ? { estimateSeconds: workerUpgradeSeconds } : {};
  const back = steps.add({ kind: "awaitUpgrade", machine: ref, version }, `wait for ${ref.name} to run ${version}`, [order], { about, ...estimate });
  return { back, ejected: steps.add({ kind: "detachIso", machine: ref }, `detach the ISO of Kubernetes ${version} from ${ref.name}`, [back], { about: `after ${about}` }) };
}
