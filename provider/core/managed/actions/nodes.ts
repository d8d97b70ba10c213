/** Steps on single machines and their nodes. */
import { cordonNode as cordon, drainNode as drain, uncordonNode as uncordon, type NodeOperation } from "../../actions/leaving";
import { orAlready } from "../../claim";
import { ClusterError, PlanOutdated } from "../../errors";
import { goneAsEmpty } from "../../gone";
import { balancerMembers } from "../../observe";
import { tagParameters, tagsOf, type Tags } from "../../ownership";
import { isMoldFailure, type Answer } from "../../ports";
import { marked } from "../observe";
import type { ManagedWork, NodeRef } from "../work";
import type { ManagedOperation } from "./operation";

/** As the core's own steps on nodes take it. */
async function onNodes(operation: ManagedOperation): Promise<NodeOperation> {
  return { world: operation.world, kubernetes: await operation.kubernetesOf(), desired: operation.desired, context: (subject) => operation.context(subject) };
}

const nodeRef = (operation: ManagedOperation, machine: NodeRef): NodeRef => ({ ...machine, name: operation.nodeOf(machine) });

export async function cordonNode(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  await cordon(await onNodes(operation), nodeRef(operation, machine));
}

export async function uncordonNode(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  await uncordon(await onNodes(operation), nodeRef(operation, machine));
}

export async function drainNode(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  await drain(await onNodes(operation), { machine: nodeRef(operation, machine) });
}

async function machineNow(operation: ManagedOperation, { id }: NodeRef): Promise<Answer<"listVirtualMachines"> | undefined> {
  const [machine] = await operation.world.mold.list("listVirtualMachines", { id }, operation.context()).catch(goneAsEmpty);
  return machine;
}

export async function startMachine(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  const now = await machineNow(operation, machine);
  if (now?.state === "Running") return;
  if (!now) throw new PlanOutdated(`${machine.name} is gone by now`, operation.context(`machine ${machine.name}`));
  await operation.world.mold.run("startVirtualMachine", { id: machine.id }, operation.context(`machine ${machine.name}`));
}

export async function stopMachine(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  await operation.world.mold.run("stopVirtualMachine", { id: machine.id }, operation.context(`machine ${machine.name}`));
}

export async function rebootMachine(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  await operation.world.mold.run("rebootVirtualMachine", { id: machine.id }, operation.context(`machine ${machine.name}`));
}

export async function scaleMachine(operation: ManagedOperation, { machine, offering }: Extract<ManagedWork, { kind: "scaleMachine" }>): Promise<void> {
  await operation.world.mold.run("scaleVirtualMachine", { id: machine.id, serviceofferingid: offering }, operation.context(`machine ${machine.name}`, `nodes[${JSON.stringify(machine.name)}].offering`));
}

export async function awaitNode(operation: ManagedOperation, { machine, restarted }: Extract<ManagedWork, { kind: "awaitNode" }>): Promise<void> {
  const nodes = await operation.nodesOf();
  await nodes.ready(operation.nodeOf(machine), { restarted, advice: "Look at its console in Mold. Run again: it goes on from here." });
}

/** Its scripts wait for the ISO of the cluster's version, join, and need it no more. */
export async function admitNode(operation: ManagedOperation, machine: NodeRef): Promise<void> {
  const { world, catalogue, desired, observed } = operation;
  const context = operation.context(`machine ${machine.name}`);
  const { isoId } = await catalogue.version(observed.cluster?.version ?? desired.version, desired.place.zoneId);
  const hasIso = async (): Promise<boolean> => (await machineNow(operation, machine))?.isoid === isoId;
  await orAlready(() => world.mold.run("attachIso", { id: isoId, virtualmachineid: machine.id }, context), hasIso);
  await awaitNode(operation, { kind: "awaitNode", machine, restarted: false });
  await orAlready(() => world.mold.run("detachIso", { virtualmachineid: machine.id }, context), async () => !(await hasIso()));
}

/** Machines of a role that are not behind the rule yet, and run: also those that were made since it was last looked. */
export async function joinBalancer(operation: ManagedOperation, { rule, role }: Extract<ManagedWork, { kind: "joinBalancer" }>): Promise<void> {
  const { world } = operation;
  const { machines } = await operation.lookAgain();
  const behind = await balancerMembers(world, rule.id);
  const missing = machines.filter((machine) => machine.role === role && !machine.isExternal && machine.state === "Running" && !behind.includes(machine.id)).map(({ id }) => id);
  if (missing.length > 0) await world.mold.run("assignToLoadBalancerRule", { id: rule.id, virtualmachineids: missing }, operation.context(`balancer rule ${rule.name}`));
}

export async function leaveBalancer(operation: ManagedOperation, { rule, machines }: Extract<ManagedWork, { kind: "leaveBalancer" }>): Promise<void> {
  const members = await balancerMembers(operation.world, rule.id);
  const there = machines.map(({ id }) => id).filter((id) => members.includes(id));
  if (there.length === 0) return;
  if (there.length === members.length) throw new ClusterError(`nobody but ${machines.map(({ name }) => name).join(", ")} is behind ${rule.name}: without them nothing answers there. Put another machine behind it, then run again.`, operation.context(`balancer rule ${rule.name}`));
  await operation.world.mold.run("removeFromLoadBalancerRule", { id: rule.id, virtualmachineids: there }, operation.context(`balancer rule ${rule.name}`));
}

/** A tag that is there already fails the whole job: what is there is looked at first, and again where a dead run's job got there first. */
async function addTags(operation: ManagedOperation, kind: "Network" | "UserVm", ids: readonly string[], tags: Tags): Promise<void> {
  for (const id of ids) {
    const read = async (): Promise<Tags> => tagsOf({ tags: await operation.world.mold.list("listTags", { resourcetype: kind, resourceid: id }, operation.context()) });
    for (let again = false; ; again = true) {
      const have = await read();
      const missing = Object.fromEntries(Object.entries(tags).filter(([key, value]) => have[key] !== value));
      if (Object.keys(missing).length === 0) break;
      const stale = Object.fromEntries(Object.keys(missing).flatMap((key) => (have[key] === undefined ? [] : [[key, have[key]]])));
      try {
        if (Object.keys(stale).length > 0) await operation.world.mold.run("deleteTags", { resourcetype: kind, resourceids: [id], tags: tagParameters(stale) }, operation.context());
        await operation.world.mold.run("createTags", { resourcetype: kind, resourceids: [id], tags: tagParameters(missing) }, operation.context());
        break;
      } catch (error) {
        if (again || !isMoldFailure(error) || error.kind !== "refused") throw error;
      }
    }
  }
}

async function takeTags(operation: ManagedOperation, kind: "Network" | "UserVm", id: string, tags: Tags): Promise<void> {
  const { mold } = operation.world;
  const have = tagsOf({ tags: await mold.list("listTags", { resourcetype: kind, resourceid: id }, operation.context()) });
  const there = Object.fromEntries(Object.entries(tags).filter(([key, value]) => have[key] === value));
  if (Object.keys(there).length > 0) await mold.run("deleteTags", { resourcetype: kind, resourceids: [id], tags: tagParameters(there) }, operation.context());
}

export async function tagMachines(operation: ManagedOperation, { machines, tags }: Extract<ManagedWork, { kind: "tagMachines" }>): Promise<void> {
  await addTags(operation, "UserVm", machines.map(({ id }) => id), tags);
}

export async function untagMachines(operation: ManagedOperation, { machines, tags }: Extract<ManagedWork, { kind: "untagMachines" }>): Promise<void> {
  for (const { id } of machines) await takeTags(operation, "UserVm", id, tags);
}

export async function putMarks(operation: ManagedOperation, marks: Tags): Promise<void> {
  await addTags(operation, "Network", [operation.desired.place.networkId], marked(operation.desired, marks));
}

export async function takeMarks(operation: ManagedOperation, marks: Tags): Promise<void> {
  await takeTags(operation, "Network", operation.desired.place.networkId, marked(operation.desired, marks));
}
