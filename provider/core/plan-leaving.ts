/** Workers that leave the cluster, and those that were on their way and stay. Pure. */
import { roleOf, type DesiredCluster } from "./desired";
import { nodesByName } from "./nodes-by-name";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { agentAnnotation, hasJoined, isCordonedBy, isLeaving, parseMachineName, type Role, tagKeys } from "./ownership";
import type { PlanInput } from "./plan-input";
import { planGone, whyNamed } from "./plan-nodes";
import type { MachineRef } from "./step";
import { refOf, type Steps } from "./steps";
import { listed } from "./wording";

/** The machines of a role beyond its count and `spare`: those that are not in the cluster yet first, then the newest; last of all the one that is making it. */
export function surplus(desired: DesiredCluster, role: Role, machines: readonly ObservedMachine[], spare = 0): ObservedMachine[] {
  const there = machines.filter((machine) => machine.role === role);
  const settled = (machine: ObservedMachine): number => (hasJoined(machine) ? 1 : machine.initialises ? 2 : 0);
  const newestFirst = [...there].sort((a, b) => settled(a) - settled(b) || b.created - a.created || b.index - a.index);
  return newestFirst.slice(0, Math.max(0, there.length - roleOf(desired, role).count - spare));
}

/**
 * Cordoned, out of the balancers, drained, destroyed, forgotten: in that order. All are cordoned before the first is drained, so that
 * no pod moves from one that leaves to another that does. The cordon's mark comes first and, for one that stays after all, goes last:
 * by it the next run knows what an interrupted one had begun.
 * @param after what comes first: those that take the place of one that leaves
 */
export function planLeaving(steps: Steps, input: PlanInput, leaving: readonly ObservedMachine[], after: readonly string[] = []): void {
  if (leaving.length === 0) return;
  const { desired, observed } = input;
  const drained = new Set(leaving.filter((machine) => isDrained(observed, machine)));
  const cordons = planCordons(steps, [...drained], after);
  const out = workerBalancers(observed).map(({ id, name }) =>
    steps.add(
      { kind: "leaveBalancer", rule: { id, name }, machines: leaving.map(refOf) },
      `take ${listed(leaving.map((machine) => machine.name))} out of ${name}`,
      // Never an empty balancer: new ones come before old ones go.
      [...(drained.size > 0 ? [] : after), ...cordons, steps.has(`joinBalancer ${id}`) ? `joinBalancer ${id}` : undefined],
    ),
  );
  for (const machine of leaving) {
    const ref = refOf(machine);
    const drain = drained.has(machine) ? planDrain(steps, ref, [...cordons, ...out]) : undefined;
    const destroy = steps.add({ kind: "destroyMachine", machine: ref }, `destroy ${ref.name}`, [...(drain ? [] : after), ...out, drain, planGone(steps, input, machine)], { pool: "destroy", why: whyNamed(desired, machine) ?? "fewer workers are declared" });
    if (hasNode(observed, machine)) steps.add({ kind: "deleteNode", machine: ref }, `delete the node ${ref.name}`, [destroy]);
  }
}

/** The API is asked for so many at once. Whoever waited for all of them would wait for thousands: the last ones stand for all. */
const cordonedAtOnce = 12;

/** @returns the steps after which all are cordoned */
function planCordons(steps: Steps, machines: readonly ObservedMachine[], after: readonly string[]): string[] {
  const cordons: string[] = [];
  for (const [at, machine] of machines.entries()) cordons.push(planCordon(steps, refOf(machine), at < cordonedAtOnce ? after : [cordons[at - cordonedAtOnce]]));
  return cordons.slice(-cordonedAtOnce);
}

/** `about`: which of several turns of the machine it belongs to. */
export const planCordon = (steps: Steps, machine: MachineRef, needs: readonly (string | undefined)[], turn: { readonly about?: string } = {}): string =>
  steps.add({ kind: "cordonNode", machine }, `cordon ${machine.name}`, needs, { ...turn, why: "nothing new is to be placed on it" });

export const planDrain = (steps: Steps, machine: MachineRef, needs: readonly (string | undefined)[], { longestSeconds, ...turn }: { readonly about?: string; readonly longestSeconds?: number } = {}): string =>
  steps.add({ kind: "drainNode", machine, ...(longestSeconds === undefined ? {} : { longestSeconds }) }, `drain ${machine.name}`, needs, { ...turn, pool: "drain", why: "its pods move, as their disruption budgets allow" });

/** Balancers that follow workers: cluster steps move their members. */
const workerBalancers = ({ followers }: ObservedCluster): ObservedCluster["followers"] => followers.filter(({ tags }) => tags[tagKeys.target] === "role=worker");

/** One machine leaves the balancers that follow its role. `about`: which of several turns of it that belongs to. */
export const planOutOfBalancers = (steps: Steps, observed: ObservedCluster, machine: MachineRef, needs: readonly (string | undefined)[], about = machine.name): string[] =>
  workerBalancers(observed).map(({ id, name }) => steps.add({ kind: "leaveBalancer", rule: { id, name }, machines: [machine] }, `take ${machine.name} out of ${name}`, needs, { about: `${id} ${about}` }));

export const planBehindBalancers = (steps: Steps, observed: ObservedCluster, machine: MachineRef, needs: readonly string[], about = machine.name): string[] =>
  workerBalancers(observed).map(({ id, name }) => steps.add({ kind: "joinBalancer", rule: { id, name }, machines: [machine] }, `put ${machine.name} behind ${name}`, needs, { about: `${id} ${about}` }));

/** While the API does not answer a machine that has joined is held to be a node. */
const hasNode = ({ nodes }: ObservedCluster, machine: ObservedMachine): boolean => (nodes ? nodesByName(nodes).has(machine.name) : hasJoined(machine));

/** A machine that does not run, or whose node has been silent for long, has nobody who could end its pods: they go with its node. */
export const isDrained = (observed: ObservedCluster, machine: ObservedMachine): boolean => machine.state === "Running" && hasNode(observed, machine) && !isSilent(observed, machine);

function isSilent({ nodes, at }: ObservedCluster, { name }: ObservedMachine): boolean {
  const node = nodes && nodesByName(nodes).get(name);
  return node !== undefined && !node.ready && at - (node.since ?? at) >= goneSeconds * 1000;
}

/** By then Kubernetes itself has told the pods of a node that is NotReady to go (their default toleration, and some room). */
const goneSeconds = 600;

/**
 * Control planes that go, one after another: out of the API's balancer, marked, out of etcd, destroyed, forgotten. By the mark the next
 * run takes the same one, should this one die: another would be one member too many, and the last of two members the end of etcd.
 * @param recorded the step after which what one that goes leaves behind is written down
 * @returns the last steps
 */
export function planLeavingControlPlanes(steps: Steps, input: PlanInput, leaving: readonly ObservedMachine[], recorded: (machine: ObservedMachine) => string | undefined = () => undefined): readonly string[] {
  const { desired, observed } = input;
  // Whoever is new comes first, so that etcd is never smaller than it has to be.
  let before: readonly string[] = leaving.length > 0 ? steps.all.map(({ id }) => id) : [];
  for (const machine of leaving) {
    const ref = refOf(machine);
    const { apiRule } = observed;
    const out = apiRule ? steps.add({ kind: "leaveBalancer", rule: { id: apiRule.id, name: apiRule.name }, machines: [ref] }, `take ${ref.name} out of the API of ${desired.name}`, before, { about: `${apiRule.id} ${ref.name}` }) : undefined;
    const marked = isLeaving(machine)
      ? undefined
      : steps.add({ kind: "tagMachine", machine: ref, tags: { [tagKeys.leaving]: "yes" } }, `record that ${ref.name} leaves etcd`, [...before, out], { about: `${ref.name} as leaving`, why: "from now on it goes, whatever is declared next" });
    const member = planLeaveEtcd(steps, ref, [...before, out, marked]);
    const destroy = steps.add({ kind: "destroyMachine", machine: ref }, `destroy ${ref.name}`, [member, planGone(steps, input, machine), recorded(machine)], { pool: "destroy", why: whyNamed(desired, machine) ?? "fewer control planes are declared" });
    before = [hasNode(observed, machine) ? steps.add({ kind: "deleteNode", machine: ref }, `delete the node ${ref.name}`, [destroy]) : destroy];
  }
  return before;
}

const planLeaveEtcd = (steps: Steps, machine: MachineRef, needs: readonly (string | undefined)[]): string =>
  steps.add({ kind: "leaveEtcd", machine }, `take ${machine.name} out of etcd`, needs, { why: "its vote would still count" });

/** Nodes that our agent made and whose machine is gone: their pods wait to be made elsewhere, and etcd counts its members until they are told to go. */
export function planLostNodes(steps: Steps, { desired, observed }: PlanInput): void {
  const machines = new Set(observed.machines.map(({ name }) => name));
  for (const { name, annotations } of observed.nodes ?? []) {
    const role = parseMachineName(desired.name, name)?.role;
    if (machines.has(name) || !(agentAnnotation in annotations) || role === undefined) continue;
    const lost: MachineRef = { name, role };
    const member = role === "control-plane" ? planLeaveEtcd(steps, lost, []) : undefined;
    steps.add({ kind: "deleteNode", machine: lost }, `delete the node ${name}`, [member], { why: "its machine is gone" });
  }
}

/** Machines that never came to anything. What there is of one in the cluster goes with it, so that another can take its name. */
export function planDiscarded(steps: Steps, { observed }: PlanInput, discarded: readonly ObservedMachine[]): void {
  const nodes = nodesByName(observed.nodes ?? []);
  for (const machine of discarded) {
    const ref = refOf(machine);
    const isNode = nodes.has(machine.name);
    const member = isNode && machine.role === "control-plane" ? planLeaveEtcd(steps, ref, []) : undefined;
    const why = machine.state === "Error" ? "Mold could not deploy it" : isNode ? "its node did not turn Ready in time" : "it did not join in time";
    const removed = steps.add({ kind: "discardMachine", machine: ref }, `remove ${machine.name}`, [member], { pool: "destroy", why });
    if (isNode) steps.add({ kind: "deleteNode", machine: ref }, `delete the node ${machine.name}`, [removed]);
  }
}

/** What lost machines have left in etcd without ever having been a node: a learner first of all, beside which etcd takes no other. */
export function planStaleMembers(steps: Steps, { desired, observed }: PlanInput): string | undefined {
  if (observed.nodes === undefined) return undefined;
  const leaving = steps.all.flatMap(({ id, work }) => (work.kind === "leaveEtcd" ? [id] : []));
  return steps.add({ kind: "tidyEtcd" }, `take members out of etcd of ${desired.name} that no machine answers for`, leaving, { why: "a lost machine may have left one, and etcd takes no new one beside it" });
}

/**
 * A machine that had joined and was off or `isAway`, or that an interrupted run was about to take away, is put back as it was.
 * @returns the last steps
 */
export function planBack(steps: Steps, { desired, observed }: PlanInput, machine: ObservedMachine, running: string | undefined, { isAway = false } = {}): string[] {
  const node = observed.nodes && nodesByName(observed.nodes).get(machine.name);
  const isCordoned = node !== undefined && isCordonedBy(node, desired.uid);
  if (running === undefined && !isCordoned && !isAway) return [];
  return planReturn(steps, observed, machine, running, { isCordoned, isNew: node === undefined, why: "an interrupted run had cordoned it" });
}

/**
 * The way back of a machine that was away: Ready and heard of, behind its balancers, uncordoned.
 * @param started the step that started it; undefined: it runs, and may still be booting
 * @returns the last steps
 */
export function planReturn(
  steps: Steps,
  observed: ObservedCluster,
  machine: ObservedMachine,
  started: string | undefined,
  { isCordoned, isNew, why }: { readonly isCordoned: boolean; readonly isNew: boolean; readonly why?: string },
): string[] {
  const ref = refOf(machine);
  const ready = steps.add({ kind: "awaitNode", machine: ref, restarted: true }, `wait for ${ref.name} to be Ready`, [started]);
  if (machine.role !== "worker") return [ready];
  // Its node was deleted while it was off: the kubelet registers anew, without the role.
  const labelled = isNew ? steps.add({ kind: "labelNode", machine: ref }, `label ${ref.name} as worker`, [ready]) : ready;
  const behind = planBehindBalancers(steps, observed, ref, [labelled]);
  if (!isCordoned) return behind.length > 0 ? behind : [labelled];
  return [steps.add({ kind: "uncordonNode", machine: ref }, `uncordon ${ref.name}`, [labelled, ...behind], why === undefined ? {} : { why })];
}
