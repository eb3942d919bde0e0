import { describe, expect, it } from 'vitest';
import { days, hours, minutes, seconds } from '../../../src/clock.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Arrival, Observation } from '../../../src/domain/observation.ts';
import { token } from '../../../src/domain/token.ts';
import {
  aConnection,
  aCredential,
  aGrant,
  aHistory,
  anObservation,
  aStreak,
  at,
  held,
  noon,
} from '../../support/builders.ts';

const secret = 'bakery-incoming-a';
const seller = { merchantID: 'M-BAKERY' };

/** What a sign-in gave, or a credential. */
function arrival(kind: 'Grant' | 'SetAside', issuedAt: number, named: { merchantID?: string } = seller): Arrival {
  const accessToken = { value: token('EAAAone'), issuedAt, expiresAt: issuedAt + days(30) };
  const { merchantID: _, ...grant } = aGrant({ taken: ['new'], accessToken });
  return { secret, until: noon + days(90), content: { kind, grant: { ...grant, ...named } } };
}

/** The seller signed in at noon, and that is held. */
const beside = (one: Arrival, fields: Partial<Observation> = {}): Observation =>
  anObservation({ grant: held({ signedInAt: noon }), credential: aCredential(), arrivals: [one], ...fields });

const spent = { id: 'x', holder: 'other', startedAt: noon, presents: 'Held', unanswered: 1 } as const;
const refused = aHistory({ failures: { Refresh: aStreak({ class: 'RefreshTokenRefused' }) } });

describe('what comes late', () => {
  it.each([
    ['an earlier sign-in stays behind', beside(arrival('Grant', noon - minutes(5))), 'Dismiss Superseded'],
    ['a later sign-in takes its place', beside(arrival('Grant', noon + minutes(5))), 'Receive SignedIn'],
    [
      'so does one of the same second',
      beside(arrival('Grant', noon), { grant: held({ signedInAt: noon + seconds(0.7) }) }),
      'Receive SignedIn',
    ],
    [
      'a time that a clock noted which was ahead is not believed',
      beside(arrival('Grant', noon), { grant: held({ signedInAt: noon + days(2) }) }),
      'Receive SignedIn',
    ],
    [
      'it is better than what Square renews no more',
      beside(arrival('Grant', noon - minutes(5)), { history: refused }),
      'Receive SignedIn',
    ],
    [
      'one of whom nobody knows yet is asked about first',
      beside(arrival('Grant', noon - minutes(5), {}), { connection: aConnection({}, { merchantID: 'M-OTHER' }) }),
      'Receive SignedIn',
    ],
    [
      'what a credential gave before waits, so that it is not presented again',
      beside(arrival('SetAside', noon - minutes(5))),
      'Verify Slot',
    ],
    [
      'it is better than what may be spent',
      beside(arrival('Grant', noon - minutes(5)), { attempt: { kind: 'Over', attempt: spent } }),
      'Receive SignedIn',
    ],
    [
      'what a credential gave after does not',
      beside(arrival('SetAside', noon + minutes(5))),
      'Receive MerchantMatches',
    ],
    [
      'what a credential gave is asked about first',
      beside(arrival('SetAside', noon - minutes(5), {})),
      'Receive MerchantMatches',
    ],
  ])('%s', (_, o, does) => {
    const step = decide(o, at(noon + hours(1)));
    expect(`${step.kind} ${step.because}`).toBe(does);
  });

  it.each([noon + hours(1), noon - hours(6)])('is not judged by a clock that nothing has confirmed', (now) => {
    const step = decide(beside(arrival('Grant', noon - minutes(5))), at(now, { confirmed: false }));
    expect(['Receive', 'Dismiss']).not.toContain(step.kind);
  });
});
