/** Deleting (upstream: KubernetesClusterDestroyWorker): the machines, then the network if it was made for the cluster, else the rules alone. */
import { release } from "../commands/addresses";
import type { Cloud } from "../cloud";
import { internal, type ApiError } from "../errors";
import type { ClusterRow } from "../model";
import { setManaged } from "./bring-up";
import { endMachine, machinesOf, managedOf, networkOf } from "./machines";
import type { Parts, ServiceWork } from "./parts";
import { removeRules } from "./rules";
import { dropCluster } from "./states";

const deletable = new Set(["Running", "Stopped", "Alert", "Error", "Destroying"]);

/** Other machines on a network that would go. */
function checkNetwork(cloud: Cloud, cluster: ClusterRow): void {
  const network = networkOf(cloud, cluster);
  if (managedOf(cluster).details.networkCleanup !== "true" || !network) return;
  const external = cluster.machines.filter((machine) => machine.external === true).length;
  if (external > 0) throw internal(`Failed to delete kubernetes cluster ${cluster.name} as there are ${external} external node(s) present. Please remove the external node(s) from the cluster (and network) or delete them before deleting the cluster.`);
  const there = cloud.table("machines").filter(({ networkId }) => networkId === network.id);
  if (there.length > cluster.machines.length) throw internal(`Network : ${network.name} for Kubernetes cluster : ${cluster.name} has instances using it which are not part of the Kubernetes cluster`);
}

function failed(parts: Parts, text: string): ApiError {
  if (!parts.isCancelled) setManaged(parts, { checkForGc: true });
  return parts.fail(text);
}

export const deleteWork: ServiceWork = {
  while: ["Destroying"],
  failure: "failed",
  parts: {
    "": (parts) => {
      const { cloud, cluster } = parts;
      if (!deletable.has(cluster.state)) throw internal(`Cannot perform delete operation on cluster : ${cluster.name} in state: ${cluster.state}`);
      checkNetwork(cloud, cluster);
      parts.transit("destroy");
      return parts.next("destroy", 0);
    },
    destroy(parts) {
      const { cloud, cluster } = parts;
      // All of them, also those of others that were added: upstream's destroyClusterVMs asks of none whose it is.
      const [machine] = machinesOf(cloud, cluster);
      if (!machine) return parts.next("network", cloud.durations.cluster);
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return failed(parts, `Failed to destroy one or more VMs as part of Kubernetes cluster : ${cluster.name} cleanup`);
      parts.cluster = endMachine(cloud, cluster, machine);
      // What upstream does not expect it does not note for its collector either: the cluster stays so until somebody asks again.
      if (trouble) return parts.fail(trouble.failsAfter);
      return parts.next("destroy", cloud.durations.destroy + cloud.durations.expunge);
    },
    network: (parts) => parts.next("gone", parts.cloud.durations.deleteNetwork),
    gone: () => undefined,
  },
  finish({ cloud, cluster }) {
    const network = networkOf(cloud, cluster);
    if (managedOf(cluster).details.networkCleanup !== "true") removeRules(cloud, cluster);
    else if (network) {
      for (const address of cloud.table("addresses").filter(({ networkId }) => networkId === network.id)) release(cloud, address);
      for (const rule of cloud.table("firewallRules").filter(({ networkId }) => networkId === network.id)) cloud.drop("firewallRules", rule);
      cloud.drop("networks", network);
    }
    dropCluster(cloud, cluster);
    return { success: true };
  },
};
