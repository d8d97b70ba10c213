/**
 * The least time in which anybody could make a cluster on the embedded Mold: durations and what has to wait for what, nothing else.
 * No polling, no locks, no intents, no marks of ours, and whoever does it knows at once when something is done. It knows nothing of
 * the core, so that the core can't move its own goal.
 */

/** Milliseconds. Fixed here; the bench fails when the emulator's differ (see `drift.ts`), so that a goal moves only on purpose. */
export const jobDurations = {
  associateIpAddress: 500,
  affinityGroup: 50,
  createBalancer: 500,
  assign: 500,
  firewallRule: 600,
  deploy: 6300,
  attachIso: 500,
  detachIso: 500,
  unassign: 500,
  start: 1600,
  stop: 5000,
  scale: 580,
  destroy: 1000,
  expunge: 1000,
} as const;

export const machineDurations = {
  boot: 12_000,
  cloudInit: 4_000,
  imageImport: 5_000,
  init: 12_000,
  controlPlaneJoin: 10_000,
  workerJoin: 4_000,
  nodeReady: 3_000,
  serviceStart: 5_000,
  controlPlaneUpgrade: 90_000,
  workerUpgrade: 25_000,
} as const;

/** How many machines the server places at the same time, whatever is asked: deploying them, or starting them. */
export const placedAtOnce = 4;

export interface Size {
  readonly controlPlanes: number;
  readonly workers: number;
}

/** When things can be so at the earliest, in milliseconds from the first call. */
export interface MachinePath {
  readonly name: string;
  readonly role: "control-plane" | "worker";
  /** Running: the job of its deploy has ended. */
  readonly placed: number;
  /** What the ISO brings is on its disk. */
  readonly installed: number;
  /** Its kubelet is registered. */
  readonly joined: number;
  readonly ready: number;
  /** The ISO is out again. */
  readonly cleared: number;
}

export interface CriticalPath {
  /** The API answers at the endpoint. */
  readonly api: number;
  readonly machines: readonly MachinePath[];
  readonly total: number;
}

export function criticalPath({ controlPlanes, workers }: Size): CriticalPath {
  const jobs = jobDurations;
  const inside = machineDurations;

  // A network is made by a call that answers at once. Its address can only be asked for with the network's id.
  const network = 0;
  const address = network + jobs.associateIpAddress;

  // The machines' user data names the endpoint, and a deploy can't be changed once it is asked for. Control planes are deployed into
  // their anti-affinity group, which needs nothing and is there long before the address.
  const group = jobs.affinityGroup;
  const asked = Math.max(address, group);

  // All machines take equally long to place, so that the order in which they are asked for is all there is to choose. Whoever needs
  // longest afterwards goes first: control planes before workers, and of those the first, on whose init all others wait. (For jobs of
  // one length on equal servers this is the best order there is: Jackson's rule.)
  const placed = (index: number): number => asked + jobs.deploy * (Math.floor(index / placedAtOnce) + 1);

  // Mold puts an ISO into machines that run (or are stopped), not into one that is being placed. The agent begins when both the
  // machine is up and the ISO is there; the ISO is the quicker, and is in the formula for the day when it isn't.
  const installed = (index: number): number => placed(index) + Math.max(inside.boot + inside.cloudInit, jobs.attachIso) + inside.imageImport;

  // kubeadm init ends by calling the endpoint, which has to lead back to the machine: balancer rule, this machine its member, and a
  // firewall rule that lets it in. The rules need the address; a member needs the rule and the machine's id, which is known as soon
  // as it is asked for.
  const rule = address + jobs.createBalancer;
  const member = Math.max(rule, asked) + jobs.assign;
  const open = address + jobs.firewallRule;
  const api = Math.max(installed(0) + inside.init, member, open);

  const machines: MachinePath[] = [];
  const follow = (name: string, role: MachinePath["role"], index: number, joined: number): void => {
    // The network of its pods starts once the kubelet is registered.
    const ready = joined + inside.nodeReady;
    // Only a node that is Ready needs its ISO no more: a round of the agent that failed begins with it again. User data is replaced by
    // a call that answers at once, also only then; a mark that all this is done may be set beside it.
    const cleared = ready + jobs.detachIso;
    machines.push({ name, role, placed: placed(index), installed: installed(index), joined, ready, cleared });
  };

  // etcd takes one new member at a time: a control plane joins when the API answers, its images are there, and the one before it is a
  // full member. The one that is installed first joins first.
  let lastMember = api;
  for (let index = 0; index < controlPlanes; index++) {
    if (index > 0) lastMember = Math.max(lastMember, installed(index)) + inside.controlPlaneJoin;
    follow(`control-${index + 1}`, "control-plane", index, lastMember);
  }
  // Workers wait for the API alone, not for each other.
  for (let worker = 0; worker < workers; worker++) {
    const index = controlPlanes + worker;
    follow(`worker-${worker + 1}`, "worker", index, Math.max(api, installed(index)) + inside.workerJoin);
  }
  return { api, machines, total: Math.max(...machines.map(({ cleared }) => cleared)) };
}
