/** Machines that are not there, by another look than the plan's: what is done to what they have left in the cluster can't be undone. */
import { ClusterError, PlanOutdated } from "../errors";
import { isMarked } from "../find-cluster";
import { gone } from "../observe";
import { parseMachineName } from "../ownership";
import type { Answer } from "../ports";
import type { MachineRef } from "../step";
import type { Operation } from "./operation";

type Machine = Answer<"listVirtualMachines">;

/** What is on the cluster's network at this moment, and not destroyed. */
async function onNetwork(operation: Operation): Promise<Machine[]> {
  const { world, subject } = operation;
  const machines = await world.mold.list("listVirtualMachines", { networkid: subject.place.networkId }, operation.context());
  return machines.filter(({ state = "" }) => !gone.has(state));
}

const addressesOf = ({ nic }: Machine): string[] => ((nic ?? []) as { ipaddress?: string }[]).flatMap(({ ipaddress }) => ipaddress ?? []);

/** The cluster's control planes at this moment: the job of a run that died may have made one since the plan. */
export async function controlPlanesNow(operation: Operation): Promise<{ readonly name: string; readonly addresses: readonly string[] }[]> {
  const { name: cluster, uid } = operation.subject;
  const isOne = (machine: Machine): boolean => isMarked(uid, machine) && parseMachineName(cluster, machine.name ?? "")?.role === "control-plane";
  return (await onNetwork(operation)).filter(isOne).map((machine) => ({ name: machine.name!, addresses: addressesOf(machine) }));
}

/** Mold's list may lack a machine for a moment; and one that somebody has renamed there is none of the cluster's by its looks, and its node all the same. */
export async function confirmLost(operation: Operation, { name, id }: MachineRef): Promise<void> {
  // That one is known, and what this plan does to it is meant.
  if (id !== undefined) return;
  const { subject, kubernetes } = operation;
  const machines = await onNetwork(operation);
  const node = (await kubernetes.nodes()).find((each) => each.name === name);
  // One that is called as the cluster's machines are has a node of its own: it was given the address of the one that is lost.
  const isRenamed = (machine: Machine): boolean => isMarked(subject.uid, machine) && parseMachineName(subject.name, machine.name ?? "") === undefined && node?.internalIp !== undefined && addressesOf(machine).includes(node.internalIp);
  const there = machines.find((machine) => machine.name === name || isRenamed(machine));
  if (!there) return;
  const context = operation.context(`machine ${name}`);
  const called = `${there.name ?? ""} (${there.id ?? ""})`;
  if (there.name === name && isMarked(subject.uid, there) && parseMachineName(subject.name, name)) throw new PlanOutdated(`the machine ${called} is there after all, so that its node stays. Run again.`, context);
  throw new ClusterError(
    there.name === name
      ? `the node ${name} stays: a machine of that name (${there.id ?? ""}) is on the network, and says neither by its tags nor by its display name that it is the cluster's. Give it its tags back, or remove it, then run again.`
      : `the node ${name} stays: its machine is there, and is called ${called} by now. Call it ${name} again in Mold, or destroy it, then run again.`,
    context,
  );
}
