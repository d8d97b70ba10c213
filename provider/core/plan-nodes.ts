/**
 * Operations on single nodes, as `nodes` declares them. `delete` is a state; `reboot` and `replace` are texts, and what was last done
 * is a tag on the machine. A new machine carries the texts of its day from its join: it has nothing to make up for. Pure.
 */
import { isDeepStrictEqual } from "node:util";
import { nodeProperty, type DesiredCluster, type DesiredNode } from "./desired";
import { nearestNames } from "./nearest-names";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, isLeaving, parseMachineName, tagKeys, type Tags } from "./ownership";
import type { PlanInput, Problem } from "./plan-input";
import type { MachineRef } from "./step";
import { refOf, type Steps } from "./steps";

const entryOf = ({ nodes }: DesiredCluster, { name }: { readonly name: string }): DesiredNode | undefined => nodes[name];

const isDeleted = (desired: DesiredCluster, machine: { readonly name: string; readonly role: MachineRef["role"] }): boolean =>
  machine.role === "worker" && entryOf(desired, machine)?.delete === true;

const isAsked = (text: string | undefined, machine: ObservedMachine, key: string): text is string => text !== undefined && hasJoined(machine) && machine.tags[key] !== text;

export const isToReboot = (desired: DesiredCluster, machine: ObservedMachine): boolean => isAsked(entryOf(desired, machine)?.reboot, machine, tagKeys.rebooted);

const isToReplace = (desired: DesiredCluster, machine: ObservedMachine): boolean => !isDeleted(desired, machine) && isAsked(entryOf(desired, machine)?.replace, machine, tagKeys.replaced);

/** What a machine that has just joined has nothing to make up for. */
export function doneTags(desired: DesiredCluster, machine: MachineRef): Tags {
  const { reboot, replace } = entryOf(desired, machine) ?? {};
  return { ...(reboot === undefined ? {} : { [tagKeys.rebooted]: reboot }), ...(replace === undefined ? {} : { [tagKeys.replaced]: replace }) };
}

/** With fewer the cluster has no majority of etcd while one of them is away. */
export const leastToSpareOne = 3;

/** Whether a control plane goes before the one that takes its place comes: there may be no other host for that one. */
export const goesFirst = ({ affinity, controlPlane }: DesiredCluster): boolean => affinity === "required" && controlPlane.count >= leastToSpareOne;

/** Machines that go because their entry says so, and those that have to wait for another. */
export interface Named {
  readonly deleted: readonly ObservedMachine[];
  /** Workers all together, of control planes one: etcd changes by one member at a time. */
  readonly replaced: readonly ObservedMachine[];
  readonly waiting: readonly ObservedMachine[];
}

export function namedMachines(desired: DesiredCluster, machines: readonly ObservedMachine[]): Named {
  const asked = machines.filter((machine) => isToReplace(desired, machine));
  const members = machines.filter((machine) => machine.role === "control-plane" && hasJoined(machine));
  const majority = Math.floor(members.length / 2) + 1;
  const areCarriedWithout = (one: ObservedMachine): boolean => members.filter((other) => other !== one && other.state === "Running").length >= majority;
  // One that is off and needed has to be started first.
  const canGo = (one: ObservedMachine): boolean => areCarriedWithout(one) || (one.state === "Running" && !goesFirst(desired));
  const controlPlanes = asked.filter(({ role }) => role === "control-plane");
  // One that a run has begun to take away comes before any other, asked for or not.
  const begun = machines.find((machine) => machine.role === "control-plane" && isLeaving(machine));
  const first = controlPlanes.find(begun ? (machine) => machine === begun : canGo);
  return {
    deleted: machines.filter((machine) => isDeleted(desired, machine)),
    replaced: asked.filter((machine) => machine.role === "worker" || machine === first),
    waiting: controlPlanes.filter((machine) => machine !== first && !isLeaving(machine)),
  };
}

/** Why a machine leaves, where its entry says so. */
export function whyNamed(desired: DesiredCluster, machine: ObservedMachine): string | undefined {
  if (isDeleted(desired, machine)) return `${nodeProperty(machine.name)} deletes it`;
  return isToReplace(desired, machine) ? `replaced: ${entryOf(desired, machine)!.replace!}` : undefined;
}

/**
 * What the anchor says of a node that has an entry and has left: why. By it the next run knows the name, should this one die, and does
 * not take the entry for a slip.
 */
function goneAs({ delete: isGone, replace }: DesiredNode): string {
  if (isGone) return "deleted";
  return replace === undefined ? beyondCount : `replaced: ${replace}`;
}

const beyondCount = "beyond the count";

const goneKey = (name: string): string => tagKeys.gone + name;

/** A node that the declaration has leave does not come back under its name as long as it does. */
export function isNotToBe(desired: DesiredCluster, { anchorTags }: ObservedCluster, machine: MachineRef): boolean {
  const entry = entryOf(desired, machine);
  const gone = anchorTags?.[goneKey(machine.name)];
  return isDeleted(desired, machine) || (entry?.replace !== undefined && gone === goneAs(entry));
}

/** @returns the step after which it is recorded that a machine goes that has an entry; undefined: it is, or has none */
export function planGone(steps: Steps, { desired, observed }: PlanInput, machine: ObservedMachine): string | undefined {
  const entry = entryOf(desired, machine);
  if (entry === undefined) return undefined;
  const [key, value] = [goneKey(machine.name), whyNamed(desired, machine) === undefined ? beyondCount : goneAs(entry)];
  const now = observed.anchorTags?.[key];
  if (now === value) return undefined;
  const about = machine.name;
  const untag = now === undefined ? undefined : steps.add({ kind: "untagAnchor", tags: { [key]: now } }, `forget that a former ${machine.name} left`, [], { about });
  return steps.add({ kind: "tagAnchor", tags: { [key]: value } }, `record that ${machine.name} leaves`, [untag], { about });
}

/** What was recorded of nodes that the declaration no longer names. */
export function planForgotten(steps: Steps, { desired, observed }: PlanInput): void {
  for (const [key, value] of Object.entries(observed.anchorTags ?? {})) {
    if (!key.startsWith(tagKeys.gone)) continue;
    const name = key.slice(tagKeys.gone.length);
    if (!Object.hasOwn(desired.nodes, name)) steps.add({ kind: "untagAnchor", tags: { [key]: value } }, `forget that ${name} left`, [], { about: name });
  }
}

/** Records that a node was rebooted, once it is up again. @returns the step after which that is so; undefined: nothing was asked for */
export function planRebooted(steps: Steps, desired: DesiredCluster, machine: ObservedMachine, up: string): string | undefined {
  if (!isToReboot(desired, machine)) return undefined;
  const ref = refOf(machine);
  const before = machine.tags[tagKeys.rebooted];
  const about = `${ref.name} as rebooted`;
  const untag = before === undefined ? undefined : steps.add({ kind: "untagMachine", machine: ref, tags: { [tagKeys.rebooted]: before } }, `forget the former reboot of ${ref.name}`, [up], { about });
  return steps.add({ kind: "tagMachine", machine: ref, tags: { [tagKeys.rebooted]: entryOf(desired, machine)!.reboot! } }, `record that ${ref.name} was rebooted`, [up, untag], { about });
}

/** @param up why else it matters */
export const planReboot = (steps: Steps, desired: DesiredCluster, machine: ObservedMachine, needs: readonly (string | undefined)[], why?: string): string =>
  steps.add({ kind: "rebootMachine", machine: refOf(machine) }, `reboot ${machine.name}`, needs, { why: [entryOf(desired, machine)!.reboot!, why].filter((each) => each !== undefined).join("; ") });

/** What is asked of nodes and has to wait for the start of a stopped cluster. */
export function notesWhileStopped(desired: DesiredCluster, machines: readonly ObservedMachine[]): string[] {
  const names = (which: (machine: ObservedMachine) => boolean): string => machines.filter(which).map(({ name }) => name).join(", ");
  const [rebooted, replaced] = [names((machine) => isToReboot(desired, machine)), names((machine) => isToReplace(desired, machine))];
  return [
    ...(rebooted ? [`the next start of ${desired.name} is the reboot of ${rebooted}`] : []),
    ...(replaced ? [`${replaced}: replaced when ${desired.name} is started, since a machine joins by running`] : []),
  ];
}

/** @param made names of machines that are yet to be made as declared */
export function nodeProblems({ desired, observed, former }: PlanInput, made: readonly string[]): Problem[] {
  const known = namesKnown(observed, made);
  return Object.entries(desired.nodes).flatMap(([name, entry]): Problem[] => {
    if (entry.delete && parseMachineName(desired.name, name)?.role === "control-plane") {
      return [{ property: nodeProperty(name, "delete"), reason: "a control plane is not deleted by name: etcd counts its members. Lower controlPlane.count, by two; or have it made anew by replace." }];
    }
    const gone = observed.anchorTags?.[goneKey(name)];
    if (known.has(name) || gone === beyondCount || gone === goneAs(entry) || isDeepStrictEqual(former?.nodes[name], entry)) return [];
    const left = gone === undefined ? "" : ` It has left (${gone}).`;
    return [{ property: nodeProperty(name), reason: `there is no node ${name}.${left} Nearest: ${nearestNames(name, [...known]).join(", ") || "none, there are no nodes"}.` }];
  });
}

/** Machines that are there, nodes whose machine was lost, and those that wait to be expunged: somebody may have removed them by hand. */
function namesKnown({ machines, destroyed, nodes = [] }: ObservedCluster, made: readonly string[]): Set<string> {
  return new Set([...machines, ...destroyed, ...nodes].map(({ name }) => name).concat(made));
}
