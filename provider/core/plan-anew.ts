/** Where etcd is lost, or its majority: a cluster that never was whole begins anew, one that was can't be mended by a run. Pure. */
import type { ObservedCluster, ObservedMachine } from "./observe";
import { hasJoined, tagKeys } from "./ownership";
import { joinSeconds, type PlanInput, type Problem } from "./plan-input";
import { refOf, type Steps } from "./steps";

const answers = ({ nodes }: ObservedCluster): boolean => (nodes ?? []).length > 0;
const isRecorded = ({ desired, observed }: PlanInput): boolean => observed.anchorTags?.[tagKeys.initialised] === desired.uid;
const wasNeverWhole = ({ desired, observed }: PlanInput): boolean => observed.anchorTags?.[tagKeys.initialising] === desired.uid;

/** A cluster this old that never was whole may be in use all the same. */
const isYoung = ({ machines, at }: ObservedCluster): boolean => machines.every(({ created }) => at - created < joinSeconds * 1000);

/**
 * The API does not answer, the control plane that was to make etcd, or made it, is gone or about to be made anew, and the cluster has
 * never been whole. What the others hold is at most the rest of an etcd that has no majority, and would be a second one beside a new one.
 */
export function startsAnew(input: PlanInput, discarded: readonly ObservedMachine[]): boolean {
  const { observed, birth = false } = input;
  const { machines } = observed;
  if (answers(observed)) return false;
  const first = machines.find(({ initialises }) => initialises);
  if (first && !discarded.includes(first)) return false;
  if (machines.length === 0) return isRecorded(input) && birth;
  if (isRecorded(input) && !machines.some(hasJoined)) return true;
  // One that never had the ISO, or that Mold could not deploy, has made nothing that anybody could join.
  return wasNeverWhole(input) && first?.state !== "Error" && (isYoung(observed) || !machines.some(hasJoined));
}

/** @returns what there is without all that, and the steps after which it is gone: the record first, so that a run that dies here is followed by one that does the same */
export function planAnew(steps: Steps, input: PlanInput): { readonly observed: ObservedCluster; readonly cleared: string[] } {
  const { desired, observed } = input;
  const { [tagKeys.initialised]: record, ...anchorTags } = observed.anchorTags ?? {};
  const sure = steps.add({ kind: "confirmSilence" }, `make sure that the API of ${desired.name} does not answer`, [], { why: "the control plane that makes etcd is gone, before the others had joined" });
  const forgotten = record === undefined ? undefined : steps.add({ kind: "untagAnchor", tags: { [tagKeys.initialised]: record } }, `forget that ${desired.name} was initialised`, [sure]);
  const removed = observed.machines.map((machine) =>
    steps.add({ kind: "discardMachine", machine: refOf(machine) }, `remove ${machine.name}`, [forgotten ?? sure], { pool: "destroy", why: `${desired.name} begins anew: this may be what is left of an etcd without its first control plane` }),
  );
  return { observed: { ...observed, machines: [], anchorTags }, cleared: [...removed, forgotten ?? sure] };
}

/** Once every control plane has joined, the loss of one is no longer the loss of etcd. @param joined the steps after which those that join now have */
export function planWhole(steps: Steps, { desired, observed }: PlanInput, joined: readonly string[]): void {
  const record = observed.anchorTags?.[tagKeys.initialising];
  if (record === undefined && !steps.has("markInitialising")) return;
  steps.add({ kind: "untagAnchor", tags: { [tagKeys.initialising]: record ?? desired.uid } }, `record that ${desired.name} is whole`, joined, { about: "initialising", why: "from now on it is mended, and not made anew" });
}

/** Every control plane of a cluster that was whole is gone. A new one would find nothing to join, and making an empty etcd is nobody's guess to make. */
export function etcdLost(input: PlanInput): Problem[] {
  const { desired, observed, birth = false } = input;
  if (!isRecorded(input) || answers(observed) || observed.machines.some(({ role }) => role === "control-plane")) return [];
  if (!observed.machines.some(hasJoined) && (birth || observed.machines.length > 0)) return [];
  const recover = howToRecover(observed);
  return [{ property: "controlPlane", reason: `every control plane of ${desired.name} is gone from Mold, and with them etcd, in which the whole cluster was. ${recover ? `${recover} Or destroy` : "Destroy"} the cluster and create it anew.` }];
}

function howToRecover({ destroyed }: ObservedCluster): string {
  const names = destroyed.filter((machine) => machine.role === "control-plane" && machine.state === "Destroyed" && hasJoined(machine)).map(({ name }) => name);
  return names.length > 0 ? `Mold has not expunged ${names.join(", ")} yet: recover what there is of them (recoverVirtualMachine), then run again.` : "";
}

/**
 * Some control planes are left, and fewer than etcd needs. Nothing that a run does makes the API answer then, and a new etcd of what one
 * member holds is for a person to make. Said by the preview and by the run that waited in vain; undefined: there are enough, or nobody knows.
 */
export function majorityLost(input: PlanInput): string | undefined {
  const { desired, observed, former } = input;
  // An interrupted change of their number may not have come to all of them: the smaller one counts.
  const count = Math.min(desired.controlPlane.count, former?.controlPlane.count ?? desired.controlPlane.count);
  const majority = Math.floor(count / 2) + 1;
  const left = observed.machines.filter((machine) => machine.role === "control-plane" && hasJoined(machine)).map(({ name }) => name);
  if (!isRecorded(input) || wasNeverWhole(input) || answers(observed) || left.length === 0 || left.length >= majority) return undefined;
  const recover = howToRecover(observed);
  return (
    `of the ${count} control planes of ${desired.name} only ${left.join(", ")} ${left.length === 1 ? "is" : "are"} left in Mold, and etcd needs ${majority}: its majority is lost, and with it the API. ` +
    `${recover ? `${recover} Or restore` : "Restore"} etcd from what ${left[0]!} holds (https://etcd.io/docs/current/op-guide/recovery/), then run again. Or destroy the cluster and create it anew`
  );
}
