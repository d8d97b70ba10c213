/** The machines of a cluster that Mold's own service runs: made, started and ended one after another, as its workers do. */
import { createHash } from "node:crypto";
import type { Cloud } from "../cloud";
import { ApiError } from "../errors";
import { nextGuestIp } from "../guest-addresses";
import type { ClusterMachine, ClusterRow, MachineRow, ManagedCluster, NetworkRow } from "../model";
import { putMachine } from "../new-machine";
import { placeOn } from "../placement";
import { expunge, isoSpec, powerOff } from "../power";
import { SERVED_FILE } from "../served-file";
import { endpointOf } from "./rules";

export type Role = "control" | "node";

/** CloudManaged clusters are asked for by this module alone, so that what they have is there. */
export function managedOf({ name, managed }: ClusterRow): ManagedCluster {
  if (managed === undefined) throw new Error(`${name} is not managed by the service`);
  return managed;
}

export const networkOf = (cloud: Cloud, cluster: ClusterRow): NetworkRow | undefined => cloud.table("networks").get(cluster.networkId ?? "");

/** Control planes first, each in the order in which they were made. */
export function machinesOf(cloud: Cloud, cluster: ClusterRow): MachineRow[] {
  return [...cluster.machines].sort((a, b) => Number(b.control) - Number(a.control)).flatMap(({ machineId }) => cloud.table("machines").get(machineId) ?? []);
}

export const controlIds = (cluster: ClusterRow): string[] => cluster.machines.filter(({ control }) => control).map(({ machineId }) => machineId);

export const workersOf = (cluster: ClusterRow): ClusterMachine[] => cluster.machines.filter(({ control }) => !control);

export const totalOf = (cluster: ClusterRow): number => managedOf(cluster).controlNodes + managedOf(cluster).size;

/** The kubelet's name: the host name, in lower case. */
export const nodeName = ({ name }: MachineRow): string => name.toLowerCase();

/** kubeadm's bootstrap token: upstream makes it of the cluster's id, and it never ends. */
function tokenOf({ id }: ClusterRow): string {
  const hex = createHash("md5").update(id).digest("hex");
  return `${hex.slice(0, 6)}.${hex.slice(6, 22)}`;
}

/** @param name of the host */
export function userDataOf(cloud: Cloud, cluster: ClusterRow, network: NetworkRow, { name, role, guestIp }: { name: string; role: Role; guestIp: string }): string {
  const { details } = managedOf(cluster);
  const version = cloud.table("versions").get(cluster.versionId ?? "")?.semanticVersion ?? "";
  const isFirst = controlIds(cluster).length === 0;
  const endpoint = `${endpointOf(cloud, cluster, network) ?? guestIp}:6443`;
  const disk = {
    nodeName: name.toLowerCase(), role: role === "control" ? "control-plane" : "worker", action: isFirst ? "init" : "join", version, clusterUid: cluster.id, endpoint, joinEndpoint: endpoint, joinTimeoutMs: 24 * 3600_000,
    caHash: details.caHash, caCertificate: details.caCertificate, ...(role === "control" ? { caKey: details.caKey } : {}), token: tokenOf(cluster), tokenTtlMs: 0,
    podSubnet: "192.168.0.0/16", serviceSubnet: "10.96.0.0/12", clusterName: cluster.name, labels: {}, ignorePreflightErrors: [],
  };
  const text = `#cloud-config\n${JSON.stringify({ write_files: [{ path: SERVED_FILE, encoding: "b64", content: Buffer.from(JSON.stringify(disk)).toString("base64") }] })}`;
  return Buffer.from(text).toString("base64");
}

/** `cm-control-1a208c58b35`: the time it was made at is in its name. */
export function makeMachine(cloud: Cloud, cluster: ClusterRow, role: Role, userId: string): ClusterRow | ApiError {
  const { managed, networkId = "" } = { ...cluster, managed: managedOf(cluster) };
  const network = cloud.table("networks").get(networkId);
  const offering = cloud.table("offerings").get((role === "control" ? managed.controlOfferingId : managed.workerOfferingId) ?? managed.offeringId);
  const template = cloud.table("templates").get(managed.templateId);
  const guestIp = network && nextGuestIp(cloud, network);
  if (network === undefined || offering === undefined || template === undefined || guestIp === undefined) return new ApiError(530, `Provisioning node VM failed in the Kubernetes cluster : ${cluster.name}`);
  const name = `${cluster.name}-${role}-${Math.floor(cloud.now()).toString(16)}`;
  const { accountId, projectId } = cluster;
  const version = cloud.table("versions").get(cluster.versionId ?? "")?.semanticVersion;
  const machine = putMachine(cloud, {
    owner: { accountId, ...(projectId === undefined ? {} : { projectId }), created: cloud.now() },
    userId, name, displayName: name, network, template, offering, guestIp,
    userData: userDataOf(cloud, cluster, network, { name, role, guestIp }),
    keyPairs: managed.keyPair === undefined ? [] : [managed.keyPair],
    affinityGroupIds: [],
    rootGb: Math.max(managed.rootDiskGb ?? 8, template.sizeGb),
    details: {},
    vmType: "cksnode",
  });
  return cloud.table("clusters").patch(cluster.id, { machines: [...cluster.machines, { machineId: machine.id, control: role === "control", ...(version === undefined ? {} : { version }) }] });
}

/** On its way to a host; undefined: there is none with room. */
export function place(cloud: Cloud, machine: MachineRow): MachineRow | undefined {
  const host = placeOn(cloud, machine);
  return host && cloud.table("machines").patch(machine.id, { state: "Starting", hostId: host.id, lastUpdated: cloud.now() });
}

export function attachIso(cloud: Cloud, machines: readonly MachineRow[], isoId: string): void {
  const iso = isoSpec(cloud, isoId);
  for (const { id } of machines) {
    cloud.table("machines").patch(id, { isoId });
    if (iso !== undefined) cloud.afterwards(() => cloud.hypervisor.attachIso(id, iso));
  }
}

export function detachIso(cloud: Cloud, machines: readonly MachineRow[]): void {
  for (const { id } of machines) {
    cloud.table("machines").patch(id, { isoId: undefined });
    cloud.afterwards(() => cloud.hypervisor.detachIso(id));
  }
}

/** Destroyed and expunged at once: the service may, whoever asks it. */
export function endMachine(cloud: Cloud, cluster: ClusterRow, machine: MachineRow): ClusterRow {
  const stopped = machine.state === "Running" ? powerOff(cloud, machine, true) : machine;
  expunge(cloud, stopped);
  return cloud.table("clusters").patch(cluster.id, { machines: (cloud.table("clusters").get(cluster.id) ?? cluster).machines.filter(({ machineId }) => machineId !== machine.id) });
}
