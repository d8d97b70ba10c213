/**
 * From what is declared and what is there to the steps that Mold is asked for. Pure and total: a plan, or problems that each name a property.
 * What a state hides (a cluster that is being started, say) is waited for, and planned in the next round of the same run.
 */
import { takenProblems } from "../adoption";
import { tagKeys } from "../ownership";
import type { Problem } from "../plan-input";
import { satisfies } from "../release";
import { whyNotAdoptable } from "./adoptable";
import { sizeAtBirth, type DesiredManaged } from "./desired";
import { commentChange, shownComment } from "../records";
import { hopsOf } from "./hops";
import { neverCameUp, wasWhole, type ManagedRecord, type ObservedManaged } from "./observe";
import { offeringChange, planRunning, planTags } from "./plan-running";
import type { ManagedPlanInput } from "./plan-input";
import { problemsOf } from "./problems";
import { ManagedSteps, type ManagedStep, type ManagedWorkKind } from "./work";

export interface ManagedPlan {
  readonly steps: readonly ManagedStep[];
  readonly problems: readonly Problem[];
  /** What is declared and not done now, and when it will be. */
  readonly notes?: readonly string[];
}

const refused = (property: string, reason: string): ManagedPlan => ({ steps: [], problems: [{ property, reason }] });

export function planManaged(input: ManagedPlanInput): ManagedPlan {
  const { desired, observed, former, offerings } = input;
  if (!observed.marks) return refused("network", "the cluster's network is gone from Mold. Destroy the cluster and create it anew.");
  const taken = takenProblems(input, observed.marks);
  if (taken.length > 0) return { steps: [], problems: taken };
  const { cluster } = observed;
  const isNew = input.birth || !wasWhole(observed, desired);
  const isGone = !cluster || cluster.state === "Destroying" || cluster.state === "Destroyed";
  if (isGone && !isNew) return refused("management", "Mold has no such cluster any more: it was deleted outside this program. Refresh (pulumi refresh), and the next run makes it anew; or destroy the rest of it.");
  if (!cluster && observed.others.length > 0) return refused("name", `there is a cluster ${desired.name} of Mold's own service already, which this program did not declare: ${observed.others.join(", ")}. Choose another name, delete that one, or take it over (adopt: true).`);
  // What was to be taken over is neither deleted nor made in its place.
  if (input.adopts === true && (!cluster || isGone || cluster.state === "Error")) return refused("adopt", `the cluster ${desired.name} ${whyNotAdoptable(cluster?.state ?? "") ?? "is not there any more: there is nothing to take over. Leave adopt out to have one made."}`);
  if (!cluster || isGone || cluster.state === "Error" || neverCameUp(observed, desired)) return planBirth(desired, cluster);
  const hops = hopsOf(desired, observed, input.versions);
  const problems = [...problemsOf(desired, observed, former, offerings), ...(isAway(cluster) ? [] : hops.problems)];
  if (problems.length > 0) return { steps: [], problems };
  const steps = new ManagedSteps();
  const isAdopted = input.birth && input.adopts === true;
  const notes = isAdopted ? planAdopted(steps, input) : planState(steps, input, cluster);
  if (!isAdopted) planComments(steps, input);
  const inside = observed.shutOut === undefined ? undefined : steps.all.find(({ work }) => atNodes.has(work.kind));
  if (inside) return refused("management", `${observed.shutOut!}, so that "${inside.title}" can't be done. Mold renews no certificates: renew them on each control plane (kubeadm certs renew all), then stop the cluster and start it (powerState), as Mold fetches its kubeconfig anew when it has started one, and refresh (pulumi refresh).`);
  return { steps: steps.all, problems: [], ...(notes.length > 0 ? { notes } : {}) };
}

/** What is done by the cluster's own API. */
const atNodes: ReadonlySet<ManagedWorkKind> = new Set(["checkHop", "upgradeCluster", "tidyUpgrade", "cordonNode", "uncordonNode", "drainNode", "admitNode", "awaitNode"]);

/** Nobody can say what its nodes run. */
const isAway = ({ state }: ManagedRecord): boolean => state !== "Running" && state !== "Alert";

/** @param cluster what an attempt has left that can't be gone on with */
export function planBirth(desired: DesiredManaged, cluster?: ManagedRecord): ManagedPlan {
  const steps = new ManagedSteps();
  const { name, version, controlPlane, workers } = desired;
  if (desired.powerState === "stopped") return refused("powerState", "is stopped, and the cluster is not made yet: machines become a cluster by running. Leave it out, and stop the cluster once it is there.");
  let cleared: string | undefined;
  if (cluster && !cluster.state.startsWith("Destroy")) cleared = steps.add({ kind: "removeFailed" }, `delete what Mold has made of ${name}`, [], { why: cluster.state === "Error" ? "its create failed, and Mold can only delete it" : "its create was interrupted in Mold, which does not go on with it" });
  else if (cluster) cleared = steps.add({ kind: "awaitGone" }, `wait until Mold has deleted ${name}`, [], { why: `it is ${cluster.state}` });
  const size = sizeAtBirth(desired);
  const nodes = `${controlPlane.count} control ${controlPlane.count === 1 ? "plane" : "planes"} of ${controlPlane.offering}, ${size} ${size === 1 ? "worker" : "workers"} of ${workers.offering}`;
  steps.add({ kind: "createCluster" }, `have Mold make ${name}: Kubernetes ${version}, ${nodes}`, [cleared], { estimateSeconds: 120 + 15 * (controlPlane.count + size) });
  return { steps: steps.all, problems: [], ...(desired.autoscaling ? { notes: [`Mold scales ${name} between ${desired.autoscaling.min} and ${desired.autoscaling.max} workers once it runs`] } : {}) };
}

function planState(steps: ManagedSteps, input: ManagedPlanInput, cluster: ManagedRecord): string[] {
  const { desired, observed } = input;
  const { name } = desired;
  const isStopped = desired.powerState === "stopped";
  switch (cluster.state) {
    case "Running":
      return isStopped ? planStop(steps, input, cluster) : planRunning(steps, input, cluster);
    case "Stopped":
      return planStopped(steps, input, cluster);
    case "Alert":
      if (isStopped) return planStop(steps, input, cluster);
      return planAlert(steps, input);
    default: {
      const orElse = cluster.state === "Starting" && wasWhole(observed, desired) ? "restart" : "fail";
      steps.add({ kind: "awaitSettled", state: cluster.state, orElse }, `wait for ${name} to be ${settledWord(cluster.state)}`, [], { why: `Mold shows it as ${cluster.state}` });
      return ["what else there is to do is planned when Mold is done with it"];
    }
  }
}

/** Whatever state it is in. */
function planComments(steps: ManagedSteps, { desired, observed, former }: ManagedPlanInput): void {
  if (observed.comments === undefined) return;
  const { add, remove } = commentChange(desired.comments, former?.comments ?? [], observed.comments);
  for (const text of add) steps.add({ kind: "addComment", text }, `comment on ${desired.name}: ${shownComment(text)}`, [], { about: text });
  for (const { id, text } of remove) steps.add({ kind: "removeComment", commentId: id }, `remove the comment on ${desired.name}: ${shownComment(text)}`, [], { about: id });
}

/** What is declared otherwise the next preview shows. */
function planAdopted(steps: ManagedSteps, input: ManagedPlanInput): string[] {
  planTags(steps, input);
  return [];
}

const settledWord = (state: string): string => (state === "Stopping" ? "stopped" : state.startsWith("Scaling") ? "scaled" : state === "Upgrading" ? "upgraded" : "running");

function planStop(steps: ManagedSteps, { desired, observed }: ManagedPlanInput, cluster: ManagedRecord): string[] {
  steps.add({ kind: "stopCluster" }, `have Mold stop ${desired.name}`, [], { estimateSeconds: 10 * (cluster.size + cluster.controlPlanes) });
  return waitsForStart(desired, cluster, observed);
}

/** Mold changes the offerings of a cluster that is stopped, and nothing else. */
function planStopped(steps: ManagedSteps, input: ManagedPlanInput, cluster: ManagedRecord): string[] {
  const { desired, observed } = input;
  const change = offeringChange(input, cluster);
  const offered = change && steps.add({ kind: "changeOfferings", ...change.work }, change.title, []);
  if (desired.powerState === "stopped") return waitsForStart(desired, cluster, observed);
  steps.add({ kind: "startCluster" }, `have Mold start ${desired.name}`, [offered], { estimateSeconds: 60 + 5 * (cluster.size + cluster.controlPlanes) });
  return waitsForStart(desired, cluster, observed).length > 0 ? ["what else there is to do is planned when it runs"] : [];
}

function waitsForStart({ name, version, workers, autoscaling }: DesiredManaged, cluster: ManagedRecord, { machines }: ObservedManaged): string[] {
  const size = cluster.size - machines.filter(({ isExternal }) => isExternal).length;
  return [
    ...(satisfies(cluster.version, version) ? [] : [`${name} goes from ${cluster.version} to ${version} when it is started: a node is upgraded while it runs`]),
    ...(autoscaling !== undefined || workers.count === size ? [] : [`${name} goes from ${size} to ${workers.count} workers when it is started: Mold changes the size of none that is stopped`]),
  ];
}

/** Machines that are off are started; for all else Mold's own scanner finds that all is well again, or a stop and a start of the whole have to do. */
function planAlert(steps: ManagedSteps, { desired, observed }: ManagedPlanInput): string[] {
  const off = observed.machines.filter(({ state }) => state === "Stopped");
  const up = off.map(({ id, name, role }) => steps.add({ kind: "startMachine", machine: { id, name, role } }, `start ${name}`, [], { why: "it was found stopped" }));
  steps.add({ kind: "awaitRecovery" }, `wait for Mold to find ${desired.name} well, and stop and start it if it does not`, up, { why: "Mold shows it as Alert" });
  const begun = observed.marks?.[tagKeys.upgrading];
  return [...(begun ? [`an upgrade to ${begun} stopped half-way: it is gone on with then`] : []), "what else there is to do is planned when it runs"];
}
