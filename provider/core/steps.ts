import type { ObservedMachine } from "./observe";
import { estimates, graphOf, type MachineRef, type Step, type Work } from "./step";
import type { StepGraph } from "./step-graph";

export interface StepOptions {
  readonly why?: string;
  readonly pool?: string;
  /** Default: what a step of the kind usually takes. */
  readonly estimateSeconds?: number;
  /** What it is about, where several steps of the kind are about one machine or rule. */
  readonly about?: string;
}

/** Collects steps; a step's id is its kind and what it is about. */
export class Steps {
  readonly all: Step[] = [];
  /** Where each stands, by its id. */
  private readonly places = new Map<string, number>();

  has(id: string): boolean {
    return this.places.has(id);
  }

  get graph(): StepGraph<Step> {
    return graphOf(this.all, this.places);
  }

  add(work: Work, title: string, needs: readonly (string | undefined)[] = [], { about, estimateSeconds = estimates[work.kind], why, pool }: StepOptions = {}): string {
    const subject = about ?? ("machine" in work ? work.machine.name : "cidr" in work ? work.cidr : "rule" in work ? work.rule.id : "");
    const id = subject ? `${work.kind} ${subject}` : work.kind;
    this.places.set(id, this.all.length);
    // There may be a hundred thousand: all of one shape, and without the room to spare of a list that grew.
    this.all.push({ id, work, title, needs: isWhole(needs) ? needs.slice() : needs.filter((need) => need !== undefined), estimateSeconds, why, pool });
    return id;
  }
}

const isWhole = (needs: readonly (string | undefined)[]): needs is readonly string[] => !needs.includes(undefined);

export const refOf = ({ id, name, role }: ObservedMachine): MachineRef & { id: string } => ({ id, name, role });
