/** Everything that is done to a cluster that Mold runs, one small idempotent step each. */
import type { StepNode } from "../step-graph";
import { makespan } from "../makespan";
import type { Role, Tags } from "../ownership";
import { graphOf } from "../step";

export interface NodeRef {
  readonly id: string;
  readonly name: string;
  readonly role: Role;
}

export const refOf = ({ id, name, role }: NodeRef): NodeRef => ({ id, name, role });

export interface RuleRef {
  readonly id: string;
  readonly name: string;
}

/** Of a machine that leaves and that another is to come for. */
export interface VacantPlace {
  readonly old: NodeRef;
  /** What that one is told that it succeeds: the old one's name, and those that the old one had succeeded. */
  readonly names: string;
}

export type ManagedWork =
  | { readonly kind: "createCluster" }
  /** `orElse`: what is done about one that does not get out of the state by itself. */
  | { readonly kind: "awaitSettled"; readonly state: string; readonly orElse: "restart" | "fail" }
  | { readonly kind: "awaitGone" }
  | { readonly kind: "removeFailed" }
  | { readonly kind: "mark"; readonly marks: Tags }
  | { readonly kind: "unmark"; readonly marks: Tags }
  | { readonly kind: "tagMachines"; readonly machines: readonly NodeRef[]; readonly tags: Tags }
  | { readonly kind: "untagMachines"; readonly machines: readonly NodeRef[]; readonly tags: Tags }
  | { readonly kind: "startCluster" }
  | { readonly kind: "stopCluster" }
  | { readonly kind: "awaitRecovery" }
  | { readonly kind: "scaleCluster"; readonly size: number }
  | { readonly kind: "removeNodes"; readonly machines: readonly NodeRef[] }
  /** To fewer by their number, the newest of all: by that alone Mold counts anew. */
  | { readonly kind: "settleCount"; readonly size: number; readonly machines: readonly NodeRef[] }
  | { readonly kind: "changeOfferings"; readonly controlPlane?: string; readonly workers?: string }
  /** Undefined: off. */
  | { readonly kind: "setAutoscaling"; readonly bounds?: { readonly min: number; readonly max: number } }
  | { readonly kind: "checkHop"; readonly from: string; readonly to: string }
  | { readonly kind: "upgradeCluster"; readonly from: string; readonly to: string }
  | { readonly kind: "tidyUpgrade"; readonly to: string }
  | { readonly kind: "joinBalancer"; readonly rule: RuleRef; readonly role: Role }
  | { readonly kind: "leaveBalancer"; readonly rule: RuleRef; readonly machines: readonly NodeRef[] }
  /** `leaving`: who takes none of the places. */
  | { readonly kind: "leadToSuccessors"; readonly places: readonly VacantPlace[]; readonly leaving: readonly NodeRef[] }
  | { readonly kind: "cordonNode"; readonly machine: NodeRef }
  | { readonly kind: "uncordonNode"; readonly machine: NodeRef }
  | { readonly kind: "drainNode"; readonly machine: NodeRef }
  | { readonly kind: "admitNode"; readonly machine: NodeRef }
  | { readonly kind: "startMachine"; readonly machine: NodeRef }
  | { readonly kind: "stopMachine"; readonly machine: NodeRef }
  | { readonly kind: "rebootMachine"; readonly machine: NodeRef }
  | { readonly kind: "scaleMachine"; readonly machine: NodeRef; readonly offering: string }
  | { readonly kind: "awaitNode"; readonly machine: NodeRef; readonly restarted: boolean }
  | { readonly kind: "addExternal"; readonly machines: readonly NodeRef[] }
  | { readonly kind: "removeExternal"; readonly machines: readonly NodeRef[] }
  | { readonly kind: "addComment"; readonly text: string }
  | { readonly kind: "removeComment"; readonly commentId: string }
  | { readonly kind: "deleteCluster" };

export type ManagedWorkKind = ManagedWork["kind"];

export interface ManagedStep extends StepNode {
  readonly work: ManagedWork;
  readonly why?: string;
  readonly estimateSeconds: number;
}

/** Seconds a step usually takes, beside what it takes for each machine. For previews only: nothing waits by them. */
const estimates: Readonly<Record<ManagedWorkKind, number>> = {
  createCluster: 300, awaitSettled: 120, awaitGone: 60, removeFailed: 60, mark: 1, unmark: 1, tagMachines: 1, untagMachines: 1, startCluster: 120, stopCluster: 60, awaitRecovery: 60,
  scaleCluster: 180, removeNodes: 30, settleCount: 60, changeOfferings: 5, setAutoscaling: 10, checkHop: 2, upgradeCluster: 300, tidyUpgrade: 5, joinBalancer: 1, leaveBalancer: 1, leadToSuccessors: 3, cordonNode: 1,
  uncordonNode: 1, drainNode: 40, startMachine: 5, stopMachine: 5, rebootMachine: 2, scaleMachine: 1, awaitNode: 30, admitNode: 60, addExternal: 180, removeExternal: 60, addComment: 1, removeComment: 1, deleteCluster: 60,
};

export interface ManagedStepOptions {
  readonly why?: string;
  readonly about?: string;
  readonly estimateSeconds?: number;
}

/** Collects steps; a step's id is its kind and what it is about. */
export class ManagedSteps {
  readonly all: ManagedStep[] = [];

  add(work: ManagedWork, title: string, needs: readonly (string | undefined)[] = [], { about, ...options }: ManagedStepOptions = {}): string {
    const subject = about ?? ("machine" in work ? work.machine.name : "rule" in work ? work.rule.id : "to" in work ? work.to : "");
    const base = subject ? `${work.kind} ${subject}` : work.kind;
    const id = this.all.some((step) => step.id === base) ? `${base} ${this.all.length}` : base;
    this.all.push({ id, work, title, needs: needs.filter((need) => need !== undefined), estimateSeconds: estimates[work.kind], ...options });
    return id;
  }

  /** The last one: what is to come after everything so far needs it and what it waits for. */
  get ends(): string[] {
    const needed = new Set(this.all.flatMap(({ needs }) => needs));
    return this.all.map(({ id }) => id).filter((id) => !needed.has(id));
  }
}

export const estimateManaged = (steps: readonly ManagedStep[]): number => makespan(graphOf(steps), ({ estimateSeconds }) => estimateSeconds, {});
