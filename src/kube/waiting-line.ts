import type { Duration } from '../clock.ts';
import { createHeap } from './heap.ts';
import type { Key } from './resource.ts';

/** Keys in the order of urgency, the smallest number first, and of those in the order in which they came; each at most once. */
export interface WaitingLine {
  /** False when the key is waiting already; what is more urgent by now moves up. */
  join(key: Key, now: Duration, urgency: number): boolean;
  leave(key: Key): void;
  has(key: Key): boolean;
  /** The key whose turn it is. It stays in the line. */
  first(): Key | undefined;
  /** Takes out the key whose turn it is, and says since when it waited. */
  next(): { key: Key; since: Duration } | undefined;
  readonly length: number;
}

interface Entry {
  readonly key: Key;
  readonly since: Duration;
  readonly urgency: number;
  readonly place: number;
}

const isBefore = (a: Entry, b: Entry): boolean => (a.urgency === b.urgency ? a.place < b.place : a.urgency < b.urgency);

export function createWaitingLine(): WaitingLine {
  // An entry counts only while `waiting` holds that very entry; one that was replaced or left stays until it comes up.
  const waiting = new Map<Key, Entry>();
  let heap = createHeap(isBefore);
  let places = 0;

  const put = (entry: Entry) => {
    waiting.set(entry.key, entry);
    heap.push(entry);
    if (heap.size > 2 * waiting.size + 64) heap = createHeap(isBefore, waiting.values());
  };
  const front = (): Entry | undefined => {
    for (;;) {
      const entry = heap.first;
      if (entry === undefined || waiting.get(entry.key) === entry) return entry;
      heap.shift();
    }
  };

  return {
    join(key, now, urgency) {
      const entry = waiting.get(key);
      if (entry === undefined) put({ key, since: now, urgency, place: places++ });
      else if (urgency < entry.urgency) put({ ...entry, urgency });
      return entry === undefined;
    },
    leave: (key) => void waiting.delete(key),
    has: (key) => waiting.has(key),
    first: () => front()?.key,
    next() {
      const entry = front();
      if (entry === undefined) return undefined;
      waiting.delete(entry.key);
      heap.shift();
      return { key: entry.key, since: entry.since };
    },
    get length() {
      return waiting.size;
    },
  };
}
