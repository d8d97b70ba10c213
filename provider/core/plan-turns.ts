/** Changes that a machine has to be off for, one machine after another: out of the way, changed, back, and only then the next. Pure. */
import { roleOf, type DesiredCluster } from "./desired";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { tagKeys } from "./ownership";
import type { PlanInput } from "./plan-input";
import { isDrained, planCordon, planDrain, planReturn, workerBalancers } from "./plan-leaving";
import { refOf, type Steps } from "./steps";

export function hasOtherOffering(desired: DesiredCluster, { role, offeringId, offeringName }: ObservedMachine): boolean {
  const { offering } = roleOf(desired, role);
  return offeringName !== offering && offeringId !== offering;
}

/** With fewer the cluster has no majority of etcd while one of them is away. */
export const leastToSpareOne = 3;

/** A member that runs and is to have another offering. What an interrupted turn of it had begun is done again. */
export const takesTurn = (desired: DesiredCluster, machine: ObservedMachine): boolean =>
  machine.state === "Running" && machine.tags[tagKeys.joined] === "yes" && hasOtherOffering(desired, machine);

/** Control planes first, each waiting until the one before it is back. */
export function planTurns(steps: Steps, input: PlanInput, machines: readonly ObservedMachine[]): void {
  // All else comes first, those that are on their way back above all: never two away at once by our hand.
  let before: readonly string[] = steps.all.map(({ id }) => id);
  for (const machine of machines) before = machine.role === "worker" ? planWorkerTurn(steps, input, machine, before) : planControlPlaneTurn(steps, input, machine, before);
}

function planOther(steps: Steps, { desired }: PlanInput, machine: ObservedMachine, needs: readonly (string | undefined)[], why?: string): string {
  const ref = refOf(machine);
  const stop = steps.add({ kind: "stopMachine", machine: ref }, `stop ${ref.name}`, needs, why === undefined ? {} : { why });
  const scale = planScale(steps, desired, machine, [stop]);
  return steps.add({ kind: "startMachine", machine: ref }, `start ${ref.name}`, [scale]);
}

/** A machine that is off just gets its offering. */
export const planScale = (steps: Steps, desired: DesiredCluster, machine: ObservedMachine, needs: readonly (string | undefined)[]): string =>
  steps.add({ kind: "scaleMachine", machine: refOf(machine) }, `give ${machine.name} the offering ${roleOf(desired, machine.role).offering}`, needs, { why: `it has ${machine.offeringName}` });

function planWorkerTurn(steps: Steps, input: PlanInput, machine: ObservedMachine, before: readonly string[]): string[] {
  const { observed } = input;
  const isNode = isDrained(observed, machine);
  const cordon = isNode ? planCordon(steps, machine, before) : undefined;
  const rules = workersThere(observed) > 1 ? workerBalancers(observed) : [];
  const out = rules.map(({ id, name }) => steps.add({ kind: "leaveBalancer", rule: { id, name }, machines: [refOf(machine)] }, `take ${machine.name} out of ${name}`, [...before, cordon], { about: `${id} ${machine.name}` }));
  const drain = isNode ? planDrain(steps, machine, [cordon, ...out]) : undefined;
  const started = planOther(steps, input, machine, [...before, ...out, drain]);
  return planReturn(steps, observed, machine, started, { isCordoned: isNode, isNew: false });
}

const workersThere = ({ machines }: ObservedCluster): number => machines.filter(({ role }) => role === "worker").length;

function planControlPlaneTurn(steps: Steps, input: PlanInput, machine: ObservedMachine, before: readonly string[]): string[] {
  const { desired, observed } = input;
  const ref = refOf(machine);
  // Those that are to leave have left by then, and those to come are there.
  const isAlone = desired.controlPlane.count < leastToSpareOne;
  const out = isAlone ? undefined : steps.add({ kind: "leaveApiBalancer", machine: ref }, `take ${ref.name} out of the API of ${desired.name}`, before);
  const handed = isAlone ? undefined : steps.add({ kind: "handOverEtcd", machine: ref }, `let another lead etcd than ${ref.name}`, [out], { why: "writes go on while it is away" });
  const started = planOther(steps, input, machine, [...before, handed], isAlone ? `the API of ${desired.name} is away until it is back` : undefined);
  const ready = planReturn(steps, observed, machine, started, { isCordoned: false, isNew: false });
  return isAlone ? ready : [steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, ready, { about: ref.name })];
}
