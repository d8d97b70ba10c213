/**
 * Upgrading a cluster, hop by hop: in each the control planes one at a time, then the workers, a few at a time. What an interrupted
 * upgrade had begun is begun again, and finds its work done. Pure.
 */
import * as semver from "semver";
import type { ObservedMachine } from "./observe";
import type { PlanInput } from "./plan-input";
import { planCordon, planDrain, workerBalancers } from "./plan-leaving";
import { leastToSpareOne } from "./plan-nodes";
import type { KubernetesVersion } from "./catalogue";
import type { Release } from "./release";
import { estimatePlan } from "./step";
import { refOf, type Steps } from "./steps";

/** Whether this machine has a version to reach. */
export const isOutdated = ({ versions, hops }: Release, { name }: Pick<ObservedMachine, "name">): boolean => {
  const version = versions.get(name);
  return version !== undefined && hops.some(({ to }) => semver.lt(version, to.version));
};

/** Those that are out of the API's balancer were on their turn when a run was interrupted: theirs is the next one, since the others serve without them. */
function controlPlanesInOrder({ observed }: PlanInput, machines: readonly ObservedMachine[]): ObservedMachine[] {
  const serves = ({ id }: ObservedMachine): number => (observed.apiRule?.memberIds.includes(id) ? 1 : 0);
  return machines.filter(({ role }) => role === "control-plane").sort((a, b) => serves(a) - serves(b) || a.index - b.index);
}

/** What planning the turns of one hop shares. */
interface Turns {
  readonly steps: Steps;
  readonly input: PlanInput;
  readonly to: KubernetesVersion;
  /** The disc in each machine's drive, as far as planning has come. A machine has one drive. */
  readonly drives: Map<string, string | undefined>;
}

/** @returns what it comes to, in words */
export function planUpgrade(steps: Steps, input: PlanInput, { hops, versions }: Release, machines: readonly ObservedMachine[]): string[] {
  const at = new Map(versions);
  const drives = new Map(machines.map(({ name, isoId }) => [name, isoId]));
  emptyDrives(steps, input, machines.filter(({ name }) => versions.has(name) && !hops.some(({ to }) => semver.lt(versions.get(name)!, to.version))));
  if (hops.length === 0) return [];
  const notes: string[] = [];
  // All else comes first: machines that are on their way back, and others that leave.
  let before: readonly string[] = steps.all.map(({ id }) => id);
  for (const [index, hop] of hops.entries()) {
    const which = hops.length > 1 ? ` (hop ${index + 1} of ${hops.length})` : "";
    const to = hop.to.version;
    const outdated = machines.filter(({ name }) => at.has(name) && semver.lt(at.get(name)!, to));
    const first = steps.all.length;
    before = planHop({ steps, input, to: hop.to, drives }, hop.from, outdated, before, which);
    for (const { name } of outdated) at.set(name, to);
    notes.push(`${input.desired.name} goes from ${hop.from} to ${to}${which}: ${outdated.length} ${outdated.length === 1 ? "node" : "nodes"}, about ${estimatePlan(steps.all.slice(first))} s`);
  }
  return [...notes, "an upgrade can't be undone: Kubernetes goes forward only"];
}

/** Discs that an interrupted run left behind. One that is no Kubernetes is somebody's own. */
function emptyDrives(steps: Steps, { versions = [] }: PlanInput, machines: readonly ObservedMachine[]): void {
  for (const machine of machines) {
    if (!versions.some(({ isoId }) => isoId === machine.isoId)) continue;
    steps.add({ kind: "detachIso", machine: refOf(machine) }, `detach the Kubernetes ISO from ${machine.name}`, [], { why: "an interrupted run had attached it" });
  }
}

/** @returns the last steps */
function planHop(turns: Turns, from: string, outdated: readonly ObservedMachine[], before: readonly string[], which: string): string[] {
  const { steps, input, to } = turns;
  const { desired } = input;
  const workers = outdated.filter(({ role }) => role === "worker");
  const check = steps.add({ kind: "checkHop", from, to: to.version, drains: workers.length > 0 }, `look whether ${desired.name} can go from ${from} to ${to.version}${which}`, before, {
    about: to.version,
    why: "nodes Ready, etcd whole, the ISO there, budgets that let pods go",
  });
  const loose: string[] = [];
  let last: readonly string[] = [check];
  for (const machine of controlPlanesInOrder(input, outdated)) {
    const turn = planControlPlane(turns, machine, last);
    last = [turn.back];
    loose.push(turn.ejected);
  }
  const lanes = Math.min(lanesOf(input), workers.length);
  const ends = Array.from({ length: lanes }, () => last);
  for (const [index, machine] of workers.entries()) {
    const turn = planWorker(turns, machine, ends[index % lanes]!);
    ends[index % lanes] = [turn.back];
    loose.push(turn.ejected);
  }
  return [...(lanes > 0 ? ends.flat() : last), ...loose];
}

/** How many workers are away at once: one stays, where there are more than one. */
function lanesOf({ desired }: PlanInput): number {
  return Math.max(1, Math.min(desired.upgrade.maxUnavailable, desired.workers.count - 1));
}

interface Turn {
  /** It serves again. */
  readonly back: string;
  /** Its drive is empty again: nothing but the next hop waits for it. */
  readonly ejected: string;
}

function planControlPlane(turns: Turns, machine: ObservedMachine, before: readonly string[]): Turn {
  const { steps, input, to } = turns;
  const { desired } = input;
  const ref = refOf(machine);
  const about = `${to.version} ${ref.name}`;
  if (desired.controlPlane.count < leastToSpareOne) return planOrder(turns, machine, before, [], `the API of ${desired.name} is away for some seconds meanwhile`);
  const out = steps.add({ kind: "leaveApiBalancer", machine: ref }, `take ${ref.name} out of the API of ${desired.name}`, before, { about });
  const handed = steps.add({ kind: "handOverEtcd", machine: ref }, `let another lead etcd than ${ref.name}`, [out], { about, why: "writes go on while it is away" });
  const { back: up, ejected } = planOrder(turns, machine, before, [handed]);
  return { back: steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, [up], { about }), ejected };
}

function planWorker(turns: Turns, machine: ObservedMachine, before: readonly string[]): Turn {
  const { steps, input, to } = turns;
  const { desired, observed } = input;
  const ref = refOf(machine);
  const about = `${to.version} ${ref.name}`;
  const cordon = planCordon(steps, machine, before, { about });
  // A single one stays behind its balancers: there is nobody else.
  const rules = desired.workers.count > 1 ? workerBalancers(observed) : [];
  const out = rules.map(({ id, name }) => steps.add({ kind: "leaveBalancer", rule: { id, name }, machines: [ref] }, `take ${ref.name} out of ${name}`, [cordon], { about: `${id} ${about}` }));
  const drain = planDrain(steps, machine, [cordon, ...out], { about, longestSeconds: desired.upgrade.drainSeconds });
  const { back: up, ejected } = planOrder(turns, machine, before, [drain]);
  const behind = workerBalancers(observed).map(({ id, name }) => steps.add({ kind: "joinBalancer", rule: { id, name }, machines: [ref] }, `put ${ref.name} behind ${name}`, [up], { about: `${id} ${about}` }));
  return { back: steps.add({ kind: "uncordonNode", machine: ref }, `uncordon ${ref.name}`, [up, ...behind], { about }), ejected };
}

/** A kubelet is changed sooner than a control plane is. */
const workerUpgradeSeconds = 40;

/** The ISO, the order, and its answer. */
function planOrder({ steps, to, drives }: Turns, machine: ObservedMachine, before: readonly string[], away: readonly string[], why?: string): Turn {
  const ref = refOf(machine);
  const { version, isoId } = to;
  const about = `${version} ${ref.name}`;
  const held = drives.get(ref.name);
  drives.delete(ref.name);
  const emptied = held !== undefined && held !== isoId ? steps.add({ kind: "detachIso", machine: ref }, `empty the drive of ${ref.name}`, before, { about: `before ${about}`, why: "it holds another ISO" }) : undefined;
  const iso = held === isoId ? undefined : steps.add({ kind: "attachIso", machine: ref, version }, `attach the ISO of Kubernetes ${version} to ${ref.name}`, [...before, emptied], { about });
  const order = steps.add({ kind: "orderUpgrade", machine: ref, version }, `tell ${ref.name} to go to ${version}`, [...before, ...away, iso], { about, ...(why === undefined ? {} : { why }) });
  const estimate = machine.role === "worker" ? { estimateSeconds: workerUpgradeSeconds } : {};
  const back = steps.add({ kind: "awaitUpgrade", machine: ref, version }, `wait for ${ref.name} to run ${version}`, [order], { about, ...estimate });
  return { back, ejected: steps.add({ kind: "detachIso", machine: ref }, `detach the ISO of Kubernetes ${version} from ${ref.name}`, [back], { about: `after ${about}` }) };
}
