/** A Kubernetes cluster as Mold shows it, whoever runs it. */
import { hasAnnotations, owner, time, zone } from "../answers";
import type { Call } from "../call";
import { sourceNatOf } from "../kubernetes-service/rules";
import type { ClusterMachine, ClusterRow, ManagedCluster } from "../model";
import { machineAnswer } from "./machine-answer";

/** Fields of a machine that are left out inside a cluster (recorded). */
const leftOut = new Set([
  "domainpath", "templateid", "templatename", "templatetype", "templateformat", "templatedisplaytext", "passwordenabled", "isos", "isomaxcount", "isoid", "isoname", "isodisplaytext",
  "serviceofferingid", "serviceofferingname", "cpunumber", "cpuspeed", "memory", "rootdeviceid", "rootdevicetype", "ipaddress", "hasannotations",
]);

function memberAnswer(call: Call, { machineId, version, external }: ClusterMachine): object[] {
  const machine = call.cloud.table("machines").get(machineId);
  if (machine === undefined) return [];
  const shown = Object.entries(machineAnswer(call, machine)).filter(([key]) => !leftOut.has(key));
  return [{ isexternalnode: external === true, isetcdnode: false, ...(version === undefined ? {} : { kubernetesnodeversion: version }), ...Object.fromEntries(shown) }];
}

function offeringAnswer(call: Call, prefix: string, id: string | undefined): object {
  return id === undefined ? {} : { [`${prefix}offeringid`]: id, [`${prefix}offeringname`]: call.cloud.table("offerings").get(id)?.name ?? "" };
}

function managedAnswer(call: Call, { offeringId, controlOfferingId, workerOfferingId, templateId }: ManagedCluster): object {
  return {
    ...offeringAnswer(call, "service", offeringId),
    ...offeringAnswer(call, "control", controlOfferingId),
    ...offeringAnswer(call, "worker", workerOfferingId),
    templateid: templateId,
    templatename: call.cloud.table("templates").get(templateId)?.name ?? "",
  };
}

/** Of a cluster of the service the sum of what its record says, whatever its machines are. */
function totals(call: Call, { controlNodes, size, offeringId, controlOfferingId, workerOfferingId }: ManagedCluster): { cpunumber: string; memory: string } {
  const of = (id: string | undefined): { cpus: number; memoryMb: number } => call.cloud.table("offerings").get(id ?? offeringId) ?? { cpus: 0, memoryMb: 0 };
  const [control, worker] = [of(controlOfferingId), of(workerOfferingId)];
  return { cpunumber: String(control.cpus * controlNodes + worker.cpus * size), memory: String(control.memoryMb * controlNodes + worker.memoryMb * size) };
}

export function clusterAnswer(call: Call, cluster: ClusterRow): object {
  const { cloud } = call;
  const { managed } = cluster;
  const network = cluster.networkId === undefined ? undefined : cloud.table("networks").get(cluster.networkId);
  const address = network && sourceNatOf(cloud, network.id);
  const controls = cluster.machines.filter(({ control }) => control).length;
  // Before any machine is added to one of its owner's care Mold shows the one control node that was not asked for (recorded).
  const controlNodes = managed?.controlNodes ?? (cluster.machines.length === 0 ? 1 : controls);
  return {
    id: cluster.id,
    name: cluster.name,
    ...(cluster.description === undefined ? {} : { description: cluster.description }),
    ...zone(cloud, cluster.zoneId),
    ...(managed === undefined ? {} : managedAnswer(call, managed)),
    etcdnodes: 0,
    ...(network === undefined ? {} : { networkid: network.id, associatednetworkname: network.name }),
    ...(cluster.versionId === undefined ? {} : { kubernetesversionid: cluster.versionId, kubernetesversionname: cloud.table("versions").get(cluster.versionId)?.name ?? "" }),
    ...owner(cloud, cluster),
    ...(managed?.keyPair === undefined ? {} : { keypair: managed.keyPair }),
    masternodes: controlNodes,
    controlnodes: controlNodes,
    size: managed?.size ?? cluster.machines.length - controls,
    state: cluster.state,
    ...(managed === undefined ? { cpunumber: "0", memory: "0" } : totals(call, managed)),
    endpoint: managed?.endpoint ?? "",
    virtualmachines: cluster.machines.flatMap((machine) => memberAnswer(call, machine)),
    ...(address === undefined ? {} : { ipaddress: address.address, ipaddressid: address.id }),
    ...(cluster.machines.length > 0 ? { etcdips: {} } : {}),
    autoscalingenabled: managed?.autoscaling !== undefined,
    ...(managed?.autoscaling === undefined ? {} : { minsize: managed.autoscaling.min, maxsize: managed.autoscaling.max }),
    csienabled: managed?.csi === true,
    clustertype: managed === undefined ? "ExternalManaged" : "CloudManaged",
    created: time(cluster.created),
    hasannotations: hasAnnotations(cloud, cluster.id),
  };
}
