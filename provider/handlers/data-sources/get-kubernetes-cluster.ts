import type { GetKubernetesClusterArgs, GetKubernetesClusterResult, NodeStatus } from "../../../schema/generated/types";
import { ClusterError } from "../../core/errors";
import { timeOf } from "../../core/observe";
import { certificatesEndAnnotation, tagsOf } from "../../core/ownership";
import type { ClusterAccess, KubernetesNode, World } from "../../core/ports";
import { endOf } from "../../kubernetes/kubeconfig";
import type { Session } from "../handler";
import { checked, lookingAt } from "./ask";
import { commentsOn } from "./get-comments";
import { idsIn, isControl, iso, oneCluster, withoutAbsent, type Machine, type SeenCluster } from "./seen-clusters";

export async function getKubernetesCluster(session: Session, given: GetKubernetesClusterArgs): Promise<GetKubernetesClusterResult> {
  const { connection, kubeconfig, ...which } = checked("getKubernetesCluster", given);
  const world = lookingAt(session, connection);
  const cluster = await oneCluster(world, which);
  const access = kubeconfig === undefined ? undefined : await accessIn(kubeconfig, cluster);
  const [machines, comments, nodes] = await Promise.all([machinesOf(world, cluster), commentsOn(world, cluster.record), access && world.kubernetes(access).nodes()]);
  const known = new Map((nodes ?? []).map((node) => [node.name, node]));
  return {
    ...cluster.summary,
    nodes: [...machines].sort((a, b) => (placeOf(a) < placeOf(b) ? -1 : 1)).map((machine) => nodeStatus(machine, known.get(machine.name ?? ""))),
    comments,
    ...(access ? { kubeconfigExpires: endOf(access.clientCertificate) } : {}),
    tags: commonTags(machines),
  };
}

async function accessIn(text: string, { summary: { name, endpoint } }: SeenCluster): Promise<ClusterAccess> {
  const { parseKubeconfig } = await import("../../kubernetes/read-kubeconfig.js");
  const access = parseKubeconfig(text, "kubeconfig");
  if (endpoint === undefined || access.endpoint === endpoint.replace(/\/$/, "")) return access;
  throw new ClusterError(`leads to ${access.endpoint}, and the API of ${name} is at ${endpoint}. Give the kubeconfig of this cluster.`, { resource: "getKubernetesCluster: kubeconfig", property: "kubeconfig" });
}

/** Of a cluster that Mold or somebody else runs, the record says which machines it has, and not what they use. */
async function machinesOf({ mold }: World, { machines, record }: SeenCluster): Promise<readonly Machine[]> {
  const ids = machines.length > 0 ? [] : idsIn(record);
  return ids.length === 0 ? machines : mold.list("listVirtualMachines", { ids });
}

/** Control planes first, then workers, each by number. */
const placeOf = (machine: Machine): string => `${isControl(machine) ? 0 : 1} ${(machine.name ?? "").replace(/\d+$/, (digits) => digits.padStart(6, "0"))}`;

/** Pure. @param node as the cluster itself shows it */
export function nodeStatus(machine: Machine, node: KubernetesNode | undefined): NodeStatus {
  const nic = (machine.nic as { ipaddress?: string }[] | undefined)?.[0];
  const created = timeOf(machine.created);
  // A hypervisor that tells nothing of the inside answers 0, which no machine has.
  const { memorykbs = 0, memoryintfreekbs = 0 } = machine;
  return withoutAbsent<NodeStatus>({
    name: machine.name ?? "",
    role: isControl(machine) ? "control-plane" : "worker",
    machineId: machine.id ?? "",
    state: machine.state ?? "Unknown",
    ipAddress: nic?.ipaddress,
    hostName: machine.hostname,
    offering: machine.serviceofferingname ?? "",
    cpuCores: machine.cpunumber ?? 0,
    memoryMb: machine.memory ?? 0,
    cpuPercent: percentIn(machine.cpuused),
    memoryUsedMb: memorykbs > 0 && memoryintfreekbs > 0 ? Math.round((memorykbs - memoryintfreekbs) / 1024) : undefined,
    networkReadKb: machine.networkkbsread,
    networkWriteKb: machine.networkkbswrite,
    diskReadKb: machine.diskkbsread,
    diskWriteKb: machine.diskkbswrite,
    created: created === undefined ? undefined : iso(created),
    version: node?.version,
    ready: node?.ready,
    cordoned: node?.unschedulable,
    reason: node?.reason,
    certificatesEnd: node?.annotations[certificatesEndAnnotation],
  });
}

/** `12.35%` */
function percentIn(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? "");
  return Number.isFinite(value) ? Math.round(value) : undefined;
}

function commonTags(machines: readonly Machine[]): Record<string, string> {
  const [first, ...others] = machines.map(tagsOf);
  return Object.fromEntries(Object.entries(first ?? {}).filter(([key, value]) => !key.startsWith("ablestack-") && others.every((tags) => tags[key] === value)));
}
