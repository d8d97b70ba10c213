/**
 * The clusters that these keys show, from what Mold lists. One that this library runs is known by its machines, its API's rule or its
 * record among Mold's Kubernetes clusters, whichever are there; any other by its record alone.
 */
import { nearest } from "../../../schema/nearest";
import type { ClusterSummary } from "../../../schema/generated/types";
import { apiPort } from "../../core/desired";
import { ClusterError } from "../../core/errors";
import { ofMachine, ofRule, traceOf, type Trace } from "../../core/find-cluster";
import { gone, timeOf } from "../../core/observe";
import { tagKeys, tagParameters } from "../../core/ownership";
import type { Answer, World } from "../../core/ports";

export type Machine = Answer<"listVirtualMachines">;
export type ClusterRecord = Answer<"listKubernetesClusters">;
type Rule = Answer<"listLoadBalancerRules">;

export interface SeenCluster {
  readonly summary: ClusterSummary;
  /** Of ours: those that carry its uid. Of others: none, their record names them. */
  readonly machines: readonly Machine[];
  readonly record?: ClusterRecord;
}

/** What is listed to see clusters by. */
export interface Listed {
  readonly machines: readonly Machine[];
  readonly rules: readonly Rule[];
  readonly records: readonly ClusterRecord[];
  /** Id of a registered version to the version. */
  readonly versions: ReadonlyMap<string, string>;
}

/** In the display name of every machine of ours, which a search by keyword looks into. */
const everyMark = "[ablestack-kubernetes ";

/** @param word in names or display names of the machines; default: all of ours */
export async function listed({ mold }: World, word = everyMark): Promise<Listed> {
  const [machines, rules, records] = await Promise.all([
    mold.list("listVirtualMachines", { keyword: word }),
    mold.list("listLoadBalancerRules", { tags: tagParameters({ [tagKeys.role]: "api" }) }),
    mold.list("listKubernetesClusters", {}),
  ]);
  const own = await machinesMoldRuns(mold, records, machines, word);
  const registered = records.some(({ kubernetesversionid }) => kubernetesversionid !== undefined) ? await mold.list("listKubernetesSupportedVersions", {}) : [];
  return { machines: [...machines, ...own], rules, records, versions: new Map(registered.map(({ id = "", semanticversion = "" }) => [id, semanticversion])) };
}

/** Those of clusters that Mold runs for this library: their display names are Mold's, and their tags say who declares them. */
async function machinesMoldRuns(mold: World["mold"], records: readonly ClusterRecord[], known: readonly Machine[], word: string): Promise<Machine[]> {
  const ours = records.filter((record) => isMolds(record) && ofRecord(record).length > 0 && [record.name, record.id, record.description].some((text) => text?.includes(word)));
  const ids = ours.flatMap(idsIn).filter((id) => !known.some((machine) => machine.id === id));
  return ids.length === 0 ? [] : mold.list("listVirtualMachines", { ids });
}

export const idsIn = (record: ClusterRecord | undefined): string[] => ((record?.virtualmachines ?? []) as { id?: string }[]).flatMap(({ id }) => id ?? []);

const isMolds = ({ clustertype }: ClusterRecord): boolean => clustertype !== undefined && clustertype !== "ExternalManaged";

export const ofRecord = (record: ClusterRecord): Trace[] => traceOf({}, record.description, () => record.name);

/** Pure: by name, then uid. */
export function clustersSeen({ machines, rules, records, versions }: Listed): SeenCluster[] {
  const ours = new Map<string, Mutable>();
  const of = ({ uid, name, owner }: Trace): Mutable => {
    const known = ours.get(uid) ?? { uid, name: "", machines: [] };
    known.name ||= name ?? "";
    known.owner ??= owner;
    ours.set(uid, known);
    return known;
  };
  for (const machine of machines) for (const trace of ofMachine(machine)) if (!gone.has(machine.state ?? "")) of(trace).machines.push(machine);
  const others: ClusterRecord[] = [];
  for (const record of records) {
    const [trace] = ofRecord(record);
    if (trace === undefined) others.push(record);
    else of(trace).record ??= record;
  }
  for (const rule of rules) for (const trace of ofRule(rule)) of(trace).rule ??= rule;
  const seen = [...[...ours.values()].map((each) => oursSeen(each, versions)), ...others.map((record) => ({ summary: recordSummary(record, versions), machines: [], record }))];
  return seen.sort((a, b) => (orderOf(a) < orderOf(b) ? -1 : 1));
}

interface Mutable {
  readonly uid: string;
  name: string;
  owner?: string;
  readonly machines: Machine[];
  rule?: Rule;
  record?: ClusterRecord;
}

const orderOf = ({ summary: { name, uid = "", moldId = "" } }: SeenCluster): string => `${name} ${uid} ${moldId}`;

/** Ours end in a number, those of Mold's own clusters in the hexadecimal time they were made. */
export const isControl = ({ name = "" }: Pick<Machine, "name">): boolean => /-control-[0-9a-f]+$/.test(name);

function oursSeen({ uid, name, owner, machines, rule, record }: Mutable, versions: Listed["versions"]): SeenCluster {
  const [first] = machines;
  const nic = (first?.nic as { networkid?: string; networkname?: string }[] | undefined)?.[0];
  const created = Math.min(...machines.map((machine) => timeOf(machine.created) ?? Infinity));
  const running = machines.filter(({ state }) => state === "Running").length;
  const base = record && recordSummary(record, versions);
  // Of one that Mold runs the record tells all but who declares it.
  if (record && base && isMolds(record)) return { summary: withoutAbsent({ ...base, uid, owner }), machines, record };
  const some = first ?? record ?? rule;
  const summary: ClusterSummary = {
    name,
    uid,
    moldId: record?.id,
    owner,
    description: base?.description,
    state: running === 0 ? (machines.length === 0 ? "Alert" : "Stopped") : running === machines.length ? "Running" : "Alert",
    clusterType: "ExternalManaged",
    autoscalingEnabled: false,
    size: machines.filter((machine) => !isControl(machine)).length,
    controlPlaneCount: machines.filter(isControl).length,
    cpuCores: sum(machines.map(({ cpunumber }) => cpunumber)),
    memoryMb: sum(machines.map(({ memory }) => memory)),
    kubernetesVersion: base?.kubernetesVersion,
    account: some?.account,
    project: some?.project,
    domain: some?.domain,
    zoneId: some?.zoneid,
    zoneName: some?.zonename,
    networkId: nic?.networkid ?? record?.networkid ?? rule?.networkid,
    networkName: nic?.networkname ?? record?.associatednetworkname,
    publicIpAddress: rule?.publicip,
    endpoint: rule?.publicip === undefined ? undefined : `https://${rule.publicip}:${apiPort}`,
    created: Number.isFinite(created) ? iso(created) : base?.created,
  };
  return { summary: withoutAbsent(summary), machines, ...(record ? { record } : {}) };
}

function recordSummary(record: ClusterRecord, versions: Listed["versions"]): ClusterSummary {
  const created = timeOf(record.created);
  const version = versions.get(record.kubernetesversionid ?? "") ?? record.kubernetesversionname;
  return withoutAbsent({
    name: record.name ?? "",
    moldId: record.id,
    description: withoutMark(record.description),
    state: record.state ?? "Unknown",
    clusterType: record.clustertype === "ExternalManaged" ? "ExternalManaged" : "CloudManaged",
    autoscalingEnabled: record.autoscalingenabled === true,
    minSize: record.autoscalingenabled === true ? record.minsize : undefined,
    maxSize: record.autoscalingenabled === true ? record.maxsize : undefined,
    size: record.size ?? 0,
    controlPlaneCount: record.controlnodes ?? record.masternodes ?? 0,
    cpuCores: Number(record.cpunumber ?? 0),
    memoryMb: Number(record.memory ?? 0),
    kubernetesVersion: version,
    account: record.account,
    project: record.project,
    domain: record.domain,
    zoneId: record.zoneid,
    zoneName: record.zonename,
    networkId: record.networkid,
    networkName: record.associatednetworkname,
    publicIpAddress: record.ipaddress,
    endpoint: record.endpoint || undefined,
    created: created === undefined ? undefined : iso(created),
  });
}

/** The description as its owner wrote it. */
const withoutMark = (text: string | undefined): string | undefined => text?.replace(/\s*\[ablestack-kubernetes \S+\]$/, "") || undefined;

const sum = (numbers: readonly (number | undefined)[]): number => numbers.reduce<number>((total, each) => total + (each ?? 0), 0);
export const iso = (ms: number): string => new Date(ms).toISOString();

/** Engines can't take `undefined` in an answer, and JSON leaves it out anyway. */
export const withoutAbsent = <T extends object>(value: T): T => Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as T;

/** A `clusterId` is a uid with a generation. */
const uidIn = (wanted: string): string => wanted.replace(/\/[0-9a-z]+$/, "");

const isMeant = (wanted: string, { summary: { name, uid, moldId } }: SeenCluster): boolean => name === wanted || uid === uidIn(wanted) || moldId === wanted;

/**
 * The one that is meant.
 * @throws ClusterError naming those there are
 */
export async function oneCluster(world: World, asked: { readonly cluster: string; readonly owner?: string }): Promise<SeenCluster> {
  const wanted = uidIn(asked.cluster);
  const near = clustersSeen(await listed(world, wanted)).filter((each) => isMeant(wanted, each));
  const meant = asked.owner === undefined ? near : near.filter(({ summary }) => summary.owner === asked.owner);
  if (meant.length > 1) throw new ClusterError(`${meant.length} clusters are meant by ${asked.cluster}: ${meant.map(described).join("; ")}. Name one by its uid, its id in Mold or its owner.`, { property: "cluster" });
  const [found] = meant;
  if (found === undefined && near.length > 0) throw new ClusterError(`${asked.owner} has no cluster ${asked.cluster}. There is ${near.map(described).join("; ")}.`, { property: "owner" });
  if (found === undefined) throw new ClusterError(noneCalled(asked.cluster, clustersSeen(await listed(world))), { property: "cluster" });
  // By the id of its record: its machines are called otherwise.
  const { uid } = found.summary;
  if (uid === undefined || uid === wanted || found.summary.name === wanted) return found;
  return clustersSeen(await listed(world, uid)).find(({ summary }) => summary.uid === uid) ?? found;
}

const described = ({ summary: { name, uid, moldId, owner } }: SeenCluster): string => `${name || "(no name left)"} (${uid === undefined ? `id ${moldId ?? ""}` : `uid ${uid}`}${owner === undefined ? "" : `, declared by ${owner}`})`;

/** More than anybody reads in an error. */
const mostNamed = 20;

function noneCalled(wanted: string, there: readonly SeenCluster[]): string {
  const said = `there is no cluster ${wanted} among what these keys show`;
  if (there.length === 0) return `${said}, and no other either. Are they the keys (and the project) that it was made with?`;
  const near = nearest(wanted, there.map(({ summary: { name } }) => name));
  const more = there.length - mostNamed;
  return `${said}. ${near === undefined ? "" : `Is ${near} meant? `}There are ${there.slice(0, mostNamed).map(described).join("; ")}${more > 0 ? ` and ${more} more` : ""}.`;
}
