/**
 * Machines that run and have joined, and whose nodes are not there: they are waited for, and rebooted one after another if that does
 * not help. Pure.
 */
import { apiPort } from "./desired";
import { isLockedOut } from "./certificate-life";
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, type Role, tagKeys } from "./ownership";
import type { PlanInput } from "./plan-input";
import { planBack } from "./plan-leaving";
import { refOf, type Steps } from "./steps";
import { listed } from "./wording";

/** What a reboot usually takes: a node that is away for less may just be on its way back. */
export const comingBackSeconds = 180;

/** A machine that was started within this time may still be booting. */
const bootingSeconds = 900;

export interface Away {
  readonly why: string;
  /** It counts as Ready and has only not been heard of since its machine was started: nothing to reboot it for. */
  readonly isStarting?: true;
  /** Its kubelet's certificate has ended: it waits in vain, and is to be rebooted with what lets it in again. */
  readonly isLockedOut?: true;
}

type Seen = Pick<PlanInput, "observed" | "attentive">;

/** By name. Nobody is away while the API does not answer: nobody knows. */
export function nodesAway({ observed, attentive }: Seen): Map<string, Away> {
  const { nodes, heartbeats, at } = observed;
  const away = new Map<string, Away>();
  if (nodes === undefined) return away;
  const byName = new Map(nodes.map((node) => [node.name, node]));
  const youngest = attentive ? 0 : comingBackSeconds * 1000;
  for (const machine of observed.machines.filter(isMember)) {
    const node = byName.get(machine.name);
    if (!node) away.set(machine.name, { why: "its node is gone from the cluster" });
    else if (!node.ready && isLockedOut(machine.role, node, at)) away.set(machine.name, { why: "its kubelet's certificate has ended", isLockedOut: true });
    else if (!node.ready && at - (node.since ?? 0) >= youngest) away.set(machine.name, { why: `its node is NotReady${node.reason ? `: ${node.reason}` : ""}` });
    else if (node.ready && Date.parse(heartbeats?.get(machine.name) ?? "") < (machine.since ?? 0)) away.set(machine.name, { why: "not heard of since it was started", isStarting: true });
  }
  return away;
}

const isMember = (machine: ObservedMachine): boolean => machine.state === "Running" && hasJoined(machine);

const isYoung = ({ at }: ObservedCluster, { since }: ObservedMachine): boolean => since !== undefined && at - since < bootingSeconds * 1000;

/** Whether it is worth asking when the kubelets were heard of last: only of a machine that was started a short while ago it tells something. */
export const mayBeStarting = (observed: ObservedCluster): boolean => observed.machines.some((machine) => isMember(machine) && isYoung(observed, machine));

/** A control plane was started a short while ago, and the API does not answer yet. */
export const awaitsStart = ({ observed, attentive = false }: Seen): boolean =>
  attentive && observed.nodes === undefined && observed.machines.some((machine) => machine.role === "control-plane" && isMember(machine) && isYoung(observed, machine));

/** Those that are away come first in their role: what is to be done to them all costs nobody else. */
export function awayFirst(machines: readonly ObservedMachine[], away: ReadonlyMap<string, Away>): ObservedMachine[] {
  return (["control-plane", "worker"] as const).flatMap((role) => {
    const ofRole = machines.filter((machine) => machine.role === role);
    return [...ofRole.filter(({ name }) => away.has(name)), ...ofRole.filter(({ name }) => !away.has(name))];
  });
}

/** `machines`: those of the ones that are away that are to stay as they are. @returns why some are not rebooted, if so */
export function planRepair(steps: Steps, input: PlanInput, machines: readonly ObservedMachine[], away: ReadonlyMap<string, Away>, apiRule: string | undefined): string[] {
  const isDown = ({ name }: ObservedMachine): boolean => away.has(name) && away.get(name)!.isStarting !== true && away.get(name)!.isLockedOut !== true;
  return (["control-plane", "worker"] as const).flatMap((role) => {
    const ofRole = machines.filter((machine) => machine.role === role);
    const down = input.observed.machines.filter((machine) => machine.role === role && isDown(machine));
    const spared = whySpared(input, role, down.map(({ name }) => name));
    planRole(steps, input, ofRole, { away, isSpared: spared !== undefined, apiRule });
    return spared !== undefined && ofRole.some(isDown) ? [spared] : [];
  });
}

function planRole(steps: Steps, input: PlanInput, machines: readonly ObservedMachine[], { away, isSpared, apiRule }: { away: ReadonlyMap<string, Away>; isSpared: boolean; apiRule: string | undefined }): void {
  const { desired } = input;
  // Those that are being started come back first.
  const starting = steps.all.flatMap(({ id, work }) => (work.kind === "awaitNode" && work.restarted && work.machine.role === machines[0]?.role ? [id] : []));
  const lanes = Array.from({ length: machines[0]?.role === "worker" ? lanesOf(input) : 1 }, () => starting);
  let next = 0;
  for (const machine of machines) {
    const ref = refOf(machine);
    const { why, isStarting, isLockedOut: isOut } = away.get(machine.name)!;
    if (isStarting) {
      planBack(steps, input, machine, undefined, { isAway: true });
      continue;
    }
    if (isOut) {
      // All of them at once: they serve nobody as they are.
      const rebooted = steps.add({ kind: "reviveMachine", machine: ref }, `reboot ${ref.name} with what lets it in again`, [apiRule], { why });
      planBack(steps, input, machine, rebooted, { isAway: true });
      continue;
    }
    const waited = steps.add({ kind: "awaitRecovery", machine: ref, orElse: isSpared ? "fail" : "reboot" }, `see whether ${ref.name} comes back by itself`, [], { why });
    const lane = next++ % lanes.length;
    const started = isSpared ? waited : steps.add({ kind: "reviveMachine", machine: ref }, `reboot ${ref.name} unless it has come back`, [waited, apiRule, ...lanes[lane]!]);
    const back = planBack(steps, input, machine, started, { isAway: true });
    lanes[lane] = machine.role === "control-plane" ? [steps.add({ kind: "joinApiBalancer", machines: [ref] }, `put ${ref.name} behind the API of ${desired.name}`, [...back, apiRule], { about: ref.name })] : back;
  }
}

/** A run that let a worker in again was interrupted: what it left in the machine's user data goes. */
export function planReadmitted(steps: Steps, machines: readonly ObservedMachine[]): void {
  for (const machine of machines) {
    const value = machine.tags[tagKeys.readmitted];
    // Waiting for a node ends with the same.
    if (value === undefined || steps.has(`awaitNode ${machine.name}`)) continue;
    const ref = refOf(machine);
    const replaced = steps.add({ kind: "replaceUserData", machine: ref }, `replace the user data of ${ref.name}`, [], { why: "it holds join material" });
    steps.add({ kind: "untagMachine", machine: ref, tags: { [tagKeys.readmitted]: value } }, `record that ${ref.name} is in again`, [replaced], { about: `${ref.name} as let in again` });
  }
}

/** How many workers may be away at once by our hand. */
const lanesOf = ({ desired }: PlanInput): number => Math.max(1, desired.upgrade.maxUnavailable);

/** More than a machine now and then: then it is not the machines, and rebooting them would only take more away. */
export const areMany = (down: number, all: number, maxUnavailable: number): boolean => down > Math.max(1, maxUnavailable) && down * 3 > all;

/** Why none of these is rebooted, in words; undefined: they are. */
function whySpared(input: PlanInput, role: Role, down: readonly string[]): string | undefined {
  const { observed, desired } = input;
  const all = observed.machines.filter((machine) => machine.role === role);
  if (down.length === 0) return undefined;
  const names = listed(down);
  if (role === "worker") {
    if (!areMany(down.length, all.filter(hasJoined).length, desired.upgrade.maxUnavailable)) return undefined;
    return `${down.length} of ${all.length} workers are NotReady (${names}): too many for it to be the machines, so none is rebooted. ${lookElsewhere}`;
  }
  const majority = Math.floor(all.length / 2) + 1;
  const others = all.filter((machine) => isMember(machine) && !down.includes(machine.name)).length;
  if (others >= majority) return undefined;
  return `${names} ${down.length === 1 ? "is" : "are"} NotReady and not rebooted: meanwhile etcd needs ${majority} of ${all.length} control planes, and has ${others}. ${lookElsewhere}`;
}

export const lookElsewhere = "Look at what they share (the network, the hosts, the way to the API), or reboot one by hand in Mold";

/** That nobody knows how the nodes are is no difference from what is declared, and said all the same. */
export function planSilence({ desired, observed }: PlanInput): string[] {
  const serving = observed.machines.filter((machine) => machine.role === "control-plane" && isMember(machine));
  if (observed.nodes !== undefined || serving.length === 0) return [];
  return [
    `the API at ${desired.place.publicIpAddress}:${apiPort} does not answer, so that nobody knows whether the nodes of ${desired.name} are Ready. Look at the console of ${listed(serving.map(({ name }) => name))} in Mold, and whether this machine may reach the API (apiAccess.cidrList)`,
  ];
}
