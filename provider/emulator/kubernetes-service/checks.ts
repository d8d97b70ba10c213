/** What the service refuses before it begins (upstream: the validate… methods of KubernetesClusterManagerImpl.java); 530 in their words, also in the call itself. */
import type { Call } from "../call";
import type { Cloud } from "../cloud";
import { internal } from "../errors";
import type { ClusterRow, NetworkRow, OfferingRow, VersionRow } from "../model";
import { managedOf, workersOf } from "./machines";
import { conflictOn } from "./rules";

function checkOffering(offering: OfferingRow, version: VersionRow): void {
  if (offering.cpus < 2) throw internal(`Kubernetes cluster cannot be created with service offering ID: ${offering.id}, Kubernetes cluster template needs minimum 2 vCPUs`);
  if (offering.memoryMb < 2048) throw internal(`Kubernetes cluster cannot be created with service offering ID: ${offering.id}, Kubernetes cluster template needs minimum 2048 MB RAM`);
  if (offering.cpus < version.minCpus) throw internal(`Kubernetes cluster cannot be created with service offering ID: ${offering.id}, associated Kubernetes version ID: ${version.id} needs minimum ${version.minCpus} vCPUs`);
  if (offering.memoryMb < version.minMemoryMb) throw internal(`Kubernetes cluster cannot be created with service offering ID: ${offering.id}, associated Kubernetes version ID: ${version.id} needs minimum ${version.minMemoryMb} MB RAM`);
}

/** `nodeofferings[0].node=worker&nodeofferings[0].offering=…` by role. */
export function offeringsOf(call: Call): { control?: OfferingRow; worker?: OfferingRow } {
  const found: { control?: OfferingRow; worker?: OfferingRow } = {};
  for (const { node = "", offering = "" } of call.maps("nodeofferings")) {
    const role = node.toLowerCase();
    if (role !== "control" && role !== "worker") throw internal(`Node Type '${node}' is not valid, must be one of: CONTROL, WORKER, ETCD`);
    const row = call.cloud.table("offerings").get(offering);
    if (row === undefined) throw internal(`Cannot find service offering with ID ${offering}`);
    found[role] = row;
  }
  return found;
}

export interface NewCluster {
  readonly version: VersionRow;
  readonly offering: OfferingRow;
  readonly controlOffering?: OfferingRow;
  readonly workerOffering?: OfferingRow;
  readonly controlNodes: number;
  readonly size: number;
  readonly network?: NetworkRow;
}

function checkSize({ settings: { kubernetesMaxSize: most } }: Cloud, size: number): void {
  if (size > most) throw internal(`Maximum number of nodes in the Kubernetes cluster can not be more than ${most}. Please contact your administrator if needed`);
}

export function checkCreate(call: Call): NewCluster {
  const { cloud } = call;
  const name = call.need("name");
  const zone = call.must("zones", "zoneid");
  const size = call.whole("size") ?? 0;
  const controlNodes = call.whole("controlnodes") ?? call.whole("masternodes") ?? 1;
  if (name.length > 255) throw internal("Invalid name for the Kubernetes cluster name");
  if (controlNodes < 1 || controlNodes > 100) throw internal(`Invalid cluster control nodes count: ${controlNodes}`);
  if (size < 1) throw internal(`Invalid cluster size: ${size}`);
  checkSize(cloud, controlNodes + size);
  const version = call.ref("versions", "kubernetesversionid");
  if (version === undefined) throw internal("Invalid Kubernetes version");
  if (version.state !== "Enabled") throw internal(`Kubernetes version ID: ${version.id} is in ${version.state} state`);
  if (version.zoneId !== undefined && version.zoneId !== zone.id) throw internal(`Kubernetes version ID: ${version.id} is not available for zone ID: ${zone.id}`);
  const { control: controlOffering, worker: workerOffering } = offeringsOf(call);
  const offering = call.ref("offerings", "serviceofferingid") ?? workerOffering ?? controlOffering;
  if (offering === undefined) throw internal("No service offering with ID: null");
  for (const each of [offering, controlOffering, workerOffering]) if (each) checkOffering(each, version);
  const keyPair = call.text("keypair");
  if (keyPair !== undefined && !cloud.table("keyPairs").find((row) => row.name === keyPair && row.accountId === call.caller.account.id)) throw internal(`Given SSH key pair with name: ${keyPair} was not found for the account ${call.caller.account.name}`);
  if ((call.whole("noderootdisksize") ?? 8) <= 0) throw internal("Invalid value for noderootdisksize");
  const registry = ["dockerregistryurl", "dockerregistryusername", "dockerregistrypassword"].filter((key) => call.text(key) !== undefined);
  if (registry.length > 0 && !cloud.settings.kubernetesExperimentalFeatures) {
    throw internal("Private registry for the Kubernetes cluster is an experimental feature. Use cloud.kubernetes.cluster.experimental.features.enabled configuration for enabling experimental features");
  }
  if (registry.length > 0 && registry.length < 3) throw internal("All the docker private registry parameters (username, password, url) required are specified");
  return { version, offering, controlOffering, workerOffering, controlNodes, size, network: checkNetwork(call, controlNodes, size) };
}

function checkNetwork(call: Call, controlNodes: number, size: number): NetworkRow | undefined {
  const { cloud } = call;
  const network = call.ref("networks", "networkid");
  const external = call.text("externalloadbalanceripaddress");
  const isShared = network !== undefined && cloud.table("networkOfferings").get(network.networkOfferingId)?.guestType === "Shared";
  if (external !== undefined && !/^\d+\.\d+\.\d+\.\d+$/.test(external)) throw internal("Invalid external load balancer IP address");
  if (external !== undefined && network === undefined) throw internal("externalloadbalanceripaddress parameter must be specified along with networkid parameter");
  if (external !== undefined && !isShared) throw internal("externalloadbalanceripaddress parameter must be specified along with Shared type of network");
  if (network === undefined) return undefined;
  if (isShared && controlNodes > 1 && external === undefined) throw internal(`Multi-control nodes, HA Kubernetes cluster with Shared network ID: ${network.id} needs an external load balancer IP address. externalloadbalanceripaddress parameter can be used`);
  if (!isShared && cloud.table("clusters").find((other) => other.networkId === network.id && other.managed !== undefined) !== undefined) throw internal(`Network ID: ${network.id} is already under use by another Kubernetes cluster`);
  const inTheWay = isShared ? undefined : conflictOn(cloud, network, controlNodes + size);
  if (inTheWay !== undefined) throw internal(inTheWay);
  return network;
}

/** In the words of the recordings; a cluster of somebody else's care has been refused before. */
export function checkScale(call: Call, cluster: ClusterRow): void {
  const { name, state } = cluster;
  const managed = managedOf(cluster);
  const [size, min, max, enabled] = [call.whole("size"), call.whole("minsize"), call.whole("maxsize"), call.flag("autoscalingenabled")];
  const nodeIds = call.list("nodeids");
  const { control, worker } = offeringsOf(call);
  const offering = call.ref("offerings", "serviceofferingid");
  const isOffering = offering !== undefined || control !== undefined || worker !== undefined;
  if (enabled === undefined && size === undefined && nodeIds.length === 0 && !isOffering) throw internal(`Kubernetes cluster ${name} cannot be scaled, either service offering or cluster size or nodeids to be removed or autoscaling must be passed`);
  if (state !== "Running" && state !== "Stopped" && state !== "Created") throw internal(`Kubernetes cluster ${name} is in ${state} state and can not be scaled`);
  if (enabled === true) {
    if (size !== undefined || isOffering || nodeIds.length > 0) throw internal("Autoscaling can not be passed along with nodeids or clustersize or service offering");
    if (min === undefined || max === undefined) throw internal("Autoscaling requires minsize and maxsize to be passed");
    if (min < 1) throw internal("Minimum size for the cluster can not be less than one");
    if (max <= min) throw internal(`Maximum size for the cluster must be greater than the minimum size`);
    checkSize(call.cloud, max + managed.controlNodes);
    if (state !== "Running") throw internal(`Kubernetes cluster ${name} is in ${state} state and can not be scaled`);
  }
  if (size !== undefined && state === "Stopped") throw internal(`Kubernetes cluster : ${name} is in ${state} state`);
  if (size !== undefined && size < 1) throw internal(`Kubernetes cluster : ${name} cannot be scaled for size, ${size}`);
  if (size !== undefined) checkSize(call.cloud, size + managed.controlNodes);
  if (nodeIds.length > 0) checkNodeIds(cluster, nodeIds, size !== undefined || isOffering);
  for (const [next, before] of [[offering, managed.offeringId], [control, managed.controlOfferingId ?? managed.offeringId], [worker, managed.workerOfferingId ?? managed.offeringId]] as const) checkNotSmaller(call.cloud, cluster, next, before);
}

function checkNodeIds(cluster: ClusterRow, nodeIds: readonly string[], withMore: boolean): void {
  if (withMore) throw internal("nodeids can not be passed along with clustersize or service offering");
  const known = nodeIds.map((id) => cluster.machines.find(({ machineId }) => machineId === id));
  if (known.includes(undefined)) throw internal("Invalid node ids");
  if (known.some((machine) => machine?.control === true)) throw internal("Can not remove control nodes from a cluster");
  if (nodeIds.length >= workersOf(cluster).length) throw internal("Can not remove all nodes from a cluster");
}

function checkNotSmaller(cloud: Cloud, cluster: ClusterRow, next: OfferingRow | undefined, beforeId: string): void {
  const before = cloud.table("offerings").get(beforeId);
  if (!next || !before || (next.memoryMb >= before.memoryMb && next.cpus * next.cpuMhz >= before.cpus * before.cpuMhz)) return;
  throw internal(`Kubernetes cluster cannot be scaled down for service offering. Service offering : ${next.name} offers lesser resources as compared to service offering : ${before.name} of Kubernetes cluster : ${cluster.name}`);
}

/** Upstream: KubernetesVersionManagerImpl.canUpgradeKubernetesVersion. */
export function checkUpgrade(call: Call, cluster: ClusterRow): VersionRow {
  const { cloud } = call;
  if (cluster.state !== "Running") throw internal(`Kubernetes cluster : ${cluster.name} is not in running state`);
  const wanted = call.ref("versions", "kubernetesversionid");
  const now = cloud.table("versions").get(cluster.versionId ?? "");
  if (wanted === undefined) throw internal("Invalid Kubernetes version ID");
  if (now === undefined) throw internal(`Invalid Kubernetes version associated with cluster : ${cluster.name}`);
  if (wanted.state !== "Enabled") throw internal(`Kubernetes version ID: ${wanted.id} is in ${wanted.state} state`);
  const [from, to] = [now.semanticVersion, wanted.semanticVersion].map((version) => version.split(".").map(Number) as [number, number, number]) as [[number, number, number], [number, number, number]];
  const order = to[0] - from[0] || to[1] - from[1] || to[2] - from[2];
  if (order <= 0) throw internal(`Kubernetes clusters can not be downgraded, current version: ${now.semanticVersion}, upgrade version: ${wanted.semanticVersion}`);
  if (to[0] !== from[0] || to[1] - from[1] > 1) throw internal(`Kubernetes clusters can be upgraded to next minor or patch version only, current version: ${now.semanticVersion}, upgrade version: ${wanted.semanticVersion}`);
  return wanted;
}
