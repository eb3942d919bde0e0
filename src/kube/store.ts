import type { Change } from './informer.ts';
import type { Key, KubeObject } from './resource.ts';
import { keyOf } from './resource.ts';
import { isOlder } from './versions.ts';
import { createWrites } from './writes.ts';

/** How many deleted UIDs are remembered, so that a late answer or event does not bring the object back. */
const remembered = 1_000;

interface Held<T> {
  version: string;
  uid: string;
  value: T;
}

/** A list being taken in. Objects not seen by its end are gone. */
export interface ListPass {
  take: (object: KubeObject) => void;
  /** The list is complete, as of `version`. */
  finish(version: string): void;
}

/** What an informer holds: the newest known version of each object, whichever of list, watch and own writes told it. */
export interface Store<T> {
  readonly held: ReadonlyMap<Key, Held<T>>;
  take(object: KubeObject): void;
  remove: (object: KubeObject) => void;
  absorb: (object: KubeObject) => void;
  forget: (key: Key, uid: string) => void;
  writing: (key: Key) => () => void;
  /** Begins a list anew; one begun earlier is void. */
  list(): ListPass;
}

export function createStore<T>(options: {
  project: (object: KubeObject) => T;
  /** See `InformerOptions`. */
  isNews?: ((before: T, now: T) => boolean) | undefined;
  tell: (change: Change<T>) => void;
  /** `project` threw. */
  onUnreadable: (key: Key, error: unknown) => void;
}): Store<T> {
  const { project, isNews = () => false, tell, onUnreadable } = options;
  const held = new Map<Key, Held<T>>();
  /** UIDs, with the version in which each went; '' when it can never come back. */
  const dead = new Map<string, string>();
  const writes = createWrites(tell);
  /** Keys absorbed since the list in hand began: what it says of them may be older. */
  let absorbed: Set<Key> | undefined;

  const bury = (uid: string, version: string) => {
    dead.delete(uid);
    dead.set(uid, version);
    for (const oldest of dead.keys()) {
      if (dead.size <= remembered) break;
      dead.delete(oldest);
    }
  };
  const read = (key: Key, object: KubeObject): Held<T> | undefined => {
    const { resourceVersion: version = '', uid = '' } = object.metadata;
    try {
      return { version, uid, value: project(object) };
    } catch (error) {
      onUnreadable(key, error);
      return undefined;
    }
  };
  const put = (key: Key, object: KubeObject, before: Held<T> | undefined) => {
    const now = read(key, object);
    if (now === undefined) return;
    held.set(key, now);
    const recreated = before !== undefined && before.uid !== now.uid;
    if (recreated) writes.tell(now, { key, now: undefined, before: before.value });
    writes.tell(now, { key, now: now.value, before: recreated ? undefined : before?.value });
  };
  const drop = (key: Key, gone: Held<T>, version: string) => {
    held.delete(key);
    writes.tell({ uid: gone.uid, version }, { key, now: undefined, before: gone.value });
  };
  /**
   * An object that went is still told of late, in older versions. A newer one is of an object that is back: it went
   * only from what a selector selects, or was deleted and waits for its finalizers.
   */
  const isDead = ({ metadata: { uid = '', resourceVersion = '', deletionTimestamp } }: KubeObject): boolean => {
    const went = dead.get(uid);
    return went !== undefined && deletionTimestamp === undefined && !isOlder(went, resourceVersion);
  };
  /** The object is known in this version or a newer one, or known to be deleted. */
  const stale = (object: KubeObject, known: Held<T> | undefined): boolean => {
    const { resourceVersion: version = '', uid = '' } = object.metadata;
    if (isDead(object)) return true;
    if (known === undefined) return false;
    return (known.uid === uid && known.version === version) || isOlder(version, known.version);
  };

  return {
    held,
    take(object) {
      const key = keyOf(object);
      const known = held.get(key);
      if (!stale(object, known)) put(key, object, known);
    },
    remove(object) {
      const key = keyOf(object);
      const { uid = '', resourceVersion = '' } = object.metadata;
      const known = held.get(key);
      bury(uid, resourceVersion);
      if (known?.uid === uid) drop(key, known, resourceVersion);
    },
    absorb(object) {
      const key = keyOf(object);
      absorbed?.add(key);
      writes.answered(key, object.metadata.resourceVersion ?? '');
      const before = held.get(key);
      if (stale(object, before)) return;
      const now = read(key, object);
      if (now === undefined) return;
      held.set(key, now);
      if (before !== undefined && isNews(before.value, now.value)) {
        tell({ key, now: now.value, before: before.value });
      }
    },
    forget(key, uid) {
      bury(uid, '');
      writes.deleted(key, uid);
      if (held.get(key)?.uid === uid) held.delete(key);
    },
    writing: writes.begin,
    list() {
      const own = (absorbed = new Set<Key>());
      const seen = new Set<Key>();
      // What was deleted may be back: the store behind the API server may have been restored.
      dead.clear();
      return {
        take(object) {
          const key = keyOf(object);
          const known = held.get(key);
          seen.add(key);
          const { uid, resourceVersion: version = '' } = object.metadata;
          if (isDead(object)) return;
          if (known?.uid === uid && known?.version === version) return;
          if (known && own.has(key) && isOlder(version, known.version)) return;
          put(key, object, known);
        },
        finish(version) {
          if (absorbed === own) absorbed = undefined;
          for (const [key, known] of held) {
            const since = own.has(key) && isOlder(version, known.version);
            if (!seen.has(key) && !since) drop(key, known, version);
          }
        },
      };
    },
  };
}
