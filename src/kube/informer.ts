import type { Clock, Instant } from '../clock.ts';
import type { KubeClient } from './client.ts';
import { createFollower } from './follower.ts';
import type { Log } from './log.ts';
import { silentLog } from './log.ts';
import type { Key, KubeObject, Resource } from './resource.ts';
import { nameOf } from './resource.ts';
import { createStore } from './store.ts';

export interface Change<T> {
  key: Key;
  now: T | undefined;
  before: T | undefined;
}

/**
 * What a set of objects looks like now, kept up to date by a list and a watch that never end but by their signal.
 * It holds a projection of each object, not the object.
 */
export interface Informer<T> {
  readonly resource: Resource;
  /** Whether everything that was there at the start has been taken in. Never goes back to false. */
  synced(): boolean;
  whenSynced(): Promise<void>;
  get(key: Key): T | undefined;
  entries(): IterableIterator<[Key, T]>;
  readonly size: number;
  /**
   * Call before an own write of `key`, and the returned function when its answer has been absorbed or will not come.
   * In between, changes of that key are taken in but not told: an echo that overtakes the answer is then no news
   * either, while another's change is told at the end.
   */
  writing(key: Key): () => void;
  /** Takes in the API server's answer to a write of our own: its echo on the watch is then no news. */
  absorb(object: KubeObject): void;
  /** Takes in that an own delete of an object without finalizers was answered. */
  forget(key: Key, uid: string): void;
  /** Never called for own echoes. A deleted and recreated object comes as two changes. */
  onChange(listener: (change: Change<T>) => void): void;
  /** When (wall clock) the API server was last heard: an event, a bookmark or a finished list; 0 before the first. */
  lastEvent(): Instant;
  /** Synced, and the last attempt to follow has not failed. */
  healthy(): boolean;
  /** Follows until `signal` is aborted, then resolves. Never rejects. */
  start(signal: AbortSignal): Promise<void>;
}

/** What an informer does, for readiness and metrics. `reason` says what is wrong when it is not healthy. */
export interface InformerState {
  resource: Resource;
  synced: boolean;
  healthy: boolean;
  reason?: string;
}

export interface InformerOptions<T> {
  client: KubeClient;
  resource: Resource;
  /** Without it, all namespaces. */
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  /** What is kept of an object. An object for which it throws is logged and skipped. */
  project: (object: KubeObject) => T;
  /**
   * Whether the answer to an own write shows what somebody else has changed since. The event of that change is older than
   * the answer when it comes, and then is never told. Without it answers are no news.
   */
  isNews?: ((before: T, now: T) => boolean) | undefined;
  clock: Clock;
  log?: Log | undefined;
  onState?: ((state: InformerState) => void) | undefined;
  /** In [0, 1); spreads renewals and retries. */
  random?: (() => number) | undefined;
}

/** See `Informer`. It does nothing before `start`. */
export function createInformer<T>(options: InformerOptions<T>): Informer<T> {
  const { resource, project, isNews, log = silentLog } = options;
  const listeners: ((change: Change<T>) => void)[] = [];
  const about = { resource: nameOf(resource) };
  const store = createStore<T>({
    project,
    isNews,
    tell: (change) => {
      for (const listener of listeners) {
        try {
          listener(change);
        } catch (error) {
          log.error({ ...about, key: change.key, err: error }, 'a listener of the watch failed');
        }
      }
    },
    onUnreadable: (key, error) =>
      log.error({ ...about, key, err: error }, 'an object could not be read and is skipped'),
  });
  const follower = createFollower({ ...options, log, store });
  return {
    resource,
    synced: follower.synced,
    whenSynced: follower.whenSynced,
    get: (key) => store.held.get(key)?.value,
    *entries() {
      for (const [key, { value }] of store.held) yield [key, value];
    },
    get size() {
      return store.held.size;
    },
    writing: store.writing,
    absorb: store.absorb,
    forget: store.forget,
    onChange: (listener) => void listeners.push(listener),
    lastEvent: follower.lastEvent,
    healthy: follower.healthy,
    start: follower.start,
  };
}
