/** Of the machines that are there, which stay, which leave, and which are yet to come. Pure. */
import { roleOf, type DesiredCluster } from "./desired";
import { nodesByName } from "./nodes-by-name";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, isLeaving, machineName, parseMachineName, tagKeys } from "./ownership";
import { joinSeconds } from "./plan-input";
import { surplus } from "./plan-leaving";
import { isNotToBe, namedMachines, type Named } from "./plan-nodes";
import type { KubernetesNode } from "./ports";
import type { Release } from "./release";
import type { MachineRef } from "./step";
import { vacancies } from "./succession";

export interface Roster extends Named {
  readonly kept: readonly ObservedMachine[];
  readonly discarded: readonly ObservedMachine[];
  readonly leaving: readonly ObservedMachine[];
  /** Those that are yet to be made, now or at the next start. */
  readonly missing: readonly MachineRef[];
}

/**
 * A machine that Mold could not make, or that did not join in time, is made anew. Those leave that are named, and those beyond the count.
 */
export function rosterOf(desired: DesiredCluster, observed: ObservedCluster, { hops }: Pick<Release, "hops">): Roster {
  const nodes = nodesByName(observed.nodes ?? []);
  const isLong = (since: number): boolean => observed.at - since > joinSeconds * 1000;
  // A node that is no longer Ready, or never was, has nobody's pods left after that time; what keeps etcd alive is not guessed about.
  const isUseless = (machine: ObservedMachine, node: KubernetesNode): boolean => !node.ready && isLong(node.since ?? observed.at) && (machine.role === "worker" || isSpared(observed, machine));
  // Once somebody has answered only the cluster can say that a machine is no node of it: one that an interrupted run could not record any more may be half of etcd.
  const isTold = observed.nodes !== undefined || observed.anchorTags?.[tagKeys.initialised] !== desired.uid;
  const spent = (machine: ObservedMachine): boolean => {
    const node = nodes.get(machine.name);
    return isTold && !hasJoined(machine) && isLong(machine.created) && (node === undefined || isUseless(machine, node));
  };
  const ordered = [...observed.machines].sort((a, b) => (a.role === b.role ? a.index - b.index : a.role === "control-plane" ? -1 : 1));
  const discarded = new Set(ordered.filter((machine) => machine.state === "Error" || spent(machine)));
  const there = ordered.filter((machine) => !discarded.has(machine));
  const named = namedMachines(desired, there);
  const going = new Set([...named.deleted, ...named.replaced, ...there.filter(isLeaving)]);
  const rest = there.filter((machine) => !going.has(machine));
  // In the course of an upgrade there are that many more; they, or those they stand for, leave at its end.
  const spare = hops.length > 0 ? desired.upgrade.maxSurge : 0;
  const leaving = new Set([...going, ...surplus(desired, "control-plane", rest), ...surplus(desired, "worker", rest, spare)]);
  const stayOrGo = { kept: rest.filter((machine) => !leaving.has(machine)), leaving: [...leaving] };
  return { ...named, ...stayOrGo, discarded: [...discarded], missing: newMachines(desired, observed, stayOrGo) };
}

/** Another control plane is in the cluster and Ready, so that it can be told to let go of this one. */
function isSpared({ machines, nodes = [] }: ObservedCluster, { name }: ObservedMachine): boolean {
  const ready = new Set(nodes.filter((node) => node.ready).map((node) => node.name));
  return machines.some((other) => other.name !== name && other.role === "control-plane" && hasJoined(other) && ready.has(other.name));
}

/** The lowest free numbers: those of machines that Mold has not expunged yet are still taken, as host names, and those of nodes that the declaration has leave, or whose place is to be taken, stay free. */
function newMachines(desired: DesiredCluster, observed: ObservedCluster, { kept, leaving }: Pick<Roster, "kept" | "leaving">): MachineRef[] {
  return (["control-plane", "worker"] as const).flatMap((role) => {
    const taken = new Set([...kept, ...observed.destroyed, ...leaving].filter((machine) => machine.role === role).map(({ index }) => index));
    const missing = roleOf(desired, role).count - kept.filter((machine) => machine.role === role).length;
    const fresh: MachineRef[] = [];
    const vacant = vacancies(observed).map((name) => parseMachineName(desired.name, name)).flatMap((name) => (name?.role === role ? [name.index] : []));
    for (const index of vacant) taken.add(index);
    // Workers that an upgrade has begun to replace get the names that it gives.
    const first = role === "worker" && vacant.length > 0 ? [...taken].reduce((highest, index) => Math.max(highest, index), 0) + 1 : 1;
    for (let index = first; fresh.length < missing; index++) {
      const ref = { name: machineName(desired.name, role, index), role };
      if (!taken.has(index) && !isNotToBe(desired, observed, ref)) fresh.push(ref);
    }
    return fresh;
  });
}
