import { expect, test } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import type { Effect } from '../../simulator/faults.ts';
import type { Party } from '../../support/scene.ts';
import { operatorSuite } from '../../support/suite.ts';

const answer = (status: number, more: Omit<Extract<Effect, { kind: 'answer' }>, 'kind' | 'status'> = {}): Effect => ({
  kind: 'answer',
  status,
  ...more,
});
const V2 = (status: number, code: string, category = 'AUTHENTICATION_ERROR') =>
  answer(status, { shape: 'V2', code, category });

/** Answers that say nothing about a token, whatever their status looks like. */
const answers: Readonly<Record<string, Effect>> = {
  'a page with 401 of a proxy': answer(401, { shape: 'HTML' }),
  'a page with 403 of a proxy': answer(403, { shape: 'HTML' }),
  'a page with 407 of a proxy': answer(407, { shape: 'HTML' }),
  'a page with 200 of a captive portal': answer(200, { shape: 'HTML' }),
  'an empty 401': answer(401, { shape: 'Empty' }),
  '401 with JSON of somebody else': answer(401, { shape: 'Raw', body: '{"detail":"token revoked"}' }),
  '401 with broken JSON': answer(401, { shape: 'Raw', body: '{"errors":[{"code":"ACCESS_TOKEN_REV' }),
  '401 with an unknown code': V2(401, 'SOMETHING_NEW'),
  '403 FORBIDDEN': V2(403, 'FORBIDDEN'),
  '404 NOT_FOUND': V2(404, 'NOT_FOUND', 'INVALID_REQUEST_ERROR'),
  '429': V2(429, 'RATE_LIMITED', 'RATE_LIMIT_ERROR'),
  '500 with a decisive code': V2(500, 'ACCESS_TOKEN_REVOKED'),
  '502': V2(502, 'BAD_GATEWAY', 'API_ERROR'),
  '503 with a page': answer(503, { shape: 'HTML' }),
  'a redirect': answer(302, { shape: 'Empty', headers: { location: 'https://login.example.com/' } }),
  'a connection that ends at once': { kind: 'drop', when: 'before' },
  'an answer cut off in the middle': { kind: 'truncate' },
};

operatorSuite('answers that prove nothing', {}, (world, scene) => {
  const parties = new Map<string, Party>();
  const conditions = (name: string) =>
    Object.fromEntries((scene.status(name).conditions ?? []).map(({ type, status }) => [type, status]));

  test('connections, each behind something that stands between it and Square', async () => {
    for (const [what, effect] of Object.entries(answers)) {
      const party = await scene.connected();
      parties.set(what, party);
      world.square.faults.add({ endpoint: 'any', merchantID: party.merchantID, effect });
    }
    for (let slot = 0; slot < 3; slot += 1) await scene.pass(hours(1));
  });

  test.each(Object.keys(answers))('%s leaves a token unverified, and nothing else', async (what) => {
    const { name } = parties.get(what) ?? { name: '' };
    await scene.becomes(name, { Valid: 'Unknown/Unverified' });
    expect(conditions(name)).toMatchObject({ Ready: 'True', Expired: 'False', Revoked: 'False', Renewable: 'True' });
    expect(scene.secret(name)?.metadata.annotations).not.toHaveProperty('square-operator.dev/state');
  });

  test('so do they when a refresh is due', async () => {
    await scene.pass(days(7));
  });

  test.each(Object.keys(answers))('%s to a refresh does not end a grant', async (what) => {
    const { name } = parties.get(what) ?? { name: '' };
    await world.live.until('the refresh failed', () => scene.status(name).lastFailure?.operation === 'Refresh');
    const { Renewable, ...rest } = conditions(name);
    expect(Renewable).not.toBe('False');
    expect(rest).toMatchObject({ Ready: 'True', Expired: 'False', Revoked: 'False' });
    expect(scene.status(name).revision).toBe(1);
  });

  test('all are well when it is over', async () => {
    world.square.faults.clear();
    await scene.pass(days(1));
    for (const { name } of parties.values())
      await scene.becomes(name, { Ready: 'True/Valid', Valid: 'True', Renewable: 'True' });
  });
});
