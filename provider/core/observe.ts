/** What is there now, as Mold and the cluster itself show it. Lists only: the number of calls does not grow with the machines. */
import type { ObservedAddons } from "./addons";
import { anchorOf, apiPort, type ClusterSubject } from "./desired";
import { intentsIn } from "./claim";
import { goneAsEmpty } from "./gone";
import { mark, parseMachineName, tagKeys, tagParameters, tagsOf, type Role, type Tags } from "./ownership";
import { observeRecords, type ObservedRecord } from "./records";
import { isKubernetesFailure, type Answer, type CallContext, type KubernetesNode, type KubernetesPort, type MoldPort, type World } from "./ports";

export interface ObservedMachine {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
  readonly index: number;
  /** Mold's word: Starting, Running, Stopping, Stopped, Destroyed, Expunging, Error … */
  readonly state: string;
  readonly ipAddress?: string;
  readonly offeringId: string;
  readonly offeringName: string;
  readonly cpus: number;
  readonly memoryMb: number;
  readonly isoId?: string;
  /** It was deployed to initialise etcd; its display name says so from its first moment. */
  readonly initialises: boolean;
  /** Undefined: it was not looked at, or is not there yet. */
  readonly rootDisk?: { readonly id: string; readonly bytes: number };
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Since when it is in its state: milliseconds since 1970 by Mold's clock. */
  readonly since?: number;
  readonly tags: Tags;
  /** Somebody protected it against deletion, at Mold's screens or by its API. */
  readonly isProtected?: boolean;
}

export interface ObservedRule {
  readonly id: string;
  readonly state: string;
  readonly tags: Tags;
}
export interface ObservedFirewallRule extends ObservedRule {
  readonly protocol: string;
  readonly startPort?: number;
  readonly endPort?: number;
  readonly icmpType?: number;
  readonly icmpCode?: number;
  readonly cidrs: readonly string[];
}
export interface ObservedBalancerRule extends ObservedRule {
  readonly name: string;
  readonly description: string;
  readonly publicPort: number;
  readonly privatePort: number;
  readonly memberIds: readonly string[];
}

/** A port forward to a node that it names. */
export interface ObservedForward {
  readonly id: string;
  /** `tcp/2222` */
  readonly name: string;
  readonly machineId: string;
  readonly privateStartPort: number;
  readonly privateEndPort: number;
}

export interface ObservedCluster {
  /** Milliseconds since 1970, when this was seen. */
  readonly at: number;
  /** Undefined: the network or the address is gone. */
  readonly anchorTags: Tags | undefined;
  readonly account: string;
  readonly domain: string;
  readonly zoneName: string;
  readonly networkName: string;
  readonly created: string;
  readonly affinityGroupId?: string;
  /** Our machines, without those that are destroyed. */
  readonly machines: readonly ObservedMachine[];
  /** Ours too: destroyed, waiting for Mold to expunge them. */
  readonly destroyed: readonly ObservedMachine[];
  /** The API's balancer rule. */
  readonly apiRule?: ObservedBalancerRule;
  /** Balancer rules on the address that follow a role: cluster steps move their members. */
  readonly followers: readonly Omit<ObservedBalancerRule, "memberIds">[];
  /** Port forwards on the address that name a node of ours. Asked for only where one may be replaced. */
  readonly forwards?: readonly ObservedForward[];
  /** Intent tags on the public address: what a run was about to make there. */
  readonly intents: Tags;
  /** Firewall rules on the API's port. */
  readonly apiFirewall: readonly ObservedFirewallRule[];
  /** Undefined: the cluster's API does not answer, or was not asked. */
  readonly nodes?: readonly KubernetesNode[];
  /** When each kubelet was last heard of, by its own clock; asked for only where a machine may just have been started. */
  readonly heartbeats?: ReadonlyMap<string, string>;
  /** The cluster among Mold's Kubernetes clusters. Undefined: this account may see none. */
  readonly records?: readonly ObservedRecord[];
  /** Undefined: none is declared or was, or the cluster's API does not answer. */
  readonly addons?: ObservedAddons;
}

export const affinityGroupName = (uid: string): string => `ablestack-kubernetes-${uid}`;

export interface ObserveSubject extends ClusterSubject {
  readonly withAffinity: boolean;
  /** The size of root disks is declared. */
  readonly withDisks?: boolean;
  /** A machine may take the place of another. */
  readonly withForwards?: boolean;
  /** Some are declared, or were last time. */
  readonly withComments?: boolean;
  /** Asked for the nodes only when something hangs on them. */
  readonly kubernetes?: KubernetesPort;
}

export async function observeCluster(world: World, subject: ObserveSubject): Promise<ObservedCluster> {
  const { mold } = world;
  const { uid, name, place } = subject;
  const [machines, networks, addresses, balancers, firewall, groups, nodes, disks, records, forwards] = await Promise.all([
    machinesOf(mold, uid),
    mold.list("listNetworks", { id: place.networkId }).catch(goneAsEmpty),
    mold.list("listPublicIpAddresses", { associatednetworkid: place.networkId }).catch(goneAsEmpty),
    mold.list("listLoadBalancerRules", { publicipid: place.publicIpAddressId }).catch(goneAsEmpty),
    mold.list("listFirewallRules", { ipaddressid: place.publicIpAddressId }).catch(goneAsEmpty),
    subject.withAffinity ? mold.list("listAffinityGroups", { name: affinityGroupName(uid) }) : [],
    subject.kubernetes ? nodesOrNothing(subject.kubernetes) : undefined,
    // One list for all of them: a volume is called by a number of Mold's own, and carries no mark of ours.
    subject.withDisks ? mold.list("listVolumes", { zoneid: place.zoneId, type: "ROOT" }) : [],
    observeRecords(world, subject, subject.withComments === true),
    subject.withForwards ? mold.list("listPortForwardingRules", { ipaddressid: place.publicIpAddressId }).catch(goneAsEmpty) : undefined,
  ]);
  const network = networks.find(({ id }) => id === place.networkId);
  const address = addresses.find(({ id }) => id === place.publicIpAddressId);
  const diskOf = new Map(disks.map((disk) => [disk.virtualmachineid, disk]));
  // A copy of one of them (out of a backup, say) may be called as it is on another network, and carry its marks.
  const ours = machines.filter((machine) => isOn([place.networkId], machine)).flatMap((machine) => readMachine(name, uid, machine, diskOf.get(machine.id)));
  const rule = balancers.find((each) => tagsOf(each)[tagKeys.role] === "api" || (each.description ?? "").endsWith(mark(uid)) && Number(each.publicport) === apiPort);
  const anchor = anchorOf(place).kind === "Network" ? network : address;
  return {
    at: world.clock.now(),
    anchorTags: network && address && anchor ? tagsOf(anchor) : undefined,
    account: network?.account ?? "",
    domain: network?.domain ?? "",
    zoneName: network?.zonename ?? "",
    networkName: network?.name ?? "",
    created: network?.created ?? "",
    ...(groups[0]?.id ? { affinityGroupId: groups[0].id } : {}),
    machines: ours.filter(({ state }) => !gone.has(state)),
    destroyed: ours.filter(({ state }) => gone.has(state)),
    ...(rule ? { apiRule: await readBalancer(world, rule) } : {}),
    followers: balancers.map(readBalancerRule).filter(({ tags }) => tags[tagKeys.cluster] === uid && tags[tagKeys.target] !== undefined),
    intents: address ? intentsIn(tagsOf(address)) : {},
    apiFirewall: firewall.map(readFirewallRule).filter(({ protocol, startPort, endPort }) => protocol === "tcp" && startPort === apiPort && (endPort ?? startPort) === apiPort),
    ...(nodes ? { nodes } : {}),
    ...(records ? { records } : {}),
    ...(forwards ? { forwards: forwards.filter((each) => tagsOf(each)[tagKeys.cluster] === uid && tagsOf(each)[tagKeys.target] !== undefined).map(readForward) } : {}),
  };
}

export const readForward = (rule: Answer<"listPortForwardingRules">): ObservedForward => ({
  id: rule.id!,
  name: `${rule.protocol ?? ""}/${rule.publicport ?? ""}`,
  machineId: rule.virtualmachineid ?? "",
  privateStartPort: Number(rule.privateport),
  privateEndPort: Number(rule.privateendport ?? rule.privateport),
});

/** In the display name of the machine that initialises etcd. */
const initialisesWord = "(first)";

/** `prod-control-1 (first) [ablestack-kubernetes k3x9…]`: whose it is can be read before any tag is there. */
export const displayName = (machine: string, uid: string, action: "init" | "join"): string => `${machine} ${action === "init" ? `${initialisesWord} ` : ""}${mark(uid)}`;

export const gone = new Set(["Destroyed", "Expunging", "Expunged"]);

async function nodesOrNothing(kubernetes: KubernetesPort): Promise<KubernetesNode[] | undefined> {
  try {
    return await kubernetes.nodes();
  } catch (error) {
    if (isKubernetesFailure(error) && error.kind !== "foreign") return undefined;
    throw error;
  }
}

type Machine = Answer<"listVirtualMachines">;

/**
 * Machines that may be the cluster's, whatever they are called. The mark is in the display name from the first moment, before any tag can be there;
 * and the tag stays where somebody gives a machine another display name, which is the only text that a search by keyword looks into.
 */
export async function machinesOf(mold: MoldPort, uid: string, context?: CallContext): Promise<Machine[]> {
  const [marked, tagged] = await Promise.all([mold.list("listVirtualMachines", { keyword: uid }, context), mold.list("listVirtualMachines", { tags: tagParameters({ [tagKeys.cluster]: uid }) }, context)]);
  const known = new Set(marked.map(({ id }) => id));
  return [...marked, ...tagged.filter(({ id }) => !known.has(id))];
}

/** Whether it is on one of these networks. One of which Mold does not tell that may be on any. */
export function isOn(networkIds: readonly string[], { nic }: Machine): boolean {
  const networks = ((nic ?? []) as { networkid?: string }[]).flatMap(({ networkid: id }) => id ?? []);
  return networks.length === 0 || networks.some((id) => networkIds.includes(id));
}

function readMachine(cluster: string, uid: string, machine: Machine, disk?: Answer<"listVolumes">): ObservedMachine[] {
  const tags = tagsOf(machine);
  const ours = tags[tagKeys.cluster] === uid || (machine.displayname ?? "").endsWith(mark(uid));
  const parsed = parseMachineName(cluster, machine.name ?? "");
  if (!ours || !parsed || !machine.id) return [];
  const nic = (machine.nic as { ipaddress?: string }[] | undefined)?.[0];
  return [
    {
      id: machine.id,
      name: machine.name!,
      ...parsed,
      state: machine.state ?? "Unknown",
      ...(nic?.ipaddress ? { ipAddress: nic.ipaddress } : {}),
      offeringId: machine.serviceofferingid ?? "",
      offeringName: machine.serviceofferingname ?? "",
      cpus: machine.cpunumber ?? 0,
      memoryMb: machine.memory ?? 0,
      ...(machine.isoid ? { isoId: machine.isoid } : {}),
      initialises: (machine.displayname ?? "").includes(initialisesWord),
      ...(disk?.id && disk.size ? { rootDisk: { id: disk.id, bytes: disk.size } } : {}),
      created: timeOf(machine.created) ?? 0,
      since: timeOf(machine.lastupdated),
      tags,
      ...(machine.deleteprotection === true ? { isProtected: true } : {}),
    },
  ];
}

/** Mold's times are written as `2026-11-23T13:55:52+0000`. */
export const timeOf = (text = ""): number | undefined => Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2")) || undefined;

async function readBalancer(world: World, rule: Answer<"listLoadBalancerRules">): Promise<ObservedBalancerRule> {
  return { ...readBalancerRule(rule), memberIds: await balancerMembers(world, rule.id!) };
}

export function readBalancerRule(rule: Answer<"listLoadBalancerRules">): Omit<ObservedBalancerRule, "memberIds"> {
  return {
    id: rule.id!,
    name: rule.name ?? "",
    description: rule.description ?? "",
    state: rule.state ?? "",
    publicPort: Number(rule.publicport),
    privatePort: Number(rule.privateport),
    tags: tagsOf(rule),
  };
}

export async function balancerMembers(world: World, ruleId: string): Promise<string[]> {
  // The catalogue describes an envelope; recorded answers list the machines themselves.
  const members = await world.mold.list("listLoadBalancerRuleInstances", { id: ruleId });
  return members.flatMap((member) => ((member as Machine).id ?? [])).sort();
}

export function readFirewallRule(rule: Answer<"listFirewallRules">): ObservedFirewallRule {
  return {
    id: rule.id!,
    state: rule.state ?? "",
    protocol: rule.protocol ?? "",
    ...(rule.startport === undefined ? {} : { startPort: Number(rule.startport) }),
    ...(rule.endport === undefined ? {} : { endPort: Number(rule.endport) }),
    ...(rule.icmptype === undefined ? {} : { icmpType: Number(rule.icmptype) }),
    ...(rule.icmpcode === undefined ? {} : { icmpCode: Number(rule.icmpcode) }),
    cidrs: (rule.cidrlist ?? "").split(",").filter((cidr) => cidr !== "").sort(),
    tags: tagsOf(rule),
  };
}
