/** Everything the core can do to a cluster, one small idempotent step each. A step is data: planning makes it, `actions/` carries it out. */
import type { AddonChange } from "./addons";
import { makespan } from "./makespan";
import type { ObservedForward } from "./observe";
import type { Role, TaggedKind, Tags } from "./ownership";
import { StepGraph, type StepNode } from "./step-graph";

export interface MachineRef {
  readonly name: string;
  readonly role: Role;
  /** Undefined: it is made by an earlier step of the same plan. */
  readonly id?: string;
}

export type Work =
  | { readonly kind: "createAffinityGroup"; readonly strict: boolean }
  | { readonly kind: "createApiRule" }
  | { readonly kind: "tagApiRule"; readonly ruleId: string; readonly tags: Tags }
  | { readonly kind: "describeApiRule"; readonly ruleId: string }
  | { readonly kind: "openApi"; readonly cidr: string }
  | { readonly kind: "closeApi"; readonly ruleId: string; readonly cidr: string }
  | { readonly kind: "crossOffIntent"; readonly cidr: string; readonly tags: Tags }
  /** `version`: whole, or a minor. */
  | { readonly kind: "deployMachine"; readonly machine: MachineRef; readonly action: "init" | "join"; readonly version: string }
  | { readonly kind: "discardMachine"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "awaitRunning"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "startMachine"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "tagMachine"; readonly machine: MachineRef; readonly tags: Tags }
  | { readonly kind: "untagMachine"; readonly machine: MachineRef & { id: string }; readonly tags: Tags }
  | { readonly kind: "attachIso"; readonly machine: MachineRef; readonly version: string }
  | { readonly kind: "detachIso"; readonly machine: MachineRef }
  | { readonly kind: "joinApiBalancer"; readonly machines: readonly MachineRef[] }
  | { readonly kind: "joinBalancer"; readonly rule: { readonly id: string; readonly name: string }; readonly machines: readonly MachineRef[] }
  /** `restarted`: it has answered before. `lost`: why it is not to be expected. */
  | { readonly kind: "awaitApi"; readonly restarted?: boolean; readonly lost?: string }
  | { readonly kind: "markInitialising" }
  | { readonly kind: "markInitialised" }
  | { readonly kind: "publishToken" }
  | { readonly kind: "withdrawToken" }
  /** `restarted`: the cluster may still hold it to be Ready from before. `leftover`: likewise a node of that name whose machine is gone. */
  | { readonly kind: "awaitNode"; readonly machine: MachineRef; readonly restarted?: boolean; readonly leftover?: boolean }
  | { readonly kind: "labelNode"; readonly machine: MachineRef }
  | { readonly kind: "replaceUserData"; readonly machine: MachineRef }
  // Leaving, and stopping
  | { readonly kind: "leaveBalancer"; readonly rule: { readonly id: string; readonly name: string }; readonly machines: readonly MachineRef[] }
  | { readonly kind: "cordonNode"; readonly machine: MachineRef }
  | { readonly kind: "uncordonNode"; readonly machine: MachineRef }
  | { readonly kind: "drainNode"; readonly machine: MachineRef; readonly longestSeconds?: number }
  | { readonly kind: "deleteNode"; readonly machine: MachineRef }
  | { readonly kind: "stopMachine"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "leaveApiBalancer"; readonly machine: MachineRef }
  | { readonly kind: "leaveEtcd"; readonly machine: MachineRef }
  | { readonly kind: "handOverEtcd"; readonly machine: MachineRef }
  | { readonly kind: "scaleMachine"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "moveForward"; readonly forward: ObservedForward; readonly machine: MachineRef }
  // Repairing
  /** `orElse`: what is done about one that does not come back by itself. */
  | { readonly kind: "awaitRecovery"; readonly machine: MachineRef & { id: string }; readonly orElse: "reboot" | "fail" }
  | { readonly kind: "reviveMachine"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "tidyEtcd" }
  | { readonly kind: "confirmSilence" }
  // Upgrading
  | { readonly kind: "checkHop"; readonly from: string; readonly to: string; readonly drains: boolean }
  | { readonly kind: "prepareNode"; readonly machine: MachineRef; readonly version: string }
  | { readonly kind: "orderUpgrade"; readonly machine: MachineRef; readonly version: string }
  | { readonly kind: "awaitUpgrade"; readonly machine: MachineRef; readonly version: string }
  | { readonly kind: "growDisk"; readonly machine: MachineRef & { id: string }; readonly volumeId: string; readonly gb: number }
  | { readonly kind: "rebootMachine"; readonly machine: MachineRef & { id: string } }
  | { readonly kind: "tagAnchor"; readonly tags: Tags }
  // In Mold's own screens
  /** `version`: whole, or a minor. */
  | { readonly kind: "registerCluster"; readonly version: string }
  | { readonly kind: "enlistMachines"; readonly role: Role; readonly machines: readonly MachineRef[] }
  | { readonly kind: "delistMachines"; readonly recordId: string; readonly machineIds: readonly string[] }
  /** `without`: texts that are no longer declared. */
  | { readonly kind: "carryComments"; readonly from: string; readonly without: readonly string[] }
  | { readonly kind: "addComment"; readonly text: string }
  | { readonly kind: "removeComment"; readonly commentId: string }
  | { readonly kind: "unregisterCluster"; readonly recordId: string }
  // Add-ons
  | { readonly kind: "putCloudConfig" }
  | { readonly kind: "restartCloudUsers" }
  | ({ readonly kind: "orderAddons"; readonly machine: MachineRef } & AddonChange)
  | { readonly kind: "deleteCloudConfig" }
  // Taking over
  | { readonly kind: "takeOver"; readonly tagged: TaggedKind; readonly id: string; readonly tags: Tags }
  // Deleting
  | { readonly kind: "destroyMachine"; readonly machine: MachineRef }
  | { readonly kind: "deleteApiRule"; readonly ruleId: string }
  | { readonly kind: "deleteAffinityGroup"; readonly groupId: string }
  | { readonly kind: "untagAnchor"; readonly tags: Tags };

export type WorkKind = Work["kind"];

export interface Step extends StepNode {
  readonly work: Work;
  /** Why it is there, where that isn't plain from the title. */
  readonly why?: string;
  readonly estimateSeconds: number;
}

/** Seconds a step usually takes on a real server (recorded) or node (measured). For previews only: nothing waits by them. */
export const estimates: Readonly<Record<WorkKind, number>> = {
  createAffinityGroup: 1,
  createApiRule: 1,
  tagApiRule: 1,
  describeApiRule: 1,
  openApi: 1,
  closeApi: 1,
  crossOffIntent: 1,
  deployMachine: 7,
  discardMachine: 10,
  awaitRunning: 7,
  startMachine: 5,
  tagMachine: 1,
  untagMachine: 1,
  attachIso: 1,
  detachIso: 1,
  joinApiBalancer: 1,
  joinBalancer: 1,
  awaitApi: 45,
  markInitialising: 1,
  markInitialised: 1,
  publishToken: 1,
  withdrawToken: 1,
  awaitNode: 30,
  labelNode: 1,
  replaceUserData: 1,
  leaveBalancer: 1,
  cordonNode: 1,
  uncordonNode: 1,
  drainNode: 40,
  deleteNode: 1,
  moveForward: 1,
  stopMachine: 5,
  leaveApiBalancer: 1,
  handOverEtcd: 1,
  leaveEtcd: 2,
  scaleMachine: 1,
  awaitRecovery: 60,
  reviveMachine: 5,
  tidyEtcd: 1,
  confirmSilence: 60,
  checkHop: 2,
  prepareNode: 20,
  orderUpgrade: 1,
  awaitUpgrade: 100,
  growDisk: 1,
  rebootMachine: 2,
  tagAnchor: 1,
  registerCluster: 1,
  enlistMachines: 1,
  delistMachines: 1,
  carryComments: 1,
  addComment: 1,
  removeComment: 1,
  unregisterCluster: 1,
  takeOver: 1,
  putCloudConfig: 1,
  restartCloudUsers: 1,
  orderAddons: 15,
  deleteCloudConfig: 1,
  destroyMachine: 10,
  deleteApiRule: 1,
  deleteAffinityGroup: 1,
  untagAnchor: 1,
};

/** Machines that Mold is asked for at the same time. It places about four at once; a short queue keeps it busy. Of those that load images, as many as one storage bears. */
export const pools: Readonly<Record<string, number>> = { deploy: 12, destroy: 12, drain: 12, images: 4 };

const graphs = new WeakMap<readonly StepNode[], StepGraph<StepNode>>();

/** One graph for all who look at a plan: in that of a large cluster finding each step by its id takes as long as all else. @param places where they stand by their ids, if somebody knows */
export function graphOf<S extends StepNode>(steps: readonly S[], places?: ReadonlyMap<string, number>): StepGraph<S> {
  // Under a plan's steps only their own graph is kept.
  const known = graphs.get(steps) as StepGraph<S> | undefined;
  // Some may have been added since.
  if (known?.size === steps.length) return known;
  const graph = StepGraph.of(steps, places);
  graphs.set(steps, graph);
  return graph;
}

/** How long it usually takes to carry them out, in seconds. */
export const estimatePlan = (steps: readonly Step[]): number => estimateGraph(graphOf(steps));

export const estimateGraph = (graph: StepGraph<Step>): number => makespan(graph, ({ estimateSeconds }) => estimateSeconds, pools);
