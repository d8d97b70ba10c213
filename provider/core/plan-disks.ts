/**
 * Root disks of machines that exist. Mold can grow one whose machine runs, on most storage; its file system grows only as the machine
 * boots. So a disk grows while its machine is off: every storage can do that, no second reboot has to be remembered, and an interrupted
 * run leaves a machine that just has to be started. Pure.
 */
import { roleOf, rootDiskProperty, type DesiredCluster } from "./desired";
import type { ObservedMachine } from "./observe";
import type { Role } from "./ownership";
import type { PlanInput, Problem } from "./plan-input";
import { refOf, type Steps } from "./steps";

const bytesOf = (gb: number): number => gb * 2 ** 30;
const gbOf = (bytes: number): number => Math.ceil(bytes / 2 ** 30);

/** Whether the disks have to be looked at. */
export const declaresDisks = ({ controlPlane, workers }: DesiredCluster): boolean => controlPlane.rootDiskGb !== undefined || workers.rootDiskGb !== undefined;

/** A larger disk than declared stays: somebody needed it, or the storage makes only certain sizes. */
export function hasSmallDisk(desired: DesiredCluster, { role, rootDisk }: ObservedMachine): boolean {
  const { rootDiskGb } = roleOf(desired, role);
  return rootDiskGb !== undefined && rootDisk !== undefined && rootDisk.bytes < bytesOf(rootDiskGb);
}

export const planGrow = (steps: Steps, desired: DesiredCluster, machine: ObservedMachine, needs: readonly (string | undefined)[]): string => {
  const gb = roleOf(desired, machine.role).rootDiskGb!;
  const { id, bytes } = machine.rootDisk!;
  return steps.add({ kind: "growDisk", machine: refOf(machine), volumeId: id, gb }, `grow the root disk of ${machine.name} to ${gb} GB`, needs, { why: `it has ${gbOf(bytes)} GB; the file system grows as it boots` });
};

/** A size that is newly declared and that every machine of the role is beyond can only be meant to shrink them. */
export function diskProblems({ desired, observed, former }: PlanInput): Problem[] {
  if (!former) return [];
  return (["control-plane", "worker"] as const).flatMap((role: Role) => {
    const { rootDiskGb } = roleOf(desired, role);
    const { rootDiskGb: before } = role === "control-plane" ? former.controlPlane : former.workers;
    const disks = observed.machines.flatMap((machine) => (machine.role === role && machine.rootDisk ? [{ name: machine.name, bytes: machine.rootDisk.bytes }] : []));
    if (rootDiskGb === undefined || rootDiskGb === before || disks.length === 0) return [];
    const smallest = disks.reduce((least, disk) => (disk.bytes < least.bytes ? disk : least));
    if (smallest.bytes <= bytesOf(rootDiskGb)) return [];
    return [{ property: rootDiskProperty(role), reason: `is ${rootDiskGb} GB, and ${smallest.name} has ${gbOf(smallest.bytes)} GB: a disk can grow, not shrink. Declare at least ${gbOf(smallest.bytes)}.` }];
  });
}
