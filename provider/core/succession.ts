/** A machine that takes the place of another has a name of its own: what leads to the old one by its name leads to the new one from then on. Pure. */
import type { ObservedCluster, ObservedMachine } from "./observe";
import { tagKeys, type Tags } from "./ownership";
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

/** The tag of a balancer rule whose members are named; none where the names are too many. */
export function nodesTarget(names: readonly string[]): Tags {
  const value = `nodes=${[...names].sort().join()}`;
  return value.length <= longest ? { [tagKeys.target]: value } : {};
}

/** On a port forward to a node that is named. */
export const nodeTarget: Tags = { [tagKeys.target]: "node" };

const namedIn = (tags: Tags): string[] => (tags[tagKeys.target]?.startsWith("nodes=") ? listIn(tags[tagKeys.target]!.slice("nodes=".length)) : []);

export interface Succession {
  readonly old: ObservedMachine;
  readonly successor: MachineRef;
}

/** Who takes whose place: as this plan has it, and as one that was interrupted has written it down. */
export function successionsOf({ machines }: ObservedCluster, leaving: readonly ObservedMachine[], places: ReadonlyMap<string, string>, refs: readonly MachineRef[]): Succession[] {
  if (leaving.length === 0) return [];
  const written = machines.flatMap(({ name, tags }): [string, string][] => predecessorsOf(tags).slice(0, 1).map((gone) => [gone, name]));
  const names = new Map([...[...places].map(([name, gone]): [string, string] => [gone, name]), ...written]);
  const byName = new Map(refs.map((ref) => [ref.name, ref]));
  return leaving.flatMap((old) => {
    const successor = byName.get(names.get(old.name) ?? "");
    return successor ? [{ old, successor }] : [];
  });
}

/** Before the old one goes: Mold takes away what leads to a machine that is gone. @returns the steps after which all leads to the new one */
export function planSuccession(steps: Steps, { followers, forwards = [] }: ObservedCluster, { old, successor }: Succession): string[] {
  const ready = steps.has(`awaitNode ${successor.name}`) ? `awaitNode ${successor.name}` : undefined;
  const moved = forwards
    .filter(({ machineId }) => machineId === old.id)
    .map((forward) => steps.add({ kind: "moveForward", forward, machine: successor }, `lead ${forward.name} to ${successor.name}`, [ready], { about: forward.id, why: `${old.name}, which it leads to, goes` }));
  const names = [old.name, ...predecessorsOf(old.tags)];
  const left = followers
    .filter(({ tags }) => namedIn(tags).some((name) => names.includes(name)))
    .map(({ id, name }) => {
      const rule = { id, name };
      const joined = steps.add({ kind: "joinBalancer", rule, machines: [successor] }, `put ${successor.name} behind ${name}`, [ready], { about: `${id} ${successor.name} by name` });
      return steps.add({ kind: "leaveBalancer", rule, machines: [{ id: old.id, name: old.name, role: old.role }] }, `take ${old.name} out of ${name}`, [joined], { about: `${id} ${old.name} by name` });
    });
  return [...moved, ...left];
}
