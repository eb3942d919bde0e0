import type { Clock, Duration } from '../clock.ts';
import { createDueTimes } from './due-times.ts';
import type { Key } from './resource.ts';
import { createWaitingLine } from './waiting-line.ts';

/** What the `workqueue_*` metrics are made from. Durations in milliseconds. */
export interface QueueObserver {
  added?(): void;
  /** A key's work begins, having waited so long. */
  started?(waited: Duration): void;
  finished?(worked: Duration): void;
  /** A key was put back for later with `addAfter`. */
  delayed?(delay: Duration): void;
}

/** A queue of keys: each at most once waiting and at most once in work. The most urgent first, then first come, first served. */
export interface WorkQueue {
  /** Work on `key` as soon as a worker is free; once more afterwards when it is in work now. */
  add(key: Key): void;
  /** Work on `key` in `delay`. Replaces the key's earlier due time; `add` brings it forward. */
  addAfter(key: Key, delay: Duration): void;
  /** Drops the key, waiting or delayed. Work in hand goes on, but not again. */
  forget(key: Key): void;
  /** Takes keys in from now on, and works on none before `start`. */
  open(): void;
  /** Takes keys in and works on them. */
  start(): void;
  /**
   * Drops all keys that wait or are due, and takes in none until it is opened: whoever opens it adds all that there is, by
   * the urgency of that time. Work in hand goes on.
   */
  close(): void;
  /** Closes, and resolves when the work in hand is done. */
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
  /** Asked when a key begins to wait: the smaller the sooner. Without it all are alike. */
  urgency?: ((key: Key) => number) | undefined;
  onError?: ((key: Key, error: unknown) => void) | undefined;
  observer?: QueueObserver | undefined;
}

/** See `WorkQueue`. It is closed until `open` or `start`. */
export function createWorkQueue(options: WorkQueueOptions): WorkQueue {
  const { clock, concurrency, work, urgency, onError, observer } = options;
  let waiting = createWaitingLine();
  let due = createDueTimes();
  /** Keys in work, and since when. */
  const running = new Map<Key, Duration>();
  const again = new Set<Key>();
  let state: 'Closed' | 'Open' | 'Started' = 'Closed';
  let idle: (() => void)[] = [];
  let alarm: { at: Duration; cancel: () => void } | undefined;

  const enqueue = (key: Key) => {
    if (running.has(key)) again.add(key);
    else if (waiting.join(key, clock.monotonic(), urgency?.(key) ?? 0)) observer?.added?.();
  };
  const setAlarm = () => {
    const at = due.next();
    if (alarm?.at === at) return;
    alarm?.cancel();
    alarm = at === undefined ? undefined : { at, cancel: clock.after(Math.max(0, at - clock.monotonic()), ring) };
  };
  const ring = () => {
    alarm = undefined;
    const now = clock.monotonic();
    for (let key = due.take(now); key !== undefined; key = due.take(now)) enqueue(key);
    setAlarm();
    pump();
  };
  const run = async (key: Key, since: Duration) => {
    const begun = clock.monotonic();
    running.set(key, begun);
    observer?.started?.(begun - since);
    try {
      await work(key);
    } catch (error) {
      onError?.(key, error);
    }
    running.delete(key);
    observer?.finished?.(clock.monotonic() - begun);
    if (again.delete(key)) enqueue(key);
    pump();
    if (running.size > 0) return;
    for (const tell of idle.splice(0)) tell();
  };
  const pump = () => {
    for (;;) {
      const next = state !== 'Started' || running.size >= concurrency ? undefined : waiting.next();
      if (next === undefined) return;
      void run(next.key, next.since);
    }
  };
  const close = () => {
    state = 'Closed';
    waiting = createWaitingLine();
    due = createDueTimes();
    again.clear();
    setAlarm();
  };

  return {
    add(key) {
      if (state === 'Closed') return;
      due.delete(key);
      enqueue(key);
      pump();
    },
    addAfter(key, delay) {
      if (state === 'Closed') return;
      due.set(key, clock.monotonic() + delay);
      observer?.delayed?.(delay);
      setAlarm();
    },
    forget(key) {
      due.delete(key);
      waiting.leave(key);
      again.delete(key);
    },
    open() {
      if (state === 'Closed') state = 'Open';
    },
    start() {
      state = 'Started';
      pump();
    },
    close,
    drain() {
      close();
      return running.size === 0 ? Promise.resolve() : new Promise((resolve) => idle.push(resolve));
    },
    get length() {
      return waiting.length;
    },
    get delayed() {
      return due.size;
    },
    get running() {
      return running.size;
    },
    unfinished() {
      const now = clock.monotonic();
      return [...running.values()].map((since) => now - since);
    },
  };
}
