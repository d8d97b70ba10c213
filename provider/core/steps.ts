import { estimates, type Step, type Work } from "./step";

/** Collects steps; a step's id is its kind and what it is about. */
export class Steps {
  readonly all: Step[] = [];

  has(id: string): boolean {
    return this.all.some((step) => step.id === id);
  }

  add(work: Work, title: string, needs: readonly (string | undefined)[] = [], options: { why?: string; pool?: string; estimateSeconds?: number } = {}): string {
    const subject = "machine" in work ? work.machine.name : "cidr" in work ? work.cidr : "rule" in work ? work.rule.id : "";
    const id = subject ? `${work.kind} ${subject}` : work.kind;
    this.all.push({ id, work, title, needs: needs.filter((need) => need !== undefined), estimateSeconds: estimates[work.kind], ...options });
    return id;
  }
}
