import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { createWorkQueue, type QueueObserver } from '../../../src/kube/queue.ts';
import { createFakeClock } from '../../support/clock.ts';

interface QueueWish {
  concurrency?: number;
  observer?: QueueObserver;
  urgency?: (key: string) => number;
}

function aQueue({ concurrency = 2, observer, urgency }: QueueWish = {}) {
  const clock = createFakeClock();
  const begun: string[] = [];
  const open = new Map<string, { end: () => void; fail: (error: Error) => void }>();
  const errors: unknown[] = [];
  const queue = createWorkQueue({
    clock,
    concurrency,
    observer,
    urgency,
    work: (key) =>
      new Promise((end, fail) => {
        begun.push(key);
        open.set(key, { end, fail });
      }),
    onError: (key, error) => errors.push([key, error]),
  });
  const settle = () => clock.advance(0);
  return {
    clock,
    queue,
    begun,
    errors,
    settle,
    end: async (key: string) => {
      open.get(key)?.end();
      await settle();
    },
    fail: async (key: string, error: Error) => {
      open.get(key)?.fail(error);
      await settle();
    },
  };
}

describe('work queue', () => {
  test('nothing starts before start, then first come, first served, no more than the concurrency at once', async () => {
    const { queue, begun, end } = aQueue();
    queue.open();
    for (const key of ['a', 'b', 'c', 'd']) queue.add(key);
    expect([begun, queue.length]).toEqual([[], 4]);
    queue.start();
    expect(begun).toEqual(['a', 'b']);
    await end('b');
    expect(begun).toEqual(['a', 'b', 'c']);
    expect([queue.length, queue.running]).toEqual([1, 2]);
  });

  test('the most urgent key goes first, as urgent as it is when it is added', async () => {
    const urgencies: Record<string, number> = { b: 2, c: 1, d: 2 };
    const { queue, begun, end } = aQueue({ concurrency: 1, urgency: (key) => urgencies[key] ?? 3 });
    queue.open();
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    urgencies['e'] = 0;
    queue.add('e');
    queue.start();
    for (const key of ['e', 'c', 'b', 'd', 'a']) await end(key);
    expect(begun).toEqual(['e', 'c', 'b', 'd', 'a']);
  });

  test('a key waits once, and runs once more when it is added while in work', async () => {
    const { queue, begun, end } = aQueue({ concurrency: 1 });
    queue.start();
    for (const key of ['a', 'b', 'b', 'a', 'a']) queue.add(key);
    expect(begun).toEqual(['a']);
    await end('a');
    await end('b');
    await end('a');
    expect([begun, queue.length, queue.running]).toEqual([['a', 'b', 'a'], 0, 0]);
  });

  test('a key is never in work twice', async () => {
    const { queue, begun, end, clock } = aQueue({ concurrency: 5 });
    queue.start();
    queue.add('a');
    queue.add('a');
    queue.addAfter('a', seconds(1));
    await clock.advance(seconds(2));
    expect([begun, queue.running]).toEqual([['a'], 1]);
    await end('a');
    expect(begun).toEqual(['a', 'a']);
  });

  test('a later due time replaces an earlier one, and the other way round', async () => {
    const { queue, begun, clock } = aQueue();
    queue.start();
    queue.addAfter('a', seconds(5));
    queue.addAfter('a', minutes(1));
    queue.addAfter('b', minutes(1));
    queue.addAfter('b', seconds(5));
    await clock.advance(seconds(59));
    expect(begun).toEqual(['b']);
    await clock.advance(seconds(1));
    expect(begun).toEqual(['b', 'a']);
    expect([queue.delayed, clock.timers()]).toEqual([0, 0]);
  });

  test('add brings a due key forward and takes its due time away', async () => {
    const { queue, begun, clock, end } = aQueue();
    queue.start();
    queue.addAfter('a', seconds(5));
    queue.add('a');
    expect([begun, queue.delayed]).toEqual([['a'], 0]);
    await end('a');
    await clock.advance(minutes(1));
    expect(begun).toEqual(['a']);
  });

  test('ten thousand due keys need one timer and come in order of time', async () => {
    const { queue, begun, clock } = aQueue({ concurrency: 10_000 });
    queue.start();
    const order = Array.from({ length: 10_000 }, (_, i) => (i * 7_919) % 10_000);
    for (const n of order) queue.addAfter(`k${n}`, minutes(2) + n);
    for (const n of order) queue.addAfter(`k${n}`, minutes(1) + n);
    for (const n of order) queue.addAfter(`k${n}`, minutes(3) + n);
    expect([queue.delayed, clock.timers()]).toEqual([10_000, 1]);
    await clock.advance(minutes(3) - 1);
    expect(begun).toEqual([]);
    await clock.advance(5_000);
    expect(begun).toEqual(Array.from({ length: 5_000 }, (_, i) => `k${i}`));
  });

  test('what is forgotten does not run, waiting or due; work in hand goes on but not again', async () => {
    const { queue, begun, clock, end } = aQueue({ concurrency: 1 });
    queue.start();
    for (const key of ['a', 'b', 'a']) queue.add(key);
    queue.addAfter('c', 1);
    for (const key of ['a', 'b', 'c']) queue.forget(key);
    await end('a');
    await clock.advance(seconds(1));
    expect([begun, queue.length, queue.delayed]).toEqual([['a'], 0, 0]);
  });

  test('closed it drops what waits or is due and takes nothing in; drain resolves when the work in hand is done', async () => {
    const { queue, begun, clock, end } = aQueue({ concurrency: 1 });
    queue.start();
    for (const key of ['a', 'a', 'b']) queue.add(key);
    queue.addAfter('c', seconds(1));
    let drained = false;
    const draining = queue.drain().then(() => (drained = true));
    expect([queue.length, queue.delayed, clock.timers()]).toEqual([0, 0, 0]);
    queue.add('d');
    queue.addAfter('e', 1);
    await clock.advance(seconds(2));
    expect([begun, drained]).toEqual([['a'], false]);
    await end('a');
    expect(await draining).toBe(true);
    queue.start();
    await clock.advance(seconds(2));
    expect([begun, queue.length, queue.delayed, queue.running]).toEqual([['a'], 0, 0, 0]);
    queue.add('d');
    expect(begun).toEqual(['a', 'd']);
  });

  test('a key that is in work when the queue is opened again is worked on once more, and not at once', async () => {
    const { queue, begun, end } = aQueue();
    queue.start();
    queue.add('a');
    queue.close();
    queue.open();
    queue.add('a');
    queue.start();
    expect([begun, queue.running]).toEqual([['a'], 1]);
    await end('a');
    expect(begun).toEqual(['a', 'a']);
  });

  test('how urgent a key is and how long it has waited count from when the queue was opened', async () => {
    const urgencies: Record<string, number> = { a: 1, b: 2 };
    const waits: number[] = [];
    const observer = { started: (waited: number) => void waits.push(waited) };
    const { queue, begun, clock, end } = aQueue({ concurrency: 1, urgency: (key) => urgencies[key] ?? 3, observer });
    for (const key of ['a', 'b']) queue.add(key);
    await clock.advance(minutes(60));
    expect(queue.length).toBe(0);
    urgencies['a'] = 3;
    queue.open();
    for (const key of ['a', 'b']) queue.add(key);
    queue.start();
    await end('b');
    expect([begun, waits]).toEqual([
      ['b', 'a'],
      [0, 0],
    ]);
  });

  test('work that fails is told and stops nobody', async () => {
    const { queue, begun, fail, errors } = aQueue({ concurrency: 1 });
    queue.start();
    queue.add('a');
    queue.add('b');
    const error = new Error('broken');
    await fail('a', error);
    expect([begun, errors]).toEqual([['a', 'b'], [['a', error]]]);
  });

  test('the observer sees what the metrics need', async () => {
    const seen: unknown[] = [];
    const observer: QueueObserver = {
      added: () => seen.push('added'),
      started: (waited) => seen.push(['started', waited]),
      finished: (worked) => seen.push(['finished', worked]),
      delayed: (delay) => seen.push(['delayed', delay]),
    };
    const { queue, clock, end } = aQueue({ observer });
    queue.open();
    queue.add('a');
    queue.add('a');
    await clock.advance(300);
    queue.start();
    await clock.advance(70);
    expect(queue.unfinished()).toEqual([70]);
    await end('a');
    queue.addAfter('a', 5);
    expect(seen).toEqual(['added', ['started', 300], ['finished', 70], ['delayed', 5]]);
  });
});
