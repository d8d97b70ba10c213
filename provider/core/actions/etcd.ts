/** Steps on etcd's members, by exec into the pod of one that stays. */
import { ClusterError } from "../errors";
import { parseMachineName } from "../ownership";
import { isKubernetesFailure, type EtcdMember } from "../ports";
import type { MachineRef } from "../step";
import type { Operation } from "./operation";

/** A leader that just goes leaves etcd without one until the others have noticed and elected: about a second of refused writes. */
export async function handOverEtcd(operation: Operation, machine: MachineRef): Promise<void> {
  await ledByAnother(operation, machine);
}

interface Etcd {
  /** A control plane that answers. */
  readonly via: string;
  readonly members: readonly EtcdMember[];
}

async function ledByAnother(operation: Operation, machine: MachineRef): Promise<Etcd> {
  const { kubernetes } = operation;
  const { via, members } = await askEtcd(operation, machine);
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
  const { kubernetes } = operation;
  const { via, members } = await ledByAnother(operation, machine);
  const isStale = staleness(operation, machine);
  for (const member of members) if (member.name === machine.name || (member.isLearner && isStale(member))) await kubernetes.removeEtcdMember(via, member.id);
}

/** A machine that is lost while it joins has no node by which it could be told: only etcd knows of it. */
export async function tidyEtcd(operation: Operation): Promise<void> {
  const { via, members } = await askEtcd(operation);
  const isStale = staleness(operation);
  for (const member of members) if (isStale(member)) await operation.kubernetes.removeEtcdMember(via, member.id);
}

/** Whether no machine of ours answers for a member: by its address; one that votes by its name as well, since it may do so from another address. */
function staleness({ observed, desired }: Operation, leaving?: MachineRef): (member: EtcdMember) => boolean {
  const machines = observed.machines.filter(({ name, role }) => role === "control-plane" && name !== leaving?.name);
  const addresses = new Set(machines.map(({ ipAddress }) => ipAddress));
  const isSure = !addresses.has(undefined);
  return ({ name, isLearner, peerUrls }) => {
    if (!isSure || peerUrls.some((url) => addresses.has(new URL(url).hostname))) return false;
    return isLearner || (parseMachineName(desired.name, name)?.role === "control-plane" && !machines.some((machine) => machine.name === name));
  };
}

/** By any control plane but the leaving one: one that counts as Ready may be gone all the same, for the first 40 seconds. */
async function askEtcd(operation: Operation, leaving?: MachineRef): Promise<Etcd> {
  const { kubernetes, observed } = operation;
  const context = operation.context(leaving ? `machine ${leaving.name}` : undefined);
  const nodes = await kubernetes.nodes();
  const others = observed.machines.filter(({ name, role }) => role === "control-plane" && name !== leaving?.name && nodes.some((node) => node.name === name && node.ready));
  let last: unknown;
  for (const { name: via } of others) {
    try {
      return { via, members: await kubernetes.etcdMembers(via) };
    } catch (error) {
      if (!isKubernetesFailure(error) || error.kind !== "unreachable") throw error;
      last = error;
    }
  }
  if (last) throw last;
  throw new ClusterError(leaving ? `no other control plane than ${leaving.name} is Ready: nobody could lead etcd. Bring one back, then run again.` : "no control plane is Ready: nobody could be asked about etcd. Bring one back, then run again.", context);
}
