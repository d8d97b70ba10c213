/**
 * The record that Mold keeps of a cluster which others run (ExternalManaged): its screens show the cluster and its machines by it. It
 * can't be tagged, and names of records are not unique: the end of its description says whose it is. It can't be changed either, but for
 * its machines: where something else is to be another, another record takes its place.
 */
import { mark, tagKeys, tagsOf } from "./ownership";
import { isMoldFailure, type Answer, type World } from "./ports";
import { cut } from "./wording";

export interface ObservedComment {
  readonly id: string;
  readonly text: string;
  readonly author: string;
  /** `2026-11-23` */
  readonly day: string;
  readonly adminsOnly: boolean;
}

export interface ObservedRecord {
  readonly id: string;
  readonly description: string;
  readonly versionId?: string;
  /** What the version is called in Mold, mostly with the version in it. */
  readonly versionName: string;
  /** How many it counts of each. Machines that were expunged while they were in it count still. */
  readonly controlCount: number;
  readonly workerCount: number;
  /** Machines in it that are there, whoever put them there. */
  readonly machineIds: readonly string[];
  /** Those of them that are ours and destroyed. */
  readonly goneIds: readonly string[];
  readonly created: string;
  /** Undefined: nobody asked. */
  readonly comments?: readonly ObservedComment[];
}

/** The longest that Mold takes. */
const longest = 255;

/** What stands in the record, cut so that the mark fits. */
export function recordDescription({ name, uid, description }: { readonly name: string; readonly uid: string; readonly description?: string }): string {
  const end = ` ${mark(uid)}`;
  const words = description || name;
  return words.length + end.length <= longest ? words + end : `${cut(words, longest - end.length - 1)}…${end}`;
}

/** Ours, the oldest first. Undefined: this account may not see any. */
export async function observeRecords({ mold }: Pick<World, "mold">, { name, uid }: { readonly name: string; readonly uid: string }, withComments: boolean): Promise<ObservedRecord[] | undefined> {
  let found: Answer<"listKubernetesClusters">[];
  try {
    found = await mold.list("listKubernetesClusters", { name });
  } catch (error) {
    if (isMoldFailure(error) && error.kind === "forbidden") return undefined;
    throw error;
  }
  const ours = found.filter(({ description, clustertype }) => (description ?? "").endsWith(mark(uid)) && clustertype === "ExternalManaged");
  const records = await Promise.all(
    ours.map(async (record): Promise<ObservedRecord> => ({
      ...readRecord(uid, record),
      ...(withComments ? { comments: record.hasannotations === true ? await commentsOn({ mold }, record.id!) : [] } : {}),
    })),
  );
  return records.sort((a, b) => (`${a.created} ${a.id}` < `${b.created} ${b.id}` ? -1 : 1));
}

const gone = new Set(["Destroyed", "Expunging"]);

type Shown = Pick<Answer<"listVirtualMachines">, "id" | "state" | "displayname" | "tags">;

function readRecord(uid: string, record: Answer<"listKubernetesClusters">): ObservedRecord {
  const machines = (record.virtualmachines ?? []) as Shown[];
  const isOurs = (machine: Shown): boolean => tagsOf(machine)[tagKeys.cluster] === uid || (machine.displayname ?? "").endsWith(mark(uid));
  const ids = (some: readonly Shown[]): string[] => some.flatMap(({ id }) => id ?? []);
  return {
    id: record.id!,
    description: record.description ?? "",
    ...(record.kubernetesversionid === undefined ? {} : { versionId: record.kubernetesversionid }),
    versionName: record.kubernetesversionname ?? "",
    // With no machine in it, a record shows one control plane all the same.
    controlCount: machines.length === 0 && record.size === 0 ? 0 : (record.controlnodes ?? 0),
    workerCount: record.size ?? 0,
    machineIds: ids(machines),
    goneIds: ids(machines.filter((machine) => gone.has(machine.state ?? "") && isOurs(machine))),
    created: record.created ?? "",
  };
}

export async function commentsOn({ mold }: Pick<World, "mold">, recordId: string): Promise<ObservedComment[]> {
  const found = await mold.list("listAnnotations", { entitytype: commented, entityid: recordId });
  const inOrder = found.sort((a, b) => ((a.created ?? "") < (b.created ?? "") ? -1 : 1));
  return inOrder.map(({ id = "", annotation = "", username = "", created = "", adminsonly }) => ({ id, text: annotation, author: username, day: created.slice(0, 10), adminsOnly: adminsonly === true }));
}

/** What Mold calls what our comments are on. */
export const commented = "KUBERNETES_CLUSTER";

/** What is to be written, and what goes: a comment that was declared last time and no longer is. Those of others stay. */
export function commentChange(declared: readonly string[], former: readonly string[], there: readonly ObservedComment[]): { readonly add: readonly string[]; readonly remove: readonly ObservedComment[] } {
  const texts = new Set(there.map(({ text }) => text));
  return { add: declared.filter((text) => !texts.has(text)), remove: there.filter(({ text }) => former.includes(text) && !declared.includes(text)) };
}

/** As it stands in a step's title. */
export const shownComment = (text: string): string => JSON.stringify(text.length <= 60 ? text : `${cut(text, 59)}…`);

/** How a comment says who wrote it and when, once it is another that puts it there again. */
const signature = /\([^()]+, \d{4}-\d\d-\d\d\)$/;

/** A comment as it stands on the record that takes the place of the one it was written on. Declared ones, and those that are signed, stay as they are. */
export function carriedText({ text, author, day }: ObservedComment, declared: readonly string[]): string {
  const signed = `${text} (${author}, ${day})`;
  return declared.includes(text) || signature.test(text) || author === "" || signed.length > longest ? text : signed;
}

/** `v1.35.4-x86_64` */
export const versionInName = ({ versionName }: Pick<ObservedRecord, "versionName">): string | undefined => /\d+\.\d+\.\d+/.exec(versionName)?.[0];
