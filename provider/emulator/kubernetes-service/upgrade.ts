/** Upgrading (upstream: KubernetesClusterUpgradeWorker): each node in turn is drained, upgraded in place and opened again; where that stops, it stays so. */
import { attachVersion, takeIsosOut } from "./bring-up";
import { checkUpgrade } from "./checks";
import { controlIds, machinesOf, nodeName } from "./machines";
import type { Parts, ServiceWork } from "./parts";
import type { ApiError } from "../errors";
import type { MachineRow } from "../model";

const failure = "failed";

const machineAt = ({ cloud, cluster, at }: Parts): MachineRow | undefined => machinesOf(cloud, cluster)[at];

function stopped(parts: Parts, what: string): ApiError {
  if (!parts.isCancelled) takeIsosOut(parts);
  return parts.fail(what, failure);
}

const failed = ({ cluster }: Parts, why: string): string => `Failed to upgrade Kubernetes cluster : ${cluster.name}, ${why}`;

export const upgradeWork: ServiceWork = {
  while: ["Upgrading"],
  failure,
  parts: {
    "": (parts) => {
      const version = checkUpgrade(parts.call, parts.cluster);
      parts.transit("upgrade");
      attachVersion(parts, version.id);
      return parts.next("drain", parts.cloud.durations.serviceRules, { at: "0" });
    },
    drain(parts) {
      const { cloud, cluster, shell } = parts;
      const machine = machineAt(parts);
      if (!machine) return undefined;
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return stopped(parts, failed(parts, `unable to upgrade Kubernetes node on VM : ${machine.displayName}: ${trouble.fails}`));
      if (parts.isLate(cloud.settings.kubernetesUpgradeTimeout)) return stopped(parts, failed(parts, "upgrade action timed out"));
      if (shell?.drain(controlIds(cluster), nodeName(machine)) !== undefined) return stopped(parts, failed(parts, `unable to drain Kubernetes node on VM : ${machine.displayName}`));
      return parts.next("node", cloud.durations.serviceDrain, { failsAfter: trouble?.failsAfter ?? "" });
    },
    node(parts) {
      const { call, cloud, cluster, shell, at } = parts;
      const machine = machineAt(parts);
      const version = call.ref("versions", "kubernetesversionid");
      if (!machine || !version) return undefined;
      const refusal = shell?.upgrade(machine.id, version.semanticVersion, { first: at === 0 });
      if (refusal !== undefined) return stopped(parts, failed(parts, `unable to upgrade Kubernetes node on VM : ${machine.displayName}`));
      parts.cluster = cloud.table("clusters").patch(cluster.id, { machines: cluster.machines.map((one) => (one.machineId === machine.id ? { ...one, version: version.semanticVersion } : one)) });
      if (parts.job.made.failsAfter) return stopped(parts, failed(parts, `unable to uncordon Kubernetes node on VM : ${machine.displayName}: ${parts.job.made.failsAfter}`));
      return parts.next("open", cloud.durations.serviceUpgrade);
    },
    open(parts) {
      const { cluster, cloud, shell, at } = parts;
      const machine = machineAt(parts);
      if (machine && shell?.uncordon(controlIds(cluster), nodeName(machine)) !== undefined) return stopped(parts, failed(parts, `unable to uncordon Kubernetes node on VM : ${machine.displayName}`));
      return parts.next("drain", cloud.durations.serviceMachine, { at: String(at + 1) });
    },
  },
  finish(parts) {
    const { call, cloud, cluster } = parts;
    takeIsosOut(parts);
    const versionId = call.ref("versions", "kubernetesversionid")?.id;
    parts.cluster = cloud.table("clusters").patch(cluster.id, { versionId });
    parts.transit("succeeded");
    return {};
  },
};
