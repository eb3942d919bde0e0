import type { Informer } from './informer.ts';
import { type Key, splitKey } from './resource.ts';

/** One kind of object in all watched namespaces: one informer for the cluster, or several that look like one. */
export type View<T> = Informer<T>;

/**
 * Joins informers of one kind, each for one namespace. The object of a namespace that none follows is not there, and
 * writes to it are not taken in.
 */
export function joinNamespaces<T>(informers: ReadonlyMap<string, Informer<T>>): View<T> {
  const all = [...informers.values()];
  const [first] = all;
  if (first === undefined) throw new Error('a view needs one namespace at least');
  const of = (namespace: string | undefined) => informers.get(namespace ?? '');
  const ofKey = (key: Key) => of(splitKey(key).namespace);
  return {
    resource: first.resource,
    synced: () => all.every((informer) => informer.synced()),
    whenSynced: async () => void (await Promise.all(all.map((informer) => informer.whenSynced()))),
    get: (key) => ofKey(key)?.get(key),
    *entries() {
      for (const informer of all) yield* informer.entries();
    },
    get size() {
      return all.reduce((sum, informer) => sum + informer.size, 0);
    },
    writing: (key) => ofKey(key)?.writing(key) ?? (() => {}),
    absorb: (object) => of(object.metadata.namespace)?.absorb(object),
    forget: (key, uid) => ofKey(key)?.forget(key, uid),
    onChange(listener) {
      for (const informer of all) informer.onChange(listener);
    },
    lastEvent: () => Math.min(...all.map((informer) => informer.lastEvent())),
    healthy: () => all.every((informer) => informer.healthy()),
    start: async (signal) => void (await Promise.all(all.map((informer) => informer.start(signal)))),
  };
}
