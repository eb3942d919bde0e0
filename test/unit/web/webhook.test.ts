import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { seconds } from '../../../src/clock.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { deliveriesAMinute, longestDelivery } from '../../../src/web/webhook.ts';
import {
  anEvent,
  nextSignatureKey,
  notificationURL,
  signatureKey,
  signatureOf,
  webhookStage,
} from './webhook-stage.ts';

const report = {
  eventID: '00000000-0000-4000-8000-000000000001',
  revokedAt: Date.UTC(2026, 6, 1, 10, 0, 0, 246),
  revoker: 'MERCHANT',
};

const refusal = (reason: string, status = 500) =>
  new KubeError({ status, reason, message: reason, mayHaveActed: false });

describe('a revocation that Square reports', () => {
  it('is noted on each connection of that application and seller, and on no other', async () => {
    const stage = await webhookStage();
    expect((await stage.send(anEvent())).statusCode).toBe(200);
    expect(stage.noted()).toEqual({ 'shop/bakery': [report], 'other/bakery': [report] });
    expect(stage.counted).toEqual(['stored']);
  });

  it('is noted once, however often Square sends it', async () => {
    const stage = await webhookStage();
    for (const _ of [1, 2, 3]) expect((await stage.send(anEvent())).statusCode).toBe(200);
    expect(stage.counted).toEqual(['stored', 'duplicate', 'duplicate']);
    expect(stage.api.log.filter(({ event }) => event.object.metadata.annotations !== undefined)).toHaveLength(2);
  });

  it('is noted after those that came before it', async () => {
    const stage = await webhookStage();
    await stage.send(anEvent({ event_id: 'second', created_at: '2026-07-02T00:00:00Z', data: null }));
    await stage.send(anEvent());
    expect(stage.noted()['shop/bakery']?.map(({ eventID }) => eventID)).toEqual(['second', report.eventID]);
  });

  it('is noted although a full memory holds reports that are dated ahead of it', async () => {
    const stage = await webhookStage();
    for (const id of ['a', 'b', 'c', 'd']) {
      await stage.send(anEvent({ event_id: id, ...revokedAt('9999-12-31T23:59:59Z') }));
    }
    expect((await stage.send(anEvent())).statusCode).toBe(200);
    expect(stage.noted()['shop/bakery']?.map(({ eventID }) => eventID)).toEqual(['b', 'c', 'd', report.eventID]);
  });

  it.each([
    ['the key that is being replaced', signatureKey],
    ['the key that takes its place', nextSignatureKey],
  ])('may be signed by %s', async (_, key) => {
    const stage = await webhookStage();
    const headers = { 'x-square-hmacsha256-signature': signatureOf(anEvent(), key) };
    expect((await stage.send(anEvent(), { headers })).statusCode).toBe(200);
    expect(stage.counted).toEqual(['stored']);
  });

  it.each([
    ['no seller', { merchant_id: null }, {}],
    ['another seller', { merchant_id: 'ML9' }, {}],
    ['an event of another type', { type: 'payment.updated' }, {}],
    ['no ID', { event_id: null }, { revokedAt: report.revokedAt, eventID: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ['an ID beyond all bounds', { event_id: 'x'.repeat(65) }, { eventID: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    ['no details', { data: null }, { revokedAt: Date.UTC(2026, 6, 1, 10, 0, 4, 246), revoker: 'UNKNOWN' }],
    ['no times', { data: {}, created_at: null }, { revokedAt: Date.UTC(2026, 0, 1) }],
    [
      'a time that cannot be true',
      revokedAt('1970-01-01T00:00:00Z'),
      { revokedAt: Date.UTC(2026, 6, 1, 10, 0, 4, 246) },
    ],
    [
      'no time that can be true',
      { ...revokedAt('0001-01-01T00:00:00Z'), created_at: '1969-12-31T23:59:59Z' },
      { revokedAt: Date.UTC(2026, 0, 1) },
    ],
    ['a time far ahead', revokedAt('9999-12-31T23:59:59Z'), { revokedAt: Date.UTC(9999, 11, 31, 23, 59, 59) }],
    ['a revoker that nobody knows', revokedBy('ALIENS'), { revoker: 'UNKNOWN' }],
    ['Square itself', revokedBy('SQUARE'), { revoker: 'SQUARE' }],
  ])('with %s is acknowledged, and noted as far as it concerns anybody', async (_, fields, noted) => {
    const stage = await webhookStage();
    expect((await stage.send(anEvent(fields))).statusCode).toBe(200);
    const [first] = stage.noted()['shop/bakery'] ?? [];
    expect(first ?? {}).toMatchObject(noted);
    expect(first === undefined).toBe(Object.keys(noted).length === 0);
  });

  it('says nothing to a connection that somebody has deleted meanwhile', async () => {
    const stage = await webhookStage(async (call, act) => {
      if (call.kind === 'write') stage.api.remove('squareconnections', call.name);
      return act();
    });
    expect((await stage.send(anEvent())).statusCode).toBe(200);
  });
});

function revokedBy(revoker: string) {
  return { data: { object: { revocation: { revoked_at: '2026-07-01T10:00:00Z', revoker_type: revoker } } } };
}

function revokedAt(time: string) {
  return { data: { object: { revocation: { revoked_at: time, revoker_type: 'MERCHANT' } } } };
}

describe('what cannot be stored', () => {
  it.each([
    ['the API server refuses it', () => Promise.reject(refusal('InternalError'))],
    ['the operator may not write it', () => Promise.reject(refusal('Forbidden', 403))],
    ['others write to the connection all the time', () => Promise.reject(refusal('Conflict', 409))],
  ])('is asked for again: %s', async (_, answer) => {
    const stage = await webhookStage(async (call, act) => (call.kind === 'write' ? answer() : act()));
    expect((await stage.send(anEvent())).statusCode).toBe(503);
    expect(stage.counted).toEqual(['failed']);
  });

  it('is asked for again when only one connection of two took it, and the other is not written to twice', async () => {
    const state = { refuse: true };
    const stage = await webhookStage(async (call, act) => {
      if (call.kind === 'write' && state.refuse) {
        state.refuse = false;
        throw refusal('InternalError');
      }
      return act();
    });
    expect((await stage.send(anEvent())).statusCode).toBe(503);
    expect((await stage.send(anEvent())).statusCode).toBe(200);
    expect(Object.values(stage.noted())).toEqual([[report], [report]]);
    expect(stage.api.log.filter(({ event }) => event.object.metadata.annotations !== undefined)).toHaveLength(2);
  });

  it('is asked for again when the API server is too slow', async () => {
    const asked = Promise.withResolvers<void>();
    const stage = await webhookStage(async () => {
      asked.resolve();
      return await new Promise<never>(() => {});
    });
    const answer = stage.send(anEvent());
    await asked.promise;
    await stage.clock.advance(seconds(9));
    expect((await answer).statusCode).toBe(503);
  });

  it('is asked for again while this replica does not see the cluster', async () => {
    const stage = await webhookStage();
    stage.state.healthy = false;
    expect((await stage.send(anEvent())).statusCode).toBe(503);
  });

  it('is read again when another replica was faster, and is not stored a second time', async () => {
    const state = { raced: false };
    const stage = await webhookStage(async (call, act) => {
      if (call.kind === 'write' && !state.raced) {
        state.raced = true;
        await stage.send(anEvent());
      }
      return act();
    });
    expect((await stage.send(anEvent())).statusCode).toBe(200);
    expect(Object.values(stage.noted())).toEqual([[report], [report]]);
    expect(stage.api.log.filter(({ event }) => event.object.metadata.annotations !== undefined)).toHaveLength(2);
  });
});

describe('to a stranger', () => {
  const unsigned = { 'x-square-hmacsha256-signature': 'A'.repeat(43) + '=' };

  it('every application is like none', async () => {
    const stage = await webhookStage();
    const seen = [];
    for (const url of [
      '/webhooks/shop/pos',
      '/webhooks/shop/without',
      '/webhooks/no/such',
      `/webhooks/a/${'b'.repeat(253)}`,
      '/webhooks/shop/x%2Fy',
      '/webhooks/__proto__/constructor',
    ]) {
      const { statusCode, body, headers } = await stage.send(anEvent(), { url, headers: unsigned });
      seen.push(JSON.stringify({ statusCode, body, headers: { ...headers, date: '' } }));
    }
    expect([...new Set(seen)]).toHaveLength(1);
    expect(seen[0]).toContain('"statusCode":401');
    expect(stage.noted()).toEqual({});
  });

  it('Square’s published example is nothing without its key, and nothing but an example with it', async () => {
    const example = '{"hello":"world"}';
    const stage = await webhookStage();
    stage.api.edit('squareapplications', 'pos', (object) => ({
      ...object,
      spec: {
        ...(object['spec'] as object),
        webhook: {
          notificationURL: 'https://example.com/webhook',
          signatureKeyRefs: [{ name: 'webhook-keys', key: 'current' }],
        },
      },
    }));
    const headers = { 'x-square-hmacsha256-signature': '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=' };
    expect((await stage.send(example, { headers })).statusCode).toBe(401);
    stage.state.keys = { current: 'asdf1234' };
    expect((await stage.send(example, { headers })).statusCode).toBe(200);
    stage.state.keys = { current: ' asdf1234\n' };
    expect((await stage.send(example, { headers })).statusCode).toBe(200);
    expect(stage.counted).toEqual(['refused', 'unreadable', 'unreadable']);
  });

  it.each([
    [
      'the header of the older signature',
      { 'x-square-signature': signatureOf(anEvent()), 'x-square-hmacsha256-signature': '' },
    ],
    [
      'the signature of another URL',
      { 'x-square-hmacsha256-signature': signatureOf(anEvent(), signatureKey, `${notificationURL}/`) },
    ],
    [
      'the signature of another body',
      { 'x-square-hmacsha256-signature': signatureOf(anEvent({ merchant_id: 'ML2' })) },
    ],
  ])('%s opens nothing', async (_, headers) => {
    const stage = await webhookStage();
    expect((await stage.send(anEvent(), { headers })).statusCode).toBe(401);
    expect(stage.noted()).toEqual({});
  });

  it('no application without readable keys is open', async () => {
    const stage = await webhookStage();
    for (const keys of [{}, { current: '', next: '' }, { current: 'two words' }] as Record<string, string>[]) {
      stage.state.keys = keys;
      const headers = { 'x-square-hmacsha256-signature': signatureOf(anEvent(), keys['current'] || 'x') };
      expect((await stage.send(anEvent(), { headers })).statusCode).toBe(401);
    }
  });

  it.each([
    ['too much', 413, Buffer.alloc(longestDelivery + 1, ' '), {}],
    ['a form', 415, 'a=b', { 'content-type': 'application/x-www-form-urlencoded' }],
    ['text', 415, 'a', { 'content-type': 'text/plain' }],
    ['a type that is none', 415, 'a', { 'content-type': 'json' }],
  ])('%s is answered with %i before anything is looked at', async (_, status, body, headers) => {
    const stage = await webhookStage();
    expect((await stage.send(body, { headers })).statusCode).toBe(status);
    expect(stage.counted).toEqual(['malformed']);
  });

  it('there is an end, even of good deliveries', async () => {
    const stage = await webhookStage();
    for (let sent = 0; sent < deliveriesAMinute; sent += 1) await stage.send('{}');
    const answer = await stage.send(anEvent());
    expect([answer.statusCode, answer.headers['x-ratelimit-limit']]).toEqual([429, undefined]);
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    expect(stage.counted.at(-1)).toBe('throttled');
  });
});

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }),
  fc
    .constantFrom(longestDelivery - 1, longestDelivery, longestDelivery + 1, 3 * longestDelivery)
    .map((n) => new Uint8Array(n)),
  fc.json().map((text) => Buffer.from(text)),
);
const header = fc.stringMatching(/^[\x20-\x7e\x80-\xff]{0,80}$/);

/** Any JSON in the places that Square's schema names. */
const payload = fc.record(
  {
    type: fc.oneof({ weight: 4, arbitrary: fc.constant('oauth.authorization.revoked') }, fc.jsonValue()),
    merchant_id: fc.oneof(fc.constant('ML1'), fc.jsonValue()),
    event_id: fc.oneof(fc.uuid(), fc.jsonValue()),
    created_at: fc.oneof(fc.constant('2026-07-01T10:00:04.246373287Z'), fc.jsonValue()),
    data: fc.oneof(
      fc.jsonValue(),
      fc.record({
        object: fc.record({
          revocation: fc.record({ revoked_at: fc.oneof(fc.string(), fc.jsonValue()), revoker_type: fc.jsonValue() }),
        }),
      }),
    ),
  },
  { requiredKeys: ['type'] },
);

describe('whatever is sent', { timeout: 60_000 }, () => {
  test('is answered with less than 500, and changes nothing unless it is signed', async () => {
    const stage = await webhookStage();
    await fc.assert(
      fc.asyncProperty(bytes, header, header, fc.webPath(), async (body, signature, contentType, path) => {
        for (const headers of [
          { 'x-square-hmacsha256-signature': signature },
          { 'x-square-hmacsha256-signature': signature, 'content-type': contentType },
        ]) {
          for (const url of ['/webhooks/shop/pos', `/webhooks${path}`]) {
            expect((await stage.send(Buffer.from(body), { headers, url })).statusCode).toBeLessThan(500);
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(stage.noted()).toEqual({});
  });

  test('is answered with 2xx when it is signed and not too long', async () => {
    const stage = await webhookStage();
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(
          payload.map((value) => Buffer.from(JSON.stringify(value))),
          bytes,
        ),
        async (sent) => {
          const body = Buffer.from(sent);
          const { statusCode } = await stage.send(body);
          expect(statusCode).toBe(body.length > longestDelivery ? 413 : 200);
        },
      ),
      { numRuns: 500 },
    );
    for (const reports of Object.values(stage.noted())) expect(reports.length).toBeLessThanOrEqual(4);
    expect(stage.counted).toContain('stored');
  });
});
