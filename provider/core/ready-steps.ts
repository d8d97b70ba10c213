import type { StepNode } from "./step-graph";

interface Place<S> {
  readonly step: S;
  /** Where it stands in the plan: of those that can begin, the first ones do. */
  readonly at: number;
  /** How many of its needs are not done yet. */
  missing: number;
}

/**
 * Which steps can begin: all they need is done, and their pool has room. Each need is looked at once, when it is done: a step of a
 * plan of thousands costs no more than one of ten.
 */
export class ReadySteps<S extends StepNode> {
  private readonly waiting: ReadonlyMap<string, Place<S>>;
  private readonly begun = new Set<string>();
  private readonly dependents = new Map<string, Place<S>[]>();
  /** By pool, those that can begin but for its room; the last one first. */
  private readonly ready = new Map<string | undefined, Place<S>[]>();
  private readonly inPool = new Map<string | undefined, number>();

  constructor(
    steps: readonly S[],
    private readonly pools: Readonly<Record<string, number>>,
  ) {
    this.waiting = new Map(steps.map((step, at) => [step.id, { step, at, missing: step.needs.length }]));
    for (const place of this.waiting.values()) {
      for (const need of place.step.needs) {
        const others = this.dependents.get(need);
        if (others) others.push(place);
        else this.dependents.set(need, [place]);
      }
    }
    this.enqueue([...this.waiting.values()].filter(({ missing }) => missing === 0));
  }

  /** Those that begin now, in the plan's order. */
  take(): S[] {
    const taken = [...this.ready].flatMap(([pool, queue]) => {
      const busy = this.inPool.get(pool) ?? 0;
      const room = (pool === undefined ? Infinity : (this.pools[pool] ?? Infinity)) - busy;
      const now = queue.splice(queue.length - Math.min(room, queue.length));
      this.inPool.set(pool, busy + now.length);
      return now;
    });
    for (const { step } of taken) this.begun.add(step.id);
    return taken.sort((a, b) => a.at - b.at).map(({ step }) => step);
  }

  /** It has ended, well or not: its place in the pool is free. */
  ended({ pool }: S): void {
    this.inPool.set(pool, (this.inPool.get(pool) ?? 0) - 1);
  }

  /** It has ended well: those that waited for it alone can begin. */
  done({ id }: S): void {
    const freed: Place<S>[] = [];
    for (const place of this.dependents.get(id) ?? []) {
      place.missing -= 1;
      if (place.missing === 0) freed.push(place);
    }
    this.enqueue(freed);
  }

  get notBegun(): S[] {
    return [...this.waiting.values()].flatMap(({ step }) => (this.begun.has(step.id) ? [] : [step]));
  }

  /** @param places in the plan's order */
  private enqueue(places: readonly Place<S>[]): void {
    for (const place of [...places].reverse()) {
      const queue = this.ready.get(place.step.pool) ?? [];
      this.ready.set(place.step.pool, queue);
      queue.splice(whereIn(queue, place.at), 0, place);
    }
  }
}

/** How many of a queue come after one in the plan. */
function whereIn(queue: readonly { readonly at: number }[], at: number): number {
  let [low, high] = [0, queue.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (queue[middle]!.at > at) low = middle + 1;
    else high = middle;
  }
  return low;
}
