/** Scaling (upstream: KubernetesClusterScaleWorker): more workers, fewer or these, larger ones, and the autoscaler's bounds. */
import { areReady, attachVersion, makingParts, setManaged, takeIsosOut } from "./bring-up";
import { checkScale, offeringsOf } from "./checks";
import { controlIds, endMachine, machinesOf, managedOf, nodeName, totalOf, workersOf } from "./machines";
import type { Outcome, Parts, ServiceWork } from "./parts";
import { applyRules } from "./rules";

const failure = "failed";
const AUTOSCALER_MS = 3000;

/** How many workers there will be. */
const wantedSize = ({ call, cluster }: Parts): number => call.whole("size") ?? managedOf(cluster).size - call.list("nodeids").length;

/** Those that are named, or the newest beyond the size that is wanted. */
function leavingOf(parts: Parts): string[] {
  const { call, cluster } = parts;
  const named = call.list("nodeids");
  if (named.length > 0) return named.filter((id) => cluster.machines.some(({ machineId }) => machineId === id));
  const workers = workersOf(cluster).map(({ machineId }) => machineId).reverse();
  return workers.slice(0, Math.max(0, workers.length - wantedSize(parts)));
}

function changeOfferings(parts: Parts): Outcome {
  const { call, cloud, cluster } = parts;
  const managed = managedOf(cluster);
  const { control, worker } = offeringsOf(call);
  const whole = call.ref("offerings", "serviceofferingid");
  if (!whole && !control && !worker) return undefined;
  const machines = machinesOf(cloud, cluster);
  if (machines.some(({ state }) => state === "Running")) return parts.fail(`Scaling Kubernetes cluster : ${cluster.name} failed, scaling Kubernetes cluster with running VMs on hypervisor KVM is not supported!`);
  for (const machine of machines) {
    const isControl = controlIds(cluster).includes(machine.id);
    const next = (isControl ? control : worker) ?? whole;
    if (next) cloud.table("machines").patch(machine.id, { offeringId: next.id });
  }
  setManaged(parts, {
    ...(whole ? { offeringId: whole.id, controlOfferingId: undefined, workerOfferingId: undefined } : {}),
    ...(control ? { controlOfferingId: control.id } : {}),
    ...(worker ? { workerOfferingId: worker.id } : {}),
  });
  return managed.size === wantedSize(parts) ? parts.next("offered", cloud.durations.scale) : undefined;
}

export const scaleWork: ServiceWork = {
  while: ["Scaling", "Stopped", "Created"],
  failure,
  parts: {
    "": (parts) => {
      const { call, cloud } = parts;
      checkScale(call, parts.cluster);
      const enabled = call.flag("autoscalingenabled");
      if (enabled !== undefined) {
        parts.transit("scale");
        return parts.next("autoscaling", AUTOSCALER_MS);
      }
      const offered = changeOfferings(parts);
      if (offered !== undefined) return offered;
      const { size } = managedOf(parts.cluster);
      if (wantedSize(parts) === size && call.list("nodeids").length === 0) return undefined;
      if (parts.cluster.machines.length < totalOf(parts.cluster)) return parts.fail(`Scaling failed for Kubernetes cluster : ${parts.cluster.name}, it is in unstable state as not enough existing VM instances found`);
      parts.transit("scale");
      return parts.next(wantedSize(parts) > size ? "make" : "leave", cloud.durations.serviceMachine, { at: "0" });
    },
    offered: () => undefined,
    autoscaling(parts) {
      const { call } = parts;
      setManaged(parts, { autoscaling: call.flag("autoscalingenabled") === true ? { min: call.whole("minsize") ?? 1, max: call.whole("maxsize") ?? 1 } : undefined });
      parts.transit("succeeded");
      return undefined;
    },
    ...makingParts({ roleAt: (parts, at) => (at < wantedSize(parts) - managedOf(parts.cluster).size ? "node" : undefined), then: "rules", failure }),
    rules(parts) {
      applyRules(parts.cloud, parts.cluster);
      attachVersion(parts, parts.cluster.versionId, workersOf(parts.cluster).slice(managedOf(parts.cluster).size - wantedSize(parts)));
      return parts.next("ready", parts.cloud.durations.servicePoll);
    },
    ready(parts) {
      const { cloud, cluster } = parts;
      if (areReady(parts, managedOf(cluster).controlNodes + wantedSize(parts))) return settled(parts);
      if (!parts.isLate(cloud.settings.kubernetesScaleTimeout)) return parts.again(cloud.durations.servicePoll);
      takeIsosOut(parts);
      return parts.fail(`Scaling unsuccessful for Kubernetes cluster : ${cluster.name} as it does not have desired number of nodes in ready state`, failure);
    },
    leave(parts) {
      const { cloud, shell } = parts;
      const [id] = leavingOf(parts);
      const machine = parts.machine(id);
      if (!machine) return settled(parts);
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return parts.fail(trouble.fails, failure);
      const refusal = shell?.drain(controlIds(parts.cluster), nodeName(machine)) ?? shell?.deleteNode(controlIds(parts.cluster), nodeName(machine));
      if (refusal !== undefined) return parts.fail(`Scaling failed for Kubernetes cluster : ${parts.cluster.name}, failed to remove Kubernetes node: ${machine.name} running on VM : ${machine.displayName}`, failure);
      return parts.next("left", cloud.durations.serviceDrain, { machineId: machine.id });
    },
    left(parts) {
      const machine = parts.machine(parts.job.made.machineId);
      if (machine) parts.cluster = endMachine(parts.cloud, parts.cluster, machine);
      return parts.next("leave", parts.cloud.durations.expunge, { at: String(parts.at + 1) });
    },
  },
  finish: () => ({}),
};

function settled(parts: Parts): undefined {
  applyRules(parts.cloud, parts.cluster);
  takeIsosOut(parts);
  setManaged(parts, { size: wantedSize(parts) });
  parts.transit("succeeded");
  return undefined;
}
