/** What planning is given, and what comes of it. */
import type { DesiredCluster } from "./desired";
import type { ObservedCluster } from "./observe";
import type { Tags } from "./ownership";
import type { Step } from "./step";

export interface PlanInput {
  readonly desired: DesiredCluster;
  readonly observed: ObservedCluster;
  readonly owner: string;
  /** Tags that the user declared last time, so that those taken out of the declaration go. */
  readonly formerTags?: Tags;
}

export interface Problem {
  readonly property: string;
  readonly reason: string;
}

export interface Plan {
  readonly steps: readonly Step[];
  readonly problems: readonly Problem[];
  /** What is declared and not done now, and when it will be. */
  readonly notes?: readonly string[];
}
