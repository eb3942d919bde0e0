import type { Duration } from '../clock.ts';
import { createHeap } from './heap.ts';
import type { Key } from './resource.ts';

/** Keys by due time. A key has one due time; setting it again replaces it. */
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

const isBefore = (a: Entry, b: Entry): boolean => a.at < b.at;

export function createDueTimes(): DueTimes {
  // An entry counts only while `times` holds that very entry; one that was replaced or deleted stays until it comes up.
  const times = new Map<Key, Entry>();
  let heap = createHeap(isBefore);

  const first = (): Entry | undefined => {
    for (;;) {
      const entry = heap.first;
      if (entry === undefined || times.get(entry.key) === entry) return entry;
      heap.shift();
    }
  };

  return {
    set(key, at) {
      const entry = { key, at };
      times.set(key, entry);
      heap.push(entry);
      if (heap.size > 2 * times.size + 64) heap = createHeap(isBefore, times.values());
    },
    delete: (key) => void times.delete(key),
    take(now) {
      const entry = first();
      if (entry === undefined || entry.at > now) return undefined;
      times.delete(entry.key);
      heap.shift();
      return entry.key;
    },
    next: () => first()?.at,
    get size() {
      return times.size;
    },
  };
}
