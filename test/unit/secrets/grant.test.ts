import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Attempt } from '../../../src/domain/attempt.ts';
import type { Grant, Vacant } from '../../../src/domain/grant.ts';
import { token } from '../../../src/domain/token.ts';
import { openGrant, sealGrant } from '../../../src/secrets/grant.ts';
import { sealRecord } from '../../../src/secrets/record.ts';
import { grantInTheClear, inTheClear } from '../../support/in-the-clear.ts';
import { aBinding, aGrant, aRing, canary, day } from './fixtures.ts';

const ring = aRing();
const binding = aBinding();

const isGrant = (record: Grant | Vacant): record is Grant => record.kind !== 'Vacant';

const there = (json: object) => sealRecord(ring, 'grant', binding, Buffer.from(JSON.stringify(json)));
const stored = { v: 1, ...grantInTheClear(aGrant()) };

describe('a sealed grant', () => {
  test('comes back as it was', () => {
    const opened = openGrant(ring, binding, sealGrant(ring, binding, aGrant()));
    expect(opened.ok && isGrant(opened.value) && inTheClear(opened.value)).toEqual(inTheClear(aGrant()));
  });

  test('of any shape comes back as it was', () => {
    const text = fc.string({ minLength: 1, maxLength: 200 });
    const instant = fc.integer({ min: 0, max: 4e12 });
    const attempts: fc.Arbitrary<Attempt> = fc.record({
      id: text,
      holder: text,
      startedAt: instant,
      presents: fc.oneof(fc.constant('Held' as const), fc.record({ credential: text })),
      unanswered: fc.nat(),
    });
    const grants: fc.Arbitrary<Partial<Grant>> = fc.record(
      {
        generation: fc.integer({ min: 1 }),
        connectionUID: fc.string(),
        kind: fc.constantFrom('OAuth' as const, 'PersonalAccessToken' as const),
        merchantID: text,
        accessToken: fc.record(
          { value: text.map(token), issuedAt: instant, expiresAt: instant },
          { requiredKeys: ['value', 'issuedAt'] },
        ),
        refreshToken: fc.record(
          { value: text.map(token), singleUse: fc.boolean(), expiresAt: instant },
          { requiredKeys: ['value', 'singleUse'] },
        ),
        requested: fc.record({ scopes: fc.array(text), shortLived: fc.boolean() }),
        taken: fc.array(text, { maxLength: 32 }),
        handled: fc.record({ refresh: text, disconnect: text, adopt: text }, { requiredKeys: [] }),
        sealedAt: instant,
        attempt: attempts,
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(grants, (fields) => {
        const grant = aGrant(fields);
        const opened = openGrant(ring, binding, sealGrant(ring, binding, grant));
        expect(opened.ok && isGrant(opened.value) && inTheClear(opened.value)).toEqual(inTheClear(grant));
      }),
    );
  });

  test('of a personal access token has no refresh token, no end and no client ID', () => {
    const place = aBinding({ clientID: '' });
    const { refreshToken: _, ...rest } = aGrant({ kind: 'PersonalAccessToken', clientID: '' });
    const grant = { ...rest, accessToken: { value: token(canary), issuedAt: day } };
    const opened = openGrant(ring, place, sealGrant(ring, place, grant));
    expect(opened.ok && Object.keys(opened.value)).not.toContain('refreshToken');
    expect(opened.ok && isGrant(opened.value) && Object.keys(opened.value.accessToken).sort()).toEqual([
      'issuedAt',
      'value',
    ]);
  });

  test('that was ended comes back without a token, with what must not be forgotten', () => {
    const { connectionUID, environment, clientID, taken, sealedAt } = aGrant();
    const handled = { disconnect: '2026-07-01T12:00:00Z' };
    const record = {
      kind: 'Vacant',
      generation: 4,
      connectionUID,
      environment,
      clientID,
      taken,
      handled,
      sealedAt,
    } as const;
    const ended: Vacant = { ...record, disconnected: { at: day, merchantID: 'M-BAKERY' } };
    const sealed = sealGrant(ring, binding, ended);
    expect(openGrant(ring, binding, sealed)).toMatchObject({ ok: true, value: ended });
    expect(openGrant(ring, aBinding({ clientID: 'other' }), sealed)).toMatchObject({ problem: 'BoundElsewhere' });
    expect(openGrant(ring, binding, there({ v: 1, ...ended, generation: -1 }))).toMatchObject({ problem: 'Malformed' });
  });

  test('may be missing from its record, which then keeps its place and what must not be forgotten', () => {
    const { connectionUID, environment, clientID, sealedAt } = aGrant();
    const attempt = { id: 'a1', holder: 'p1', startedAt: day, presents: { credential: 'digest' }, unanswered: 1 };
    const owner = { connectionUID, environment, clientID, sealedAt };
    const vacant = {
      kind: 'Vacant',
      generation: 0,
      ...owner,
      taken: ['old'],
      handled: { refresh: 'r' },
      attempt,
    } as const;
    const opened = openGrant(ring, binding, sealGrant(ring, binding, vacant));
    expect(opened).toMatchObject({ ok: true, value: vacant });
  });

  test('is not made for another application', () => {
    expect(() => sealGrant(ring, aBinding({ clientID: 'other' }), aGrant())).toThrow(
      /another environment or client ID/,
    );
    expect(() => sealGrant(ring, aBinding({ environment: 'Sandbox' }), aGrant())).toThrow(/shop\/bakery/);
  });

  test.each([
    ['added', { ...stored, added: 1 }],
    ['accessToken.added', { ...stored, accessToken: { ...stored.accessToken, added: true } }],
    ['handled.added', { ...stored, handled: { ...stored.handled, added: true } }],
  ])('with the member %s, which a later version added, is left for that version', (member, later) => {
    const opened = openGrant(ring, binding, there(later));
    expect(opened).toMatchObject({ ok: false, problem: 'UnsupportedVersion', keyID: ring.active.id });
    expect(!opened.ok && opened.message).toContain(`(it adds ${member}): run that version again`);
  });

  test('of a later version is left for that version', () => {
    expect(openGrant(ring, binding, there({ v: 2 }))).toMatchObject({ ok: false, problem: 'UnsupportedVersion' });
  });

  test.each([
    ['no JSON', Buffer.from(canary)],
    ['no object', Buffer.from(`"${canary}"`)],
    ['no version', Buffer.from(JSON.stringify({ ...stored, v: undefined }))],
    ['no access token', Buffer.from(JSON.stringify({ ...stored, accessToken: undefined }))],
    ['an empty access token', Buffer.from(JSON.stringify({ ...stored, accessToken: { value: '', issuedAt: 1 } }))],
    ['generation 0', Buffer.from(JSON.stringify({ ...stored, generation: 0 }))],
    ['a time that is a text', Buffer.from(JSON.stringify({ ...stored, sealedAt: canary }))],
    ['another client ID inside', Buffer.from(JSON.stringify({ ...stored, clientID: 'other' }))],
    ['another environment inside', Buffer.from(JSON.stringify({ ...stored, environment: 'Sandbox' }))],
  ])('with %s is malformed, and shows nothing of it', (_, bytes) => {
    const opened = openGrant(ring, binding, sealRecord(ring, 'grant', binding, bytes));
    expect(opened).toMatchObject({ ok: false, problem: 'Malformed', keyID: ring.active.id });
    expect(inspect(opened)).not.toContain(canary.slice(0, 12));
  });

  test('prints nothing of its tokens, sealed or opened', () => {
    const sealed = sealGrant(ring, binding, aGrant());
    const opened = openGrant(ring, binding, sealed);
    const shown = inspect(opened, { depth: null, showHidden: true }) + JSON.stringify(opened) + sealed;
    for (const form of [canary, Buffer.from(canary).toString('base64').slice(0, 40)]) expect(shown).not.toContain(form);
  });
});
