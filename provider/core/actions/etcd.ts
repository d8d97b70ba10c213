/** Steps on etcd's members, by exec into the pod of one that stays. */
import { ClusterError } from "../errors";
import { parseMachineName } from "../ownership";
import type { EtcdMember } from "../ports";
import type { MachineRef } from "../step";
import type { Operation } from "./operation";

/** A leader that just goes leaves etcd without one until the others have noticed and elected: about a second of refused writes. */
export async function handOverEtcd(operation: Operation, machine: MachineRef): Promise<void> {
  await ledByAnother(operation, machine);
}

async function ledByAnother(operation: Operation, machine: MachineRef): Promise<{ readonly via: string; readonly members: readonly EtcdMember[] }> {
  const { kubernetes } = operation;
  const via = await anotherControlPlane(operation, machine);
  const members = await kubernetes.etcdMembers(via);
  if (members.some(({ name, isLeader }) => isLeader && name === machine.name)) {
    const next = members.find(({ name, isLearner }) => name === via && !isLearner);
    if (!next) throw new ClusterError(`${via} is no voting member of etcd (yet). Run again once it is.`, operation.context(`machine ${machine.name}`));
    await kubernetes.moveEtcdLeader(via, next.id);
  }
  return { via, members };
}

/**
 * One that goes, or whose machine is gone, is a member no longer: its vote would still count. With it goes a learner that was left
 * behind by a machine that is not there: etcd takes no other one meanwhile. etcd itself refuses what would cost it its majority.
 */
export async function leaveEtcd(operation: Operation, machine: MachineRef): Promise<void> {
  const { kubernetes, observed } = operation;
  const { via, members } = await ledByAnother(operation, machine);
  // Nodes too: those whose machine this run has made.
  const there = [...observed.machines.map(({ name, ipAddress }) => ({ name, address: ipAddress })), ...(await kubernetes.nodes()).map(({ name, internalIp }) => ({ name, address: internalIp }))];
  const addresses = new Set(there.filter(({ name }) => name !== machine.name && operation.isThere(name)).map(({ address }) => address));
  const isStale = ({ isLearner, peerUrls }: EtcdMember): boolean => isLearner && !peerUrls.some((url) => addresses.has(new URL(url).hostname));
  for (const member of members) if (member.name === machine.name || isStale(member)) await kubernetes.removeEtcdMember(via, member.id);
}

async function anotherControlPlane(operation: Operation, machine: MachineRef): Promise<string> {
  const { kubernetes, desired } = operation;
  const nodes = await kubernetes.nodes();
  const other = nodes.find(({ name, ready }) => ready && name !== machine.name && operation.isThere(name) && parseMachineName(desired.name, name)?.role === "control-plane");
  if (!other) throw new ClusterError(`no other control plane than ${machine.name} is Ready: nobody could lead etcd. Bring one back, then run again.`, operation.context(`machine ${machine.name}`));
  return other.name;
}
