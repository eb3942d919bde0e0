import { type Duration, type Instant, seconds, sleep } from '../clock.ts';
import { backoff } from './backoff.ts';
import { KubeError } from './client.ts';
import type { InformerOptions } from './informer.ts';
import type { Log } from './log.ts';
import { nameOf, pathOf } from './resource.ts';
import type { ListPass, Store } from './store.ts';
import { createTrouble } from './trouble.ts';
import { isOlder } from './versions.ts';
import { type Ending, watchOnce } from './watch.ts';

/** A watch that lasted so long was no false start. */
const settled = seconds(10);

export interface Follower {
  synced: () => boolean;
  whenSynced: () => Promise<void>;
  lastEvent: () => Instant;
  healthy: () => boolean;
  start: (signal: AbortSignal) => Promise<void>;
}

/** Keeps `store` as the API server has it: list, watch, and again, whatever happens, until told to stop. */
export function createFollower<T>(options: Omit<InformerOptions<T>, 'log'> & { log: Log; store: Store<T> }): Follower {
  const { client, clock, log, resource, store, random = Math.random } = options;
  const about = { resource: nameOf(resource) };
  const whole = {
    namespace: options.namespace,
    labelSelector: options.labelSelector,
    fieldSelector: options.fieldSelector,
  };
  const arrival = Promise.withResolvers<void>();
  const trouble = createTrouble({ ...options, synced: () => synced });
  let synced = false;
  let lastEvent: Instant = 0;
  /** Where the watch goes on; `undefined`: begin with a list. */
  let version: string | undefined;
  let streamingList = true;
  /** Turns in a row that brought nothing. */
  let fruitless = 0;

  const query = (more: Record<string, string>) => {
    const parameters = new URLSearchParams(more);
    if (options.labelSelector) parameters.set('labelSelector', options.labelSelector);
    if (options.fieldSelector) parameters.set('fieldSelector', options.fieldSelector);
    return `${pathOf(resource, options.namespace)}?${parameters.toString()}`;
  };
  const heard = () => {
    lastEvent = clock.wall();
  };
  const listed = (pass: ListPass, at: string) => {
    pass.finish(at);
    version = at;
    heard();
    trouble.clear();
    if (synced) return;
    synced = true;
    log.info({ ...about, objects: store.held.size }, 'watching');
    trouble.report();
    arrival.resolve();
  };

  const listByPages = async () => {
    const pass = store.list();
    const { resourceVersion } = await client.listPages(resource, whole, (items) => {
      for (const item of items) pass.take(item);
    });
    listed(pass, resourceVersion);
  };

  const watch = (signal: AbortSignal): Promise<Ending> => {
    let pass = version === undefined ? store.list() : undefined;
    const from: Record<string, string> =
      version === undefined
        ? { sendInitialEvents: 'true', resourceVersionMatch: 'NotOlderThan' }
        : { resourceVersion: version };
    const timeoutSeconds = String(300 + Math.floor(random() * 300));
    const advance = (to: string): Ending | undefined => {
      if (version !== undefined && isOlder(to, version)) return { how: 'rewound' };
      version = to;
      fruitless = 0;
      return undefined;
    };
    return watchOnce(
      client,
      clock,
      {
        path: query({ watch: '1', allowWatchBookmarks: 'true', timeoutSeconds, ...from }),
        initial: pass !== undefined,
        onOpen: () => {
          if (pass === undefined) trouble.clear();
        },
        onHeard: heard,
        onObject(type, object) {
          if (pass !== undefined && type !== 'DELETED') {
            pass.take(object);
            return undefined;
          }
          const why = pass === undefined ? advance(object.metadata.resourceVersion ?? '') : undefined;
          if (why !== undefined) return why;
          if (type === 'DELETED') store.remove(object);
          else store.take(object);
          return undefined;
        },
        onBookmark(at, isEnd) {
          if (pass === undefined) return advance(at);
          if (!isEnd) return { how: 'unlisted' };
          listed(pass, at);
          pass = undefined;
          return undefined;
        },
      },
      signal,
    );
  };

  /** Whether the server is behind what it has told us: it would keep silent until it has caught up. */
  const isRewound = async (held: string): Promise<boolean> => {
    const { body } = await client.requestRaw('GET', query({ limit: '1' }));
    const now = (body as { metadata?: { resourceVersion?: string } } | undefined)?.metadata?.resourceVersion;
    return now !== undefined && isOlder(now, held);
  };

  const rewind = () => {
    log.warn({ ...about, version }, 'the API server went back in time (its store was restored), listing anew');
    version = undefined;
  };

  /** One list or watch, from beginning to end. */
  const turn = async (signal: AbortSignal): Promise<Ending> => {
    try {
      if (version !== undefined && trouble.now() !== undefined && (await isRewound(version))) rewind();
      if (version === undefined && !streamingList) await listByPages();
    } catch (error) {
      return error instanceof KubeError && error.status === 410 ? { how: 'expired' } : { how: 'failed', error };
    }
    return watch(signal);
  };

  /** Takes in how a turn ended; returns how long to wait before the next. */
  const conclude = (ending: Ending, lasted: Duration): Duration => {
    if (lasted >= settled) fruitless = 0;
    fruitless++;
    switch (ending.how) {
      case 'failed':
        return Math.max(trouble.note(ending.error), backoff(fruitless, random));
      case 'unlisted':
        streamingList = false;
        log.info(about, 'the API server has no streaming list, listing by pages');
        return 0;
      case 'rewound':
        rewind();
        break;
      case 'silent':
        trouble.note(new Error('the watch fell silent'));
        break;
      case 'expired':
        log.debug({ ...about, version }, 'the watch expired, listing anew');
        break;
      case 'ended':
        break;
    }
    if (ending.how !== 'ended') version = undefined;
    return fruitless === 1 ? 0 : backoff(fruitless - 1, random);
  };

  return {
    synced: () => synced,
    whenSynced: () => arrival.promise,
    lastEvent: () => lastEvent,
    healthy: () => synced && trouble.now() === undefined,
    async start(signal) {
      while (!signal.aborted) {
        const begun = clock.monotonic();
        const ending = await turn(signal);
        if (signal.aborted) return;
        const wait = conclude(ending, clock.monotonic() - begun);
        if (wait > 0) await sleep(clock, wait, signal).catch(() => {});
      }
    },
  };
}
