/**
 * The least time in which anybody could change a cluster on the embedded Mold, in milliseconds: as `critical-path.ts`, from its
 * durations and what has to wait for what. Beside what Mold and machines force on everybody, four of the design's promises are
 * dependencies: workers stop before control planes; they start once the API answers; what takes a machine away happens to one machine
 * at a time, and the next goes when it is Ready again; with three control planes or more, one that goes has left the API's balancer.
 * There are no pods to be moved, and no balancers but the API's. A node that was away for less than its grace stays Ready (seen on real ones).
 */
import { jobDurations as jobs, machineDurations as inside, placedAtOnce, type Size } from "./critical-path";

/** With fewer the API is away anyhow. */
const leastToSpareOne = 3;

const rounds = (machines: number): number => Math.ceil(machines / placedAtOnce);

/** The API is there, and nothing about it waits for anything. Workers don't wait for each other. */
export const scaleUpPath = (more: number): number =>
  jobs.deploy * rounds(more) + Math.max(inside.boot + inside.cloudInit, jobs.attachIso) + inside.imageImport + inside.workerJoin + inside.nodeReady + jobs.detachIso;

/** Mold stops a machine before it destroys it, and expunges it afterwards; as many at the same time as anybody asks for. */
export const scaleDownPath = (): number => jobs.stop + jobs.destroy + jobs.expunge;

export const stopPath = ({ workers }: Size): number => (workers > 0 ? jobs.stop : 0) + jobs.stop;

/** From power on to a kubelet that runs, and on a control plane an API server. */
const back = inside.boot + inside.cloudInit + inside.serviceStart;

export function startPath({ controlPlanes, workers }: Size): number {
  const majority = Math.floor(controlPlanes / 2) + 1;
  const api = jobs.start * rounds(majority) + back;
  const lastControlPlane = jobs.start * rounds(controlPlanes) + back;
  const lastWorker = workers > 0 ? api + jobs.start * rounds(workers) + back : 0;
  return Math.max(lastControlPlane, lastWorker);
}

/** What a control plane's turn takes beyond what is done to it. */
const aside = (controlPlanes: number): number => (controlPlanes < leastToSpareOne ? 0 : jobs.unassign + jobs.assign);

export function offeringPath({ controlPlanes, workers }: Size): number {
  const turn = jobs.stop + jobs.scale + jobs.start + back;
  return controlPlanes * (aside(controlPlanes) + turn) + workers * turn;
}

/**
 * In each hop every node has the ISO and its images before the first one goes; the discs of later hops can be put in earlier, the images can't be
 * loaded before a node is one minor away.
 * @param atOnce how many workers may be away at the same time
 */
export function upgradePath({ controlPlanes, workers }: Size, hops: number, atOnce = 1): number {
  const turnsOfWorkers = Math.ceil(workers / atOnce);
  const hop = inside.imageImport + controlPlanes * (aside(controlPlanes) + inside.controlPlaneUpgrade) + turnsOfWorkers * inside.workerUpgrade;
  return jobs.attachIso + hops * hop;
}
