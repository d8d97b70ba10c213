/** Steps on nodes that leave the cluster or rest for a while. Each may find its work already done. */
import { ClusterError } from "../errors";
import { seconds } from "../execute";
import { balancerMembers, type ObservedForward } from "../observe";
import { cordonedBy } from "../ownership";
import { isMovedByDrain } from "../room";
import type { MachineRef, Work } from "../step";
import { nextLookMs } from "../waiting";
import type { DesiredCluster } from "../desired";
import { isNoAnswer, type CallContext, type KubernetesPod, type KubernetesPort, type World } from "../ports";
import { confirmLost } from "./lost";
import type { Operation } from "./operation";

/** What steps on nodes need, whoever runs the cluster. */
export interface NodeOperation {
  readonly world: World;
  readonly kubernetes: KubernetesPort;
  readonly desired: Pick<DesiredCluster, "uid"> & { readonly timeouts: Pick<DesiredCluster["timeouts"], "drainSeconds"> };
  context(subject?: string): CallContext;
}

type Named = Pick<MachineRef, "name">;

export async function leaveBalancer(operation: Operation, { rule, machines }: Extract<Work, { kind: "leaveBalancer" }>): Promise<void> {
  const members = await balancerMembers(operation.world, rule.id);
  const there = machines.map((machine) => operation.idOf(machine)).filter((id) => members.includes(id));
  if (there.length === 0) return;
  if (there.length === members.length) throw new ClusterError(`nobody but ${machines.map(({ name }) => name).join(", ")} is behind ${rule.name}: without them nothing answers there. Put another machine behind it, then run again.`, operation.context(`balancer rule ${rule.name}`));
  await operation.world.mold.run("removeFromLoadBalancerRule", { id: rule.id, virtualmachineids: there }, operation.context(`balancer rule ${rule.name}`));
}

export const moveForward = (operation: Operation, { forward, machine }: Extract<Work, { kind: "moveForward" }>): Promise<void> => leadForward(operation, forward, operation.idOf(machine));

/** A range starts at the same port on both sides, and is said anew: without it Mold takes that of the public side. */
export async function leadForward(operation: Pick<NodeOperation, "world" | "context">, { id, name, privateStartPort, privateEndPort }: ObservedForward, machineId: string): Promise<void> {
  await operation.world.mold.run("updatePortForwardingRule", { id, virtualmachineid: machineId, privateport: privateStartPort, privateendport: privateEndPort }, operation.context(`port forwarding rule ${name}`));
}

export async function cordonNode(operation: NodeOperation, machine: Named): Promise<void> {
  await operation.kubernetes.cordonNode(machine.name, cordonedBy(operation.desired.uid));
}

export async function uncordonNode(operation: NodeOperation, machine: Named): Promise<void> {
  await operation.kubernetes.uncordonNode(machine.name, cordonedBy(operation.desired.uid));
}

export async function deleteNode(operation: Operation, machine: MachineRef): Promise<void> {
  await confirmLost(operation, machine);
  await operation.kubernetes.deleteNode(machine.name);
}

/** Asks every pod to go, again and again for those that a budget holds, until the last has ended. */
export async function drainNode(operation: NodeOperation, { machine, longestSeconds }: { readonly machine: Named } & Pick<Extract<Work, { kind: "drainNode" }>, "longestSeconds">): Promise<void> {
  const { kubernetes, desired, world } = operation;
  const since = world.clock.now();
  const longest = (longestSeconds ?? desired.timeouts.drainSeconds) * 1000;
  const saidOf = new Set<string>();
  for (;;) {
    const left = await lookAt(operation, machine);
    if (left?.length === 0) return;
    const held: string[] = [];
    for (const pod of (left ?? []).filter(({ ending }) => !ending)) {
      const name = `${pod.namespace}/${pod.name}`;
      if (pod.controller === undefined && !saidOf.has(name)) {
        saidOf.add(name);
        world.log.warn(`${machine.name}: the pod ${name} belongs to no controller: nobody makes it anew elsewhere`);
      }
      const reason = await kubernetes.evictPod(pod).catch(noAnswer);
      if (reason !== undefined) held.push(`the pod ${name} is held: ${reason}`);
    }
    const waited = world.clock.now() - since;
    if (waited >= longest) throw new ClusterError(givenUp(machine, { waited, held, left }), operation.context(`node ${machine.name}`));
    await world.clock.sleep(Math.min(nextLookMs(waited), longest - waited + 1), world.signal);
  }
}

/** Undefined: the API did not say. A balancer drops a connection now and then. */
async function lookAt({ kubernetes }: NodeOperation, machine: Named): Promise<KubernetesPod[] | undefined> {
  try {
    return (await kubernetes.podsOn(machine.name)).filter(isMovedByDrain);
  } catch (error) {
    if (isNoAnswer(error)) return undefined;
    throw error;
  }
}

const noAnswer = (error: unknown): string => {
  if (isNoAnswer(error)) return error.message;
  throw error;
};

function givenUp(machine: Named, { waited, held, left }: { waited: number; held: readonly string[]; left: readonly KubernetesPod[] | undefined }): string {
  const ending = (left ?? []).filter(({ ending: isEnding }) => isEnding).map(({ namespace, name }) => `the pod ${namespace}/${name} has been told to end and does not`);
  const why = left === undefined ? "the cluster's API does not answer" : [...held, ...ending].join("; ");
  return `${machine.name} is not drained after ${seconds(waited)}: ${why}. It stays cordoned and nothing was taken away. Give the budget room (more replicas, or a lower minimum) or end the pod, then run again: it goes on from here.`;
}
