import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { FastifyReply } from 'fastify';
import { beforeEach, describe, expect, test } from 'vitest';
import { minutes, seconds } from '../../../src/clock.ts';
import { createNewsroom, mostOfOne, mostStreams, type Newsroom } from '../../../src/web/live.ts';
import { createFakeClock, type FakeClock } from '../../support/clock.ts';

let clock: FakeClock;
let views: Map<string, object>;
let newsroom: Newsroom;
beforeEach(() => {
  clock = createFakeClock();
  views = new Map([
    ['shop/bakery', {}],
    ['shop/florist', {}],
  ]);
  newsroom = createNewsroom({ entries: () => views.entries() }, clock);
});

interface Stream {
  status: number;
  said: string;
  ended: boolean;
  /** The browser goes. */
  leave(): void;
}

/** What a browser would hear. */
function listen({
  key = 'shop/bakery',
  allowed = async () => true,
  of = 'session',
  missed = async () => false,
} = {}): Stream {
  const raw = new EventEmitter();
  const stream: Stream = { status: 200, said: '', ended: false, leave: () => void raw.emit('close') };
  const reply = {
    raw,
    code: (status: number) => ((stream.status = status), reply),
    header: () => reply,
    type: () => reply,
    send: (body?: Readable) => {
      body?.on('data', (chunk) => (stream.said += String(chunk))).on('end', () => (stream.ended = true));
      return reply;
    },
  };
  newsroom.stream(reply as unknown as FastifyReply, { of, allowed, missed, concerns: async (keys) => keys.has(key) });
  return stream;
}

describe('the newsroom', () => {
  test('tells of what the page shows, and of nothing else', async () => {
    const [bakery, florist] = [listen(), listen({ key: 'shop/florist' })];
    views.set('shop/bakery', {});
    await clock.advance(seconds(1));
    expect(bakery.said).toContain('event: changed');
    expect(florist.said).not.toContain('changed');
    views.delete('shop/florist');
    await clock.advance(seconds(1));
    expect(florist.said).toContain('event: changed');
  });

  test('tells at once of what changed after the page was made and before it listened', async () => {
    const streams = [
      listen({ missed: async () => true }),
      listen(),
      listen({ missed: () => Promise.reject(new Error('no answer')) }),
    ];
    await clock.advance(0);
    expect(streams.map(({ said }) => said.includes('changed'))).toEqual([true, false, false]);
    expect(streams.map(({ ended }) => ended)).toEqual([false, false, true]);
  });

  test('says nothing to, and ends the stream of, somebody who may no longer see', async () => {
    let may = true;
    const stream = listen({ allowed: async () => may });
    await clock.advance(minutes(1));
    expect(stream.ended).toBe(false);
    may = false;
    views.set('shop/bakery', {});
    await clock.advance(seconds(1));
    expect(stream).toMatchObject({ ended: true, said: expect.not.stringContaining('changed') });
  });

  test('ends it within half a minute although nothing changes, and when the cluster cannot be asked', async () => {
    const refused = listen({ allowed: async () => false });
    const unknown = listen({ allowed: () => Promise.reject(new Error('no answer')) });
    await clock.advance(seconds(27));
    expect([refused.ended, unknown.ended]).toEqual([true, true]);
  });

  test('looks at nothing while nobody listens', async () => {
    expect(clock.timers()).toBe(0);
    const stream = listen();
    expect(clock.timers()).toBe(1);
    stream.leave();
    await clock.advance(seconds(2));
    expect(clock.timers()).toBe(0);
  });

  test('has so many streams in all and of one session, each for a quarter of an hour', async () => {
    const own = Array.from({ length: mostOfOne + 1 }, () => listen());
    expect(own.map(({ status }) => status)).toEqual([...Array.from({ length: mostOfOne }, () => 200), 503]);
    for (let i = mostOfOne; i < mostStreams; i += 1) listen({ of: String(i) });
    expect(listen({ of: 'one more' }).status).toBe(503);
    await clock.advance(minutes(16));
    expect(own[0]?.ended).toBe(true);
    expect(listen().status).toBe(200);
  });

  test('ends all of them at its end', async () => {
    const stream = listen();
    newsroom.close();
    await clock.advance(0);
    expect(stream.ended).toBe(true);
    expect(clock.timers()).toBe(0);
  });
});
