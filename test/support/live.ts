import { setTimeout as pause } from 'node:timers/promises';
import { KubeConfig, Watch } from '@kubernetes/client-node';
import type { Api } from '../cluster/api.ts';
import type { StoredApplication, StoredConnection, StoredEvent, StoredObject, StoredSecret } from './objects.ts';

const paths = {
  connections: ['/apis/square-operator.dev/v1alpha1', 'squareconnections'],
  applications: ['/apis/square-operator.dev/v1alpha1', 'squareapplications'],
  secrets: ['/api/v1', 'secrets'],
  configMaps: ['/api/v1', 'configmaps'],
  events: ['/apis/events.k8s.io/v1', 'events'],
} as const;

export type Collection = keyof typeof paths;

interface Kinds {
  connections: StoredConnection;
  applications: StoredApplication;
  secrets: StoredSecret;
  configMaps: StoredObject;
  events: StoredEvent;
}

/** Of one namespace, or of the whole cluster. */
export const collectionPath = (collection: Collection, namespace?: string): string =>
  `${paths[collection][0]}${namespace === undefined ? '' : `/namespaces/${namespace}`}/${paths[collection][1]}`;

/** What the tests see of the cluster: followed by a client that is not the product's, every version remembered. */
export interface Live {
  get<C extends Collection>(collection: C, namespace: string, name: string): Kinds[C] | undefined;
  all<C extends Collection>(collection: C, namespace: string): Kinds[C][];
  /** Every version that was ever seen, in the order in which the API server stored them. */
  versions<C extends Collection>(collection: C, namespace?: string, name?: string): Kinds[C][];
  /** Resolves with what `condition` gives once that is something; it is asked again on all news. Rejects after `within`. */
  until<T>(what: string, condition: () => T | undefined | false, within?: number): Promise<T>;
  /** Without a namespace: the whole cluster. */
  follow(namespace?: string): Promise<void>;
  /** Drops what is remembered of a namespace, and what is heard of it from now on. */
  forget(namespace: string): void;
  stop(): void;
}

/** A resource that was just defined is answered with 429 until its storage is there. */
async function first<T>(api: Api, path: string): Promise<T> {
  while ((await api.send('GET', path)).status === 429) await pause(50);
  return await api.ask<T>('GET', path);
}

/** `explain` is added to the error of what did not come about. */
export async function createLive(kubeconfig: string, api: Api, explain: () => string = () => ''): Promise<Live> {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const watch = new Watch(config);
  const now = new Map<string, StoredObject>();
  const seen = new Map<Collection, StoredObject[]>(Object.keys(paths).map((one) => [one as Collection, []]));
  const listeners = new Set<() => void>();
  const forgotten = new Set<string>();
  const stopping = new AbortController();

  const note = (collection: Collection, type: string, object: StoredObject) => {
    const { namespace, name } = object.metadata;
    if (forgotten.has(namespace)) return;
    const key = `${collection} ${namespace}/${name}`;
    if (type === 'DELETED') now.delete(key);
    else now.set(key, object);
    seen.get(collection)?.push(object);
    for (const listener of listeners) listener();
  };

  async function followOne(collection: Collection, namespace?: string): Promise<void> {
    const path = collectionPath(collection, namespace);
    const place = `${collection} ${namespace === undefined ? '' : `${namespace}/`}`;
    /** Takes in all that is there, and what went unseen. */
    const list = async (): Promise<string> => {
      const { metadata, items } = await first<{ metadata: { resourceVersion: string }; items: StoredObject[] }>(
        api,
        path,
      );
      const there = new Map(
        items.map((item) => [`${collection} ${item.metadata.namespace}/${item.metadata.name}`, item]),
      );
      for (const [key, object] of now) {
        if (key.startsWith(place) && !there.has(key)) note(collection, 'DELETED', object);
      }
      for (const [key, item] of there) {
        if (now.get(key)?.metadata.resourceVersion !== item.metadata.resourceVersion) note(collection, 'ADDED', item);
      }
      return metadata.resourceVersion;
    };
    let version = await list();
    let lost = false;
    const again = async (): Promise<void> => {
      if (stopping.signal.aborted) return;
      if (lost) version = await list();
      lost = false;
      const request = await watch.watch(
        path,
        { resourceVersion: version, allowWatchBookmarks: 'true' },
        (type, object: StoredObject) => {
          // Where nothing happened for long while much did elsewhere, the API server no longer has what comes next (410).
          lost ||= type === 'ERROR';
          if (lost) return;
          version = object.metadata.resourceVersion;
          if (type !== 'BOOKMARK') note(collection, type, object);
        },
        // The package ends a watch that is silent for 30 s, too.
        () => void again(),
      );
      stopping.signal.addEventListener('abort', () => request.abort());
    };
    await again();
  }

  return {
    get: (collection, namespace, name) => now.get(`${collection} ${namespace}/${name}`) as never,
    all: (collection, namespace) =>
      [...now].filter(([key]) => key.startsWith(`${collection} ${namespace}/`)).map(([, object]) => object as never),
    versions: (collection, namespace, name) =>
      (seen.get(collection) ?? []).filter(
        ({ metadata }) =>
          (namespace === undefined || metadata.namespace === namespace) &&
          (name === undefined || metadata.name === name),
      ) as never[],
    until: (what, condition, within = 30_000) =>
      new Promise((resolve, reject) => {
        const end = (act: () => void) => {
          listeners.delete(look);
          clearInterval(looking);
          clearTimeout(deadline);
          act();
        };
        const look = () => {
          try {
            const found = condition();
            if (found !== undefined && found !== false) end(() => resolve(found));
          } catch (error) {
            end(() => reject(error));
          }
        };
        const deadline = setTimeout(
          () => end(() => reject(new Error(`${what}: not within ${within} ms\n${explain()}`))),
          within,
        );
        // Not all that is waited for is in the cluster: Square's ledger and the operator's log are not.
        const looking = setInterval(look, 20);
        listeners.add(look);
        look();
      }),
    follow: async (namespace) =>
      void (await Promise.all(Object.keys(paths).map((one) => followOne(one as Collection, namespace)))),
    forget(namespace) {
      forgotten.add(namespace);
      for (const key of now.keys()) if (key.includes(` ${namespace}/`)) now.delete(key);
      for (const [collection, objects] of seen)
        seen.set(
          collection,
          objects.filter(({ metadata }) => metadata.namespace !== namespace),
        );
    },
    stop: () => stopping.abort(),
  };
}
