import type { Duration } from '../clock.ts';
import type { Key } from './resource.ts';

/** Keys by due time: a binary heap. A key has one due time; setting it again replaces it. */
export interface DueTimes {
  set(key: Key, at: Duration): void;
  delete(key: Key): void;
  /** Takes out the earliest key that is due by `now`. */
  take(now: Duration): Key | undefined;
  /** When the next key is due. */
  next(): Duration | undefined;
  readonly size: number;
}

interface Entry {
  key: Key;
  at: Duration;
}

export function createDueTimes(): DueTimes {
  // An entry counts only while `times` holds that very entry; one that was replaced or deleted stays until it comes up.
  const times = new Map<Key, Entry>();
  let heap: Entry[] = [];

  const rise = (entry: Entry) => {
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent];
      if (above === undefined || above.at <= entry.at) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  };
  const sink = (entry: Entry) => {
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      let below = heap[child];
      if (below === undefined) break;
      const right = heap[child + 1];
      if (right !== undefined && right.at < below.at) {
        below = right;
        child++;
      }
      if (below.at >= entry.at) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = entry;
  };
  const removeFirst = () => {
    const last = heap.pop();
    if (last !== undefined && heap.length > 0) sink(last);
  };
  const first = (): Entry | undefined => {
    for (;;) {
      const entry = heap[0];
      if (entry === undefined || times.get(entry.key) === entry) return entry;
      removeFirst();
    }
  };
  const compact = () => {
    heap = [];
    for (const entry of times.values()) rise(entry);
  };

  return {
    set(key, at) {
      const entry = { key, at };
      times.set(key, entry);
      rise(entry);
      if (heap.length > 2 * times.size + 64) compact();
    },
    delete: (key) => void times.delete(key),
    take(now) {
      const entry = first();
      if (entry === undefined || entry.at > now) return undefined;
      times.delete(entry.key);
      removeFirst();
      return entry.key;
    },
    next: () => first()?.at,
    get size() {
      return times.size;
    },
  };
}
