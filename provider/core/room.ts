/** Whether the pods of one node have room on the others. Pure. */
import type { KubernetesNode, KubernetesPod, Resources } from "./ports";

const none: Resources = { cpu: 0, memory: 0 };
const plus = (a: Resources, b: Resources): Resources => ({ cpu: a.cpu + b.cpu, memory: a.memory + b.memory });
const minus = (a: Resources, b: Resources): Resources => ({ cpu: a.cpu - b.cpu, memory: a.memory - b.memory });
const sum = (all: readonly Resources[]): Resources => all.reduce(plus, none);

/** A drain has nothing to do with the others: a daemon set's would be made anew at once, a static one's mirror ends with its node. */
export const isMovedByDrain = ({ controller, ended }: KubernetesPod): boolean => !ended && controller !== "DaemonSet" && controller !== "Node";

/**
 * What is missing while the fullest node is away, in words; undefined: there is room. By what pods request in sum, as the scheduler counts: whether each
 * single one then fits somewhere is for the scheduler to say.
 */
export function missingRoom(nodes: readonly KubernetesNode[], pods: readonly KubernetesPod[]): string | undefined {
  const open = nodes.filter(({ ready, unschedulable }) => ready && !unschedulable);
  const on = new Map<string, KubernetesPod[]>(open.map(({ name }) => [name, []]));
  for (const pod of pods) if (!pod.ended && pod.node !== undefined) on.get(pod.node)?.push(pod);
  const free = sum(open.map(({ name, allocatable }) => minus(allocatable, sum((on.get(name) ?? []).map(({ requests }) => requests)))));
  for (const { name, allocatable } of open) {
    const here = on.get(name) ?? [];
    const moving = sum(here.filter(isMovedByDrain).map(({ requests }) => requests));
    const elsewhere = minus(free, minus(allocatable, sum(here.map(({ requests }) => requests))));
    if (moving.cpu > Math.max(0, elsewhere.cpu)) return `the pods of ${name} request ${cores(moving.cpu)} and the other workers have ${cores(elsewhere.cpu)} left`;
    if (moving.memory > Math.max(0, elsewhere.memory)) return `the pods of ${name} request ${mebibytes(moving.memory)} and the other workers have ${mebibytes(elsewhere.memory)} left`;
  }
  return undefined;
}

const cores = (cpu: number): string => `${Math.max(0, Math.round(cpu * 100) / 100)} CPU cores`;
const mebibytes = (bytes: number): string => `${Math.max(0, Math.round(bytes / 2 ** 20))} MiB of memory`;
