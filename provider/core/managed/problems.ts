/** What Mold can't do to a cluster of its own service, found by comparing what is declared with what is there. Pure; each names its property. */
import { nearestNames } from "../nearest-names";
import { nodeProperty } from "../desired";
import { tagKeys } from "../ownership";
import type { Offering } from "../catalogue";
import type { Problem } from "../plan-input";
import type { DesiredManaged } from "./desired";
import { uncounted, workersOf, type ManagedRecord, type NamedOffering, type ObservedManaged } from "./observe";

/** Of what was declared last time: what Mold sets once, what goes when it is taken out, and nodes that have gone since. */
export type FormerManaged = Pick<DesiredManaged, "rootDiskGb" | "sshKeyPair" | "privateRegistry" | "nodes" | "tags" | "comments" | "externalNodes" | "controlPlane" | "workers">;

export interface Offerings {
  readonly controlPlane: Offering;
  readonly workers: Offering;
  /** By node name, of those that have one of their own. */
  readonly nodes: Readonly<Record<string, Offering>>;
  /** Of what machines have now, by id. */
  readonly known: ReadonlyMap<string, Offering>;
}

const byReplacing = "Change it by making another cluster (another name, or replace this one: pulumi up --replace) and moving to it";

export function problemsOf(desired: DesiredManaged, observed: ObservedManaged, former: FormerManaged | undefined, offerings: Offerings): Problem[] {
  const { cluster } = observed;
  if (!cluster) return [];
  return [...lost(desired, observed, cluster), ...miscounted(desired, observed, cluster), ...counts(desired, cluster), ...setOnce(desired, former), ...driver(desired, cluster), ...smaller(cluster, offerings), ...nodeProblems(desired, observed, former), ...externalProblems(desired, observed)];
}

/** Mold scales none of which a machine is missing, and finds it well never again (upstream: "it is in unstable state as not enough existing VM instances found"). */
function lost({ powerState }: DesiredManaged, { machines }: ObservedManaged, { state, size, controlPlanes }: ManagedRecord): Problem[] {
  const missing = size + controlPlanes - machines.length;
  if (missing <= 0 || powerState === "stopped" || (state !== "Alert" && state !== "Running")) return [];
  return [{ property: "workers.count", reason: `Mold counts ${size + controlPlanes} machines of the cluster, and ${machines.length} are there: it scales none of which one is missing, and shows it as Alert for good. It can't mend that itself. ${byReplacing}.` }];
}

/** Mold counts anew by scaling down by a number: that takes the newest machines, of others too, and needs one to be left. */
function miscounted({ powerState, workers, autoscaling }: DesiredManaged, observed: ObservedManaged, cluster: ManagedRecord): Problem[] {
  const { state, size } = cluster;
  const there = workersOf(observed).length;
  const comes = Math.max(workers.count, autoscaling?.min ?? 0) - there;
  if (uncounted(observed, cluster) <= 0 || comes <= 0 || powerState === "stopped" || state !== "Running") return [];
  const hasOthers = observed.machines.some(({ isExternal }) => isExternal);
  if (size > 1 && !hasOthers) return [];
  const why = hasOthers ? "with machines of others in the cluster that would take theirs, too: take them out first (externalNodes), and put them back afterwards" : `and it counts ${size} alone: declare as many workers as there are (${there}), or make another cluster and move to it`;
  return [{ property: "workers.count", reason: `Mold counts ${size} workers of the cluster, and more are there since a scaling failed half-way: it can make no more of them until it counts anew, which it does as it scales down by a number, ${why}.` }];
}

function counts({ controlPlane }: DesiredManaged, { controlPlanes }: ManagedRecord): Problem[] {
  if (controlPlane.count === controlPlanes) return [];
  return [{ property: "controlPlane.count", reason: `is ${controlPlane.count}, and the cluster has ${controlPlanes}: Mold can't change the number of control planes. ${byReplacing}.` }];
}

function* setOnce(desired: DesiredManaged, former: FormerManaged | undefined): Generator<Problem> {
  if (!former) return;
  if (desired.rootDiskGb !== former.rootDiskGb) yield { property: "workers.rootDiskGb", reason: `Mold sets the size of root disks when it makes the cluster, and ${former.rootDiskGb === undefined ? "took its own" : `that was ${former.rootDiskGb}`}. ${byReplacing}.` };
  if (desired.sshKeyPair !== former.sshKeyPair) yield { property: "sshKeyPair", reason: `Mold gives the key pair to machines as the cluster is made, which was with ${former.sshKeyPair ?? "none"}. ${byReplacing}.` };
  if (JSON.stringify(desired.privateRegistry) !== JSON.stringify(former.privateRegistry)) yield { property: "privateRegistry", reason: `Mold takes the registry and its login when it makes the cluster, and can't change them. ${byReplacing}.` };
}

function driver({ csi }: DesiredManaged, cluster: ManagedRecord): Problem[] {
  if (cluster.csi === undefined ? !csi : cluster.csi === csi) return [];
  return [{ property: "addons.csi", reason: `is ${csi}, and the cluster was made ${cluster.csi ? "with" : "without"} the storage driver: Mold installs it as it makes a cluster, and neither adds nor removes it later${cluster.csi === undefined ? " (and this Mold does not say that it has one: it came with CloudStack 4.22)" : ""}. ${byReplacing}.` }];
}

/** Upstream: KubernetesClusterManagerImpl.validateKubernetesClusterScaleParameters. */
function* smaller({ controlOffering, workerOffering }: ManagedRecord, { controlPlane, workers, known }: Offerings): Generator<Problem> {
  const check = function* (property: string, wanted: Offering, now: NamedOffering): Generator<Problem> {
    const before = known.get(now.id);
    if (before && before.id !== wanted.id && (wanted.cpus < before.cpus || wanted.memoryMb < before.memoryMb)) {
      yield { property, reason: `is ${wanted.name} (${wanted.cpus} CPU cores, ${wanted.memoryMb} MB), and the machines have ${before.name} (${before.cpus}, ${before.memoryMb} MB): Mold gives the machines of its clusters no smaller one. ${byReplacing}.` };
    }
  };
  yield* check("controlPlane.offering", controlPlane, controlOffering);
  yield* check("workers.offering", workers, workerOffering);
}

/** An entry of a node that has gone has no further effect; of one that never was it is a slip. */
function nodeProblems(desired: DesiredManaged, observed: ObservedManaged, former: FormerManaged | undefined): Problem[] {
  const there = new Map(observed.machines.map((machine) => [machine.name, machine]));
  return Object.entries(desired.nodes).flatMap(([name, { delete: isGone, replace }]): Problem[] => {
    const machine = there.get(name);
    if (!machine) {
      const wasThere = former?.nodes[name] !== undefined || observed.marks?.[tagKeys.gone + name] !== undefined;
      return wasThere ? [] : [{ property: nodeProperty(name), reason: `there is no node ${name}. Mold names the machines of its clusters itself. Nearest: ${nearestNames(name, [...there.keys()]).join(", ") || "none"}` }];
    }
    if (machine.role === "worker" || (!isGone && replace === undefined)) return [];
    return [{ property: nodeProperty(name, isGone ? "delete" : "replace"), reason: `${name} is a control plane, and Mold can neither remove nor add one. Its offering can be changed, and it can be rebooted.` }];
  });
}

/** Only machines that are there can be taken in. One that was, and is gone, is Mold's to count no longer. */
function externalProblems({ externalNodes }: DesiredManaged, { machines, around }: ObservedManaged): Problem[] {
  return externalNodes.flatMap((id, at): Problem[] => {
    const property = `externalNodes[${at}]`;
    const member = machines.find((machine) => machine.id === id);
    if (member) return member.isExternal ? [] : [{ property, reason: `${member.name} is a machine of the cluster itself: Mold made it` }];
    const found = around.find((machine) => machine.id === id);
    if (!found) return [{ property, reason: `is ${id}, and no machine of that id is on the cluster's network. Give the id of a machine there; there are ${around.map(({ name }) => name).join(", ") || "none beside the cluster's own"}.` }];
    return found.state === "Running" ? [] : [{ property, reason: `${found.name} is ${found.state}: Mold takes in a machine that runs. Start it.` }];
  });
}
