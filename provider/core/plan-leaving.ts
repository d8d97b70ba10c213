/** Workers that leave the cluster, and those that were on their way and stay. Pure. */
import { roleOf, type DesiredCluster } from "./desired";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { agentAnnotation, cordonedBy, parseMachineName, tagKeys } from "./ownership";
import { refOf, type PlanInput } from "./plan";
import type { KubernetesNode } from "./ports";
import type { MachineRef } from "./step";
import type { Steps } from "./steps";

/** The workers beyond the count: those that are not in the cluster yet first, then the newest. */
export function surplusWorkers(desired: DesiredCluster, machines: readonly ObservedMachine[]): ObservedMachine[] {
  const workers = machines.filter(({ role }) => role === "worker");
  const settled = ({ tags }: ObservedMachine): number => (tags[tagKeys.joined] === "yes" ? 1 : 0);
  const newestFirst = [...workers].sort((a, b) => settled(a) - settled(b) || b.created - a.created || b.index - a.index);
  return newestFirst.slice(0, Math.max(0, workers.length - roleOf(desired, "worker").count));
}

/**
 * Out of the balancers, cordoned, drained, destroyed, forgotten: in that order. All are cordoned before the first is drained, so that
 * no pod moves from one that leaves to another that does.
 */
export function planLeaving(steps: Steps, { observed }: Pick<PlanInput, "observed">, leaving: readonly ObservedMachine[]): void {
  const out = planOutOfBalancers(steps, observed, leaving.map(refOf));
  const drained = leaving.filter((machine) => isDrained(observed, machine));
  const cordons = drained.map((machine) => steps.add({ kind: "cordonNode", machine: refOf(machine) }, `cordon ${machine.name}`, out, { why: "nothing new is to be placed on it" }));
  for (const machine of leaving) {
    const ref = refOf(machine);
    const drain = drained.includes(machine) ? steps.add({ kind: "drainNode", machine: ref }, `drain ${ref.name}`, cordons, { pool: "drain", why: "its pods move, as their disruption budgets allow" }) : undefined;
    const destroy = steps.add({ kind: "destroyMachine", machine: ref }, `destroy ${ref.name}`, [...out, drain], { pool: "destroy", why: "fewer workers are declared" });
    if (hasNode(observed, machine)) steps.add({ kind: "deleteNode", machine: ref }, `delete the node ${ref.name}`, [destroy]);
  }
}

/** Balancers that follow workers lose them before anything else happens to them, and not before new ones are behind them. */
function planOutOfBalancers(steps: Steps, observed: ObservedCluster, leaving: readonly MachineRef[]): string[] {
  if (leaving.length === 0) return [];
  return observed.followers
    .filter(({ tags }) => tags[tagKeys.target] === "role=worker")
    .map(({ id, name }) =>
      steps.add(
        { kind: "leaveBalancer", rule: { id, name }, machines: leaving },
        `take ${leaving.map((machine) => machine.name).join(", ")} out of ${name}`,
        [steps.has(`joinBalancer ${id}`) ? `joinBalancer ${id}` : undefined],
      ),
    );
}

/** While the API does not answer a machine that has joined is held to be a node. */
const hasNode = ({ nodes }: ObservedCluster, { name, tags }: ObservedMachine): boolean => (nodes ? nodes.some((node) => node.name === name) : tags[tagKeys.joined] === "yes");

/** A machine that does not run has nobody who could end its pods: they go with its node. */
const isDrained = (observed: ObservedCluster, machine: ObservedMachine): boolean => machine.state === "Running" && hasNode(observed, machine);

/** Nodes that our agent made and whose machine is gone: their pods wait to be made elsewhere. Control planes are etcd's business too. */
export function planLostNodes(steps: Steps, { desired, observed }: PlanInput): void {
  const machines = new Set(observed.machines.map(({ name }) => name));
  for (const { name, annotations } of observed.nodes ?? []) {
    if (machines.has(name) || !(agentAnnotation in annotations) || parseMachineName(desired.name, name)?.role !== "worker") continue;
    steps.add({ kind: "deleteNode", machine: { name, role: "worker" } }, `delete the node ${name}`, [], { why: "its machine is gone" });
  }
}

/** A machine that had joined and was off, or that an interrupted run was about to take away, is put back as it was. */
export function planBack(steps: Steps, { desired, observed }: PlanInput, machine: ObservedMachine, running: string | undefined): void {
  const ref = refOf(machine);
  const node = observed.nodes?.find(({ name }) => name === machine.name);
  const back = running ? steps.add({ kind: "awaitNode", machine: ref, restarted: true }, `wait for ${ref.name} to be Ready`, [running]) : undefined;
  // Its node was deleted while it was off: the kubelet registers anew, without the role.
  if (machine.role === "worker" && back && !node) steps.add({ kind: "labelNode", machine: ref }, `label ${ref.name} as worker`, [back]);
  if (isCordonedBy(node, desired.uid)) steps.add({ kind: "uncordonNode", machine: ref }, `uncordon ${ref.name}`, [back], { why: "an interrupted run had cordoned it" });
}

function isCordonedBy(node: KubernetesNode | undefined, uid: string): boolean {
  const { annotation, value } = cordonedBy(uid);
  return node?.annotations[annotation] === value;
}
