/** What planning is given, and what comes of it. */
import type { KubernetesVersion } from "./catalogue";
import type { DesiredCluster } from "./desired";
import type { ObservedCluster } from "./observe";
import type { Step } from "./step";

/** How long a machine may take to join before it is made anew, and how long its token lives. */
export const joinSeconds = 2 * 3600;

export interface PlanInput {
  readonly desired: DesiredCluster;
  readonly observed: ObservedCluster;
  readonly owner: string;
  /** Undefined: nothing was declared before. */
  readonly former?: FormerDeclaration;
  /** This is a create: what a former life has left is nothing to keep. */
  readonly birth?: boolean;
  /** A machine may just have been started: what is away for a moment only counts, too, and is waited for. */
  readonly attentive?: boolean;
  /** Commands that this account may not call, of those that the cluster's record in Mold needs. */
  readonly withheld?: readonly string[];
  /** Those registered with Mold for the zone, where planning needs them. */
  readonly versions?: readonly KubernetesVersion[];
}

/**
 * Of what was declared last time: the version, as the cluster had it then, for while no node can be asked; tags, comments and add-ons, since those taken out of it go; nodes and sizes, since what is newly asked for and can't be is
 * an error, and what was once asked for and has gone since is none.
 */
export type FormerDeclaration = Pick<DesiredCluster, "version" | "tags" | "comments" | "nodes" | "controlPlane" | "workers" | "addons">;

export interface Problem {
  readonly property: string;
  readonly reason: string;
  /** Another program declares it since. */
  readonly isTaken?: true;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** What is declared and not done now, and when it will be. */
  readonly notes?: readonly string[];
  /** What is not done, though it should be, and what to do about it. */
  readonly warnings?: readonly string[];
}
