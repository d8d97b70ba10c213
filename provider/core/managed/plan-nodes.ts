/** Single nodes: which leave, and what is done to those that stay. */
import { cordonedBy, tagKeys } from "../ownership";
import type { ManagedPlanInput } from "./plan-input";
import { workersOf, type ManagedMachine, type ManagedRecord } from "./observe";
import { refOf, type ManagedSteps } from "./work";

/** Those that leave, and how many workers there are to be then. */
export function leavingOf({ desired, observed }: ManagedPlanInput, behind: readonly string[]): { machines: ManagedMachine[]; size: number } {
  const workers = workersOf(observed);
  const isToGo = ({ name }: ManagedMachine): boolean => {
    const entry = desired.nodes[name];
    return entry?.delete === true || entry?.replace !== undefined || behind.includes(name.toLowerCase());
  };
  const named = workers.filter(isToGo);
  // What Mold scales by demand keeps its size; one that was named gets a successor.
  const size = desired.autoscaling ? Math.min(desired.autoscaling.max, Math.max(desired.autoscaling.min, workers.length)) : desired.workers.count;
  const tooMany = Math.max(0, workers.length - named.length - size);
  const newest = [...workers].reverse().filter((machine) => !named.includes(machine)).slice(0, tooMany);
  return { machines: [...named, ...newest], size };
}

/** Out of the balancers, cordoned, drained as disruption budgets allow: Mold's own drain waits a minute and gives up. @returns the steps after which they may go */
function planDrained(steps: ManagedSteps, { observed }: ManagedPlanInput, machines: readonly ManagedMachine[], needs: readonly (string | undefined)[]): string[] {
  return machines.map((machine) => {
    const ref = refOf(machine);
    const out = observed.followers.filter(({ memberIds }) => memberIds.includes(machine.id)).map(({ id, name }) => steps.add({ kind: "leaveBalancer", rule: { id, name }, machines: [ref] }, `take ${machine.name} out of ${name}`, needs, { about: `${id} ${machine.name}` }));
    const cordoned = steps.add({ kind: "cordonNode", machine: ref }, `cordon ${machine.name}`, needs);
    return steps.add({ kind: "drainNode", machine: ref }, `drain ${machine.name}`, [cordoned, ...out]);
  });
}

/**
 * While Mold counts fewer than there are, no scaling up by Mold succeeds: it waits until as many nodes are Ready as it counts, neither more nor fewer (upstream:
 * KubernetesClusterUtil.validateKubernetesClusterReadyNodesCount). It counts anew only as it scales down by a number: then the newest go.
 */
export function planCount(steps: ManagedSteps, input: ManagedPlanInput, cluster: ManagedRecord, needs: readonly (string | undefined)[]): string {
  const { desired, observed } = input;
  const size = cluster.size - 1;
  const going = workersOf(observed).slice(size);
  const names = going.map(({ name }) => name).join(", ");
  return steps.add({ kind: "settleCount", size, machines: going.map(refOf) }, `have Mold scale ${desired.name} down to ${size} ${size === 1 ? "worker" : "workers"}, so that it counts anew: ${names} go`, planDrained(steps, input, going, needs), {
    why: `it counts ${cluster.size} workers, and ${going.length + size} are there since a scaling failed half-way: it could make no more of them`,
    estimateSeconds: 15 * going.length,
  });
}

/** Only then is Mold told to remove them. */
export function planLeaving(steps: ManagedSteps, input: ManagedPlanInput, machines: readonly ManagedMachine[], needs: readonly (string | undefined)[]): string {
  const { desired, observed } = input;
  const drained = planDrained(steps, input, machines, needs);
  const named = machines.filter(({ name }) => desired.nodes[name] !== undefined && observed.marks?.[tagKeys.gone + name] === undefined);
  const names = named.map(({ name }) => name).join(", ");
  // Before: a run that dies right after has the next one find an entry for a node that is gone, and not take it for a slip.
  const noted = named.length === 0 ? undefined : steps.add({ kind: "mark", marks: Object.fromEntries(named.map(({ name }) => [tagKeys.gone + name, "yes"])) }, `note that ${names} ${named.length === 1 ? "leaves" : "leave"}`, drained, { about: "gone" });
  return steps.add({ kind: "removeNodes", machines: machines.map(refOf) }, `have Mold remove ${machines.map(({ name }) => name).join(", ")}`, [...drained, noted], { estimateSeconds: 15 * machines.length });
}

/** One node after another: out of the way, changed or rebooted, back. @returns the last step */
export function planNodeOperations(steps: ManagedSteps, input: ManagedPlanInput, needs: readonly (string | undefined)[]): string | undefined {
  const { desired, observed, offerings } = input;
  let last = needs[0];
  let isAny = false;
  for (const machine of observed.machines) {
    const entry = desired.nodes[machine.name];
    if (machine.isExternal || machine.state !== "Running" || entry?.delete === true || entry?.replace !== undefined) continue;
    const role = machine.role === "worker" ? offerings.workers : offerings.controlPlane;
    const wanted = offerings.nodes[machine.name] ?? role;
    const hasOther = wanted.id !== machine.offeringId && (entry?.offering !== undefined || wasOfItsOwn(input, machine));
    const reboots = entry?.reboot !== undefined && machine.tags[tagKeys.rebooted] !== entry.reboot;
    if (!hasOther && !reboots) {
      last = planOpen(steps, input, machine, last);
      continue;
    }
    isAny = true;
    last = planTurn(steps, input, machine, hasOther ? { id: wanted.id, name: wanted.name } : undefined, last);
    if (reboots) last = planRebooted(steps, machine, entry.reboot!, last);
  }
  return isAny ? last : undefined;
}

/** Its entry is gone since, or was never the whole role's: it goes back to what its role has, which Mold's record names. */
const wasOfItsOwn = ({ observed }: ManagedPlanInput, { role, offeringId }: ManagedMachine): boolean => {
  const ofRole = role === "worker" ? observed.cluster?.workerOffering : observed.cluster?.controlOffering;
  return ofRole !== undefined && offeringId !== ofRole.id;
};

/** One that an interrupted run of ours has left cordoned. */
function planOpen(steps: ManagedSteps, { desired, observed }: ManagedPlanInput, machine: ManagedMachine, last: string | undefined): string | undefined {
  const node = observed.nodes?.find(({ name }) => name === machine.name.toLowerCase());
  const { annotation, value } = cordonedBy(desired.uid);
  if (node?.annotations[annotation] === value && node.unschedulable && !steps.all.some(({ work }) => work.kind === "drainNode" && work.machine.id === machine.id)) steps.add({ kind: "uncordonNode", machine: refOf(machine) }, `open ${machine.name} again`, [], { why: "an interrupted run had cordoned it" });
  return last;
}

function planTurn(steps: ManagedSteps, { observed }: ManagedPlanInput, machine: ManagedMachine, offering: { readonly id: string; readonly name: string } | undefined, after: string | undefined): string {
  const ref = refOf(machine);
  const isWorker = machine.role === "worker";
  const rules = observed.followers.filter(({ memberIds }) => memberIds.includes(machine.id) && memberIds.length > 1);
  const out = rules.map(({ id, name }) => steps.add({ kind: "leaveBalancer", rule: { id, name }, machines: [ref] }, `take ${machine.name} out of ${name}`, [after], { about: `${id} ${machine.name}` }));
  const cordoned = steps.add({ kind: "cordonNode", machine: ref }, `cordon ${machine.name}`, [after]);
  const drained = isWorker ? steps.add({ kind: "drainNode", machine: ref }, `drain ${machine.name}`, [cordoned, ...out]) : cordoned;
  let changed: string;
  if (offering) {
    const off = steps.add({ kind: "stopMachine", machine: ref }, `stop ${machine.name}`, [drained]);
    const scaled = steps.add({ kind: "scaleMachine", machine: ref, offering: offering.id }, `give ${machine.name} the offering ${offering.name}`, [off]);
    changed = steps.add({ kind: "startMachine", machine: ref }, `start ${machine.name}`, [scaled]);
  } else changed = steps.add({ kind: "rebootMachine", machine: ref }, `reboot ${machine.name}`, [drained]);
  const ready = steps.add({ kind: "awaitNode", machine: ref, restarted: true }, `wait for ${machine.name} to be Ready`, [changed]);
  const open = steps.add({ kind: "uncordonNode", machine: ref }, `open ${machine.name} again`, [ready]);
  return rules.reduce((last, { id, name }) => steps.add({ kind: "joinBalancer", rule: { id, name }, role: machine.role }, `put ${machine.name} back behind ${name}`, [last], { about: `${id} ${machine.name}` }), open);
}

function planRebooted(steps: ManagedSteps, machine: ManagedMachine, text: string, after: string | undefined): string {
  const before = machine.tags[tagKeys.rebooted];
  const cleared = before === undefined ? after : steps.add({ kind: "untagMachines", machines: [refOf(machine)], tags: { [tagKeys.rebooted]: before } }, `forget the last reboot of ${machine.name}`, [after], { about: `rebooted ${machine.name}` });
  return steps.add({ kind: "tagMachines", machines: [refOf(machine)], tags: { [tagKeys.rebooted]: text } }, `note that ${machine.name} was rebooted`, [cleared], { about: `rebooted ${machine.name}` });
}
