/** Stopping a cluster. Starting is what planning a running one does with machines that are stopped. Pure. */
import { roleOf } from "./desired";
import type { ObservedMachine } from "./observe";
import type { PlanInput } from "./plan-input";
import { surplus } from "./plan-leaving";
import { namedMachines, notesWhileStopped, planGone, whyNamed } from "./plan-nodes";
import { planMachineTags } from "./plan-tags";
import { planChanges } from "./plan-turns";
import { refOf, type Steps } from "./steps";

const isOff = ({ state }: ObservedMachine): boolean => state === "Stopped" || state === "Error";

/**
 * Workers first, then the control planes together: nobody writes to etcd any longer, and it is whole when they start again.
 * @returns what is declared and has to wait for the start
 */
export function planStopped(steps: Steps, input: PlanInput): string[] {
  const { desired, observed } = input;
  const deleted = new Set(namedMachines(desired, observed.machines).deleted);
  const leaving = new Set([...deleted, ...surplus(desired, "worker", observed.machines.filter((machine) => !deleted.has(machine)))]);
  const kept = observed.machines.filter((machine) => !leaving.has(machine));
  planMachineTags(steps, input, kept.map((seen) => ({ ref: refOf(seen), seen })));
  const destroyed = [...leaving].map((machine) =>
    steps.add({ kind: "destroyMachine", machine: refOf(machine) }, `destroy ${machine.name}`, [planGone(steps, input, machine)], { pool: "destroy", why: `${whyNamed(desired, machine) ?? "fewer workers are declared"}; its node goes at the next start` }),
  );
  const stop = (role: ObservedMachine["role"], needs: readonly string[]): string[] =>
    kept.filter((machine) => machine.role === role && !isOff(machine)).map((machine) => steps.add({ kind: "stopMachine", machine: refOf(machine) }, `stop ${machine.name}`, needs));
  const workers = stop("worker", []);
  stop("control-plane", [...workers, ...destroyed]);
  // What is still to be stopped gets it by the next round: Mold scales what is off.
  for (const machine of kept) if (machine.state === "Stopped") planChanges(steps, desired, machine, undefined);
  const missing = roleOf(desired, "worker").count - kept.filter(({ role }) => role === "worker").length;
  const controlPlanes = kept.length - kept.filter(({ role }) => role === "worker").length;
  return [
    ...(missing > 0 ? [`${missing} more ${missing === 1 ? "worker is" : "workers are"} made when ${desired.name} is started: a machine joins by running`] : []),
    ...(controlPlanes === desired.controlPlane.count ? [] : [`the number of control planes changes from ${controlPlanes} to ${desired.controlPlane.count} when ${desired.name} is started: etcd has to run for it`]),
    ...notesWhileStopped(desired, kept),
  ];
}
