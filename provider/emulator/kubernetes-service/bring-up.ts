/** Parts that several commands share: making machines one after another, and waiting for what runs on them. */
import { powerOn } from "../power";
import { attachIso, controlIds, detachIso, machinesOf, makeMachine, managedOf, place, totalOf, type Role } from "./machines";
import type { ClusterMachine } from "../model";
import type { Outcome, Parts } from "./parts";
import type { ClusterEvent } from "./states";

export interface Making {
  /** Whose turn it is at a place; undefined: all are there. */
  readonly roleAt: (parts: Parts, at: number) => Role | undefined;
  /** The part that follows when all are there. */
  readonly then: string;
  readonly failure: ClusterEvent;
}

const noRoom = (name: string): string => `Provisioning node VM failed in the Kubernetes cluster : ${name}`;

/** `make`, `boot`, `booted`: one machine after the other. */
export function makingParts({ roleAt, then, failure }: Making): Readonly<Record<string, (parts: Parts) => Outcome>> {
  return {
    make(parts) {
      const { cloud, cluster, at } = parts;
      const role = roleAt(parts, at);
      if (role === undefined) return parts.next(then, cloud.durations.serviceRules);
      const trouble = parts.trouble({ name: `${cluster.name}-${role}-${at + 1}` });
      if (trouble && "hangs" in trouble) return trouble.hangs;
      if (trouble && "fails" in trouble) return parts.fail(trouble.fails, failure);
      const made = makeMachine(cloud, cluster, role, parts.job.userId);
      if (made instanceof Error) return parts.fail(made.text, failure);
      return parts.next("boot", cloud.durations.serviceMachine, { machineId: made.machines.at(-1)!.machineId, failsAfter: trouble?.failsAfter ?? "" });
    },
    boot(parts) {
      const { cloud, cluster, job } = parts;
      const machine = parts.machine(job.made.machineId);
      const ordered = machine && cloud.faults.take("noCapacity", { command: parts.call.command, names: [machine.name, cluster.name], changing: true });
      if (!machine || ordered || !place(cloud, machine)) return parts.fail(noRoom(cluster.name), failure);
      return parts.next("booted", cloud.durations.start);
    },
    booted(parts) {
      const { cloud, at, job } = parts;
      const machine = parts.machine(job.made.machineId);
      if (machine) powerOn(cloud, machine);
      if (job.made.failsAfter) return parts.fail(job.made.failsAfter, failure);
      return parts.next("make", cloud.durations.serviceMachine, { at: String(at + 1) });
    },
  };
}

/** How many nodes are Ready, as `kubectl get nodes | grep -w Ready | wc -l` counts them: a cordoned one is, and one that nobody knows of. */
const readyCount = ({ cluster, shell }: Parts): number | undefined => shell?.nodes(controlIds(cluster))?.filter(({ ready }) => ready).length;

/** The ISO that a version is on, in the drives of these machines, or of all. */
export function attachVersion(parts: Parts, versionId = parts.cluster.versionId ?? "", only?: readonly ClusterMachine[]): void {
  const { cloud, cluster } = parts;
  const isoId = cloud.table("versions").get(versionId)?.isoId;
  const machines = machinesOf(cloud, cluster).filter(({ id }) => only === undefined || only.some(({ machineId }) => machineId === id));
  if (isoId !== undefined) attachIso(cloud, machines, isoId);
}

export const takeIsosOut = ({ cloud, cluster }: Parts): void => detachIso(cloud, machinesOf(cloud, cluster));

/**
 * Neither more nor fewer (upstream: KubernetesClusterUtil.validateKubernetesClusterReadyNodesCount): with nodes that a failed scaling has left
 * beyond the record it waits until its time is over.
 * @param total how many nodes there are to be; default: as many as the cluster has
 */
export const areReady = (parts: Parts, total = totalOf(parts.cluster)): boolean => readyCount(parts) === total;

export const answersApi = ({ shell, cluster }: Parts): boolean => shell?.nodes(controlIds(cluster)) !== undefined;

export const setManaged = (parts: Parts, change: Partial<ReturnType<typeof managedOf>>): void => {
  const { cloud, cluster } = parts;
  parts.cluster = cloud.table("clusters").patch(cluster.id, { managed: { ...managedOf(cloud.table("clusters").get(cluster.id) ?? cluster), ...change } });
};
