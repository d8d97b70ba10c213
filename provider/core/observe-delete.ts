/** What is around a cluster that is to be deleted: others on its network, others' rules on its address, and what its own API alone knows. */
import { goneAsEmpty } from "./gone";
import { messageOf } from "./errors";
import { seconds } from "./execute";
import { readFirewallRule, type ObservedCluster, type ObservedFirewallRule } from "./observe";
import { tagsOf, type Tags } from "./ownership";
import { isKubernetesFailure, type Clock, type ClusterAccess, type KubernetesLoadBalancer, type KubernetesPort, type KubernetesVolume, type World } from "./ports";
import { readBalancer, type ObservedBalancer } from "./rules/balancer";
import { readPortForward, type ObservedPortForward } from "./rules/port-forward";

interface OtherMachine {
  readonly id: string;
  readonly name: string;
  readonly state: string;
}
interface AddressOfNetwork {
  readonly id: string;
  readonly ipAddress: string;
  readonly isSourceNat: boolean;
  readonly tags: Tags;
}

/** The cluster's own network, which goes with it. */
export interface OwnNetwork {
  readonly id: string;
  readonly name: string;
  /** Machines on it that aren't the cluster's. */
  readonly others: readonly OtherMachine[];
  readonly addresses: readonly AddressOfNetwork[];
}

/** The cluster's public address. */
export interface OwnAddress {
  readonly id: string;
  readonly ipAddress: string;
  /** False: it has become the source NAT of a network of the user's and stays with it, rules and all. */
  readonly goes: boolean;
  readonly firewall: readonly ObservedFirewallRule[];
  readonly forwards: readonly ObservedPortForward[];
  readonly balancers: readonly ObservedBalancer[];
}

interface Inside {
  readonly services: readonly KubernetesLoadBalancer[];
  readonly volumes: readonly KubernetesVolume[];
}

export interface DeleteScope {
  /** Undefined: it is the user's and stays, or it is gone. */
  readonly network?: OwnNetwork;
  /** Undefined: it is gone. */
  readonly address?: OwnAddress;
  /** Undefined: the API was not to be asked. */
  readonly inside?: Inside | { readonly unseen: string };
}

interface DeletePlace {
  /** Given when the network is the cluster's own. */
  readonly network?: { readonly id: string; readonly name: string };
  readonly addressId?: string;
}

type Machines = Pick<ObservedCluster, "machines" | "destroyed">;
type NamedNetwork = NonNullable<DeletePlace["network"]>;

/** @param access undefined: the cluster's own API is not asked */
export async function observeDelete(world: World, place: DeletePlace, machines: Machines, access?: ClusterAccess): Promise<DeleteScope> {
  const [network, address, inside] = await Promise.all([
    place.network && observeOwnNetwork(world, place.network, new Set([...machines.machines, ...machines.destroyed].map(({ id }) => id))),
    place.addressId === undefined ? undefined : observeOwnAddress(world, place.addressId, place.network !== undefined),
    access && askInside(world, machines, access),
  ]);
  return { ...(network ? { network } : {}), ...(address ? { address } : {}), ...(inside ? { inside } : {}) };
}

/** @param ours ids of the cluster's machines */
export async function observeOwnNetwork({ mold }: World, { id, name }: NamedNetwork, ours: ReadonlySet<string>): Promise<OwnNetwork> {
  const [all, addresses] = await Promise.all([
    mold.list("listVirtualMachines", { networkid: id }).catch(goneAsEmpty),
    mold.list("listPublicIpAddresses", { associatednetworkid: id }).catch(goneAsEmpty),
  ]);
  return {
    id,
    name,
    others: all.filter((machine) => !ours.has(machine.id ?? "")).map((machine) => ({ id: machine.id ?? "", name: machine.name ?? machine.id ?? "", state: machine.state ?? "Unknown" })),
    addresses: addresses.map((each) => ({ id: each.id ?? "", ipAddress: each.ipaddress ?? "", isSourceNat: each.issourcenat === true, tags: tagsOf(each) })),
  };
}

async function observeOwnAddress({ mold }: World, id: string, networkGoes: boolean): Promise<OwnAddress | undefined> {
  const [[address], firewall, forwards, balancers] = await Promise.all([
    mold.list("listPublicIpAddresses", { id }).catch(goneAsEmpty),
    mold.list("listFirewallRules", { ipaddressid: id }).catch(goneAsEmpty),
    mold.list("listPortForwardingRules", { ipaddressid: id }).catch(goneAsEmpty),
    mold.list("listLoadBalancerRules", { publicipid: id }).catch(goneAsEmpty),
  ]);
  if (!address) return undefined;
  return {
    id,
    ipAddress: address.ipaddress ?? "",
    goes: networkGoes || address.issourcenat !== true,
    firewall: firewall.map(readFirewallRule),
    forwards: forwards.map(readPortForward),
    balancers: balancers.map(readBalancer),
  };
}

/** A delete waits no longer for an API that may be half gone. */
const shortAttemptMs = 5000;

/** One attempt. A cluster whose control planes are off is not asked: that would take as long as no answer does. */
async function askInside(world: World, { machines }: Machines, access: ClusterAccess): Promise<NonNullable<DeleteScope["inside"]>> {
  if (!machines.some(({ role, state }) => role === "control-plane" && state === "Running")) return { unseen: "no control plane runs" };
  try {
    const asked = await within(world.clock, shortAttemptMs, world.signal, whatIsInside(world.kubernetes(access)));
    return asked ?? { unseen: `its API did not answer within ${seconds(shortAttemptMs)}` };
  } catch (error) {
    if (isKubernetesFailure(error)) return { unseen: messageOf(error) };
    throw error;
  }
}

async function whatIsInside(kubernetes: KubernetesPort): Promise<Inside> {
  const [services, volumes] = await Promise.all([kubernetes.loadBalancers(), kubernetes.volumes()]);
  return { services, volumes };
}

/** Undefined: not in time. */
async function within<T>(clock: Clock, ms: number, signal: AbortSignal, work: Promise<T>): Promise<T | undefined> {
  const ended = new AbortController();
  try {
    return await Promise.race([work, clock.sleep(ms, AbortSignal.any([signal, ended.signal])).then(() => undefined)]);
  } finally {
    ended.abort();
  }
}
