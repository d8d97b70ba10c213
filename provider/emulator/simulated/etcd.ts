/** etcd's members as its own rules see them: who votes, who leads, whom it lets go. */

/** An etcd member. A destroyed machine's member stays until somebody removes it, as in a real etcd. */
export interface Member {
  /** Unsigned 64 bits in hexadecimal, as etcd prints it. */
  readonly id: string;
  readonly name: string;
  readonly machineId: string;
  readonly peerUrl: string;
  learner: boolean;
}

export interface EtcdState {
  members: Member[];
  /** Who was elected last. It stays leader until it is down, removed, or asked to hand over. */
  leaderId?: string;
  /** Raft's term: one more with each election. */
  term?: number;
}

export type IsUp = (machineId: string) => boolean;

/** etcd's words for what it refuses (api/v3rpc/rpctypes/error.go). */
export const refusals = {
  notFound: "etcdserver: member not found",
  notEnoughStarted: "etcdserver: re-configuration failed due to not enough started members",
  unhealthy: "etcdserver: unhealthy cluster",
  badTransferee: "etcdserver: bad leader transferee",
  transferTimeout: "etcdserver: request timed out, leader transfer took too long",
} as const;

const voters = (state: EtcdState): Member[] => state.members.filter((member) => !member.learner);

/** More than half of the voting members are up. */
export function hasQuorum(state: EtcdState, isUp: IsUp): boolean {
  const all = voters(state);
  return all.filter((member) => isUp(member.machineId)).length * 2 > all.length;
}

/** The member that leads; nobody does without a majority. */
export function leaderOf(state: EtcdState, isUp: IsUp): Member | undefined {
  if (!hasQuorum(state, isUp)) return undefined;
  const able = voters(state).filter((member) => isUp(member.machineId));
  return able.find((member) => member.id === state.leaderId) ?? able[0];
}

/** Makes the election that is due, if one is. The oldest member that is up wins, so that every run goes the same way. @returns whether it was. */
export function elect(state: EtcdState, isUp: IsUp): boolean {
  const leader = leaderOf(state, isUp);
  if (!leader || leader.id === state.leaderId) return false;
  state.leaderId = leader.id;
  state.term = (state.term ?? 1) + 1;
  return true;
}

/** The member of an id, whatever its leading zeros. */
export function memberOf(state: EtcdState, id: bigint): Member | undefined {
  return state.members.find((member) => BigInt(`0x${member.id}`) === id);
}

/** Why etcd would not remove a member: server.go's `mayRemoveMember` under `strict-reconfig-check`, which is the default. */
export function removalProblem(state: EtcdState, id: bigint, isUp: IsUp): string | undefined {
  const member = memberOf(state, id);
  if (!member) return refusals.notFound;
  if (member.learner) return undefined;
  const all = voters(state);
  if (all.length === 1) return refusals.notEnoughStarted;
  // One that is down votes no more: letting it go costs nothing.
  if (!isUp(member.machineId)) return undefined;
  const active = all.filter((each) => isUp(each.machineId)).length;
  return active - 1 < 1 + Math.floor((all.length - 1) / 2) ? refusals.unhealthy : undefined;
}

/** Why the leadership can't go to a member. */
export function transferProblem(state: EtcdState, id: bigint, isUp: IsUp): string | undefined {
  const member = memberOf(state, id);
  if (!member || member.learner) return refusals.badTransferee;
  return isUp(member.machineId) ? undefined : refusals.transferTimeout;
}
