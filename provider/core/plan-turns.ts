/** Changes that a machine has to be off for, one machine after another: out of the way, changed, back, and only then the next. Pure. */
import { offeringOf, type DesiredCluster } from "./desired";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { tagKeys } from "./ownership";
import type { PlanInput } from "./plan-input";
import { hasSmallDisk, planGrow } from "./plan-disks";
import { isDrained, planCordon, planDrain, planReturn, workerBalancers } from "./plan-leaving";
import { isToReboot, leastToSpareOne, planReboot, planRebooted } from "./plan-nodes";
import { refOf, type Steps } from "./steps";

function hasOtherOffering(desired: DesiredCluster, machine: ObservedMachine): boolean {
  const offering = offeringOf(desired, machine);
  return machine.offeringName !== offering && machine.offeringId !== offering;
}

/** Something of it can only be changed while it is off. */
const isToChange = (desired: DesiredCluster, machine: ObservedMachine): boolean => hasOtherOffering(desired, machine) || hasSmallDisk(desired, machine);

/** A member that runs and is to have another offering or a larger disk, or to be rebooted. What an interrupted turn of it had begun is done again. */
export const takesTurn = (desired: DesiredCluster, machine: ObservedMachine): boolean =>
  machine.state === "Running" && machine.tags[tagKeys.joined] === "yes" && (isToChange(desired, machine) || isToReboot(desired, machine));

/** Control planes first, each waiting until the one before it is back. */
export function planTurns(steps: Steps, input: PlanInput, machines: readonly ObservedMachine[]): void {
  // All else comes first, those that are on their way back above all: never two away at once by our hand.
  let before: readonly string[] = steps.all.map(({ id }) => id);
  for (const machine of machines) before = machine.role === "worker" ? planWorkerTurn(steps, input, machine, before) : planControlPlaneTurn(steps, input, machine, before);
}

function planOther(steps: Steps, { desired }: PlanInput, machine: ObservedMachine, needs: readonly (string | undefined)[], why?: string): string {
  if (!isToChange(desired, machine)) return planReboot(steps, desired, machine, needs, why);
  const ref = refOf(machine);
  const stop = steps.add({ kind: "stopMachine", machine: ref }, `stop ${ref.name}`, needs, why === undefined ? {} : { why });
  return steps.add({ kind: "startMachine", machine: ref }, `start ${ref.name}`, [planChanges(steps, desired, machine, stop)]);
}

/** What a machine that is off gets: its offering, its larger disk. @returns the last step; `before` when there is nothing to change */
export function planChanges(steps: Steps, desired: DesiredCluster, machine: ObservedMachine, before: string | undefined): string | undefined {
  const scaled = hasOtherOffering(desired, machine)
    ? steps.add({ kind: "scaleMachine", machine: refOf(machine) }, `give ${machine.name} the offering ${offeringOf(desired, machine)}`, [before], { why: `it has ${machine.offeringName}` })
    : before;
  return hasSmallDisk(desired, machine) ? planGrow(steps, desired, machine, [scaled]) : scaled;
}

function planWorkerTurn(steps: Steps, input: PlanInput, machine: ObservedMachine, before: readonly string[]): string[] {
  const { observed } = input;
  const isNode = isDrained(observed, machine);
  const cordon = isNode ? planCordon(steps, refOf(machine), before) : undefined;
  const rules = hasOtherWorkers(observed, machine) ? workerBalancers(observed) : [];
  const out = rules.map(({ id, name }) => steps.add({ kind: "leaveBalancer", rule: { id, name }, machines: [refOf(machine)] }, `take ${machine.name} out of ${name}`, [...before, cordon], { about: `${id} ${machine.name}` }));
  const drain = isNode ? planDrain(steps, refOf(machine), [cordon, ...out]) : undefined;
  const started = planOther(steps, input, machine, [...before, ...out, drain]);
  return recorded(steps, input, machine, planReturn(steps, observed, machine, started, { isCordoned: isNode, isNew: false }));
}

/** @returns the turn's last steps, with that by which a reboot is recorded */
function recorded(steps: Steps, { desired }: PlanInput, machine: ObservedMachine, last: readonly string[]): string[] {
  const rebooted = planRebooted(steps, desired, machine, `awaitNode ${machine.name}`);
  return rebooted ? [...last, rebooted] : [...last];
}

const hasOtherWorkers = ({ machines }: ObservedCluster, { name }: ObservedMachine): boolean => machines.some((other) => other.role === "worker" && other.name !== name);

function planControlPlaneTurn(steps: Steps, input: PlanInput, machine: ObservedMachine, before: readonly string[]): string[] {
  const { desired, observed } = input;
  const ref = refOf(machine);
  // Those that are to leave have left by then, and those to come are there.
  const isAlone = desired.controlPlane.count < leastToSpareOne;
  const out = isAlone ? undefined : steps.add({ kind: "leaveApiBalancer", machine: ref }, `take ${ref.name} out of the API of ${desired.name}`, before);
  const handed = isAlone ? undefined : steps.add({ kind: "handOverEtcd", machine: ref }, `let another lead etcd than ${ref.name}`, [out], { why: "writes go on while it is away" });
  const started = planOther(steps, input, machine, [...before, handed], isAlone ? `the API of ${desired.name} is away until it is back` : undefined);
  const ready = recorded(steps, input, machine, planReturn(steps, observed, machine, started, { isCordoned: false, isNew: false }));
  return isAlone ? ready : [steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, ready, { about: ref.name })];
}
