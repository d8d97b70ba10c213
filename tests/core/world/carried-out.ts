/** What comes of the steps of a plan, as data: for properties of planning over thousands of clusters, in which nothing is asked and nothing waits. */
import { offeringOf, roleOf, type DesiredCluster } from "../../../provider/core/desired";
import type { ObservedCluster, ObservedMachine } from "../../../provider/core/observe";
import { cordonedBy, parseMachineName, tagKeys, type Tags } from "../../../provider/core/ownership";
import type { KubernetesNode } from "../../../provider/core/ports";
import type { Step } from "../../../provider/core/step";
import type { ObservedRecord } from "../../../provider/core/records";
import { machine, nodeOf, record, uid } from "./observed";

const without = (tags: Tags, gone: Tags): Tags => Object.fromEntries(Object.entries(tags).filter(([key]) => !(key in gone)));
const gb = 2 ** 30;

const change = (observed: ObservedCluster, name: string, to: (one: ObservedMachine) => Partial<ObservedMachine>): ObservedCluster => ({
  ...observed,
  machines: observed.machines.map((one) => (one.name === name ? { ...one, ...to(one) } : one)),
});

const changeNode = (observed: ObservedCluster, name: string, to: (one: KubernetesNode) => Partial<KubernetesNode>): ObservedCluster => ({
  ...observed,
  nodes: observed.nodes?.map((one) => (one.name === name ? { ...one, ...to(one) } : one)),
});

/** What an unexpunged machine leaves behind: its name stays taken. */
export type Expunging = "expunged" | "unexpunged";

/** What is there after one step; steps that leave nothing behind that a plan is made by leave all as it is. */
export function after(observed: ObservedCluster, { work }: Step, desired: DesiredCluster, expunging: Expunging): ObservedCluster {
  const name = "machine" in work ? work.machine.name : "";
  switch (work.kind) {
    case "deployMachine": {
      const { role, index } = parseMachineName(desired.name, name)! as { role: ObservedMachine["role"]; index: number };
      const { rootDiskGb = 10 } = roleOf(desired, role);
      const fresh = machine(role, index, { id: `made ${name}`, tags: {}, offeringName: offeringOf(desired, { name, role }), rootDisk: { id: name, bytes: rootDiskGb * gb }, created: observed.at, initialises: work.action === "init" });
      return { ...observed, machines: [...observed.machines, fresh] };
    }
    case "destroyMachine":
    case "discardMachine": {
      const gone = observed.machines.filter((one) => one.name === name);
      const delisted = changeRecords(observed, (each) => leaving(each, gone));
      return { ...delisted, machines: observed.machines.filter((one) => one.name !== name), destroyed: [...observed.destroyed, ...(expunging === "unexpunged" ? gone : [])] };
    }
    case "tagMachine":
      return change(observed, name, ({ tags }) => ({ tags: { ...tags, ...work.tags } }));
    case "untagMachine":
      return change(observed, name, ({ tags }) => ({ tags: without(tags, work.tags) }));
    case "tagAnchor":
      return { ...observed, anchorTags: { ...observed.anchorTags, ...work.tags } };
    case "untagAnchor":
      return { ...observed, anchorTags: without(observed.anchorTags ?? {}, work.tags) };
    case "markInitialised":
      return { ...observed, anchorTags: { ...observed.anchorTags, [tagKeys.initialised]: uid } };
    case "stopMachine":
      return change(observed, name, () => ({ state: "Stopped" }));
    case "startMachine":
    case "awaitRunning":
      return change(observed, name, () => ({ state: "Running" }));
    case "scaleMachine":
      return change(observed, name, (one) => ({ offeringName: offeringOf(desired, one) }));
    case "growDisk":
      return change(observed, name, () => ({ rootDisk: { id: work.volumeId, bytes: work.gb * gb } }));
    case "awaitNode":
      return observed.nodes?.some((node) => node.name === name) ? observed : { ...observed, nodes: [...(observed.nodes ?? []), nodeOf(name)] };
    case "deleteNode":
      return { ...observed, nodes: observed.nodes?.filter((node) => node.name !== name) };
    case "cordonNode":
      return changeNode(observed, name, ({ annotations }) => ({ unschedulable: true, annotations: { ...annotations, [cordonedBy(uid).annotation]: uid } }));
    case "uncordonNode":
      return changeNode(observed, name, ({ annotations }) => ({ unschedulable: false, annotations: without(annotations, { [cordonedBy(uid).annotation]: uid }) }));
    case "registerCluster":
      return { ...observed, records: [...(observed.records ?? []), record([], { id: "another record", versionName: `v${work.version}` })] };
    case "enlistMachines": {
      const entered = observed.machines.filter(({ name: each }) => work.machines.some((ref) => ref.name === each));
      const into = observed.records?.at(-1)?.id;
      return changeRecords(observed, (each) => (each.id === into ? entering(each, entered) : each));
    }
    case "unregisterCluster":
      return { ...observed, records: observed.records?.filter(({ id }) => id !== work.recordId) };
    case "joinApiBalancer":
    case "leaveApiBalancer":
    case "leaveBalancer":
      return balanced(observed, work);
    default:
      return observed;
  }
}

const changeRecords = (observed: ObservedCluster, to: (one: ObservedRecord) => ObservedRecord): ObservedCluster => ({ ...observed, records: observed.records?.map(to) });

const counted = (machines: readonly ObservedMachine[], role: ObservedMachine["role"]): number => machines.filter((one) => one.role === role).length;

const entering = (one: ObservedRecord, machines: readonly ObservedMachine[]): ObservedRecord => ({
  ...one,
  machineIds: [...one.machineIds, ...machines.map(({ id }) => id)],
  controlCount: one.controlCount + counted(machines, "control-plane"),
  workerCount: one.workerCount + counted(machines, "worker"),
});

function leaving(one: ObservedRecord, machines: readonly ObservedMachine[]): ObservedRecord {
  const there = machines.filter(({ id }) => one.machineIds.includes(id));
  return {
    ...one,
    machineIds: one.machineIds.filter((id) => !there.some((each) => each.id === id)),
    controlCount: one.controlCount - counted(there, "control-plane"),
    workerCount: one.workerCount - counted(there, "worker"),
  };
}

function balanced(observed: ObservedCluster, work: Extract<Step["work"], { kind: "joinApiBalancer" | "leaveApiBalancer" | "leaveBalancer" }>): ObservedCluster {
  if (!observed.apiRule || (work.kind === "leaveBalancer" && work.rule.id !== observed.apiRule.id)) return observed;
  const names = new Set((work.kind === "leaveApiBalancer" ? [work.machine] : work.machines).map(({ name }) => name));
  const ids = observed.machines.filter(({ name }) => names.has(name)).map(({ id }) => id);
  const others = observed.apiRule.memberIds.filter((id) => !ids.includes(id));
  return { ...observed, apiRule: { ...observed.apiRule, memberIds: work.kind === "joinApiBalancer" ? [...others, ...ids] : others } };
}
