/** Of the machines that are there, which stay, which leave, and which are yet to come. Pure. */
import { roleOf, type DesiredCluster } from "./desired";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { machineName, tagKeys } from "./ownership";
import { joinSeconds } from "./plan-input";
import { surplus } from "./plan-leaving";
import { isNotToBe, namedMachines, type Named } from "./plan-nodes";
import type { Release } from "./release";
import type { MachineRef } from "./step";

export interface Sorted extends Named {
  readonly kept: readonly ObservedMachine[];
  readonly discarded: readonly ObservedMachine[];
  readonly leaving: readonly ObservedMachine[];
}

/**
 * A machine that Mold could not make, or that never joined in time, is made anew; nothing of it is in the cluster. Those leave that are
 * named, and those beyond the count.
 */
export function sortMachines(desired: DesiredCluster, observed: ObservedCluster, { hops }: Pick<Release, "hops">): Sorted {
  const nodes = new Set(observed.nodes?.map(({ name }) => name));
  const spent = (machine: ObservedMachine): boolean =>
    machine.tags[tagKeys.joined] !== "yes" && !nodes.has(machine.name) && observed.at - machine.created > joinSeconds * 1000;
  const ordered = [...observed.machines].sort((a, b) => (a.role === b.role ? a.index - b.index : a.role === "control-plane" ? -1 : 1));
  const discarded = new Set(ordered.filter((machine) => machine.state === "Error" || spent(machine)));
  const there = ordered.filter((machine) => !discarded.has(machine));
  const named = namedMachines(desired, there);
  const going = new Set([...named.deleted, ...named.replaced]);
  const rest = there.filter((machine) => !going.has(machine));
  // In the course of an upgrade there are that many more; they, or those they stand for, leave at its end.
  const spare = hops.length > 0 ? desired.upgrade.maxSurge : 0;
  const leaving = new Set([...going, ...surplus(desired, "control-plane", rest), ...surplus(desired, "worker", rest, spare)]);
  return { ...named, kept: rest.filter((machine) => !leaving.has(machine)), discarded: [...discarded], leaving: [...leaving] };
}

/** Names of the machines that are yet to be made, now or at the next start. */
export function namesToMake(desired: DesiredCluster, observed: ObservedCluster, release: Pick<Release, "hops">): string[] {
  const { kept, leaving } = sortMachines(desired, observed, release);
  return newMachines(desired, observed, { kept, leaving }).map(({ name }) => name);
}

/** The lowest free numbers: those of machines that Mold has not expunged yet are still taken, as host names, and those of nodes that the declaration has leave stay free. */
export function newMachines(desired: DesiredCluster, observed: ObservedCluster, { kept, leaving }: Pick<Sorted, "kept" | "leaving">): MachineRef[] {
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
