import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { days, formatInstant, hours } from '../../../src/clock.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { urgencyOf } from '../../../src/domain/urgency.ts';
import { noon } from '../../support/builders.ts';

const stored = (revision: number, expiresAt?: number, refreshTokenExpiresAt?: number, handled?: string) =>
  readStatus({
    revision,
    ...(expiresAt === undefined ? {} : { accessTokenExpiresAt: formatInstant(expiresAt) }),
    ...(refreshTokenExpiresAt === undefined ? {} : { refreshTokenExpiresAt: formatInstant(refreshTokenExpiresAt) }),
    ...(handled === undefined ? {} : { lastHandledRefreshRequest: handled }),
  });

describe('when not all can be served at once', () => {
  it('the order is that of this list, however they come', () => {
    const list = [
      ['a person has asked for it', { requests: { refresh: 'now' } }, stored(3, noon + days(30), undefined, 'before')],
      ['it never had a token', { requests: {} }, stored(0)],
      [
        'Square has reported its revocation',
        { requests: {}, reports: [{ eventID: 'e', revokedAt: noon, revoker: 'MERCHANT' }] },
        { ...stored(4, noon + days(25)), issuedAt: noon - days(1) },
      ],
      ['its token ended long ago', { requests: {} }, stored(7, noon - days(9))],
      ['its token ends today', { requests: {} }, stored(2, noon + hours(3))],
      ['its refresh token ends tomorrow', { requests: {} }, stored(2, noon + days(20), noon + days(1))],
      [
        'what Square has reported was another token',
        { requests: {}, reports: [{ eventID: 'e', revokedAt: noon - days(2), revoker: 'MERCHANT' }] },
        { ...stored(4, noon + days(15)), issuedAt: noon - days(1) },
      ],
      ['its token ends in 20 days', { requests: {} }, stored(2, noon + days(20), noon + days(80))],
      ['what was asked is answered', { requests: { refresh: 'now' } }, stored(3, noon + days(30), undefined, 'now')],
      ['its token never ends', { requests: {} }, stored(1)],
    ] as const;
    type Row = (typeof list)[number];
    const of = ([, connection, status]: Row) => urgencyOf({ deleting: false, ...connection }, status);
    fc.assert(
      fc.property(fc.shuffledSubarray([...list], { minLength: list.length }), (shuffled) => {
        const sorted = shuffled.toSorted((a, b) => of(a) - of(b));
        expect(sorted.map(([what]) => what)).toEqual(list.map(([what]) => what));
      }),
    );
  });

  it.each([
    ['a deletion', { deleting: true, requests: {} }],
    ['a disconnect', { deleting: false, requests: { disconnect: 'now' } }],
    ['an adoption', { deleting: false, requests: { adopt: 'now' } }],
  ])('%s is as urgent as a refresh that is asked for', (_what, connection) => {
    const refresh = urgencyOf({ deleting: false, requests: { refresh: 'now' } }, stored(3));
    expect(urgencyOf(connection, stored(3, noon + days(30)))).toBe(refresh);
  });
});
