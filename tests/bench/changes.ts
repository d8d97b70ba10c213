/**
 * The changes of a cluster that are measured, a row each. What is made, what is changed, the least time that anybody could need for
 * it, and how Mold's own service does it.
 */
import { offeringPath, scaleDownPath, scaleUpPath, startPath, stopPath, upgradePath } from "./change-paths";
import type { Size } from "./critical-path";
import { sizes as allSizes } from "./life";
import * as mold from "./mold-order";

export interface Change {
  readonly name: string;
  /** Default: all. */
  readonly sizes?: readonly Size[];
  /** Properties of the declaration by which the cluster is made. */
  readonly made?: object;
  /** Properties that are declared before and after; `before` is brought about first, and not measured. */
  readonly before?: object;
  readonly after: (size: Size) => object;
  /** The n of `a + b·n`. */
  readonly machines: (size: Size) => number;
  readonly path: (size: Size) => number;
  /** Undefined: Mold can't do it. */
  readonly inMoldOrder?: (cluster: mold.MoldCluster, size: Size) => Promise<void>;
  readonly goals: Goals;
}

interface Goals {
  /** Of time / critical path, at most. */
  readonly path?: number;
  /** Of Mold's order / time, at least, by size. */
  readonly speedUp?: Readonly<Record<string, number>>;
  /** Of calls for each machine more, at most. */
  readonly changing?: number;
  readonly reading?: number;
  readonly kubernetes?: number;
}

const workersOf = (workers: number): object => ({ workers: { count: workers, offering: small } });
const small = "k8s-2c-4g";
const large = "k8s-4c-8g";

const everyMachine = ({ controlPlanes, workers }: Size): number => controlPlanes + workers;
const half = ({ workers }: Size): number => Math.floor(workers / 2);

export const sizesOf = ({ sizes = allSizes }: Change): readonly Size[] => sizes;

export const changes: readonly Change[] = [
  {
    name: "scale-up by as many again",
    after: ({ workers }) => workersOf(2 * workers),
    machines: ({ workers }) => workers,
    path: ({ workers }) => scaleUpPath(workers),
    inMoldOrder: (cluster, { workers }) => mold.scaleUp(cluster, workers),
    // The least possible time would give 1.4, 2.1 and 4.2: the server places four at a time whoever asks.
    goals: { path: 1.15, speedUp: { "3+3": 1.3, "3+10": 1.9, "5+100": 4 }, changing: 5, reading: 0, kubernetes: 3 },
  },
  {
    name: "scale-down by half",
    after: (size) => workersOf(size.workers - half(size)),
    machines: half,
    path: scaleDownPath,
    inMoldOrder: (cluster, size) => mold.scaleDown(cluster, half(size)),
    // No goal against the critical path: the core drains and destroys twelve at a time, whatever Mold could bear. One machine gains nothing.
    // Out of Mold's record of the cluster and destroyed: two.
    goals: { speedUp: { "3+10": 4, "5+100": 8 }, changing: 2.1, reading: 0, kubernetes: 4 },
  },
  {
    name: "stop",
    after: () => ({ powerState: "stopped" }),
    machines: everyMachine,
    path: stopPath,
    inMoldOrder: mold.stop,
    goals: { path: 1.15, speedUp: { "3+3": 2.5, "3+10": 5.5, "5+100": 45 }, changing: 1.1, reading: 0, kubernetes: 0 },
  },
  {
    name: "start",
    before: { powerState: "stopped" },
    after: () => ({ powerState: "running" }),
    machines: everyMachine,
    path: startPath,
    inMoldOrder: mold.start,
    // Mold starts workers without waiting for the API, which is quicker as long as they are few.
    goals: { path: 1.15, speedUp: { "5+100": 2 }, changing: 1.1, reading: 0, kubernetes: 2 },
  },
  {
    name: "another offering",
    after: ({ controlPlanes, workers }) => ({ controlPlane: { count: controlPlanes, offering: large }, workers: { count: workers, offering: large } }),
    machines: everyMachine,
    path: offeringPath,
    goals: { path: 1.15, changing: 5, reading: 0.1, kubernetes: 60 },
  },
  {
    name: "two-hop upgrade",
    made: { version: "1.34" },
    after: () => ({ version: "1.36" }),
    machines: everyMachine,
    path: (size) => upgradePath(size, 2),
    inMoldOrder: (cluster) => mold.upgrade(cluster, ["1.35.4", "1.36.3"]),
    // One at a time is as long in any order; Mold neither takes control planes out of the API's balancer nor waits until a node is Ready.
    goals: { path: 1.15, changing: 7, reading: 2.5, kubernetes: 75 },
  },
  {
    name: "two-hop upgrade, ten workers at a time",
    sizes: [{ controlPlanes: 5, workers: 100 }],
    made: { version: "1.34" },
    after: () => ({ version: "1.36", upgrade: { maxUnavailable: 10 } }),
    machines: everyMachine,
    path: (size) => upgradePath(size, 2, 10),
    inMoldOrder: (cluster) => mold.upgrade(cluster, ["1.35.4", "1.36.3"]),
    goals: { path: 1.15, speedUp: { "5+100": 3.5 } },
  },
];
