/** What a running cluster lacks of its declaration. */
import { ownershipTags, tagKeys, type Role, type Tags } from "../ownership";
import type { ManagedPlanInput } from "./plan-input";
import { hopsOf, type ManagedHop } from "./hops";
import { uncounted, wasWhole, workersOf, type ManagedMachine, type ManagedRecord } from "./observe";
import { leavingOf, planCount, planLeaving, planNodeOperations } from "./plan-nodes";
import { planLed, planVacated } from "./succession";
import { refOf, type ManagedSteps, type ManagedWork, type NodeRef } from "./work";

export function planRunning(steps: ManagedSteps, input: ManagedPlanInput, cluster: ManagedRecord): string[] {
  const { desired, observed } = input;
  if (!wasWhole(observed, desired)) steps.add({ kind: "mark", marks: { [tagKeys.initialised]: desired.uid } }, `mark ${desired.name} as made`, [], { about: "made" });
  planTags(steps, input);
  const off = observed.machines.filter(({ state }) => state === "Stopped");
  for (const machine of off) steps.add({ kind: "startMachine", machine: refOf(machine) }, `start ${machine.name}`, [], { why: "it was found stopped" });

  const offered = planOfferings(steps, input, cluster);
  const { hops, behind } = hopsOf(desired, observed, input.versions);
  const leaving = leavingOf(input, behind);
  const comes = leaving.size - (workersOf(observed).length - leaving.machines.length);
  const admitted = planAdmitted(steps, observed, leaving.machines);
  const pauses = cluster.autoscaling !== undefined && (hops.length > 0 || leaving.machines.length > 0 || comes > 0);
  const isPaused = pauses ? steps.add({ kind: "setAutoscaling" }, `turn autoscaling of ${desired.name} off`, [offered], { why: desired.autoscaling ? "while its nodes change; it is put back afterwards" : "it is not declared", about: "off" }) : offered;
  const upgraded = planHops(steps, input, hops, isPaused);
  const scaled = planSize(steps, input, cluster, { machines: leaving.machines, comes }, [upgraded ?? isPaused, ...admitted]);
  const nodesDone = planNodeOperations(steps, input, [scaled ?? upgraded ?? isPaused]);
  const external = planExternal(steps, input, [nodesDone ?? scaled ?? upgraded ?? isPaused]);
  const last = external ?? nodesDone ?? scaled ?? upgraded ?? isPaused;
  planAutoscaling(steps, input, cluster, pauses, last);
  planFollowers(steps, input, scaled ?? upgraded ?? isPaused, leaving.machines);
  if (observed.nodes !== undefined) return [];
  return [`${observed.shutOut ?? `${desired.name} does not answer at its API`}: what its nodes run could not be looked at`];
}

/** Whose the machines are, for rules that look members up by it. Those of a machine that is still to be made come with the next round. */
export function planTags(steps: ManagedSteps, { desired, observed, owner, former }: ManagedPlanInput): void {
  for (const role of ["control-plane", "worker"] as const) {
    const wanted: Tags = { ...desired.tags, ...ownershipTags(desired.uid, owner, role) };
    const machines = observed.machines.filter((machine) => machine.role === role && !machine.isExternal);
    const stale = new Map<string, NodeRef[]>();
    const lacking = new Map<string, NodeRef[]>();
    for (const machine of machines) {
      const wrong = Object.entries(machine.tags).filter(([key, value]) => (key in wanted ? wanted[key] !== value : former !== undefined && key in former.tags));
      const missing = Object.entries(wanted).filter(([key, value]) => machine.tags[key] !== value);
      const put = (into: Map<string, NodeRef[]>, tags: readonly (readonly [string, string])[]): void => {
        if (tags.length > 0) into.set(JSON.stringify(tags), [...(into.get(JSON.stringify(tags)) ?? []), refOf(machine)]);
      };
      put(stale, wrong);
      put(lacking, missing);
    }
    const untagged = [...stale].map(([tags, each]) => steps.add({ kind: "untagMachines", machines: each, tags: tagsIn(tags) }, `take tags off ${namesOf(each)}`, [], { about: `${role} ${tags}` }));
    for (const [tags, each] of lacking) steps.add({ kind: "tagMachines", machines: each, tags: tagsIn(tags) }, `tag ${namesOf(each)}`, untagged, { about: `${role} ${tags}` });
  }
}

const tagsIn = (text: string): Tags => Object.fromEntries(JSON.parse(text) as [string, string][]);
const namesOf = (machines: readonly NodeRef[]): string => (machines.length > 4 ? `${machines.length} machines` : machines.map(({ name }) => name).join(", "));

export interface OfferingChange {
  readonly work: Pick<Extract<ManagedWork, { kind: "changeOfferings" }>, "controlPlane" | "workers">;
  readonly title: string;
}

/** Which of the two roles has another offering than is declared. */
export function offeringChange({ desired, offerings }: ManagedPlanInput, { controlOffering, workerOffering }: ManagedRecord): OfferingChange | undefined {
  const control = offerings.controlPlane.id !== controlOffering.id;
  const worker = offerings.workers.id !== workerOffering.id;
  if (!control && !worker) return undefined;
  const parts = [...(control ? [`control planes ${offerings.controlPlane.name}`] : []), ...(worker ? [`workers ${offerings.workers.name}`] : [])];
  return { work: { ...(control ? { controlPlane: desired.controlPlane.offering } : {}), ...(worker ? { workers: desired.workers.offering } : {}) }, title: `give ${parts.join(" and ")}` };
}

/** Mold refuses while a machine of the cluster runs (upstream: KubernetesClusterScaleWorker, on KVM). */
function planOfferings(steps: ManagedSteps, input: ManagedPlanInput, cluster: ManagedRecord): string | undefined {
  const change = offeringChange(input, cluster);
  if (!change) return undefined;
  const { name } = input.desired;
  const stopped = steps.add({ kind: "stopCluster" }, `have Mold stop ${name}`, [], { why: "it gives its clusters other offerings only while all of them is off: the API and the workloads are away meanwhile" });
  const given = steps.add({ kind: "changeOfferings", ...change.work }, change.title, [stopped]);
  return steps.add({ kind: "startCluster" }, `have Mold start ${name}`, [given]);
}

function planHops(steps: ManagedSteps, { desired, observed, versions }: ManagedPlanInput, hops: readonly ManagedHop[], after: string | undefined): string | undefined {
  const { name } = desired;
  let last = after;
  for (const { from, to, again } of hops) {
    const checked = steps.add({ kind: "checkHop", from, to }, `check that ${name} can go from ${from} to ${to}`, [last]);
    const marked = again && observed.marks?.[tagKeys.upgrading] === to ? checked : steps.add({ kind: "mark", marks: { [tagKeys.upgrading]: to } }, `note that ${name} goes to ${to}`, [checked], { about: to });
    const count = observed.machines.length;
    const upgraded = steps.add({ kind: "upgradeCluster", from, to }, `have Mold upgrade ${name} from ${from} to ${to}, one node after another`, [marked], { why: again ? "an earlier upgrade to it stopped half-way" : "it can't be undone", estimateSeconds: 90 * count });
    const tidy = steps.add({ kind: "tidyUpgrade", to }, `see that every node runs ${to} and is open`, [upgraded]);
    last = steps.add({ kind: "unmark", marks: { [tagKeys.upgrading]: to } }, `note that ${name} has come to ${to}`, [tidy], { about: to });
  }
  const begun = observed.marks?.[tagKeys.upgrading];
  if (hops.length > 0 || begun === undefined || !versions.some(({ version }) => version === begun)) return hops.length > 0 ? last : after;
  const tidy = steps.add({ kind: "tidyUpgrade", to: begun }, `see that every node runs ${begun} and is open`, [last], { why: "an upgrade to it was interrupted" });
  return steps.add({ kind: "unmark", marks: { [tagKeys.upgrading]: begun } }, `note that ${name} has come to ${begun}`, [tidy], { about: begun });
}

/** A machine that a scaling which failed half-way has left without its ISO: it waits for that, and no later scaling of Mold's brings it one. */
function planAdmitted(steps: ManagedSteps, { nodes, machines }: ManagedPlanInput["observed"], leaving: readonly ManagedMachine[]): string[] {
  if (nodes === undefined) return [];
  const outside = machines.filter((machine) => !machine.isExternal && machine.state === "Running" && !leaving.includes(machine) && !nodes.some(({ name }) => name === machine.name.toLowerCase()));
  return outside.map((machine) => steps.add({ kind: "admitNode", machine: refOf(machine) }, `let ${machine.name} into the cluster`, [], { why: "it runs, and is no node of it" }));
}

/** First what is to come, then what leaves, so that what leaves has somewhere to go. Mold makes as many as its record's size grows by, whatever machines there are. */
function planSize(steps: ManagedSteps, input: ManagedPlanInput, cluster: ManagedRecord, { machines, comes }: { readonly machines: readonly ManagedMachine[]; readonly comes: number }, needs: readonly (string | undefined)[]): string | undefined {
  const { name } = input.desired;
  // How many there are to be made then is planned in the next round.
  if (comes > 0 && uncounted(input.observed, cluster) > 0) return planCount(steps, input, cluster, needs);
  const followed = machines.slice(0, Math.max(0, comes));
  const vacated = planVacated(steps, input, followed, needs);
  const made =
    comes > 0
      ? steps.add({ kind: "scaleCluster", size: cluster.size + comes }, `have Mold make ${comes} more ${comes === 1 ? "worker" : "workers"} of ${name}`, [...needs, vacated], { estimateSeconds: 90 + 10 * comes, ...(machines.length > 0 ? { why: "they take the places of those that leave" } : {}) })
      : undefined;
  const led = planLed(steps, input, machines, followed, made ? [made] : needs);
  return machines.length === 0 ? made : planLeaving(steps, input, machines, [...(made ? [made] : needs), led]);
}

/** Machines of the user's: those that are declared join, those that no longer are leave. Those that people have added stay. */
function planExternal(steps: ManagedSteps, { desired, observed, former }: ManagedPlanInput, needs: readonly (string | undefined)[]): string | undefined {
  const members = observed.machines.filter(({ isExternal }) => isExternal);
  const going = members.filter(({ id }) => !desired.externalNodes.includes(id) && former?.externalNodes.includes(id) === true);
  const coming = desired.externalNodes.flatMap((id) => observed.around.filter((machine) => machine.id === id)).map(({ id, name }): NodeRef => ({ id, name, role: "worker" }));
  let last: string | undefined;
  if (coming.length > 0) last = steps.add({ kind: "addExternal", machines: coming }, `have Mold take ${namesOf(coming)} into ${desired.name}`, needs, { why: "rebooted as it joins", estimateSeconds: 180 * coming.length });
  if (going.length === 0) return last;
  const drained = going.map((machine) => {
    const cordoned = steps.add({ kind: "cordonNode", machine: refOf(machine) }, `cordon ${machine.name}`, [...needs, last]);
    return steps.add({ kind: "drainNode", machine: refOf(machine) }, `drain ${machine.name}`, [cordoned]);
  });
  return steps.add({ kind: "removeExternal", machines: going.map(refOf) }, `have Mold take ${namesOf(going.map(refOf))} out of ${desired.name}`, drained, { why: "it is not declared any more; the machine stays" });
}

/** The live size between the bounds is no difference. */
function planAutoscaling(steps: ManagedSteps, { desired }: ManagedPlanInput, cluster: ManagedRecord, isOff: boolean, after: string | undefined): void {
  const { autoscaling: wanted, name } = desired;
  const now = isOff ? undefined : cluster.autoscaling;
  if (wanted && (now?.min !== wanted.min || now.max !== wanted.max)) steps.add({ kind: "setAutoscaling", bounds: wanted }, `have Mold scale ${name} between ${wanted.min} and ${wanted.max} workers`, [after], { about: "on" });
  if (!wanted && now) steps.add({ kind: "setAutoscaling" }, `turn autoscaling of ${name} off`, [after], { why: "it is not declared", about: "off" });
}

/** Balancer rules that follow a role have its machines behind them, whoever made those: the autoscaler, too. */
function planFollowers(steps: ManagedSteps, { observed }: ManagedPlanInput, after: string | undefined, leaving: readonly ManagedMachine[]): void {
  for (const { id, name, tags, memberIds } of observed.followers) {
    const role: Role = tags[tagKeys.target] === "role=control-plane" ? "control-plane" : "worker";
    const ofRole = role === "worker" ? workersOf(observed) : observed.machines.filter((machine) => machine.role === role);
    const missing = ofRole.filter((machine) => !memberIds.includes(machine.id) && !leaving.includes(machine) && machine.state === "Running");
    const comes = role === "worker" && steps.all.some(({ work }) => work.kind === "scaleCluster");
    if (missing.length > 0 || comes) steps.add({ kind: "joinBalancer", rule: { id, name }, role }, `put ${comes ? "the new workers" : namesOf(missing.map(refOf))} behind ${name}`, [after]);
  }
}
