/** Steps on nodes that are joining. */
import { balancerMembers } from "../observe";
import type { MachineRef, Work } from "../step";
import type { Operation } from "./operation";

export async function awaitNode(operation: Operation, { machine, restarted = false }: Extract<Work, { kind: "awaitNode" }>): Promise<void> {
  await operation.nodes.ready(machine.name, { restarted, advice: "Its console in Mold says how far it came. Run again: it goes on from here, and a machine that never joins is made anew." });
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
