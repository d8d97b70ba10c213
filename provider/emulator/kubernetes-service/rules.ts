/**
 * What the service opens on the address of its cluster, all of it by itself and without a tag: SSH on 2222 and on for each machine, the API
 * on 6443 for everyone (upstream: KubernetesClusterResourceModifierActionWorker.java).
 */
import type { Cloud } from "../cloud";
import type { AddressRow, ClusterRow, NetworkRow } from "../model";
import { removeRelated } from "../power";

const API_PORT = 6443;
const SSH_PORT = 22;
const FIRST_SSH_PORT = 2222;

const isShared = (cloud: Cloud, network: NetworkRow): boolean => cloud.table("networkOfferings").get(network.networkOfferingId)?.guestType === "Shared";

export const sourceNatOf = (cloud: Cloud, networkId: string): AddressRow | undefined => cloud.table("addresses").find((address) => address.networkId === networkId && address.sourceNat);

/** Where the API is from outside: the network's source NAT address; on a shared network the balancer that was named, or the one control node. */
export function endpointOf(cloud: Cloud, cluster: ClusterRow, network: NetworkRow): string | undefined {
  if (!isShared(cloud, network)) return sourceNatOf(cloud, network.id)?.address;
  const control = cluster.machines.find(({ control: isControl }) => isControl);
  return cluster.managed?.details.externalloadbalanceripaddress ?? cloud.table("machines").get(control?.machineId ?? "")?.guestIp;
}

interface Place {
  readonly network: NetworkRow;
  readonly address: AddressRow;
  readonly owner: { readonly accountId: string; readonly projectId?: string; readonly created: number };
}

function placeOf(cloud: Cloud, cluster: ClusterRow): Place | undefined {
  const network = cloud.table("networks").get(cluster.networkId ?? "");
  const address = network && sourceNatOf(cloud, network.id);
  if (!network || !address || isShared(cloud, network)) return undefined;
  return { network, address, owner: { accountId: cluster.accountId, ...(cluster.projectId === undefined ? {} : { projectId: cluster.projectId }), created: cloud.now() } };
}

function openFirewall(cloud: Cloud, { network, address, owner }: Place, startPort: number, endPort: number): void {
  cloud.table("firewallRules").put({ ...cloud.identity("firewallRules"), ...owner, direction: "Ingress", addressId: address.id, networkId: network.id, protocol: "tcp", startPort, endPort, cidrs: ["0.0.0.0/0"], destCidrs: [], state: "Active" });
}

/** Whether somebody's own rule has that port. */
function isElses(cloud: Cloud, { address }: Place, port: number): boolean {
  const isThere = ({ addressId, protocol }: { readonly addressId: string; readonly protocol?: string }): boolean => addressId === address.id && protocol !== "udp";
  const forwarded = cloud.table("forwards").find((rule) => isThere(rule) && rule.privatePort !== SSH_PORT && rule.publicPort <= port && port <= rule.publicEndPort);
  return forwarded !== undefined || cloud.table("balancers").find((rule) => isThere(rule) && rule.publicPort === port) !== undefined;
}

/** Brings the rules in line with the machines there are. @returns whether there was room for them */
export function applyRules(cloud: Cloud, cluster: ClusterRow): boolean {
  const place = placeOf(cloud, cluster);
  if (!place) return true;
  const { network, address, owner } = place;
  const rules = cloud.table("firewallRules").filter(({ addressId }) => addressId === address.id);
  if (!rules.some(({ startPort }) => startPort === API_PORT)) openFirewall(cloud, place, API_PORT, API_PORT);
  for (const rule of rules.filter(({ startPort }) => startPort === FIRST_SSH_PORT)) cloud.drop("firewallRules", rule);
  openFirewall(cloud, place, FIRST_SSH_PORT, FIRST_SSH_PORT + Math.max(0, cluster.machines.length - 1));

  const memberIds = cluster.machines.filter(({ control }) => control).map(({ machineId }) => machineId);
  const balancer = cloud.table("balancers").find((rule) => rule.addressId === address.id && rule.publicPort === API_PORT);
  if (balancer) cloud.table("balancers").patch(balancer.id, { memberIds });
  else
    cloud.table("balancers").put({
      ...cloud.identity("firewallRules"), ...owner, name: "api-lb", description: "LB rule for API access", addressId: address.id, networkId: network.id,
      publicPort: API_PORT, privatePort: API_PORT, algorithm: "roundrobin", protocol: "tcp", cidrs: [], memberIds, state: "Active",
    });

  const forwards = cloud.table("forwards").filter(({ addressId, publicPort, privatePort }) => addressId === address.id && privatePort === SSH_PORT && publicPort >= FIRST_SSH_PORT);
  const taken = new Set(forwards.map(({ publicPort }) => publicPort));
  for (const { machineId } of cluster.machines) {
    if (forwards.some((forward) => forward.machineId === machineId)) continue;
    let port = FIRST_SSH_PORT;
    while (taken.has(port)) port += 1;
    if (isElses(cloud, place, port)) return false;
    taken.add(port);
    cloud.table("forwards").put({ ...cloud.identity("firewallRules"), ...owner, addressId: address.id, networkId: network.id, protocol: "tcp", publicPort: port, publicEndPort: port, privatePort: SSH_PORT, privateEndPort: SSH_PORT, machineId, cidrs: [], state: "Active" });
  }
  return true;
}

/** What is in the way on a network that somebody has had before (upstream: KubernetesClusterManagerImpl.validateIsolatedNetworkIpRules). */
export function conflictOn(cloud: Cloud, network: NetworkRow, machines: number): string | undefined {
  const address = sourceNatOf(cloud, network.id);
  const spans = (rules: readonly { readonly addressId?: string; readonly protocol?: string; readonly from?: number; readonly to?: number }[]): [number, number][] =>
    rules.flatMap(({ addressId, protocol, from = 1, to = 65_535 }): [number, number][] => (addressId === address?.id && protocol === "tcp" ? [[from, to]] : []));
  const firewall = spans(cloud.table("firewallRules").filter(({ direction }) => direction === "Ingress").map((rule) => ({ ...rule, from: rule.startPort, to: rule.endPort })));
  const forwarding = spans(cloud.table("forwards").filter(() => true).map((rule) => ({ ...rule, from: rule.publicPort, to: rule.publicEndPort })));
  for (const [purpose, all] of [["firewall", firewall], ["portforwarding", forwarding]] as const) {
    for (const [from, to] of address ? all : []) {
      if (from <= API_PORT && API_PORT <= to) return `Network: ${network.name} has conflicting ${purpose} rules to provision Kubernetes cluster for API access`;
      if (from <= FIRST_SSH_PORT + machines - 1 && FIRST_SSH_PORT <= to) return `Network: ${network.name} has conflicting ${purpose} rules to provision Kubernetes cluster for node VM SSH access`;
    }
  }
  return undefined;
}

/** A network that was not made for the cluster stays, without these. */
export function removeRules(cloud: Cloud, cluster: ClusterRow): void {
  const place = placeOf(cloud, cluster);
  if (!place) return;
  const addressId = place.address.id;
  for (const rule of cloud.table("firewallRules").filter((each) => each.addressId === addressId && (each.startPort === API_PORT || each.startPort === FIRST_SSH_PORT))) cloud.drop("firewallRules", rule);
  for (const rule of cloud.table("balancers").filter((each) => each.addressId === addressId && each.publicPort === API_PORT)) removeRelated(cloud, rule.id, () => cloud.drop("balancers", rule));
  for (const rule of cloud.table("forwards").filter((each) => each.addressId === addressId && each.privatePort === SSH_PORT)) removeRelated(cloud, rule.id, () => cloud.drop("forwards", rule));
}
