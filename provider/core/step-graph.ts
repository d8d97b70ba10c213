import type { StepNode } from "./execute";

/** What one search after another uses: a list for each of a hundred thousand steps would cost more than the search. */
interface Search {
  /** For whom each step was looked at last. */
  readonly seenFor: Int32Array;
  /** Those that are yet to be looked at. */
  readonly open: Int32Array;
}

/** A plan's steps by their places in it, where each comes after what it needs: one look at each is enough, however long a chain of them is. */
export class StepGraph<S extends StepNode> {
  /** The places that all steps need, one step after another; those of the step at `i` lie from `begins[i]` to `begins[i + 1]`. */
  private readonly needed: Int32Array;
  private readonly begins: Int32Array;

  /** @param places where steps stand by their ids, if somebody knows, of a plan whose steps from `from` on these are */
  constructor(readonly steps: readonly S[], places: { readonly of: ReadonlyMap<string, number>; readonly from: number } = { of: placesOf(steps), from: 0 }) {
    // By number: a pair for each of a hundred thousand steps would cost more than all else.
    this.begins = new Int32Array(steps.length + 1);
    for (let at = 0; at < steps.length; at++) this.begins[at + 1] = this.begins[at]! + steps[at]!.needs.length;
    this.needed = new Int32Array(this.begins[steps.length]!);
    let next = 0;
    // One that is no step of the plan is done.
    for (const { needs } of steps) for (const need of needs) this.needed[next++] = Math.max(-1, (places.of.get(need) ?? -1) - places.from);
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
