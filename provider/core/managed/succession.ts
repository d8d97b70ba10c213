/**
 * Machines that take the place of others in a cluster that Mold runs. Mold makes up their names: whose place is to be taken is recorded on the
 * network before any is made, and who took it on the machine once it is there. By that, what names the old one is led to the new one. Pure.
 */
import { tagKeys } from "../ownership";
import { predecessorsOf, succeeds } from "../succession";
import { workersOf, type ManagedMachine, type ObservedManaged } from "./observe";
import type { ManagedPlanInput } from "./plan-input";
import { refOf, type ManagedSteps, type NodeRef, type VacantPlace } from "./work";

const vacantKey = (name: string): string => tagKeys.vacant + name;

const namesOf = (old: ManagedMachine): string => succeeds(old)[tagKeys.succeeds]!;

/** @param leaving those that others are to come for @returns the step after which that is recorded */
export function planVacated(steps: ManagedSteps, { observed }: ManagedPlanInput, leaving: readonly ManagedMachine[], needs: readonly (string | undefined)[]): string | undefined {
  const unrecorded = leaving.filter(({ name }) => observed.marks?.[vacantKey(name)] === undefined);
  if (unrecorded.length === 0) return undefined;
  const names = unrecorded.map(({ name }) => name).join(", ");
  return steps.add({ kind: "mark", marks: Object.fromEntries(unrecorded.map((old) => [vacantKey(old.name), namesOf(old)])) }, `note that the ${unrecorded.length === 1 ? "place" : "places"} of ${names} ${unrecorded.length === 1 ? "is" : "are"} to be taken`, needs, { about: "vacant" });
}

/**
 * What names those that leave is led to those that have come for them. What an interrupted run had recorded of others is forgotten.
 * @returns the step after which nothing leads to the old ones by name
 */
export function planLed(steps: ManagedSteps, { observed }: ManagedPlanInput, leaving: readonly ManagedMachine[], vacated: readonly ManagedMachine[], needs: readonly (string | undefined)[]): string | undefined {
  const marks = observed.marks ?? {};
  const places = leaving.filter((old) => vacated.includes(old) || marks[vacantKey(old.name)] !== undefined).map((old): VacantPlace => ({ old: refOf(old), names: namesOf(old) }));
  const led =
    places.length === 0
      ? undefined
      : steps.add({ kind: "leadToSuccessors", places, leaving: leaving.map(refOf) }, `lead what names ${places.map(({ old }) => old.name).join(", ")} to ${places.length === 1 ? "the machine that takes its place" : "the machines that take their places"}`, needs, { why: "rules by node name follow it" });
  const over = Object.fromEntries([...Object.entries(marks).filter(([key]) => key.startsWith(tagKeys.vacant)), ...places.map(({ old, names }): [string, string] => [vacantKey(old.name), names])]);
  if (Object.keys(over).length > 0) steps.add({ kind: "unmark", marks: over }, "note that no place is to be taken any more", [led], { about: "vacant" });
  return led;
}

export interface ManagedSuccession extends VacantPlace {
  readonly successor: NodeRef;
}

/** Those that say so already; else the newest workers, the one that was made first in the first place. */
export function successorsAmong(observed: ObservedManaged, places: readonly VacantPlace[], leaving: readonly NodeRef[]): ManagedSuccession[] {
  const going = new Set(leaving.map(({ id }) => id));
  const created = new Map(observed.machines.map((machine) => [machine.id, machine.created]));
  const workers = workersOf(observed).filter(({ id }) => !going.has(id));
  const told = new Map(places.flatMap((place): [VacantPlace, ManagedMachine][] => {
    const taker = workers.find((machine) => predecessorsOf(machine.tags)[0] === place.old.name && machine.created >= (created.get(place.old.id) ?? 0));
    return taker ? [[place, taker]] : [];
  }));
  const open = places.filter((place) => !told.has(place));
  const free = workers.filter((machine) => ![...told.values()].includes(machine)).sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1));
  const newest = free.slice(Math.max(0, free.length - open.length));
  return places.flatMap((place) => {
    const successor = told.get(place) ?? newest[open.indexOf(place)];
    return successor ? [{ ...place, successor: refOf(successor) }] : [];
  });
}
