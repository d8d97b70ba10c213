/** Steps on etcd's members, by exec into the pod of one that stays. */
import { ClusterError } from "../errors";
import { parseMachineName } from "../ownership";
import { isKubernetesFailure, isNoAnswer, type EtcdMember } from "../ports";
import type { MachineRef } from "../step";
import { confirmLost, controlPlanesNow } from "./lost";
import type { Operation } from "./operation";

/** A leader that just goes leaves etcd without one until the others have noticed and elected: about a second of refused writes. */
export const handOverEtcd = (operation: Operation, machine: MachineRef): Promise<void> => throughEtcd(operation, machine, (etcd) => letAnotherLead(operation, machine, etcd));

interface Etcd {
  /** A control plane that answers. */
  readonly via: string;
  readonly members: readonly EtcdMember[];
}

async function letAnotherLead(operation: Operation, machine: MachineRef, { via, members }: Etcd): Promise<void> {
  if (!members.some(({ name, isLeader }) => isLeader && name === machine.name)) return;
  const next = members.find(({ name, isLearner }) => name === via && !isLearner);
  if (!next) throw new ClusterError(`${via} is no voting member of etcd (yet). Run again once it is.`, operation.context(`machine ${machine.name}`));
  await operation.kubernetes.moveEtcdLeader(via, next.id);
}

/** A control plane may just be coming back: an interrupted run had told it to restart. And while its disk is busy, etcd may not answer in the five seconds that etcdctl gives it. Milliseconds. */
const comingBackMs = 120_000;

/** Asks etcd who its members are, and does what follows from that; both anew while nobody answers. */
async function throughEtcd(operation: Operation, leaving: MachineRef | undefined, work: (etcd: Etcd) => Promise<void>): Promise<void> {
  let last: unknown;
  await operation.patienceOf(comingBackMs).until(
    async () => {
      try {
        const etcd = await askOnce(operation, leaving);
        if (etcd) await work(etcd);
        return etcd;
      } catch (error) {
        if (!isNoAnswer(error)) throw error;
        last = error;
        return undefined;
      }
    },
    (waited) => {
      const missing = leaving ? `no other control plane than ${leaving.name} is Ready: nobody could lead etcd` : "no control plane is Ready: nobody could be asked about etcd";
      return `${last instanceof Error ? last.message : missing} (for ${waited}). Bring one back, then run again.`;
    },
  );
}

/** By any control plane but the leaving one: one that counts as Ready may be gone all the same, for the first 40 seconds. */
async function askOnce(operation: Operation, leaving?: MachineRef): Promise<Etcd | undefined> {
  const { kubernetes, desired } = operation;
  const nodes = await kubernetes.nodes();
  const others = nodes.filter(({ name, ready }) => ready && name !== leaving?.name && operation.isThere(name) && parseMachineName(desired.name, name)?.role === "control-plane");
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
  return undefined;
}

/**
 * One that goes, or whose machine is gone, is a member no longer: its vote would still count. With it goes a learner that was left
 * behind by a machine that is not there: etcd takes no other one meanwhile. etcd itself refuses what would cost it its majority.
 */
export async function leaveEtcd(operation: Operation, machine: MachineRef): Promise<void> {
  const { kubernetes, observed } = operation;
  await confirmLost(operation, machine);
  await throughEtcd(operation, machine, async (etcd) => {
    await letAnotherLead(operation, machine, etcd);
    // Nodes too: those whose machine this run has made.
    const nodes = (await kubernetes.nodes()).filter(({ name }) => operation.isThere(name)).map(({ name, internalIp }) => ({ name, address: internalIp }));
    const now = (await controlPlanesNow(operation)).flatMap(({ name, addresses: all }) => all.map((address) => ({ name, address })));
    const there = [...observed.machines.map(({ name, ipAddress }) => ({ name, address: ipAddress })), ...nodes, ...now];
    const addresses = new Set(there.filter(({ name }) => name !== machine.name).map(({ address }) => address));
    const isStale = ({ isLearner, peerUrls }: EtcdMember): boolean => isLearner && !peerUrls.some((url) => addresses.has(new URL(url).hostname));
    for (const member of etcd.members) if (member.name === machine.name || isStale(member)) await kubernetes.removeEtcdMember(etcd.via, member.id);
  });
}

/** What lost machines have left: learners, and members whose node somebody has deleted. Before this run makes any: nothing of its own is new there. */
export async function tidyEtcd(operation: Operation): Promise<void> {
  const { kubernetes, observed, desired } = operation;
  const machines = observed.machines.filter(({ role }) => role === "control-plane");
  const now = await controlPlanesNow(operation);
  const addresses = new Set([...machines.map(({ ipAddress }) => ipAddress), ...now.flatMap(({ addresses: all }) => all)]);
  // One whose address is not known may be any of them.
  if (addresses.has(undefined)) return;
  const isHere = ({ peerUrls }: EtcdMember): boolean => peerUrls.some((url) => addresses.has(new URL(url).hostname));
  // A member that votes may do so from another address than Mold knows: its name has to be nobody's, too.
  const isNobodys = ({ name, isLearner }: EtcdMember): boolean => isLearner || (parseMachineName(desired.name, name)?.role === "control-plane" && ![...machines, ...now].some((machine) => machine.name === name));
  await throughEtcd(operation, undefined, async ({ via, members }) => {
    for (const member of members) if (!isHere(member) && isNobodys(member)) await kubernetes.removeEtcdMember(via, member.id);
  });
}
