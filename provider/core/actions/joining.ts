/** Steps on nodes that are joining. */
import { balancerMembers } from "../observe";
import { joinSeconds } from "../plan-input";
import type { MachineRef, Work } from "../step";
import { whatBecameOf } from "./machines";
import type { Operation } from "./operation";
import { endReadmission } from "./readmission";

/** What a person can do about a machine that does not come back. The last copy of etcd is made anew by nobody. */
export function whatElse({ desired }: Operation, { name, role }: MachineRef): string {
  const isOnly = role === "control-plane" && desired.controlPlane.count === 1;
  const anew = isOnly ? `but don't destroy it: etcd is on ${name} alone` : `or replace it (nodes: { "${name}": { replace: "<why>" } } in the declaration), or destroy it in Mold: the next run makes it anew`;
  return `${anew}. Then run again: it goes on from here.`;
}

export async function awaitNode(operation: Operation, { machine, restarted = false, leftover = false }: Extract<Work, { kind: "awaitNode" }>): Promise<void> {
  if (!restarted) await operation.tokens.outlast(operation.longestMs);
  const bound = restarted ? { longestMs: operation.longestReturnMs } : {};
  const next = restarted ? `Wait for it, or reboot it in Mold, by which nothing is lost; ${whatElse(operation, machine)}` : `Run again: it goes on from here. What is not Ready ${joinSeconds / 3600} hours after it was made is made anew by the next run; destroyed in Mold, at once.`;
  await operation.nodes.ready(machine.name, { restarted: restarted || leftover, ...bound, lost: () => whatBecameOf(operation, machine), servesApi: machine.role === "control-plane", advice: `Its console in Mold says how far it came. ${next}` });
  await endReadmission(operation, machine);
}

export async function labelNode(operation: Operation, machine: MachineRef): Promise<void> {
  await operation.kubernetes.labelNode(machine.name, { "node-role.kubernetes.io/worker": "" });
}

export async function joinBalancer(operation: Operation, { rule, machines }: Extract<Work, { kind: "joinBalancer" }>): Promise<void> {
  await assignMembers(operation, rule.id, machines, `balancer rule ${rule.name}`);
}

/** Assigning a member that is there already fails the whole job: an interrupted run may have got that far. */
export async function assignMembers(operation: Operation, ruleId: string, machines: readonly MachineRef[], subject: string): Promise<void> {
  const members = await balancerMembers(operation.world, ruleId);
  const missing = machines.map((machine) => operation.idOf(machine)).filter((id) => !members.includes(id));
  if (missing.length === 0) return;
  await operation.world.mold.run("assignToLoadBalancerRule", { id: ruleId, virtualmachineids: missing }, operation.context(subject));
}
