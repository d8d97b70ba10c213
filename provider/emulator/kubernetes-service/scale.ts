/** Scaling (upstream: KubernetesClusterScaleWorker): more workers, fewer or these, larger ones, and the autoscaler's bounds. */
import { areReady, attachVersion, makingParts, setManaged, takeIsosOut } from "./bring-up";
import { checkScale, offeringsOf } from "./checks";
import { controlIds, endMachine, machinesOf, managedOf, nodeName, totalOf, workersOf } from "./machines";
import type { OfferingRow } from "../model";
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

type OfferingChanges = { readonly control?: OfferingRow; readonly worker?: OfferingRow };

/** What a role has is read off its first machine, and where that has the offering that is asked for nothing is done (upstream: getExistingOfferingIdForNodeType). */
function offeringChanges({ call, cloud, cluster }: Parts): OfferingChanges {
  const whole = call.ref("offerings", "serviceofferingid");
  const { control = whole, worker = whole } = offeringsOf(call);
  const differs = (isControl: boolean, next: OfferingRow | undefined): boolean => {
    const first = cluster.machines.find((machine) => machine.control === isControl);
    return next !== undefined && cloud.table("machines").get(first?.machineId ?? "")?.offeringId !== next.id;
  };
  return { ...(differs(true, control) ? { control } : {}), ...(differs(false, worker) ? { worker } : {}) };
}

function beginOfferings(parts: Parts, changes: OfferingChanges): Outcome {
  const { cloud, cluster } = parts;
  if (cluster.machines.length < totalOf(cluster)) return parts.fail(`Scaling Kubernetes cluster : ${cluster.name} failed, it is in unstable state as not enough existing VM instances found!`);
  if (machinesOf(cloud, cluster).some(({ state }) => state === "Running")) return parts.fail(`Scaling Kubernetes cluster : ${cluster.name} failed, scaling Kubernetes cluster with running VMs on hypervisor KVM is not supported!`);
  parts.transit("scale");
  return parts.next("offer", 0, { at: "0", ...(changes.control ? { control: changes.control.id } : {}), ...(changes.worker ? { worker: changes.worker.id } : {}) });
}

export const scaleWork: ServiceWork = {
  while: ["Scaling", "ScalingStoppedCluster", "Stopped", "Created"],
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
      const changes = offeringChanges(parts);
      if (changes.control || changes.worker) return beginOfferings(parts, changes);
      const { size } = managedOf(parts.cluster);
      if (wantedSize(parts) === size && call.list("nodeids").length === 0) return undefined;
      if (parts.cluster.machines.length < totalOf(parts.cluster)) return parts.fail(`Scaling failed for Kubernetes cluster : ${parts.cluster.name}, it is in unstable state as not enough existing VM instances found`);
      parts.transit("scale");
      return parts.next(wantedSize(parts) > size ? "make" : "leave", cloud.durations.serviceMachine, { at: "0" });
    },
    offer(parts) {
      const { cloud, cluster, job, at } = parts;
      const machine = machinesOf(cloud, cluster)[at];
      if (!machine) return offered(parts);
      const next = controlIds(cluster).includes(machine.id) ? job.made.control : job.made.worker;
      if (next === undefined) return parts.next("offer", 0, { at: String(at + 1) });
      const trouble = parts.trouble(machine);
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return parts.fail(`Scaling Kubernetes cluster : ${cluster.name} failed, unable to scale cluster VM : ${machine.displayName} due to ${trouble.fails}`, failure);
      cloud.table("machines").patch(machine.id, { offeringId: next });
      return parts.next("offer", cloud.durations.scale, { at: String(at + 1) });
    },
    autoscaling(parts) {
      const { call } = parts;
      setManaged(parts, { autoscaling: call.flag("autoscalingenabled") === true ? { min: call.whole("minsize") ?? 1, max: call.whole("maxsize") ?? 1 } : undefined });
      parts.transit("succeeded");
      return undefined;
    },
    ...makingParts({ roleAt: (parts, at) => (at < wantedSize(parts) - managedOf(parts.cluster).size ? "node" : undefined), then: "rules", failure }),
    rules(parts) {
      if (!applyRules(parts.cloud, parts.cluster)) return parts.fail(`Scaling failed for Kubernetes cluster : ${parts.cluster.name}, unable to update network rules`, failure);
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
      const refusal = shell?.drain(controlIds(parts.cluster), nodeName(machine));
      if (refusal !== undefined) return parts.fail(`Scaling failed for Kubernetes cluster : ${parts.cluster.name}, failed to remove Kubernetes node: ${machine.name} running on VM : ${machine.displayName}`, failure);
      return parts.next("left", cloud.durations.serviceDrain, { machineId: machine.id });
    },
    left(parts) {
      const machine = parts.machine(parts.job.made.machineId);
      if (machine) parts.cluster = endMachine(parts.cloud, parts.cluster, machine);
      return parts.next("forget", parts.cloud.durations.expunge, { ...(machine ? { node: nodeName(machine) } : {}), at: String(parts.at + 1) });
    },
    /** Upstream does so before the machine goes; the kubelet of one that still runs would register anew here. */
    forget(parts) {
      const { node } = parts.job.made;
      if (node !== undefined) parts.shell?.deleteNode(controlIds(parts.cluster), node);
      return parts.next("leave", 0, { at: String(parts.at) });
    },
  },
  finish: () => ({}),
};

/** All machines have them by now: only then is the record told. */
function offered(parts: Parts): undefined {
  const { control, worker } = parts.job.made;
  const whole = parts.call.ref("offerings", "serviceofferingid");
  setManaged(parts, { ...(whole ? { offeringId: whole.id } : {}), ...(control ? { controlOfferingId: control } : {}), ...(worker ? { workerOfferingId: worker } : {}) });
  parts.transit("succeeded");
  return undefined;
}

function settled(parts: Parts): undefined {
  applyRules(parts.cloud, parts.cluster);
  takeIsosOut(parts);
  setManaged(parts, { size: wantedSize(parts) });
  parts.transit("succeeded");
  return undefined;
}
