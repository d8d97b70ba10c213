/** Steps on etcd's members, by exec into the pod of one that stays. */
import { ClusterError } from "../errors";
import type { MachineRef } from "../step";
import type { Operation } from "./operation";

/** A leader that just goes leaves etcd without one until the others have noticed and elected: about a second of refused writes. */
export async function handOverEtcd(operation: Operation, machine: MachineRef): Promise<void> {
  const { kubernetes, observed } = operation;
  const nodes = await kubernetes.nodes();
  const stays = observed.machines.find(({ name, role }) => role === "control-plane" && name !== machine.name && nodes.some((node) => node.name === name && node.ready));
  if (!stays) throw new ClusterError(`no other control plane than ${machine.name} is Ready: nobody could lead etcd. Bring one back, then run again.`, operation.context(`machine ${machine.name}`));
  const members = await kubernetes.etcdMembers(stays.name);
  if (!members.some(({ name, isLeader }) => isLeader && name === machine.name)) return;
  const next = members.find(({ name, isLearner }) => name === stays.name && !isLearner);
  if (!next) throw new ClusterError(`${stays.name} is no voting member of etcd (yet). Run again once it is.`, operation.context(`machine ${machine.name}`));
  await kubernetes.moveEtcdLeader(stays.name, next.id);
}
