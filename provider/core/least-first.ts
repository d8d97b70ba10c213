/** A binary heap of whole numbers: the least by some order comes out first, and of equals any. */
export class LeastFirst {
  private readonly heap: number[] = [];

  constructor(private readonly isLess: (a: number, b: number) => boolean) {}

  get size(): number {
    return this.heap.length;
  }

  add(item: number): void {
    const { heap, isLess } = this;
    let at = heap.push(item) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!isLess(item, heap[parent]!)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = item;
  }

  /** Undefined: there is none. */
  take(): number | undefined {
    const { heap, isLess } = this;
    const [least] = heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return least;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isLess(heap[child + 1]!, heap[child]!)) child += 1;
      if (!isLess(heap[child]!, last)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return least;
  }
}
