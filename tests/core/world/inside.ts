/** A cluster from inside its machines, whatever it says of itself. */
import { violations } from "../sweeps/sweep";
import type { Cloud } from "./cloud";
import { locksLeft, seen } from "./made";

interface Inside {
  readonly machines: readonly { readonly name: string; readonly phase: string }[];
  readonly clusters: readonly { readonly members: readonly { readonly name: string; readonly learner: boolean }[]; readonly nodes: readonly { readonly name: string; readonly ready: boolean; readonly unschedulable: boolean }[] }[];
}
export const inside = (cloud: Cloud): Inside => (seen(cloud) as unknown as { hypervisor: Inside }).hypervisor;

/** What is not as it should be in a cluster that is said to be whole. */
export function wrongs(cloud: Cloud, { controlPlanes, workers }: { controlPlanes: number; workers: number }): string[] {
  const { machines, clusters } = inside(cloud);
  const [whole, ...others] = clusters;
  const voters = (whole?.members ?? []).filter(({ learner }) => !learner);
  return [
    ...violations(cloud).map((violation) => JSON.stringify(violation)),
    ...others.map(({ members }) => `another cluster of ${members.map(({ name }) => name).join(", ")}`),
    ...machines.filter(({ phase }) => phase !== "member").map(({ name, phase }) => `${name} is ${phase}`),
    ...(whole?.nodes ?? []).filter(({ ready, unschedulable }) => !ready || unschedulable).map(({ name }) => `${name} is not Ready or cordoned`),
    ...(machines.length === controlPlanes + workers ? [] : [`${machines.length} machines`]),
    ...(whole?.nodes.length === controlPlanes + workers ? [] : [`${whole?.nodes.length ?? 0} nodes`]),
    ...(voters.length === controlPlanes && whole?.members.length === controlPlanes ? [] : [`members of etcd: ${(whole?.members ?? []).map(({ name, learner }) => name + (learner ? " (learner)" : "")).join(", ")}`]),
    ...locksLeft(cloud).map((lock) => `lock of ${lock}`),
  ];
}
