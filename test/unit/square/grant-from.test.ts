import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { days, hours } from '../../../src/clock.ts';
import { takenLimit } from '../../../src/domain/grant.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import { type GrantFrom, grantFrom } from '../../../src/square/grant-from.ts';
import type { TokenGrant } from '../../../src/square/port.ts';
import { aGrant, anApplication, noon, uid } from '../../support/builders.ts';

const presented = { value: token('EQAAold'), singleUse: true };
const reply: TokenGrant = {
  accessToken: token('EAAAnew'),
  expiresAt: noon + days(30),
  merchantID: 'M-BAKERY',
  refreshToken: token('EQAAold'),
};
const from = (fields: Partial<GrantFrom> = {}): GrantFrom => ({
  connectionUID: uid,
  application: anApplication(),
  requested: { scopes: [], shortLived: false },
  reply,
  issuedAt: noon,
  sealedAt: noon,
  after: 3,
  before: aGrant(),
  presented,
  ...fields,
});

describe('the grant from a token reply', () => {
  it('is one generation more, with the access token that Square gave', () => {
    const grant = grantFrom(from());
    expect(grant).toMatchObject({
      generation: 4,
      connectionUID: uid,
      kind: 'OAuth',
      merchantID: 'M-BAKERY',
      accessToken: { issuedAt: noon, expiresAt: noon + days(30) },
    });
    expect(openToken(grant.accessToken.value)).toBe('EAAAnew');
  });

  it.each([
    ['the same one comes back: it can be used again', reply, 'EQAAold', false],
    ['a new one: each can be used once', { ...reply, refreshToken: token('EQAAnew') }, 'EQAAnew', true],
    ['none: the one that was presented is kept as it was', withoutRefreshToken(), 'EQAAold', true],
    ['the same one, with an end: PKCE', { ...reply, refreshTokenExpiresAt: noon + days(90) }, 'EQAAold', true],
  ] as const)('refresh token: %s', (_, answer, value, singleUse) => {
    const { refreshToken } = grantFrom(from({ reply: answer }));
    expect(refreshToken && openToken(refreshToken.value)).toBe(value);
    expect(refreshToken?.singleUse).toBe(singleUse);
  });

  it.each([
    ['30 days', {}, days(30)],
    ['24 hours, when a short life was asked for', { requested: { scopes: [], shortLived: true } }, hours(24)],
    ['24 hours, when Square says it is short-lived', { reply: { ...withoutEnd(), shortLived: true } }, hours(24)],
  ] as const)('that names no end lasts as documented: %s', (_, fields, lifetime) => {
    const grant = grantFrom(from({ reply: withoutEnd(), ...fields }));
    expect(grant.accessToken.expiresAt).toBe(noon + lifetime);
  });

  it.each([
    ['the known time, when the reply names one far ahead', noon + days(40), noon, noon],
    ['the known time, when the reply names one far behind', noon - days(40), noon, noon],
    ['the time of the reply, when the clock was far off and no answer had said so', noon, noon + days(40), noon],
    ['the time of the reply, when both fit', noon, noon + 1, noon],
  ] as const)('was issued at %s', (_, issuedAt, knownTime, expected) => {
    const { accessToken } = grantFrom(from({ issuedAt, knownTime }));
    expect(accessToken).toMatchObject({ issuedAt: expected, expiresAt: noon + days(30) });
  });

  it('was issued at the known time when nothing says how long it lasts', () => {
    const { accessToken } = grantFrom(from({ issuedAt: noon + days(9), knownTime: noon, reply: withoutEnd() }));
    expect(accessToken).toMatchObject({ issuedAt: noon, expiresAt: noon + days(30) });
  });

  it('was never issued after its own end', () => {
    const time = fc.integer({ min: noon - days(400), max: noon + days(400) });
    fc.assert(
      fc.property(time, fc.option(time, { nil: undefined }), time, (issuedAt, knownTime, expiresAt) => {
        const { accessToken } = grantFrom(
          from({ issuedAt, ...(knownTime === undefined ? {} : { knownTime }), reply: { ...reply, expiresAt } }),
        );
        expect(accessToken.expiresAt).toBeGreaterThan(accessToken.issuedAt);
      }),
    );
  });

  it('keeps the seller that is known when the reply names none', () => {
    const { merchantID: _, ...anonymous } = reply;
    expect(grantFrom(from({ reply: anonymous })).merchantID).toBe('M-BAKERY');
  });

  it('keeps what was answered, and what was asked for', () => {
    const before = aGrant({ handled: { adopt: 'then' } });
    const grant = grantFrom(from({ before, requested: { scopes: ['A', 'B'], shortLived: true } }));
    expect(grant.handled).toEqual({ adopt: 'then' });
    expect(grant.requested).toEqual({ scopes: ['A', 'B'], shortLived: true });
  });

  it('remembers credentials once, the latest, within its bound', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ minLength: 1, maxLength: 3 }), { maxLength: 80 }),
        fc.string(),
        (taken, digest) => {
          const grant = grantFrom(from({ before: aGrant({ taken }), taken: digest }));
          expect(grant.taken).toContain(digest);
          expect(new Set(grant.taken).size).toBe(grant.taken.length);
          expect(grant.taken.length).toBeLessThanOrEqual(takenLimit);
        },
      ),
    );
  });
});

function withoutRefreshToken(): TokenGrant {
  const { refreshToken: _, ...rest } = reply;
  return rest;
}

function withoutEnd(): TokenGrant {
  const { expiresAt: _, ...rest } = reply;
  return rest;
}
