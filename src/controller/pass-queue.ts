import { type Clock, type Duration, minutes, seconds } from '../clock.ts';
import { type Backoff, backoffDelay } from '../domain/schedule.ts';
import type { Log } from '../kube/log.ts';
import { createWorkQueue, type WorkQueue } from '../kube/queue.ts';
import type { Key } from '../kube/resource.ts';
import type { Metrics } from '../observability/port.ts';

export interface PassQueueDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly metrics: Metrics;
  /** Whether this process may act now. A key that comes up when it may not is dropped: all keys are added when it may again. */
  readonly mayAct: () => boolean;
}

const failedPass: Backoff = { first: seconds(1), most: minutes(5) };

/** A queue whose passes say when they want to be made again; a pass that fails is made again, backing off. */
export function createPassQueue(
  { clock, log, metrics, mayAct }: PassQueueDeps,
  name: string,
  concurrency: number,
  pass: (key: Key) => Promise<Duration | undefined>,
  urgency?: (key: Key) => number,
): WorkQueue {
  const failures = new Map<Key, number>();
  const work = async (key: Key) => {
    if (!mayAct()) return;
    const began = clock.monotonic();
    const took = () => clock.monotonic() - began;
    metrics.reconcilesActive(name, 1);
    try {
      const delay = await pass(key);
      failures.delete(key);
      if (delay !== undefined) queue.addAfter(key, delay);
      metrics.reconcileObserved(name, delay === undefined ? 'success' : 'requeue_after', took());
    } catch (error) {
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      queue.addAfter(key, backoffDelay(failedPass, count, key));
      metrics.reconcileObserved(name, 'error', took());
      log.error({ [name]: key, failures: count, err: error }, 'a pass failed and is made again');
    } finally {
      metrics.reconcilesActive(name, -1);
    }
  };
  const queue = createWorkQueue({ clock, concurrency, work, urgency, observer: metrics.queueObserver(name) });
  metrics.queueSeen(name, queue);
  return queue;
}
