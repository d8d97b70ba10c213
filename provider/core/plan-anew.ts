/** Where etcd is lost: a cluster that never was whole begins anew, one that was can't be mended. Pure. */
import type { ObservedCluster, ObservedMachine } from "./observe";
import { tagKeys } from "./ownership";
import type { PlanInput, Problem } from "./plan-input";
import { refOf, type Steps } from "./steps";

const hasJoined = ({ tags }: ObservedMachine): boolean => tags[tagKeys.joined] === "yes";
const answers = ({ nodes }: ObservedCluster): boolean => (nodes ?? []).length > 0;
const isRecorded = ({ desired, observed }: PlanInput): boolean => observed.anchorTags?.[tagKeys.initialised] === desired.uid;
const hasBegun = ({ desired, observed }: PlanInput): boolean => observed.anchorTags?.[tagKeys.initialising] === desired.uid;

/**
 * The machine that was to make etcd is gone, or is about to be made anew, and nothing has ever been recorded to have joined. Others may
 * have joined it all the same, unseen: then they hold what is left of its etcd, and would be a second one beside a new one.
 */
export function startsAnew(input: PlanInput, discarded: readonly ObservedMachine[]): boolean {
  const { observed, birth = false } = input;
  const { machines } = observed;
  if (answers(observed) || machines.some(hasJoined)) return false;
  const first = machines.find(({ initialises }) => initialises);
  if (first && !discarded.includes(first)) return false;
  if (machines.length === 0) return isRecorded(input) && birth;
  // One that never had the ISO, or that Mold could not deploy, has made nothing that anybody could join.
  return isRecorded(input) || (hasBegun(input) && first?.state !== "Error");
}

/** @returns what there is without all that, and the steps after which it is gone: the record first, so that a run that dies here is followed by one that does the same */
export function planAnew(steps: Steps, input: PlanInput): { readonly observed: ObservedCluster; readonly cleared: string[] } {
  const { desired, observed } = input;
  const { [tagKeys.initialised]: record, ...anchorTags } = observed.anchorTags ?? {};
  const forgotten = record === undefined ? undefined : steps.add({ kind: "untagAnchor", tags: { [tagKeys.initialised]: record } }, `forget that ${desired.name} was initialised`, [], { why: "the control plane that held etcd is gone, and no machine had joined" });
  const removed = observed.machines.map((machine) =>
    steps.add({ kind: "discardMachine", machine: refOf(machine) }, `remove ${machine.name}`, [forgotten], { pool: "destroy", why: "the first control plane is gone, and it may have joined its etcd" }),
  );
  return { observed: { ...observed, machines: [], anchorTags }, cleared: [...removed, ...(forgotten ? [forgotten] : [])] };
}

/** Every control plane of a cluster that was whole is gone. A new one would find nothing to join, and making an empty etcd is nobody's guess to make. */
export function etcdLost(input: PlanInput): Problem[] {
  const { desired, observed, birth = false } = input;
  if (!isRecorded(input) || answers(observed) || observed.machines.some(({ role }) => role === "control-plane")) return [];
  if (!observed.machines.some(hasJoined) && (birth || observed.machines.length > 0)) return [];
  const destroyed = observed.destroyed.filter((machine) => machine.role === "control-plane" && machine.state === "Destroyed" && hasJoined(machine)).map(({ name }) => name);
  const recover = destroyed.length > 0 ? `Mold has not expunged ${destroyed.join(", ")} yet: recover what there is of them (recoverVirtualMachine), then run again. Or destroy` : "Destroy";
  return [{ property: "controlPlane", reason: `every control plane of ${desired.name} is gone from Mold, and with them etcd, in which the whole cluster was. ${recover} the cluster and create it anew.` }];
}
