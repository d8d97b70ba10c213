/** The cluster in Mold's own screens: its record there, the machines in it, and the comments on it. Pure. */
import type { KubernetesVersion } from "./catalogue";
import { hasJoined } from "./ownership";
import type { PlanInput } from "./plan-input";
import { isJoining, type PlannedMachine } from "./plan-joining";
import { commentChange, recordDescription, shownComment, versionInName, type ObservedRecord } from "./records";
import { satisfies } from "./release";
import type { ObservedCluster } from "./observe";
import type { CommandName } from "./ports";
import type { Step, WorkKind } from "./step";
import type { Steps } from "./steps";
import { ranges } from "./wording";

export interface RegistrationInput extends PlanInput {
  /** What the cluster runs when the steps so far are done, whole or a minor; undefined: nobody can be asked. */
  readonly version?: string;
  /** It is brought there by the steps so far. */
  readonly upgrades: boolean;
}

/** What each step on a record is done with. */
const commands: Readonly<Partial<Record<WorkKind, CommandName>>> = {
  registerCluster: "createKubernetesCluster",
  enlistMachines: "addVirtualMachinesToKubernetesCluster",
  delistMachines: "removeVirtualMachinesFromKubernetesCluster",
  unregisterCluster: "deleteKubernetesCluster",
  carryComments: "addAnnotation",
  addComment: "addAnnotation",
  removeComment: "removeAnnotation",
};

/** Which commands the steps on the cluster's record need. */
export const recordCommands = (steps: readonly Step[]): CommandName[] => [...new Set(steps.flatMap(({ work }) => commands[work.kind] ?? []))];

/** @returns what is not done, since this account may not; the cluster does without its entry in Mold's screens */
export function planRegistration(steps: Steps, input: RegistrationInput, machines: readonly PlannedMachine[]): string[] {
  const { desired, observed, withheld = [] } = input;
  if (observed.records === undefined) return [];
  if (withheld.length === 0) {
    planRecord(steps, input, observed.records, machines);
    return [];
  }
  const which = withheld.length === 1 ? "it" : "them";
  return [`Mold's screens do not show ${desired.name} as it is: the role of this account may not call ${withheld.join(", ")}. The cluster itself does not need that. Allow ${which} to the role, and the next run writes the entry${desired.comments.length > 0 ? ", and the comments on it" : ""}`];
}

function planRecord(steps: Steps, input: RegistrationInput, records: readonly ObservedRecord[], machines: readonly PlannedMachine[]): void {
  const { desired, upgrades } = input;
  const stale = records.map((record) => ({ record, why: whyStale(input, record) }));
  const kept = stale.find(({ why }) => why === undefined)?.record;
  const others = records.filter((record) => record !== kept);
  // As long as no node tells which version is right, one of two records can't be told from the other.
  if (kept !== undefined && input.version === undefined && others.length > 0) return;

  const leaving = new Set(steps.all.flatMap(({ work }) => (work.kind === "destroyMachine" || work.kind === "discardMachine" ? [work.machine.name] : [])));
  const whole = machines.filter(({ ref, seen, ...machine }) => !leaving.has(ref.name) && (seen !== undefined && hasJoined(seen) ? true : isJoining({ ref, seen, ...machine }) && steps.has(`awaitNode ${ref.name}`)));
  if (kept === undefined && whole.length === 0) return;
  const before = upgrades ? steps.all.map(({ id }) => id) : steps.has("awaitApi") ? ["awaitApi"] : [];
  const registered =
    kept === undefined
      ? steps.add({ kind: "registerCluster", version: input.version ?? desired.version }, `register ${desired.name} with Mold`, before, { why: stale.at(-1)?.why ?? "its screens show the cluster then" })
      : undefined;
  const entries = new Set(kept?.machineIds);
  const entered = (["control-plane", "worker"] as const).flatMap((role) => {
    const missing = whole.filter(({ ref }) => ref.role === role && !(ref.id !== undefined && entries.has(ref.id)));
    if (missing.length === 0) return [];
    const refs = missing.map(({ ref }) => ref);
    const joined = missing.flatMap(({ ref, seen }) => (seen !== undefined && hasJoined(seen) ? [] : [`awaitNode ${ref.name}`]));
    return [steps.add({ kind: "enlistMachines", role, machines: refs }, `enter ${ranges(refs.map(({ name }) => name))} in Mold's record of ${desired.name}`, [registered, ...joined], { about: role })];
  });
  if (kept !== undefined && kept.goneIds.length > 0) {
    steps.add({ kind: "delistMachines", recordId: kept.id, machineIds: kept.goneIds }, `take destroyed machines out of Mold's record of ${desired.name}`);
  }
  planComments(steps, input, kept, registered);
  for (const { id } of others) {
    const carried = steps.add({ kind: "carryComments", from: id, without: withdrawn(input) }, `take over the comments on the former record of ${desired.name}`, [registered], { about: id, why: "they go with it" });
    steps.add({ kind: "unregisterCluster", recordId: id }, `delete the former record of ${desired.name} in Mold`, [carried, ...entered], { about: id });
  }
}

/** The record that stays, as far as the steps tell: the one that they don't delete. */
export function keptRecord(steps: readonly Step[], { records = [] }: Pick<ObservedCluster, "records">): string | undefined {
  const going = new Set(steps.flatMap(({ work }) => (work.kind === "unregisterCluster" ? [work.recordId] : [])));
  return records.find(({ id }) => !going.has(id))?.id;
}

/** Why a record can't stay, or undefined. */
function whyStale({ desired, version, versions }: RegistrationInput, record: ObservedRecord): string | undefined {
  const registered = versionOf(record, versions);
  if (version !== undefined && !(registered !== undefined && satisfies(registered, version))) return `it is there with Kubernetes ${registered ?? "of no version"}, and Mold can't change that`;
  if (record.description !== recordDescription(desired)) return "its description is another there, and Mold can't change that";
  return record.controlCount + record.workerCount === record.machineIds.length ? undefined : "machines that are gone are counted there";
}

export const versionOf = (record: ObservedRecord, versions: readonly KubernetesVersion[] = []): string | undefined =>
  versions.find(({ id }) => id === record.versionId)?.version ?? versionInName(record);

/** Declared last time, and no longer. */
const withdrawn = ({ desired, former }: PlanInput): string[] => (former?.comments ?? []).filter((text) => !desired.comments.includes(text));

function planComments(steps: Steps, input: RegistrationInput, kept: ObservedRecord | undefined, registered: string | undefined): void {
  const { desired, observed } = input;
  const change = (there: readonly ObservedRecord[]): ReturnType<typeof commentChange> => commentChange(desired.comments, withdrawn(input), there.flatMap(({ comments = [] }) => comments));
  // Those on a former record come over with the others.
  for (const text of change(observed.records ?? []).add) steps.add({ kind: "addComment", text }, `comment on ${desired.name}: ${shownComment(text)}`, [registered], { about: text });
  for (const { id, text } of change(kept ? [kept] : []).remove) steps.add({ kind: "removeComment", commentId: id }, `remove the comment on ${desired.name}: ${shownComment(text)}`, [], { about: id });
}
