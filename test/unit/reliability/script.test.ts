import { describe, expect, test } from 'vitest';
import { type Asked, cross, type Sides } from '../../reliability/crossing.ts';
import { unwritten } from '../../reliability/death.ts';
import type { Boundary, Fault } from '../../reliability/fault.ts';
import { labelOf } from '../../reliability/label.ts';
import { createScript } from '../../reliability/script.ts';

const secret = (method: string, name: string, query = ''): Asked => {
  return { edge: 'api', method, path: `/api/v1/namespaces/home/secrets/${name}${query}`, body: '{}', watch: false };
};
const exchange: Asked = {
  edge: 'square',
  method: 'POST',
  path: '/oauth2/token',
  body: '{"refresh_token":"r"}',
  watch: false,
};

/** Plays requests through a gate and tells what came of each, in order. */
function theatreWith(strike?: { boundary: Boundary; fault: Fault }) {
  const told: string[] = [];
  const subject = {
    kill: () => Promise.resolve(void told.push('killed')),
    pause: () => Promise.resolve(void told.push('paused')),
  };
  const script = createScript('own');
  script.arm(strike && { ...strike, replica: 0 });
  const gate = script.gate(0, () => subject);
  const sides = (name: string): Sides => ({
    forward: () => {
      told.push(`${name} done`);
      return Promise.resolve({ status: 200, headers: {}, body: Buffer.from('{}') });
    },
    reply: ({ status }) => Promise.resolve(void told.push(`${name} answered ${status}`)),
    cut: () => void told.push(`${name} cut`),
  });
  return { script, told, ask: (asked: Asked, name = 'it') => cross(gate(asked), sides(name)) };
}

const at: Boundary = { edge: 'api', label: 'PATCH secrets/shop', nth: 2 };

describe('a fault at the second of its kind', () => {
  const cases: [Fault, string[]][] = [
    [{ kind: 'kill', moment: 'before' }, ['killed', 'it cut']],
    [{ kind: 'kill', moment: 'between' }, ['it done', 'killed', 'it cut']],
    [{ kind: 'kill', moment: 'after' }, ['it done', 'it answered 200', 'killed', 'it cut']],
    [{ kind: 'lost' }, ['it done', 'it cut']],
    [{ kind: 'refused', status: 403 }, ['it answered 403']],
    [{ kind: 'pause', moment: 'between' }, ['it done', 'paused', 'it answered 200']],
  ];
  test.each(cases)('%j', async (fault, expected) => {
    const { script, told, ask } = theatreWith({ boundary: at, fault });
    await ask(secret('PATCH', 'shop', '?fieldManager=x'), 'first');
    await ask(secret('PATCH', 'shop-sealed'), 'other');
    expect(script.struck()).toBe(false);
    told.length = 0;
    await ask(secret('PATCH', 'shop'));
    expect(told).toEqual(expected);
    expect(script.struck()).toBe(true);
    told.length = 0;
    await ask(secret('PATCH', 'shop'), 'third');
    expect(told).toEqual(['third done', 'third answered 200']);
  });

  test('a request that is held goes on when it is let go', async () => {
    const { script, told, ask } = theatreWith({
      boundary: { ...at, nth: 1 },
      fault: { kind: 'pause', moment: 'before' },
    });
    const asking = ask(secret('PATCH', 'shop'));
    await Promise.resolve();
    expect(told).toEqual(['paused']);
    script.release();
    await asking;
    expect(told).toEqual(['paused', 'it done', 'it answered 200']);
  });

  test('a stubborn refusal ends with the process', async () => {
    const fault: Fault = { kind: 'refused and killed', status: 403, after: 3 };
    const { told, ask } = theatreWith({ boundary: { ...at, nth: 1 }, fault });
    for (let i = 0; i < 4; i += 1) await ask(secret('PATCH', 'shop'));
    expect(told).toEqual(['it answered 403', 'it answered 403', 'killed', 'it cut', 'it done', 'it answered 200']);
  });
});

test('token requests are remembered with what became of them', async () => {
  const { script, ask } = theatreWith({
    boundary: { edge: 'square', label: 'POST /oauth2/token', nth: 2 },
    fault: { kind: 'lost' },
  });
  await ask(exchange);
  await ask(exchange);
  expect(script.tokenRequests.map(({ presented, deliveredAt }) => [presented, deliveredAt !== undefined])).toEqual([
    ['r', true],
    ['r', false],
  ]);
});

describe('an answer that a killed process had in hand, and that lies nowhere', () => {
  async function killedAfter(then: readonly Asked[]) {
    const strike = {
      boundary: { ...at, label: 'POST events', nth: 1 },
      fault: { kind: 'kill', moment: 'before' },
    } as const;
    const { script, ask } = theatreWith(strike);
    await ask(exchange);
    for (const one of then) await ask(one);
    await ask({ ...secret('POST', ''), path: '/apis/events.k8s.io/v1/namespaces/home/events' });
    const [request] = script.tokenRequests;
    if (request === undefined) throw new Error('no token request was seen');
    return (blankPages: number) => unwritten({ at: script.killedAt(), blankPages }, script, request);
  }

  test('was not on the disk in time when its page is blank', async () => {
    const found = (await killedAfter([secret('GET', 'shop')]))(1);
    expect(found.inTime).toBe(true);
    expect(found.hadFor).toBeGreaterThan(0);
    expect(found.told).toContain('blank pages: 1, asked since: nothing');
  });

  test('was thrown away when it has no page', async () => {
    expect((await killedAfter([]))(0).inTime).toBe(false);
  });

  test.each([
    ['a Secret was written', secret('PATCH', 'shop-sealed')],
    ['Square was asked', { ...exchange, path: '/v2/locations', method: 'GET' }],
  ])('was used before it was kept when %s', async (_, asked) => {
    const found = (await killedAfter([asked]))(1);
    expect(found.inTime).toBe(false);
    expect(found.told).toMatch(/asked since: (api PATCH secrets\/shop-sealed|square GET \/v2\/locations) #1/);
  });
});

const labels: [string, Asked][] = [
  ['PATCH secrets/shop-sealed', secret('PATCH', 'shop-sealed', '?fieldManager=x')],
  ['PATCH secrets/shop (dry run)', secret('PATCH', 'shop', '?fieldManager=x&dryRun=All')],
  [
    'POST own secrets/escrow-UID',
    {
      ...secret('POST', ''),
      path: '/api/v1/namespaces/own/secrets',
      body: '{"metadata":{"name":"escrow-0a1b2c3d-0000-4000-8000-000000000000"}}',
    },
  ],
  [
    'POST events',
    {
      ...secret('POST', ''),
      path: '/apis/events.k8s.io/v1/namespaces/home/events',
      body: '{"metadata":{"name":"shop.17"}}',
    },
  ],
  ['POST /oauth2/token', exchange],
];
test.each(labels)('is called %s in every run', (label, asked) => {
  expect(labelOf(asked, 'own')).toBe(label);
});
