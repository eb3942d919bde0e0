import type { Change } from './informer.ts';
import type { Key } from './resource.ts';

interface Version {
  uid: string;
  version: string;
}

/** Own writes under way. Changes of their keys are held back until it is known whose they were. */
export interface Writes<T> {
  /** Tells the change, at once or when the write of its key is over. */
  tell(version: Version, change: Change<T>): void;
  /** An own write of `key` begins; call what is returned when it is over. */
  begin: (key: Key) => () => void;
  /** The change of `key` to `version` was our own. */
  answered(key: Key, version: string): void;
  /** The deletion of this object was our own. */
  deleted(key: Key, uid: string): void;
}

export function createWrites<T>(tell: (change: Change<T>) => void): Writes<T> {
  const open = new Map<Key, { count: number; waiting: { of: Version; change: Change<T> }[] }>();
  return {
    tell(of, change) {
      const write = open.get(change.key);
      if (write === undefined) tell(change);
      else write.waiting.push({ of, change });
    },
    begin(key) {
      const write = open.get(key) ?? { count: 0, waiting: [] };
      write.count++;
      open.set(key, write);
      let over = false;
      return () => {
        if (over) return;
        over = true;
        if (--write.count > 0) return;
        open.delete(key);
        for (const { change } of write.waiting) tell(change);
      };
    },
    answered(key, version) {
      const write = open.get(key);
      if (write) write.waiting = write.waiting.filter(({ of }) => of.version !== version);
    },
    deleted(key, uid) {
      const write = open.get(key);
      if (write) write.waiting = write.waiting.filter(({ of, change }) => of.uid !== uid || change.now !== undefined);
    },
  };
}
