import { describe, expect, it } from 'vitest';
import { formatInstant, minutes } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import type { Attempt } from '../../../src/domain/attempt.ts';
import { decide } from '../../../src/domain/decide.ts';
import { tellSpent } from '../../../src/domain/spent-credential.ts';
import {
  aConnection,
  aCredential,
  aFailure,
  aHistory,
  anObservation,
  aStreak,
  at,
  noon,
} from '../../support/builders.ts';

const over = (presents: Attempt['presents'], unanswered: number) => ({
  kind: 'Over' as const,
  attempt: { id: 'a', holder: 'h', startedAt: noon - minutes(5), presents, unanswered },
});
const requested = (ago: number) => aConnection({ requests: { refresh: formatInstant(noon - ago) } });
const digest = 'lost';
const credential = aCredential({ digest });
const itsOwn = { credential: digest };

describe('a refresh that is requested', () => {
  it.each([
    ['before the first answer was lost: it is tried once more', 0, minutes(6), 'Refresh'],
    ['before the second answer was lost: it is not presented again', 1, minutes(6), 'Wait'],
    ['at the very time of it: it is not presented again', 1, minutes(5), 'Wait'],
    ['since the second answer was lost: somebody wants it', 1, minutes(4), 'Refresh'],
  ] as const)('%s', (_, unanswered, ago, does) => {
    const o = anObservation({ connection: requested(ago), attempt: over('Held', unanswered) });
    expect(decide(o, at(noon)).kind).toBe(does);
  });
});

describe('a credential whose answers were lost', () => {
  it('counts as refused after the second one, whoever presented it', () => {
    const told = tellSpent(anObservation({ credential, attempt: over(itsOwn, 1) }), noon);
    expect(told.history.failures.TakeUp).toMatchObject({ reason: 'RotationOutcomeLost', count: 1, since: noon });
    expect(told.history.triedCredential).toBe(digest);
    expect(tellSpent(told, noon + minutes(1))).toBe(told);
  });

  it.each([
    ['after the first one', credential, over(itsOwn, 0)],
    ['when it was another one', aCredential({ digest: 'another' }), over(itsOwn, 1)],
    ['when it was the held token', credential, over('Held', 1)],
  ] as const)('does not count as refused %s', (_, given, attempt) => {
    const o = anObservation({ credential: given, attempt });
    expect(tellSpent(o, noon)).toBe(o);
  });

  it('keeps the word that Square said', () => {
    const said = aStreak({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused' });
    const history = aHistory({ failures: { TakeUp: said }, triedCredential: digest });
    const o = anObservation({ credential, attempt: over(itsOwn, 1), history });
    expect(tellSpent(o, noon)).toBe(o);
  });

  it('is not said to be tried again', () => {
    const step = { kind: 'TakeUp', credential: 'refreshToken', because: 'CredentialRetry' } as const;
    const fact = {
      kind: 'Failed',
      failure: aFailure(),
      credential: digest,
      attempt: over(itsOwn, 1),
    } as const;
    const after = absorb(anObservation({ credential, attempt: over(itsOwn, 0) }), step, fact, at(noon));
    expect(after.history.failures.TakeUp?.reason).toBe('RotationOutcomeLost');
    expect(decide(after, at(noon + minutes(30))).kind).toBe('Wait');
  });
});
