import type { Duration } from '../clock.ts';
import type { Key } from './resource.ts';

/** Keys in the order in which they came; each at most once. */
export interface WaitingLine {
  /** False when the key is waiting already. */
  join(key: Key, now: Duration): boolean;
  leave(key: Key): void;
  /** The key that waits longest, and since when. */
  next(): { key: Key; since: Duration } | undefined;
  readonly length: number;
}

/** A `Map` keeps the order in which keys came, and gives up those that left. */
export function createWaitingLine(): WaitingLine {
  const waiting = new Map<Key, Duration>();
  return {
    join(key, now) {
      if (waiting.has(key)) return false;
      waiting.set(key, now);
      return true;
    },
    leave: (key) => void waiting.delete(key),
    next() {
      for (const [key, since] of waiting) {
        waiting.delete(key);
        return { key, since };
      }
      return undefined;
    },
    get length() {
      return waiting.size;
    },
  };
}
