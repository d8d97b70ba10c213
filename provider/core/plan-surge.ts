/** Workers that come, and workers that go, in the course of an upgrade. Pure. */
import type { ObservedMachine } from "./observe";
import { machineName, parseMachineName } from "./ownership";
import type { PlanInput } from "./plan-input";
import { planDeploy, planJoined, type PlannedMachine } from "./plan-joining";
import { planBehindBalancers, planCordon, planDrain, planOutOfBalancers } from "./plan-leaving";
import { doneTags, isNotToBe } from "./plan-nodes";
import { planMachineTags } from "./plan-tags";
import type { MachineRef } from "./step";
import type { Steps } from "./steps";

interface Planning {
  readonly steps: Steps;
  readonly input: PlanInput;
}

/** Names beyond every one that is or was, but for what never came to anything: by them the next run continues as an undisturbed one would. */
export function* newWorkerNames(steps: Steps, { desired, observed }: PlanInput, machines: readonly PlannedMachine[]): Generator<MachineRef, never> {
  const there = [...observed.machines, ...(observed.nodes ?? [])].filter(({ name }) => !steps.has(`discardMachine ${name}`));
  const names = [...machines.map(({ ref }) => ref), ...there, ...observed.destroyed].map(({ name }) => parseMachineName(desired.name, name));
  const last = names.reduce((highest, name) => (name?.role === "worker" ? Math.max(highest, name.index) : highest), 0);
  for (let index = last + 1; ; index++) {
    const ref: MachineRef = { name: machineName(desired.name, "worker", index), role: "worker" };
    if (!isNotToBe(desired, observed, ref)) yield ref;
  }
}

/** Deployed at that version, joined, behind its balancers. @param old whose place it takes @returns the last steps */
export function planComing({ steps, input }: Planning, ref: MachineRef, version: string, before: readonly string[], why: string, old?: ObservedMachine): string[] {
  const { desired, observed } = input;
  const { running } = planDeploy(steps, ref, { version, why }, before);
  planMachineTags(steps, input, [{ ref }], new Map(old ? [[ref.name, old.name]] : []));
  const iso = steps.add({ kind: "attachIso", machine: ref, version }, `attach the Kubernetes ISO to ${ref.name}`, [running]);
  const token = steps.add({ kind: "publishToken" }, `make a join token for ${ref.name}`, [running], { about: ref.name });
  const joined = planJoined(steps, ref, undefined, { needs: [iso, token], done: doneTags(desired, ref) });
  return [joined, ...planBehindBalancers(steps, observed, ref, [`awaitNode ${ref.name}`])];
}

/** Once all have joined: they share it. */
export const planNoneComing = ({ steps }: Planning, version: string, needs: readonly string[]): string =>
  steps.add({ kind: "withdrawToken" }, `withdraw the join token of the workers at ${version}`, needs, { about: version, why: "nothing joins with it any longer" });

/** Cordoned, out of its balancers, drained, destroyed, forgotten. @returns the last steps */
export function planGoing(
  { steps, input }: Planning,
  ref: MachineRef,
  { about, before, why, longestSeconds }: { readonly about: string; readonly before: readonly string[]; readonly why: string; readonly longestSeconds?: number },
): string[] {
  const turn = { about: `${about} ${ref.name}` };
  const cordon = planCordon(steps, ref, before, turn);
  const out = planOutOfBalancers(steps, input.observed, ref, [cordon], turn.about);
  const drain = planDrain(steps, ref, [cordon, ...out], { ...turn, ...(longestSeconds === undefined ? {} : { longestSeconds }) });
  const destroyed = steps.add({ kind: "destroyMachine", machine: ref }, `destroy ${ref.name}`, [drain], { pool: "destroy", why });
  return [steps.add({ kind: "deleteNode", machine: ref }, `delete the node ${ref.name}`, [destroyed], turn)];
}
