import { describe, expect, it } from 'vitest';
import { formatInstant, hours, minutes } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import type { Attempt } from '../../../src/domain/attempt.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import { nextAttempt } from '../../../src/domain/pace.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { tellSpent } from '../../../src/domain/spent-credential.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import {
  aConnection,
  aCredential,
  aFailure,
  aHistory,
  aNewObservation,
  anObservation,
  aStreak,
  at,
  noon,
  vacated,
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

  it.each([
    ['once more, and no more', 0, 'TakeUp'],
    ['no more', 1, 'Wait'],
  ] as const)('is presented %s, too, while a key of other digests is the oldest', (_, unanswered, does) => {
    const renamed = aCredential({ digest: 'by-the-oldest', otherDigests: ['another', digest] });
    const o = aNewObservation({ credential: renamed, attempt: over(itsOwn, unanswered), grant: vacated() });
    expect(decide(o, at(noon)).kind).toBe(does);
    expect(tellSpent(o, noon).history.failures.TakeUp?.reason).toBe(
      does === 'Wait' ? 'RotationOutcomeLost' : undefined,
    );
    const ready = summarize(o, readStatus({}), at(noon)).conditions?.find(({ type }) => type === 'Ready');
    expect(ready?.reason).toBe(does === 'Wait' ? 'RotationOutcomeLost' : 'TakingUp');
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

describe('a token request that an error of a gateway answered', () => {
  const lost = aStreak({ class: 'Unavailable', reason: 'SquareUnavailable', time: noon - minutes(5), since: noon });
  const after = (ago: number, witnessedAt?: number) =>
    anObservation({
      attempt: over('Held', 0),
      history: aHistory({
        failures: { Refresh: { ...lost, time: noon - ago } },
        ...(witnessedAt === undefined ? {} : { witnessedAt }),
      }),
    });

  it('is repeated without a witness only after a day, and when what issues tokens has answered something else', () => {
    expect(decide(after(hours(23), noon), at(noon)).kind).toBe('Wait');
    expect(decide(after(hours(25)), at(noon))).toEqual({ kind: 'Verify', because: 'AnswerLost' });
    expect(decide(after(hours(25), noon - hours(26)), at(noon)).kind).toBe('Verify');
    expect(decide(after(hours(25), noon), at(noon))).toEqual({ kind: 'Refresh', because: 'AnswerLost' });
  });

  it('has a witness in whatever is no failure of the way to Square', () => {
    const step = { kind: 'Verify', because: 'AnswerLost' } as const;
    const asked = (failure: Failure) => absorb(after(hours(25)), step, { kind: 'Failed', failure }, at(noon));
    const dead = aFailure({ class: 'AccessTokenRevoked', reason: 'AccessTokenRevoked', status: 401 });
    expect(asked(dead).history.witnessedAt).toBe(noon);
    expect(asked(aFailure({ class: 'Unavailable', status: 503 })).history.witnessedAt).toBeUndefined();
  });

  it('makes a take-up wait as well', () => {
    const history = aHistory({ failures: { TakeUp: { ...lost, time: noon - hours(23) } }, triedCredential: digest });
    const o = anObservation({ credential, attempt: over(itsOwn, 0), history });
    expect(decide(o, at(noon)).kind).toBe('Wait');
    expect(decide(o, at(noon + hours(2))).kind).toBe('TakeUp');
  });
});

describe('a refusal of a token to which an answer was no proof that nothing was done', () => {
  const doubts = [{ presents: 'Held', startedAt: noon - minutes(5), unanswered: 0, doubted: true }] as const;
  const refused = aFailure({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused', status: 400 });
  const asked = anObservation({ attempt: { kind: 'None', doubts } });
  const step = { kind: 'Refresh', because: 'Due' } as const;

  it('is no word of the seller, and final', () => {
    const told = absorb(asked, step, { kind: 'Failed', failure: refused, attempt: asked.attempt }, at(noon));
    expect(told.history.failures.Refresh).toMatchObject({ reason: 'RotationOutcomeLost' });
    expect(nextAttempt(told, 'Refresh', at(noon))).toBeUndefined();
  });

  it('is the word of Square where there was none', () => {
    const told = absorb(anObservation(), step, { kind: 'Failed', failure: refused }, at(noon));
    expect(told.history.failures.Refresh).toMatchObject({ reason: 'RefreshTokenRefused' });
  });
});
