/**
 * Machines of the cluster's owner as further workers (upstream: KubernetesClusterAddWorker, KubernetesClusterRemoveWorker): each gets the user
 * data of a node, is rebooted into it and joins; and when it goes it is drained, reset, and stays its owner's. They count in the size.
 */
import { internal } from "../errors";
import type { MachineRow } from "../model";
import { areReady, attachVersion, setManaged } from "./bring-up";
import { controlIds, detachIso, managedOf, networkOf, nodeName, userDataOf } from "./machines";
import type { Outcome, Parts, ServiceWork } from "./parts";
import { applyRules } from "./rules";

/** cloud.kubernetes.cluster.add.node.timeout: an hour. */
const ADD_TIMEOUT = 3_600_000;

const named = ({ call }: Parts): string[] => call.list("nodeids");
const isMember = ({ cluster }: Parts, id: string): boolean => cluster.machines.some(({ machineId }) => machineId === id);

/** Whether its template is marked for the service; here its name says it. */
function isFit({ cloud }: Parts, { templateId }: MachineRow): boolean {
  return /containerd/.test(cloud.table("templates").get(templateId)?.name ?? "");
}

function checkNodes(parts: Parts): void {
  const { cloud, cluster, call } = parts;
  if (cluster.state !== "Running" && cluster.state !== "Alert") throw internal(`Kubernetes cluster : ${cluster.name} is in ${cluster.state} state`);
  for (const id of named(parts)) {
    const machine = parts.machine(id);
    if (machine === undefined || !call.mayUse(machine)) throw internal(`VM with ID ${id} is not found`);
    if (machine.networkId !== cluster.networkId) throw internal(`VM ${machine.name} is not on the network ${networkOf(cloud, cluster)?.name ?? ""} of the Kubernetes cluster`);
    if (!isFit(parts, machine)) throw internal("No valid nodes found to be added to the Kubernetes cluster");
    if (machine.state !== "Running") throw internal(`VM ${machine.name} is not running`);
    if (isMember(parts, id)) throw internal(`VM ${machine.name} is a node of a Kubernetes cluster already`);
  }
}

export const addNodesWork: ServiceWork = {
  while: ["Importing"],
  failure: "failed",
  parts: {
    "": (parts) => {
      checkNodes(parts);
      parts.transit("import");
      return parts.next("join", parts.cloud.durations.serviceRules, { at: "0" });
    },
    join(parts) {
      const { cloud, cluster, shell, at } = parts;
      const machine = parts.machine(named(parts)[at]);
      if (!machine) return parts.next("ready", cloud.durations.servicePoll);
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      const network = networkOf(cloud, cluster);
      if (trouble || !network) return refused(parts);
      const userData = userDataOf(cloud, cluster, network, { name: machine.name, role: "node", guestIp: machine.guestIp });
      cloud.table("machines").patch(machine.id, { userData });
      const version = cloud.table("versions").get(cluster.versionId ?? "")?.semanticVersion;
      const joined = { machineId: machine.id, control: false, external: true, ...(version === undefined ? {} : { version }) };
      parts.cluster = cloud.table("clusters").patch(cluster.id, { machines: [...cluster.machines, joined] });
      setManaged(parts, { size: managedOf(parts.cluster).size + 1 });
      attachVersion(parts, cluster.versionId, [joined]);
      cloud.afterwards(() => {
        cloud.hypervisor.updateUserData(machine.id, userData);
        shell?.reset(machine.id);
        cloud.hypervisor.reboot(machine.id);
      });
      return parts.next("join", cloud.durations.serviceMachine, { at: String(at + 1) });
    },
    ready(parts) {
      applyRules(parts.cloud, parts.cluster);
      if (!areReady(parts)) return parts.isLate(ADD_TIMEOUT) ? refused(parts) : parts.again(parts.cloud.durations.servicePoll);
      takeOut(parts);
      parts.transit("succeeded");
      return undefined;
    },
  },
  finish: () => ({}),
};

const takeOut = (parts: Parts): void => detachIso(parts.cloud, named(parts).flatMap((id) => (isMember(parts, id) ? (parts.machine(id) ?? []) : [])));

function refused(parts: Parts): Outcome {
  if (!parts.isCancelled) takeOut(parts);
  return parts.fail(`Not every node was added to the CKS cluster ${parts.cluster.id}, nodes added: ${parts.at} out of ${named(parts).length}`, "failed");
}

export const removeNodesWork: ServiceWork = {
  while: ["RemovingNodes"],
  failure: "failed",
  parts: {
    "": (parts) => {
      const { cluster } = parts;
      if (cluster.state !== "Running" && cluster.state !== "Alert") throw internal(`Kubernetes cluster : ${cluster.name} is in ${cluster.state} state`);
      for (const id of named(parts)) if (!cluster.machines.some(({ machineId, external }) => machineId === id && external === true)) throw internal(`VM with ID ${id} is no external node of the Kubernetes cluster ${cluster.name}`);
      parts.transit("removeNodes");
      return parts.next("leave", parts.cloud.durations.serviceDrain, { at: "0" });
    },
    leave(parts) {
      const { cloud, cluster, shell, at } = parts;
      const id = named(parts)[at];
      if (id === undefined) {
        applyRules(cloud, cluster);
        parts.transit("succeeded");
        return undefined;
      }
      const machine = parts.machine(id);
      const trouble = machine && parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble) return parts.fail(`Failed to remove node(s) from the Kubernetes cluster ${cluster.name}`, "failed");
      // What a drain that is held leaves it goes on from: the script's answer is only noted.
      if (machine) shell?.drain(controlIds(cluster), nodeName(machine));
      parts.cluster = cloud.table("clusters").patch(cluster.id, { machines: cluster.machines.filter(({ machineId }) => machineId !== id) });
      setManaged(parts, { size: managedOf(parts.cluster).size - 1 });
      if (machine) {
        for (const forward of cloud.table("forwards").filter(({ machineId }) => machineId === id)) cloud.drop("forwards", forward);
        cloud.table("machines").patch(id, { userData: undefined });
        cloud.afterwards(() => {
          cloud.hypervisor.updateUserData(id, undefined);
          shell?.reset(id);
          cloud.hypervisor.reboot(id);
        });
      }
      return parts.next("forget", cloud.durations.serviceMachine, machine ? { node: nodeName(machine) } : {});
    },
    /** Once its kubelet has ended: it would register anew. */
    forget(parts) {
      const { node } = parts.job.made;
      if (node !== undefined) parts.shell?.deleteNode(controlIds(parts.cluster), node);
      return parts.next("leave", parts.cloud.durations.serviceDrain, { at: String(parts.at + 1) });
    },
  },
  finish: () => ({}),
};
