import { describe, expect, it } from 'vitest';
import { days, formatInstant, hours, type Instant, minutes, seconds } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import type { Attempt } from '../../../src/domain/attempt.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { FailureReason } from '../../../src/domain/failure.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import { failsToIssue, type Issuing, inQuestion, withToken } from '../../../src/domain/issuing.ts';
import { onceMoreAt, onceMoreMessage } from '../../../src/domain/once-more.ts';
import { requestState } from '../../../src/domain/requests.ts';
import { token } from '../../../src/domain/token.ts';
import { renewable } from '../../../src/domain/verdict.ts';
import {
  aConnection,
  aCredential,
  aFailure,
  aGrant,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aStreak,
  at,
  held,
  noon,
} from '../../support/builders.ts';

const lostAt = noon - hours(2);
const over = (presents: Attempt['presents'], unanswered = 0) => ({
  kind: 'Over' as const,
  attempt: { id: 'a', holder: 'h', startedAt: lostAt, presents, unanswered },
});

interface Case {
  readonly issuing?: Issuing;
  /** How the request failed; absent: its process ended. */
  readonly reason?: FailureReason;
  readonly grant?: Partial<Grant>;
  readonly dead?: true;
}

function doubtful({ issuing, reason, grant = {}, dead }: Case) {
  const classes = { SquareTimedOut: 'Unreachable', SquareInternalError: 'Unavailable', RateLimited: 'RateLimited' };
  const failureClass = classes[reason as keyof typeof classes] as 'Unavailable';
  const streak = reason && aStreak({ class: failureClass, reason, time: lostAt, since: lostAt });
  return anObservation({
    application: anApplication({ ...(issuing && { issuing }) }),
    grant: held(grant),
    attempt: over('Held'),
    history: aHistory({
      ...(streak && { failures: { Refresh: streak } }),
      ...(dead && { proof: { kind: 'Revoked' } }),
    }),
  });
}

const endingIn = (left: number): Partial<Grant> => ({
  accessToken: { ...aGrant().accessToken, expiresAt: noon + left },
});
const singleUse: Partial<Grant> = {
  accessToken: { ...aGrant().accessToken, issuedAt: noon - days(8) },
  refreshToken: { value: token('EQAAEXAMPLE'), singleUse: true, expiresAt: noon + days(60) },
};
const when = (o: Parameters<typeof onceMoreAt>[0]): Instant => onceMoreAt(o, 'Refresh', 'Held', at(noon));

describe('a token that may be used up is presented once more', () => {
  it.each([
    ['after a time-out: a day later', { reason: 'SquareTimedOut' }, lostAt + days(1)],
    ['after a failure inside Square: a day later', { reason: 'SquareInternalError' }, lostAt + days(1)],
    [
      'when others got nothing either: a day after its own failure',
      { reason: 'SquareTimedOut', issuing: { failedAt: noon } },
      lostAt + days(1),
    ],
    [
      'four hours before the access token ends',
      { reason: 'SquareTimedOut', grant: endingIn(hours(9)) },
      noon + hours(5),
    ],
    [
      'half an hour later at the soonest',
      { reason: 'SquareTimedOut', grant: endingIn(hours(1)) },
      lostAt + minutes(30),
    ],
    [
      'half an hour later when the access token is dead',
      { reason: 'SquareTimedOut', dead: true },
      lostAt + minutes(30),
    ],
    ['at once when only the process ended', {}, 0],
    [
      'at once when the process ended and Square gives tokens again',
      { issuing: { failedAt: noon - hours(3), givenAt: noon - hours(1) } },
      0,
    ],
    ['a day later when the process ended in an outage', { issuing: { failedAt: noon } }, noon + days(1)],
    ['whenever Square takes requests again', { reason: 'RateLimited' }, 0],
  ] as const satisfies readonly (readonly [string, Case, Instant])[])('%s', (_, given, expected) => {
    expect(when(doubtful(given))).toBe(expected);
  });

  it('within half an hour of a token that Square gave since, each connection at a moment of its own', () => {
    const givenAt = lostAt + hours(1);
    const o = doubtful({ reason: 'SquareTimedOut', issuing: { failedAt: lostAt, givenAt } });
    const moments = ['one', 'two', 'three', 'four'].map((uid) => when({ ...o, connection: aConnection({ uid }) }));
    expect(new Set(moments).size).toBe(4);
    for (const moment of moments) {
      expect(moment).toBeGreaterThanOrEqual(givenAt);
      expect(moment).toBeLessThan(givenAt + minutes(30));
    }
  });

  it('not on the word of a token that was given in the second of the failure or before', () => {
    const issuing = { failedAt: lostAt - hours(1), givenAt: lostAt };
    expect(when(doubtful({ reason: 'SquareTimedOut', issuing }))).toBe(lostAt + days(1));
  });

  it('as if nothing were in the way when nothing is in doubt', () => {
    const { attempt: _, ...o } = doubtful({ reason: 'SquareTimedOut' });
    expect(when({ ...o, attempt: { kind: 'None' } })).toBe(0);
  });

  it('at once when a person asks for it, who has no grant yet', () => {
    const credential = aCredential({ digest: 'lost' });
    const failures = { TakeUp: aStreak({ class: 'Unreachable', reason: 'SquareTimedOut', time: lostAt }) };
    const o = anObservation({ credential, attempt: over({ credential: 'lost' }), history: aHistory({ failures }) });
    const waits = (connection = o.connection, grant: typeof o.grant = { kind: 'Absent' }) =>
      onceMoreAt({ ...o, grant, connection }, 'TakeUp', { credential: 'lost' }, at(noon));
    const asked = aConnection({ requests: { refresh: formatInstant(noon - minutes(1)) } });
    expect([waits(), waits(asked), waits(asked, held())]).toEqual([lostAt + days(1), 0, lostAt + days(1)]);
  });
});

it('what was asked for before a grant was held is answered once the credential was tried', () => {
  const asked = formatInstant(noon - minutes(1));
  const o = aNewObservation({ connection: aConnection({ requests: { refresh: asked } }) });
  const step = decide(o, at(noon));
  expect(step).toMatchObject({ kind: 'TakeUp', request: asked });
  const after = absorb(o, step, { kind: 'Failed', failure: aFailure(), credential: 'new' }, at(noon));
  expect([requestState(after, 'refresh', at(noon)), requestState(after, 'refresh', at(noon + hours(1)))]).toEqual([
    'None',
    'None',
  ]);
});

describe('the status says what is waited for', () => {
  const doubt = { presents: 'Held', startedAt: lostAt, unanswered: 1 } as const;
  const said = (given: Case, now = noon) => onceMoreMessage(doubtful(given), 'Held', doubt, at(now));

  it('since when, until when, and what helps', () => {
    const message = said({ reason: 'SquareTimedOut', issuing: { failedAt: lostAt } });
    expect(message).toContain(`token request of ${formatInstant(lostAt)} is not known`);
    expect(message).toContain(`SquareApplication shop/pos again, or at ${formatInstant(lostAt + days(1))}`);
    expect(message).toContain('square-operator.dev/refresh-requested-at');
  });

  it('and that it came', () => {
    const givenAt = noon - seconds(1);
    const message = said({ reason: 'SquareTimedOut', issuing: { failedAt: lostAt, givenAt } });
    expect(message).toContain(`a token at ${formatInstant(givenAt)}, so it is tried once more at 2026-`);
  });

  it('and that nothing is waited for any more', () => {
    expect(said({ reason: 'SquareTimedOut' }, noon + days(1))).toMatch(/It is tried once more\.$/);
  });

  it.each([
    ['tokens like it are held back', { heldBack: { singleUse: { since: noon } } }, 'so this one is held back'],
    ['Square refuses the client', { refusal: { since: noon, retryAt: noon + days(1) } }, 'refuses the client'],
  ])('but promises no try while %s', (_when, obstacle, says) => {
    const o = doubtful({ reason: 'SquareTimedOut', grant: singleUse });
    const stopped = { ...o, application: anApplication(obstacle) };
    const { reason, message } = renewable(stopped, aGrant(singleUse), at(noon));
    expect(reason).toBe('RotationInDoubt');
    expect(message).toContain('the refresh token may be used up. ');
    expect(message).toContain(says);
    expect(message).not.toContain('It is tried once more');
  });
});

describe('whether Square gives tokens to an application', () => {
  it('is told by the first token after the latest failure', () => {
    const failed = inQuestion(noon + 700);
    expect(failed).toEqual({ failedAt: noon });
    expect(withToken(failed, noon + 900)).toBe(failed);
    const given = withToken(failed, noon + seconds(5));
    expect(given).toEqual({ failedAt: noon, givenAt: noon + seconds(5) });
    expect(withToken(given, noon + seconds(9))).toEqual(given);
    expect(withToken(undefined, noon)).toBeUndefined();
  });

  it.each([
    ['Unreachable', 'SquareTimedOut', true],
    ['Unavailable', 'SquareInternalError', true],
    ['Unknown', 'SquareAnswerNotUnderstood', true],
    ['RateLimited', 'RateLimited', false],
    ['RefreshTokenRefused', 'RefreshTokenRefused', false],
    ['ClientRefused', 'ClientRefused', false],
    ['Unknown', 'SecretNotWritten', false],
  ] as const)('%s (%s) speaks against it: %s', (failureClass, reason, speaks) => {
    expect(failsToIssue({ class: failureClass, reason })).toBe(speaks);
  });
});
