/** Steps on machines of the user's that are nodes of a cluster which Mold runs. */
import { PlanOutdated } from "../../errors";
import type { ManagedWork } from "../work";
import { asked } from "./cluster";
import type { ManagedOperation } from "./operation";

interface Member {
  readonly id?: string;
  readonly isexternalnode?: boolean;
}

/** Mold takes nodes in and out of a cluster that runs, and one job at a time. */
async function membersNow(operation: ManagedOperation): Promise<{ id: string; isThere: (machineId: string) => boolean }> {
  const { id, state, virtualmachines = [] } = await operation.recordOrFail();
  if (state !== "Running") throw new PlanOutdated(`it is ${state} by now`, operation.context());
  const members = virtualmachines as Member[];
  return { id, isThere: (machineId) => members.some((member) => member.id === machineId && member.isexternalnode === true) };
}

/** Mold says which it takes in its log alone (upstream: KubernetesClusterManagerImpl.validateNodes). */
const fit = " Mold takes in a machine of a template that is marked for its Kubernetes service (forcks), with its default network that of the cluster, and that it can log in to.";

/** One a job: where one of several does not join, Mold fails them all. */
export async function addExternal(operation: ManagedOperation, { machines }: Extract<ManagedWork, { kind: "addExternal" }>): Promise<void> {
  const { world, desired } = operation;
  for (const machine of machines) {
    const { id, isThere } = await membersNow(operation);
    if (isThere(machine.id)) continue;
    await asked(operation, "addNodesToKubernetesCluster", () => world.mold.run("addNodesToKubernetesCluster", { id, nodeids: [machine.id] }, operation.jobContext(desired.timeouts.scaleSeconds, "externalNodes")), fit);
  }
}

export async function removeExternal(operation: ManagedOperation, { machines }: Extract<ManagedWork, { kind: "removeExternal" }>): Promise<void> {
  const { world, desired } = operation;
  const { id, isThere } = await membersNow(operation);
  const left = machines.filter((machine) => isThere(machine.id)).map((machine) => machine.id);
  if (left.length === 0) return;
  await asked(operation, "removeNodesFromKubernetesCluster", () => world.mold.run("removeNodesFromKubernetesCluster", { id, nodeids: left }, operation.jobContext(desired.timeouts.scaleSeconds, "externalNodes")));
}
