/** What is there now of a cluster that Mold runs: its record, its machines and, if it answers, its nodes. Lists only. */
import { X509Certificate } from "node:crypto";
import type { Catalogue } from "../catalogue";
import { goneAsEmpty } from "../gone";
import { balancerMembers, readBalancerRule, timeOf, type ObservedBalancerRule } from "../observe";
import { mark, tagKeys, tagsOf, type Role, type Tags } from "../ownership";
import { commentsOn, type ObservedComment } from "../records";
import { isKubernetesFailure, isMoldFailure, type Answer, type ClusterAccess, type KubernetesNode, type World } from "../ports";
import { markKey, type ManagedSubject } from "./desired";

export interface ManagedMachine {
  readonly id: string;
  /** Of its host, in lower case that of its node. */
  readonly name: string;
  readonly role: Role;
  /** Mold's word. */
  readonly state: string;
  readonly ipAddress?: string;
  readonly offeringId: string;
  readonly offeringName: string;
  readonly cpus: number;
  readonly memoryMb: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  readonly tags: Tags;
  /** Somebody's own machine, which was added to the cluster: not one of its size, and theirs to take away. */
  readonly isExternal: boolean;
}

/** Mold's record of a cluster. */
export interface ManagedRecord {
  readonly id: string;
  readonly name: string;
  readonly description: string;
  /** Created, Starting, Running, Scaling, ScalingStoppedCluster, Upgrading, Importing, RemovingNodes, Stopping, Stopped, Alert, Recovering, Error, Destroying. */
  readonly state: string;
  /** Machines of others that were added count too. */
  readonly size: number;
  readonly controlPlanes: number;
  /** What Mold says that it runs: after an upgrade that stopped half-way that of before. */
  readonly version: string;
  readonly controlOffering: NamedOffering;
  readonly workerOffering: NamedOffering;
  readonly autoscaling?: { readonly min: number; readonly max: number };
  readonly keyPair?: string;
  /** Undefined: this Mold has no such driver. */
  readonly csi?: boolean;
  readonly created: string;
  readonly account: string;
  readonly domain: string;
}

export interface NamedOffering {
  readonly id: string;
  readonly name: string;
}

export interface ObservedManaged {
  /** On the network, without the uid that another's network has them end in. Undefined: the network is gone. */
  readonly marks?: Tags;
  readonly cluster?: ManagedRecord;
  /** Undefined: nobody asked. */
  readonly comments?: readonly ObservedComment[];
  /** Clusters of that name that are somebody else's, by id. */
  readonly others: readonly string[];
  /** Control planes first, each in the order in which they were made. */
  readonly machines: readonly ManagedMachine[];
  /** On its network, and not of it. */
  readonly around: readonly { readonly id: string; readonly name: string; readonly state: string }[];
  /** Balancer rules on the address that follow a role. */
  readonly followers: readonly ObservedBalancerRule[];
  /** Undefined: the cluster does not answer, or was not asked. */
  readonly nodes?: readonly KubernetesNode[];
  readonly access?: ClusterAccess;
  /** The cluster's API answers, and does not let in what Mold keeps as its administrator's kubeconfig: why. */
  readonly shutOut?: string;
}

/** How a kubeconfig is read: what Mold hands out is YAML, which the core has no library for. */
export type ReadKubeconfig = (text: string) => Promise<ClusterAccess>;

export interface Looking {
  readonly catalogue: Catalogue;
  readonly readKubeconfig: ReadKubeconfig;
  /** The cluster itself is asked too. */
  readonly withNodes: boolean;
  /** Some are declared, or were last time. */
  readonly withComments?: boolean;
}

export async function observeManaged(world: World, subject: ManagedSubject, looking: Looking): Promise<ObservedManaged> {
  const { mold } = world;
  const { place, name } = subject;
  const [networks, machines, balancers, records] = await Promise.all([
    mold.list("listNetworks", { id: place.networkId }).catch(goneAsEmpty),
    mold.list("listVirtualMachines", { networkid: place.networkId }).catch(goneAsEmpty),
    place.publicIpAddressId === "" ? [] : mold.list("listLoadBalancerRules", { publicipid: place.publicIpAddressId }).catch(goneAsEmpty),
    mold.list("listKubernetesClusters", { name }),
  ]);
  const [network] = networks;
  if (!network) return { machines: [], around: [], followers: [], others: [] };
  const marks = marksOf(subject, tagsOf(network));
  const record = records.find((each) => isOurs(subject, marks, each));
  const rules = balancers.map(readBalancerRule).filter(({ tags }) => tags[tagKeys.cluster] === subject.uid && tags[tagKeys.target]?.startsWith("role=") === true);
  const followers = await Promise.all(rules.map(async (rule) => ({ ...rule, memberIds: await balancerMembers(world, rule.id) })));
  const others = records.filter((each) => each.name === name && each.clustertype === "CloudManaged" && each !== record).map(({ id = "", state = "" }) => `${id} (${state})`);
  if (!record?.id) return { marks, machines: [], around: [], followers, others };
  const versions = await looking.catalogue.versions(place.zoneId);
  const cluster = readRecord(record, versions.find(({ id }) => id === record.kubernetesversionid)?.version);
  const members = membersOf(record, machines);
  const around = machines.flatMap(({ id = "", name = "", state = "" }) => (members.some((member) => member.id === id) ? [] : [{ id, name, state }]));
  const observed: ObservedManaged = { marks, cluster, machines: members, around, followers, others, ...(looking.withComments ? { comments: record.hasannotations === true ? await commentsOn(world, record.id) : [] } : {}) };
  if (!looking.withNodes || cluster.state === "Error") return observed;
  if (cluster.state !== "Stopped") return { ...observed, ...(await inside(world, cluster.id, looking)) };
  return wasWhole(observed, subject) ? observed : { ...observed, access: await accessOfManaged(world, cluster.id, looking.readKubeconfig) };
}

/** Marks of this cluster on its network, without the uid that another's network has them end in. */
export function marksOf({ uid, place }: ManagedSubject, tags: Tags): Tags {
  if (place.networkOwned) return tags;
  const end = `-${uid}`;
  return Object.fromEntries(Object.entries(tags).flatMap(([key, value]) => (key.endsWith(end) ? [[key.slice(0, -end.length), value]] : [])));
}

/** By the mark at the end of its description; one that was adopted, which can't be described anew, by its id on the network. */
export const isOurs = ({ uid, name }: ManagedSubject, marks: Tags, record: Answer<"listKubernetesClusters">): boolean =>
  record.name === name && record.clustertype === "CloudManaged" && ((record.description ?? "").endsWith(mark(uid)) || (record.id !== undefined && marks[tagKeys.adopted] === record.id));

function readRecord(record: Answer<"listKubernetesClusters">, version: string | undefined): ManagedRecord {
  const whole = { id: record.serviceofferingid ?? "", name: record.serviceofferingname ?? "" };
  const ofRole = (id: string | undefined, offering: string | undefined): NamedOffering => (id ? { id, name: offering ?? "" } : whole);
  return {
    id: record.id!,
    name: record.name ?? "",
    description: record.description ?? "",
    state: record.state ?? "Unknown",
    size: Number(record.size ?? 0),
    controlPlanes: Number(record.controlnodes ?? record.masternodes ?? 0),
    version: version ?? /\d+\.\d+\.\d+/.exec(record.kubernetesversionname ?? "")?.[0] ?? "",
    controlOffering: ofRole(record.controlofferingid, record.controlofferingname),
    workerOffering: ofRole(record.workerofferingid, record.workerofferingname),
    ...(record.autoscalingenabled === true ? { autoscaling: { min: Number(record.minsize), max: Number(record.maxsize) } } : {}),
    ...(record.keypair ? { keyPair: record.keypair } : {}),
    ...(record.csienabled === undefined ? {} : { csi: record.csienabled }),
    created: record.created ?? "",
    account: record.account ?? "",
    domain: record.domain ?? "",
  };
}

type Member = { readonly id?: string; readonly name?: string; readonly isexternalnode?: boolean; readonly isetcdnode?: boolean };

/** The list inside the record has neither offering nor role. */
function membersOf(record: Answer<"listKubernetesClusters">, machines: readonly Answer<"listVirtualMachines">[]): ManagedMachine[] {
  const byId = new Map(machines.map((machine) => [machine.id, machine]));
  const members = ((record.virtualmachines ?? []) as Member[]).flatMap(({ id, isexternalnode: isExternal = false }) => {
    const machine = byId.get(id);
    return machine?.id ? [readMachine(machine, isExternal)] : [];
  });
  const inOrder = members.sort((a, b) => a.created - b.created || (a.name < b.name ? -1 : 1));
  const controls = controlPlanesAmong(inOrder, Number(record.controlnodes ?? record.masternodes ?? 0));
  const withRole = inOrder.map((machine): ManagedMachine => ({ ...machine, role: controls.has(machine) ? "control-plane" : "worker" }));
  return [...withRole.filter(({ role }) => role === "control-plane"), ...withRole.filter(({ role }) => role === "worker")];
}

/** Mold names them `<cluster>-control-…`, earlier `…-master-…`; should another Mold name them otherwise, they are those that it made first. */
function controlPlanesAmong(machines: readonly ManagedMachine[], count: number): ReadonlySet<ManagedMachine> {
  const own = machines.filter(({ isExternal }) => !isExternal);
  const named = own.filter(({ name }) => /-(control|master)-[0-9a-z.]+$/.test(name));
  return new Set(named.length > 0 && named.length <= count ? named : own.slice(0, count));
}

function readMachine(machine: Answer<"listVirtualMachines">, isExternal: boolean): ManagedMachine {
  const nic = (machine.nic as { ipaddress?: string }[] | undefined)?.[0];
  return {
    id: machine.id!,
    name: machine.name ?? "",
    role: "worker",
    state: machine.state ?? "Unknown",
    ...(nic?.ipaddress ? { ipAddress: nic.ipaddress } : {}),
    offeringId: machine.serviceofferingid ?? "",
    offeringName: machine.serviceofferingname ?? "",
    cpus: machine.cpunumber ?? 0,
    memoryMb: machine.memory ?? 0,
    created: timeOf(machine.created) ?? 0,
    tags: tagsOf(machine),
    isExternal,
  };
}

/** The cluster's own word, by the kubeconfig that Mold keeps of it. */
async function inside(world: World, id: string, { readKubeconfig }: Looking): Promise<Pick<ObservedManaged, "nodes" | "access" | "shutOut">> {
  const access = await accessOfManaged(world, id, readKubeconfig);
  if (!access) return {};
  try {
    return { access, nodes: await world.kubernetes(access).nodes() };
  } catch (error) {
    if (!isKubernetesFailure(error) || error.kind === "foreign") throw error;
    return error.kind === "forbidden" ? { access, shutOut: shutOut(world, access) } : { access };
  }
}

function shutOut({ clock }: World, { endpoint, clientCertificate }: ClusterAccess): string {
  const end = new Date(new X509Certificate(clientCertificate).validTo);
  const why = end.getTime() <= clock.now() ? ` ended on ${end.toISOString().slice(0, 10)}` : " is not let in";
  return `the certificate in the kubeconfig that Mold keeps of the cluster${why} (${endpoint})`;
}

/** Undefined: Mold has none yet. */
export async function accessOfManaged(world: World, id: string, readKubeconfig: ReadKubeconfig): Promise<ClusterAccess | undefined> {
  try {
    const { configdata } = await world.mold.call("getKubernetesClusterConfig", { id });
    return configdata ? await readKubeconfig(configdata) : undefined;
  } catch (error) {
    if (isMoldFailure(error) && error.kind === "refused") return undefined;
    throw error;
  }
}

export const workersOf = ({ machines }: ObservedManaged): readonly ManagedMachine[] => machines.filter(({ role, isExternal }) => role === "worker" && !isExternal);

/** How many workers Mold's count lacks, those of others among them: what a scaling that failed half-way has left. */
export const uncounted = ({ machines }: ObservedManaged, { size }: ManagedRecord): number => machines.filter(({ role }) => role === "worker").length - size;

/** It was Running once: what is then wrong with it is mended, not made anew. */
export const wasWhole = ({ marks }: ObservedManaged, subject: ManagedSubject): boolean => marks?.[tagKeys.initialised] === subject.uid;

/**
 * A create that ended without Mold's own word for it (Error): its management server was restarted. Mold keeps a kubeconfig of every cluster that came up, also
 * where the run that had it made died before it could note that.
 */
export const neverCameUp = (observed: ObservedManaged, subject: ManagedSubject): boolean =>
  observed.access === undefined && (observed.cluster?.state === "Alert" || observed.cluster?.state === "Stopped") && !wasWhole(observed, subject);

/** The key as it stands on the network. */
export const marked = (subject: ManagedSubject, marks: Tags): Tags => Object.fromEntries(Object.entries(marks).map(([key, value]) => [markKey(subject, key), value]));
