import { type Duration, type Instant, seconds, sleep } from '../clock.ts';
import { backoff } from './backoff.ts';
import type { InformerOptions } from './informer.ts';
import type { Log } from './log.ts';
import { nameOf } from './resource.ts';
import type { Store } from './store.ts';
import { createTrouble } from './trouble.ts';
import { createTurns } from './turn.ts';
import type { Ending } from './watch.ts';

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
  const { clock, log, store, random = Math.random } = options;
  const about = { resource: nameOf(options.resource) };
  const arrival = Promise.withResolvers<void>();
  const trouble = createTrouble({ ...options, synced: () => synced });
  let synced = false;
  let lastEvent: Instant = 0;
  /** Turns in a row that brought nothing. */
  let fruitless = 0;

  const turns = createTurns({
    ...options,
    random,
    onHeard: () => {
      lastEvent = clock.wall();
    },
    onProgress: () => {
      fruitless = 0;
    },
    onResumed: trouble.clear,
    onListed() {
      trouble.clear();
      if (synced) return;
      synced = true;
      log.info({ ...about, objects: store.held.size }, 'watching');
      trouble.report();
      arrival.resolve();
    },
  });
  const rewind = () => {
    log.warn(
      { ...about, version: turns.version() },
      'the API server went back in time (its store was restored), listing anew',
    );
    turns.restart();
  };
  const turn = async (signal: AbortSignal): Promise<Ending> => {
    try {
      if (trouble.now() !== undefined && (await turns.isRewound())) rewind();
    } catch (error) {
      return { how: 'failed', error };
    }
    return turns.take(signal);
  };
  /** Takes in how a turn ended; returns how long to wait before the next. */
  const conclude = (ending: Ending, lasted: Duration): Duration => {
    if (lasted >= settled) fruitless = 0;
    fruitless++;
    switch (ending.how) {
      case 'failed':
        return Math.max(trouble.note(ending.error), backoff(fruitless, random));
      case 'unlisted':
        turns.listByPages();
        log.info(about, 'the API server has no streaming list, listing by pages');
        return 0;
      case 'rewound':
        rewind();
        break;
      case 'silent':
        trouble.note(new Error('the watch fell silent'));
        turns.restart();
        break;
      case 'expired':
        log.debug({ ...about, version: turns.version() }, 'the watch expired, listing anew');
        turns.restart();
        break;
      case 'ended':
        break;
    }
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
