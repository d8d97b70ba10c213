/** Starting and stopping a whole cluster (upstream: KubernetesClusterStartWorker.startStoppedKubernetesCluster, KubernetesClusterStopWorker). */
import { powerOff, powerOn } from "../power";
import { answersApi } from "./bring-up";
import { fetchKubeconfig } from "./create";
import { machinesOf, place } from "./machines";
import type { Parts, ServiceWork } from "./parts";
import type { MachineRow } from "../model";

const failure = "failed";

const at = ({ cloud, cluster, at: place }: Parts): MachineRow | undefined => machinesOf(cloud, cluster)[place];

export const stopWork: ServiceWork = {
  // One in Error has no state to go to, and its machines stop all the same (recorded: success).
  while: ["Stopping", "Error", "Created", "Destroying"],
  failure,
  parts: {
    "": (parts) => {
      if (parts.cluster.state === "Stopped" || parts.cluster.state === "Stopping") return undefined;
      parts.transit("stop");
      return parts.next("stop", 0, { at: "0" });
    },
    stop(parts) {
      const { cloud } = parts;
      const machine = at(parts);
      if (!machine) {
        parts.transit("succeeded");
        return undefined;
      }
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return parts.fail(`Failed to stop all VMs in Kubernetes cluster : ${parts.cluster.name}`, failure);
      if (machine.state !== "Running") return parts.next("stop", 0, { at: String(parts.at + 1) });
      cloud.table("machines").patch(machine.id, { state: "Stopping", lastUpdated: cloud.now() });
      return parts.next("stopped", cloud.durations.stop);
    },
    stopped(parts) {
      const machine = at(parts);
      if (machine?.state === "Stopping") powerOff(parts.cloud, machine, false);
      return parts.next("stop", 0, { at: String(parts.at + 1) });
    },
  },
  finish: () => ({ success: true }),
};

export const startWork: ServiceWork = {
  while: ["Starting", "Alert", "Error", "Created"],
  failure,
  parts: {
    "": (parts) => {
      if (parts.cluster.state === "Running" || parts.cluster.state === "Starting") return undefined;
      parts.transit("start");
      return parts.next("start", 0, { at: "0" });
    },
    start(parts) {
      const { cloud, cluster } = parts;
      const machine = at(parts);
      if (!machine) return parts.next("api", cloud.durations.servicePoll);
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return parts.fail(`Failed to start all VMs in Kubernetes cluster : ${cluster.name}`, failure);
      if (machine.state !== "Stopped") return parts.next("start", 0, { at: String(parts.at + 1) });
      const ordered = cloud.faults.take("noCapacity", { command: parts.call.command, names: [machine.name, cluster.name], changing: true });
      if (ordered || !place(cloud, machine)) return parts.fail(`Failed to start all VMs in Kubernetes cluster : ${cluster.name}`, failure);
      return parts.next("started", cloud.durations.start);
    },
    started(parts) {
      const machine = at(parts);
      if (machine?.state === "Starting") powerOn(parts.cloud, machine);
      return parts.next("start", 0, { at: String(parts.at + 1) });
    },
    api(parts) {
      const { cloud, cluster } = parts;
      if (!answersApi(parts)) {
        if (!parts.isLate(cloud.settings.kubernetesStartTimeout)) return parts.again(cloud.durations.servicePoll);
        return parts.fail(`Failed to start Kubernetes cluster : ${cluster.name} in usable state`, failure);
      }
      fetchKubeconfig(parts);
      parts.transit("succeeded");
      return undefined;
    },
  },
  finish: () => ({}),
};
