/** How long a plan takes from its first step's beginning to its last one's end. */
import { LeastFirst } from "./least-first";
import type { StepGraph, StepNode } from "./step-graph";

interface Pool {
  room: number;
  /** Steps that could begin but for its room, by their places. */
  readonly waiting: LeastFirst;
}

/**
 * When the executor is done with such a graph, if every step takes as long as is said: it is walked as `execute` walks it, each step as
 * soon as all it needs is done and its pool has room, of those that wait for a pool the first in the plan. The critical path alone
 * would promise thousands of machines in the time of one.
 */
export function makespan<S extends StepNode>(graph: StepGraph<S>, lengthOf: (step: S) => number, pools: Readonly<Record<string, number>>): number {
  const { steps } = graph;
  const poolOf = poolsOf(steps, pools);
  if (poolOf.size === 0) return graph.ends(lengthOf).reduce((longest, end) => Math.max(longest, end), 0);

  const missing = graph.needCounts();
  const dependents = graph.dependents();
  const ends = new Float64Array(steps.length);
  /** Which began before which: what ends at the same time ends in that order. */
  const order = new Int32Array(steps.length);
  const running = new LeastFirst((a, b) => ends[a]! < ends[b]! || (ends[a] === ends[b] && order[a]! < order[b]!));
  let begun = 0;
  let now = 0;
  const free = new LeastFirst((a, b) => a < b);
  const enqueue = (place: number): void => {
    const pool = poolOf.get(steps[place]!.pool);
    if (pool) pool.waiting.add(place);
    else free.add(place);
  };
  const beginAll = (): void => {
    for (const pool of poolOf.values()) {
      while (pool.room > 0 && pool.waiting.size > 0) {
        pool.room -= 1;
        free.add(pool.waiting.take()!);
      }
    }
    for (let place = free.take(); place !== undefined; place = free.take()) {
      ends[place] = now + lengthOf(steps[place]!);
      order[place] = begun++;
      running.add(place);
    }
  };

  for (const place of steps.keys()) if (missing[place] === 0) enqueue(place);
  beginAll();
  for (let place = running.take(); place !== undefined; place = running.take()) {
    now = ends[place]!;
    const pool = poolOf.get(steps[place]!.pool);
    if (pool) pool.room += 1;
    for (let at = dependents.begins[place]!; at < dependents.begins[place + 1]!; at++) {
      const next = dependents.places[at]!;
      missing[next] = missing[next]! - 1;
      if (missing[next] === 0) enqueue(next);
    }
    beginAll();
  }
  return now;
}

/** Those that may be too small for the steps that are in them. */
function poolsOf(steps: readonly StepNode[], sizes: Readonly<Record<string, number>>): Map<string | undefined, Pool> {
  const counts = new Map<string, number>();
  for (const { pool } of steps) if (pool !== undefined) counts.set(pool, (counts.get(pool) ?? 0) + 1);
  const bound = [...counts].filter(([pool, count]) => count > (sizes[pool] ?? Infinity));
  return new Map(bound.map(([pool]) => [pool, { room: sizes[pool]!, waiting: new LeastFirst((a, b) => a < b) }]));
}
