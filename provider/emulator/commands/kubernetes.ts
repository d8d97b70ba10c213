/** Kubernetes clusters: those that Mold's own service runs (CloudManaged), and records of those that somebody else does (ExternalManaged). */
import { asked, equals, keyword, page } from "../answers";
import type { Call } from "../call";
import type { AsyncCommand, Commands } from "../command";
import { ApiError, badValue, internal } from "../errors";
import { beginCreate, createWork } from "../kubernetes-service/create";
import { deleteWork } from "../kubernetes-service/delete";
import { addNodesWork, removeNodesWork } from "../kubernetes-service/external";
import { serviceCommand, type ServiceWork } from "../kubernetes-service/parts";
import { startWork, stopWork } from "../kubernetes-service/power";
import { dropCluster } from "../kubernetes-service/states";
import { scaleWork } from "../kubernetes-service/scale";
import { upgradeWork } from "../kubernetes-service/upgrade";
import type { ClusterRow, JobRow } from "../model";
import { clusterAnswer } from "./cluster-answer";

function existing(call: Call): ClusterRow {
  const cluster = call.ref("clusters", "id");
  if (cluster === undefined) throw internal("Invalid cluster id specified");
  return cluster;
}

const isManaged = (call: Call): boolean => call.ref("clusters", "id")?.managed !== undefined;

/** A command of the service; where a cluster is of somebody else's care it is refused by name. */
function served(doing: string, work: ServiceWork, shown: (call: Call, cluster: ClusterRow | undefined, result: object | ApiError) => object | ApiError = (call, cluster, result) => (cluster && !(result instanceof ApiError) ? { kubernetescluster: clusterAnswer(call, cluster) } : result)): AsyncCommand {
  const find = (call: Call): ClusterRow => {
    const cluster = existing(call);
    if (cluster.managed === undefined) throw internal(`${doing} kubernetes cluster is not supported for an externally managed cluster (${cluster.name})`);
    return cluster;
  };
  const command = serviceCommand(work, (call) => ({ ms: call.cloud.durations.refuse }), find);
  return { ...command, refs: { id: "clusters" }, finish: (call, job) => shown(call, call.ref("clusters", "id"), command.finish(call, job)) };
}

const plain = (_call: Call, _cluster: ClusterRow | undefined, result: object | ApiError): object | ApiError => result;

const managedCreate = serviceCommand(createWork, beginCreate, (call, job) => madeBy(call, job));

function madeBy(call: Call, job: JobRow): ClusterRow {
  const cluster = call.cloud.table("clusters").get(job.made.clusterId ?? "");
  if (cluster === undefined) throw internal("Failed to create Kubernetes cluster");
  return cluster;
}

const isExternal = (call: Call): boolean => (call.text("clustertype") ?? "CloudManaged").toLowerCase() === "externalmanaged";

const create: AsyncCommand = {
  kind: "async",
  begin(call) {
    if (!isExternal(call)) return managedCreate.begin(call);
    const { cloud } = call;
    const row = cloud.table("clusters").put({
      ...cloud.identity("clusters"),
      ...call.owner,
      name: call.need("name"),
      description: call.text("description"),
      zoneId: call.must("zones", "zoneid").id,
      networkId: call.ref("networks", "networkid")?.id,
      versionId: call.ref("versions", "kubernetesversionid")?.id,
      machines: [],
      state: "Running",
    });
    return { id: row.id, instanceType: "KubernetesCluster", ms: cloud.durations.cluster, made: { clusterId: row.id } };
  },
  proceed: (call, job) => (isExternal(call) ? undefined : managedCreate.proceed?.(call, job)),
  finish: (call, job) => ({ kubernetescluster: clusterAnswer(call, madeBy(call, job)) }),
  failed(call, job) {
    if (!isExternal(call)) return managedCreate.failed?.(call, job);
    const cluster = call.cloud.table("clusters").get(job.made.clusterId ?? "");
    if (cluster !== undefined) call.cloud.drop("clusters", cluster);
  },
};

const managedDelete = served("Delete", deleteWork, plain);

const remove: AsyncCommand = {
  ...managedDelete,
  begin(call) {
    const { cluster, refuse } = call.cloud.durations;
    return { instanceType: "KubernetesCluster", ms: call.ref("clusters", "id") === undefined ? refuse : cluster };
  },
  proceed: (call, job) => (isManaged(call) ? managedDelete.proceed?.(call, job) : undefined),
  finish(call, job) {
    const cluster = existing(call);
    if (cluster.managed !== undefined) return managedDelete.finish(call, job);
    // The machines stay: they are their owner's.
    dropCluster(call.cloud, cluster);
    return { success: true };
  },
};

export const kubernetesCommands: Commands = {
  listKubernetesClusters: {
    kind: "sync",
    refs: { id: "clusters" },
    run: (call) => {
      const clusters = call.cloud.table("clusters").filter(
        (cluster) =>
          asked(call, cluster) && call.shows(cluster) && equals(call, "name", cluster.name) && equals(call, "state", cluster.state) &&
          equals(call, "clustertype", cluster.managed === undefined ? "ExternalManaged" : "CloudManaged") && keyword(call, cluster.name, cluster.description),
      );
      return page(call, "kubernetescluster", clusters, (cluster) => clusterAnswer(call, cluster));
    },
  },

  createKubernetesCluster: create,
  deleteKubernetesCluster: remove,
  scaleKubernetesCluster: served("Scale", scaleWork),
  upgradeKubernetesCluster: served("Upgrade", upgradeWork),
  startKubernetesCluster: served("Start", startWork),
  addNodesToKubernetesCluster: served("Adding nodes to", addNodesWork),
  removeNodesFromKubernetesCluster: served("Removing nodes from", removeNodesWork),
  stopKubernetesCluster: served("Stop", stopWork, plain),

  addVirtualMachinesToKubernetesCluster: {
    kind: "sync",
    refs: { id: "clusters" },
    run(call) {
      const cluster = existing(call);
      const control = call.flag("iscontrolnode") === true;
      if (cluster.managed !== undefined) throw internal("VM cannot be added to a Kubernetes cluster that is not externally managed");
      const added = call.list("virtualmachineids").filter((id) => !cluster.machines.some((one) => one.machineId === id));
      for (const id of added) if (call.cloud.table("machines").get(id) === undefined) throw badValue(call.command, "virtualmachineids", id);
      call.cloud.table("clusters").patch(cluster.id, { machines: [...cluster.machines, ...added.map((machineId) => ({ machineId, control }))] });
      return { success: true };
    },
  },

  removeVirtualMachinesFromKubernetesCluster: {
    kind: "sync",
    refs: { id: "clusters" },
    run(call) {
      const cluster = existing(call);
      const ids = call.list("virtualmachineids");
      call.cloud.table("clusters").patch(cluster.id, { machines: cluster.machines.filter(({ machineId }) => !ids.includes(machineId)) });
      // The list stands under the name of the answer itself (recorded).
      return page(call, "removevirtualmachinesfromkubernetesclusterresponse", ids, (id) =>
        cluster.machines.some(({ machineId }) => machineId === id) ? { id, success: true } : { id, success: false, displaytext: "VM is not part of the cluster" },
      );
    },
  },

  getKubernetesClusterConfig: {
    kind: "sync",
    refs: { id: "clusters" },
    run(call) {
      const cluster = existing(call);
      const configdata = cluster.managed?.details.kubeConfigData;
      if (configdata === undefined) throw new ApiError(530, `Config not found for Kubernetes cluster : ${cluster.name}`);
      return { clusterconfig: { id: cluster.id, name: cluster.name, configdata } };
    },
  },
};
