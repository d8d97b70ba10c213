/** A machine that takes the place of another has a name of its own: what leads to the old one by its name leads to the new one from then on. Pure. */
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, parseMachineName, tagKeys, type Role, type Tags } from "./ownership";
import type { MachineRef } from "./step";
import type { Steps } from "./steps";

/** The longest that Mold takes as the value of a tag. */
const longest = 255;

const listIn = (text = ""): string[] => text.split(",").filter((name) => name !== "");

/** Nodes whose place a machine has taken, the last one first. */
export const predecessorsOf = (tags: Tags): string[] => listIn(tags[tagKeys.succeeds]);

/** What is written on a machine that takes the place of `old`. Should the names be too many, the first ones are forgotten. */
export function succeeds(old: { readonly name: string; readonly tags?: Tags } | undefined): Tags {
  if (old === undefined) return {};
  const names = [old.name, ...predecessorsOf(old.tags ?? {})];
  while (names.join().length > longest) names.pop();
  return { [tagKeys.succeeds]: names.join() };
}

/** What is written on it, by the name of the one whose place it takes. A machine that got the name of that one itself succeeds only those before. */
export function successionTags({ machines, anchorTags = {} }: ObservedCluster, { name }: MachineRef, place: string | undefined): Tags {
  if (place === undefined) return {};
  const old = machines.find((machine) => machine.name === place);
  const names = old ? listIn(succeeds(old)[tagKeys.succeeds]) : listIn(anchorTags[tagKeys.vacant + place] ?? place);
  const others = names.filter((each) => each !== name);
  return others.length > 0 ? { [tagKeys.succeeds]: others.join() } : {};
}

/** Whose place each machine that is there has been told to take. A name may have been another's before: of two machines the successor is the younger one. */
function written(machines: readonly ObservedMachine[]): [string, string][] {
  const byName = new Map(machines.map((machine) => [machine.name, machine]));
  return machines.flatMap(({ name, tags, created }): [string, string][] => {
    const [gone] = predecessorsOf(tags);
    const old = gone === undefined ? undefined : byName.get(gone);
    return gone === undefined || (old !== undefined && old.created >= created) ? [] : [[gone, name]];
  });
}

const byNumber = (a: MachineRef, b: MachineRef): number => a.name.length - b.name.length || (a.name < b.name ? -1 : 1);

/**
 * Which of the new machines take the place of one that goes, or that went before they came, by name: the others are more than there were.
 * @param going those that are to go for another
 * @param fresh those that are to be made or have not joined yet
 */
export function placesTaken(observed: ObservedCluster, cluster: string, going: readonly MachineRef[], fresh: readonly MachineRef[]): ReadonlyMap<string, string> {
  const known = new Map(written(observed.machines));
  const told = new Map(observed.machines.filter((machine) => !hasJoined(machine)).flatMap(({ name, tags }): [string, string][] => predecessorsOf(tags).slice(0, 1).map((gone) => [name, gone])));
  const isThere = (name: string): boolean => observed.machines.some((machine) => machine.name === name);
  const isTold = (gone: string): boolean => [...told.values()].includes(gone);
  const vacant = vacancies(observed).filter((name) => !isThere(name) && !isTold(name));
  const ofRole = (role: Role): [string, string][] => {
    const gone = [...vacant.filter((name) => parseMachineName(cluster, name)?.role === role), ...going.filter((machine) => machine.role === role && !known.has(machine.name)).map(({ name }) => name)];
    const come = fresh.filter((ref) => ref.role === role && !told.has(ref.name)).sort(byNumber);
    const same = come.filter(({ name }) => gone.includes(name)).map(({ name }): [string, string] => [name, name]);
    const isSame = (name: string): boolean => same.some(([each]) => each === name);
    const [left, rest] = [gone.filter((name) => !isSame(name)), come.filter(({ name }) => !isSame(name))];
    return [...same, ...rest.slice(Math.max(0, rest.length - left.length)).map(({ name }, at): [string, string] => [name, left[at]!])];
  };
  return new Map([...[...told].filter(([name]) => fresh.some((ref) => ref.name === name)), ...ofRole("control-plane"), ...ofRole("worker")]);
}

/** Nodes that went, or are about to, before the ones that take their places have come. */
export const vacancies = ({ anchorTags = {} }: ObservedCluster): string[] => Object.keys(anchorTags).flatMap((key) => (key.startsWith(tagKeys.vacant) ? [key.slice(tagKeys.vacant.length)] : []));

const vacated = (name: string): string => `place of ${name}`;

/** @returns the step after which it is recorded that a machine goes whose successor comes only then; undefined: it is */
export function planVacated(steps: Steps, { anchorTags }: ObservedCluster, old: ObservedMachine, needs: readonly string[] = []): string | undefined {
  const [key, value] = [tagKeys.vacant + old.name, succeeds(old)[tagKeys.succeeds]!];
  const now = anchorTags?.[key];
  if (now === value) return undefined;
  const untag = now === undefined ? undefined : steps.add({ kind: "untagAnchor", tags: { [key]: now } }, `forget that the place of a former ${old.name} was to be taken`, needs, { about: `former ${vacated(old.name)}` });
  return steps.add({ kind: "tagAnchor", tags: { [key]: value } }, `record that the place of ${old.name} is to be taken`, [...needs, untag], { about: vacated(old.name), why: "it goes before the one that takes it comes" });
}

/** The step by which a machine is told whose place it takes, with all else that says whose it is. */
export const tellingOf = ({ name }: MachineRef): string => `tagMachine ${name} as ours`;

/** Once the one that takes the place is told so. */
export function planTaken(steps: Steps, { anchorTags, machines }: ObservedCluster, place: string, successor: MachineRef | undefined): void {
  const old = machines.find(({ name }) => name === place);
  const key = tagKeys.vacant + place;
  const value = steps.has(`tagAnchor ${vacated(place)}`) ? succeeds(old)[tagKeys.succeeds] : anchorTags?.[key];
  if (value === undefined) return;
  const told = successor && tellingOf(successor);
  steps.add({ kind: "untagAnchor", tags: { [key]: value } }, successor ? `forget that the place of ${place} was to be taken` : `forget the place of ${place}: nobody is to take it`, [told !== undefined && steps.has(told) ? told : undefined], { about: vacated(place) });
}

/**
 * Before an upgrade that is under way comes to its own.
 * @param missing those that are yet to be made, some of them perhaps later
 */
export function planVacancies(steps: Steps, observed: ObservedCluster, cluster: string, places: ReadonlyMap<string, string>, { refs, missing, upgrades }: { readonly refs: readonly MachineRef[]; readonly missing: readonly MachineRef[]; readonly upgrades: boolean }): void {
  const names = new Set([...vacancies(observed), ...observed.machines.map(({ name }) => name).filter((name) => steps.has(`tagAnchor ${vacated(name)}`))]);
  for (const place of names) {
    const successor = refs.find(({ name }) => places.get(name) === place);
    const isLater = missing.some(({ name, role }) => role === parseMachineName(cluster, place)?.role && !refs.some((ref) => ref.name === name));
    const isToGo = upgrades && observed.machines.some(({ name }) => name === place);
    if (successor || !(isLater || isToGo)) planTaken(steps, observed, place, successor);
  }
}

/** The tag of a balancer rule whose members are named; none where the names are too many. */
export function nodesTarget(names: readonly string[]): Tags {
  const value = `nodes=${[...names].sort().join()}`;
  return value.length <= longest ? { [tagKeys.target]: value } : {};
}

/** On a port forward to a node that is named. */
export const nodeTarget: Tags = { [tagKeys.target]: "node" };

/** Names of the nodes that a balancer rule's members are. */
export const namesIn = (tags: Tags): string[] => (tags[tagKeys.target]?.startsWith("nodes=") ? listIn(tags[tagKeys.target]!.slice("nodes=".length)) : []);

/** Those whose successors are there already come first. */
export function succeededFirst<T extends MachineRef>({ machines }: ObservedCluster, places: ReadonlyMap<string, string>, refs: readonly T[]): T[] {
  const known = new Set([...written(machines).map(([gone]) => gone), ...places.values()]);
  return [...refs.filter(({ name }) => known.has(name)), ...refs.filter(({ name }) => !known.has(name))];
}

export interface Succession {
  readonly old: ObservedMachine;
  readonly successor: MachineRef;
}

/** Who takes whose place: as this plan has it, and as one that was interrupted has written it down. */
export function successionsOf({ machines }: ObservedCluster, leaving: readonly ObservedMachine[], places: ReadonlyMap<string, string>, refs: readonly MachineRef[]): Succession[] {
  if (leaving.length === 0) return [];
  const names = new Map([...[...places].map(([name, gone]): [string, string] => [gone, name]), ...written(machines)]);
  const byName = new Map(refs.map((ref) => [ref.name, ref]));
  return leaving.flatMap((old) => {
    const successor = byName.get(names.get(old.name) ?? "");
    return successor ? [{ old, successor }] : [];
  });
}

/** Before the old one goes: Mold takes away what leads to a machine that is gone. @returns the steps after which all leads to the new one, and it says itself whose place it has */
export function planSuccession(steps: Steps, { followers, forwards = [] }: ObservedCluster, { old, successor }: Succession): string[] {
  const ready = steps.has(`awaitNode ${successor.name}`) ? `awaitNode ${successor.name}` : undefined;
  const moved = forwards
    .filter(({ machineId }) => machineId === old.id)
    .map((forward) => steps.add({ kind: "moveForward", forward, machine: successor }, `lead ${forward.name} to ${successor.name}`, [ready], { about: forward.id, why: `${old.name}, which it leads to, goes` }));
  const names = [old.name, ...predecessorsOf(old.tags)];
  const left = followers
    .filter(({ tags }) => namesIn(tags).some((name) => names.includes(name)))
    .map(({ id, name }) => {
      const rule = { id, name };
      const joined = steps.add({ kind: "joinBalancer", rule, machines: [successor] }, `put ${successor.name} behind ${name}`, [ready], { about: `${id} ${successor.name} by name` });
      return steps.add({ kind: "leaveBalancer", rule, machines: [{ id: old.id, name: old.name, role: old.role }] }, `take ${old.name} out of ${name}`, [joined], { about: `${id} ${old.name} by name` });
    });
  return [...moved, ...left, ...(steps.has(tellingOf(successor)) ? [tellingOf(successor)] : [])];
}

/**
 * What names a machine that goes before the one that takes its place comes. Balancers get that one once it is Ready; port forwards Mold takes away with the old one.
 * @returns what leads to nobody meanwhile, in words
 */
export function planGap(steps: Steps, observed: ObservedCluster, place: string, successor: MachineRef, why: string): string[] {
  const old = observed.machines.find(({ name }) => name === place);
  const names = [...listIn(successionTags(observed, successor, place)[tagKeys.succeeds]), place];
  const rules = observed.followers.filter(({ tags }) => namesIn(tags).some((name) => names.includes(name)));
  for (const { id, name } of rules) steps.add({ kind: "joinBalancer", rule: { id, name }, machines: [successor] }, `put ${successor.name} behind ${name}`, [`awaitNode ${successor.name}`], { about: `${id} ${successor.name} by name` });
  if (!old) return [];
  const forwards = (observed.forwards ?? []).filter(({ machineId }) => machineId === old.id);
  return [
    ...rules.map(({ name }) => `${name} is without ${place}, which it names, from when that goes until ${successor.name} is Ready: ${why}`),
    ...forwards.map(({ name }) => `${name} leads to nobody from when ${place}, which it names, goes until ${successor.name} is there and the rule's own update (this or the next up) makes it anew: ${why}`),
  ];
}
