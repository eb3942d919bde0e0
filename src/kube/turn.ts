import { KubeError } from './client.ts';
import type { InformerOptions } from './informer.ts';
import { pathOf } from './resource.ts';
import type { ListPass, Store } from './store.ts';
import { isOlder } from './versions.ts';
import { type Ending, watchOnce } from './watch.ts';

export interface TurnOptions<T> extends Omit<InformerOptions<T>, 'log' | 'project' | 'onState'> {
  store: Store<T>;
  random: () => number;
  /** The server is alive. */
  onHeard: () => void;
  /** A list is complete. */
  onListed: () => void;
  /** The watch goes on from where it was. */
  onResumed: () => void;
  /** Something new came. */
  onProgress: () => void;
}

/** Lists and watches, one at a time, with the place in the stream of changes to go on from. */
export interface Turns {
  /** A list where it is needed, and a watch until it is over. Never rejects. */
  take: (signal: AbortSignal) => Promise<Ending>;
  /** Whether the server is behind what it told before: it would keep silent until it has caught up. */
  isRewound: () => Promise<boolean>;
  /** The resourceVersion to go on from; `undefined`: from a list. */
  version: () => string | undefined;
  /** The next turn begins with a list. */
  restart: () => void;
  /** This server does not know the streaming list. */
  listByPages: () => void;
}

export function createTurns<T>(options: TurnOptions<T>): Turns {
  const { client, clock, resource, store, random, namespace, labelSelector, fieldSelector } = options;
  const selectors = { ...(labelSelector ? { labelSelector } : {}), ...(fieldSelector ? { fieldSelector } : {}) };
  let version: string | undefined;
  let streamingList = true;

  const pathWith = (query: Record<string, string>) =>
    `${pathOf(resource, namespace)}?${new URLSearchParams({ ...query, ...selectors }).toString()}`;
  const finish = (pass: ListPass, at: string) => {
    pass.finish(at);
    version = at;
    options.onHeard();
    options.onListed();
  };
  const list = async () => {
    const pass = store.list();
    const { resourceVersion } = await client.listPages(resource, { namespace, ...selectors }, (items) => {
      for (const item of items) pass.take(item);
    });
    finish(pass, resourceVersion);
  };
  const advance = (to: string): Ending | undefined => {
    if (version !== undefined && isOlder(to, version)) return { how: 'rewound' };
    version = to;
    options.onProgress();
    return undefined;
  };
  const watchPath = () =>
    pathWith({
      watch: '1',
      allowWatchBookmarks: 'true',
      timeoutSeconds: String(300 + Math.floor(random() * 300)),
      ...(version === undefined
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: version }),
    });
  const watch = (signal: AbortSignal): Promise<Ending> => {
    let pass = version === undefined ? store.list() : undefined;
    const turn = {
      path: watchPath(),
      initial: pass !== undefined,
      onOpen: () => {
        if (pass === undefined) options.onResumed();
      },
      onHeard: options.onHeard,
      onObject(type: 'ADDED' | 'MODIFIED' | 'DELETED', object: Parameters<Store<T>['take']>[0]): Ending | undefined {
        const why = pass === undefined ? advance(object.metadata.resourceVersion ?? '') : undefined;
        if (why !== undefined) return why;
        if (type === 'DELETED') store.remove(object);
        else (pass ?? store).take(object);
        return undefined;
      },
      onBookmark(at: string, endOfList: boolean): Ending | undefined {
        if (pass === undefined) return advance(at);
        if (!endOfList) return { how: 'unlisted' };
        finish(pass, at);
        pass = undefined;
        return undefined;
      },
    };
    return watchOnce(client, clock, turn, signal);
  };

  return {
    async take(signal) {
      try {
        if (version === undefined && !streamingList) await list();
      } catch (error) {
        return error instanceof KubeError && error.status === 410 ? { how: 'expired' } : { how: 'failed', error };
      }
      return watch(signal);
    },
    async isRewound() {
      if (version === undefined) return false;
      const { body } = await client.requestRaw('GET', pathWith({ limit: '1' }));
      const now = (body as { metadata?: { resourceVersion?: string } } | undefined)?.metadata?.resourceVersion;
      return now !== undefined && isOlder(now, version);
    },
    version: () => version,
    restart: () => {
      version = undefined;
    },
    listByPages: () => {
      streamingList = false;
    },
  };
}
