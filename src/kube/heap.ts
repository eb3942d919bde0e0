/** A binary heap: the first by `isBefore` comes out first. */
export interface Heap<T> {
  push(entry: T): void;
  readonly first: T | undefined;
  /** Takes out the first. */
  shift(): T | undefined;
  readonly size: number;
}

export function createHeap<T>(isBefore: (a: T, b: T) => boolean, entries: Iterable<T> = []): Heap<T> {
  const heap: T[] = [];

  const rise = (entry: T) => {
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || !isBefore(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  };
  const sink = (entry: T) => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && isBefore(right, below)) {
        below = right;
        child++;
      }
      if (!isBefore(below, entry)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  };

  for (const entry of entries) rise(entry);
  return {
    push: rise,
    get first() {
      return heap[0];
    },
    shift() {
      const [first] = heap;
      const last = heap.pop();
      if (last !== undefined && heap.length > 0) sink(last);
      return first;
    },
    get size() {
      return heap.length;
    },
  };
}
