import type { Clock, Duration } from '../clock.ts';
import type { Key } from './resource.ts';

/** What the `workqueue_*` metrics are made from. Durations in milliseconds. */
export interface QueueObserver {
  added?(): void;
  /** A key's work begins, having waited so long. */
  started?(waited: Duration): void;
  finished?(worked: Duration): void;
  /** A key was put back for later with `addAfter`. */
  delayed?(delay: Duration): void;
}

/** A queue of keys: each at most once waiting and at most once in work. First come, first served. */
export interface WorkQueue {
  /** Work on `key` as soon as a worker is free; once more afterwards when it is in work now. */
  add(key: Key): void;
  /** Work on `key` in `delay`. Replaces the key's earlier due time; `add` brings it forward. */
  addAfter(key: Key, delay: Duration): void;
  /** Drops the key, waiting or delayed. Work in hand goes on, but not again. */
  forget(key: Key): void;
  start(): void;
  /** Starts nothing more until `start`. What is added is kept. */
  pause(): void;
  /** Pauses, and resolves when the work in hand is done. */
  drain(): Promise<void>;
  /** Keys waiting for a worker. */
  readonly length: number;
  /** Keys with a due time ahead. */
  readonly delayed: number;
  readonly running: number;
  /** Since when (milliseconds so far) each key in work has been worked on: for `workqueue_unfinished_work_seconds`. */
  unfinished(): Duration[];
}

export interface WorkQueueOptions {
  clock: Clock;
  concurrency: number;
  /** Should not reject: what it rejects with is given to `onError` and the key is not put back. */
  work: (key: Key) => Promise<void>;
  onError?: ((key: Key, error: unknown) => void) | undefined;
  observer?: QueueObserver | undefined;
}
