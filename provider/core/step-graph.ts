/** What is done before what. */

export interface StepNode {
  readonly id: string;
  /** What a person reads: `deploy prod-worker-2`. */
  readonly title: string;
  /** Ids of the steps that must be done before. */
  readonly needs: readonly string[];
  /** Steps of one pool share a bound; steps without one are unbounded. */
  readonly pool?: string;
  /** How long it usually takes. Long ones say when they begin, all say when they are done. */
  readonly estimateSeconds?: number;
}

/** What one search after another uses: a list for each of a hundred thousand steps would cost more than the search. */
interface Search {
  /** For whom each step was looked at last. */
  readonly seenFor: Int32Array;
  /** Those that are yet to be looked at. */
  readonly open: Int32Array;
}

/** A plan's steps by their places in it, where each comes after what it needs: one look at each is enough, however long a chain of them is. */
export class StepGraph<S extends StepNode> {
  /**
   * @param needed the places that all steps need, one step after another; one that is no step of the plan is done, and -1
   * @param begins those of the step at `i` lie from `begins[i]` to `begins[i + 1]`
   */
  private constructor(readonly steps: readonly S[], private readonly needed: Int32Array, private readonly begins: Int32Array) {}

  /** @param places where steps stand by their ids, if somebody knows */
  static of<S extends StepNode>(steps: readonly S[], places: ReadonlyMap<string, number> = placesOf(steps)): StepGraph<S> {
    // By number: a pair for each of a hundred thousand steps would cost more than all else.
    const begins = new Int32Array(steps.length + 1);
    for (let at = 0; at < steps.length; at++) begins[at + 1] = begins[at]! + steps[at]!.needs.length;
    const needed = new Int32Array(begins[steps.length]!);
    let next = 0;
    for (const { needs } of steps) for (const need of needs) needed[next++] = places.get(need) ?? -1;
    return new StepGraph(steps, needed, begins);
  }

  /** Those from a place up to another, with all before them done. */
  part(from: number, to: number): StepGraph<S> {
    const first = this.begins[from]!;
    const needed = this.needed.slice(first, this.begins[to]).map((place) => Math.max(-1, place - from));
    return new StepGraph(this.steps.slice(from, to), needed, this.begins.slice(from, to + 1).map((begin) => begin - first));
  }

  get size(): number {
    return this.begins.length - 1;
  }

  /** How many steps of the plan each needs. */
  needCounts(): Int32Array {
    const { steps, needed, begins } = this;
    const counts = new Int32Array(steps.length);
    for (let at = 0; at < steps.length; at++) for (let need = begins[at]!; need < begins[at + 1]!; need++) if (needed[need]! >= 0) counts[at]! += 1;
    return counts;
  }

  /** The places of those that need each step; those of the step at `i` lie from `begins[i]` to `begins[i + 1]`. */
  dependents(): { readonly places: Int32Array; readonly begins: Int32Array } {
    const { steps, needed, begins: needBegins } = this;
    const begins = new Int32Array(steps.length + 1);
    for (const place of needed) if (place >= 0) begins[place + 1]! += 1;
    for (let at = 0; at < steps.length; at++) begins[at + 1]! += begins[at]!;
    const places = new Int32Array(begins[steps.length]!);
    const next = begins.slice();
    for (let at = 0; at < steps.length; at++) {
      for (let need = needBegins[at]!; need < needBegins[at + 1]!; need++) {
        const place = needed[need]!;
        if (place >= 0) places[next[place]!++] = at;
      }
    }
    return { places, begins };
  }

  /** Where each step ends at the earliest, when they are so long. */
  ends(lengthOf: (step: S) => number): Float64Array {
    const { steps, needed, begins } = this;
    const ends = new Float64Array(steps.length);
    for (let at = 0; at < steps.length; at++) {
      let begin = 0;
      for (let need = begins[at]!; need < begins[at + 1]!; need++) begin = Math.max(begin, ends[needed[need]!] ?? 0);
      ends[at] = begin + lengthOf(steps[at]!);
    }
    return ends;
  }

  /** Whether each of the steps at some places waits for the one before it, be it by way of others that stand between the two. */
  areInTurn(places: readonly number[]): boolean {
    if (places.length < 2) return false;
    const search = { seenFor: new Int32Array(this.steps.length).fill(-1), open: new Int32Array(this.steps.length) };
    return places.every((at, index) => index === 0 || this.waitsFor(at, places[index - 1]!, search));
  }

  private waitsFor(later: number, earlier: number, { seenFor, open }: Search): boolean {
    const { needed, begins } = this;
    let opened = 0;
    open[opened++] = later;
    while (opened > 0) {
      const at = open[--opened]!;
      for (let need = begins[at]!; need < begins[at + 1]!; need++) {
        const place = needed[need]!;
        if (place === earlier) return true;
        if (place < earlier || seenFor[place] === later) continue;
        seenFor[place] = later;
        open[opened++] = place;
      }
    }
    return false;
  }
}

function placesOf(steps: readonly StepNode[]): Map<string, number> {
  const places = new Map<string, number>();
  for (let at = 0; at < steps.length; at++) places.set(steps[at]!.id, at);
  return places;
}
