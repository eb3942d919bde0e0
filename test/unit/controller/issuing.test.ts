import { describe, expect, it } from 'vitest';
import { createSquareTime, days, formatInstant, hours, type Instant, minutes } from '../../../src/clock.ts';
import { createIndex } from '../../../src/controller/index-by.ts';
import { createIssuing } from '../../../src/controller/issuing.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import { readStatus, type StoredStatus } from '../../../src/domain/recall.ts';
import type { Fact, Step } from '../../../src/domain/step.ts';
import { aFailure, aGrant, anApplication, anObservation, at, held, noon } from '../../support/builders.ts';
import { createFakeClock } from '../../support/clock.ts';

const ref = 'platform/pkce';

interface Seller {
  readonly issuedAt?: Instant;
  readonly failedAt?: Instant;
  readonly reason?: string;
  readonly operation?: 'Refresh' | 'TakeUp' | 'Verify';
  readonly renewable?: string;
}

function aStatus({
  issuedAt = noon - days(6),
  failedAt,
  reason = 'SquareTimedOut',
  operation = 'Refresh',
  renewable,
}: Seller): StoredStatus {
  const time = failedAt === undefined ? '' : formatInstant(failedAt);
  const condition = { type: 'Renewable', status: 'Unknown', message: 'It.', lastTransitionTime: formatInstant(noon) };
  return readStatus({
    revision: 4,
    accessTokenIssuedAt: formatInstant(issuedAt),
    ...(renewable && { conditions: [{ ...condition, status: 'Unknown' as const, reason: renewable }] }),
    ...(failedAt && { lastFailure: { operation, time, since: time, reason, message: 'It failed.', count: 1 } }),
  });
}

function stage(sellers: readonly Seller[] = []) {
  const clock = createFakeClock(noon);
  const connectionsOf = createIndex();
  const connections = new Map<string, { stored: StoredStatus }>();
  for (const [i, seller] of sellers.entries()) {
    connections.set(`shop/c${i}`, { stored: aStatus(seller) });
    connectionsOf.set(`shop/c${i}`, [ref]);
  }
  const square = { time: createSquareTime(clock) };
  const woken: string[] = [];
  type Deps = Parameters<typeof createIssuing>[0];
  const deps = {
    watches: { connections, applications: new Map([[ref, { spec: { environment: 'Production' } }]]) },
    squares: { Production: square, Sandbox: square },
    connectionsOf,
    wake: (key: string) => woken.push(key),
    clock,
  };
  const issuing = createIssuing(deps as unknown as Deps);
  const o = anObservation({ application: anApplication({ ref }) });
  const refresh: Step = { kind: 'Refresh', because: 'Due' };
  const heard = (fact: Fact, step: Step = refresh) => issuing.heard(o, step, fact);
  /** One answer names another time, and the next one bears it out. */
  const answers = (date: Instant) => {
    square.time.observe(date);
    square.time.observe(date);
  };
  const setBack = () => answers(noon - hours(6));
  return { issuing, heard, woken, clock, answers, setBack, now: () => square.time.now() };
}

const failed = (fields: Partial<Failure> = {}): Fact => ({
  kind: 'Failed',
  failure: aFailure({ reason: 'SquareTimedOut', maybeActed: true, ...fields }),
});
const given = (issuedAt: Instant): Fact => {
  const { accessToken } = aGrant();
  return { kind: 'Sealed', how: 'Refreshed', answers: {}, grant: held({ accessToken: { ...accessToken, issuedAt } }) };
};

describe('whether Square gives tokens to an application', () => {
  it('is not in question before a request fails, and told by the next token', async () => {
    const { issuing, heard, clock } = stage();
    heard(given(noon));
    expect(issuing.of(ref)).toBeUndefined();
    heard(failed());
    expect(issuing.of(ref)).toEqual({ failedAt: noon });
    await clock.advance(minutes(1));
    heard(given(noon + minutes(1)));
    expect(issuing.of(ref)).toEqual({ failedAt: noon, givenAt: noon + minutes(1) });
    heard(failed({ class: 'Unavailable', reason: 'SquareInternalError', status: 500 }));
    expect(issuing.of(ref)).toEqual({ failedAt: noon + minutes(1) });
  });

  it.each([
    ['a refusal', failed({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused', status: 400 })],
    ['429', failed({ class: 'RateLimited', reason: 'RateLimited', status: 429 })],
    ['an API server that takes no write', { kind: 'Unwritten', message: 'It does not.' }],
  ] as const satisfies readonly (readonly [string, Fact])[])('is not put in question by %s', (_, fact) => {
    const { issuing, heard } = stage();
    heard(fact);
    expect(issuing.of(ref)).toBeUndefined();
  });

  it.each([
    [
      'a token that is not stored yet',
      { kind: 'Unsettled', unsettled: { since: noon, message: 'It.', kept: 'Escrow' } },
    ],
    ['a token of another seller', { kind: 'OtherMerchant', merchantID: 'M-OTHER', message: 'It is another.' }],
    ['a token of which nobody says whose it is', failed({ operation: 'RetrieveTokenStatus' })],
  ] as const satisfies readonly (readonly [string, Fact])[])('is told by %s, too', async (_, fact) => {
    const { issuing, heard, clock } = stage();
    heard(failed());
    await clock.advance(minutes(1));
    heard(fact);
    expect(issuing.of(ref)?.givenAt).toBe(noon + minutes(1));
  });

  it('is told by a seller’s sign-in as of the time at which its code was exchanged', async () => {
    const { issuing, heard, clock } = stage();
    const receive: Step = { kind: 'Receive', secret: 'an-arrival', because: 'SignedIn' };
    heard(failed());
    await clock.advance(minutes(5));
    heard(given(noon - minutes(1)), receive);
    expect(issuing.of(ref)).toEqual({ failedAt: noon });
    heard(given(noon + minutes(2)), receive);
    expect(issuing.of(ref)?.givenAt).toBe(noon + minutes(2));
  });

  it('is told by the next token, too, when the failure was noted by a clock that was ahead', async () => {
    const { issuing, heard, clock, now, setBack } = stage();
    heard(failed());
    setBack();
    expect(issuing.of(ref)).toEqual({ failedAt: noon - hours(6) });
    await clock.advance(minutes(1));
    heard(given(now()));
    expect(issuing.of(ref)).toEqual({ failedAt: noon - hours(6), givenAt: now() });
  });

  it('is told by the next token after a sleep, in which Square’s time goes on and the machine’s does not', () => {
    const { issuing, heard, answers, now } = stage();
    answers(noon + minutes(1));
    heard(failed());
    answers(noon + hours(6));
    heard(given(now()));
    expect(issuing.of(ref)).toEqual({ failedAt: noon + minutes(1), givenAt: noon + hours(6) });
  });

  it('keeps its witness through a sleep, when the failure was heard before the time was confirmed', async () => {
    const { issuing, heard, clock, answers, now } = stage();
    heard(failed());
    answers(noon);
    await clock.advance(minutes(1));
    heard(given(now()));
    const told = { failedAt: noon, givenAt: noon + minutes(1) };
    expect(issuing.of(ref)).toEqual(told);
    answers(noon + hours(6));
    expect(issuing.of(ref)).toEqual(told);
  });

  it('is told by the first token, however many are given after it', async () => {
    const { issuing, heard, clock, now } = stage();
    heard(failed());
    for (let i = 0; i < 3; i++) {
      await clock.advance(minutes(5));
      heard(given(now()));
    }
    expect(issuing.of(ref)).toEqual({ failedAt: noon, givenAt: noon + minutes(5) });
  });

  it('keeps what was first when both were noted by a clock that was ahead', async () => {
    const { issuing, heard, clock, setBack } = stage();
    heard(failed());
    await clock.advance(minutes(1));
    heard(given(noon + minutes(1)));
    setBack();
    expect(issuing.of(ref)).toEqual({ failedAt: noon - hours(6) - minutes(1), givenAt: noon - hours(6) });
  });

  it('has nothing to do with verifications, adoptions and personal access tokens', () => {
    const { issuing, heard } = stage();
    heard(failed(), { kind: 'Verify', because: 'Slot' });
    heard(failed(), { kind: 'TakeUp', credential: 'personalAccessToken', because: 'CredentialNew' });
    expect(issuing.of(ref)).toBeUndefined();
  });

  it('wakes whoever may wait for the first token, and nobody for a later one', async () => {
    const { heard, woken, clock } = stage([
      { failedAt: noon - minutes(5) },
      {},
      { renewable: 'RotationInDoubt' },
      { failedAt: noon - minutes(5), operation: 'Verify' },
    ]);
    heard(given(noon));
    expect(woken).toEqual(['shop/c0', 'shop/c2']);
    await clock.advance(minutes(1));
    heard(given(noon + minutes(1)));
    expect(woken).toHaveLength(2);
  });
});

describe('a process that has just begun', () => {
  it.each([
    ['knows of no failure', [{}, {}], undefined],
    ['knows of a failure', [{ failedAt: noon - hours(1) }, {}], { failedAt: noon - hours(1) }],
    [
      'knows of the latest',
      [{ failedAt: noon - hours(1) }, { failedAt: noon - hours(2) }],
      { failedAt: noon - hours(1) },
    ],
    [
      'knows of a token that was given since',
      [{ failedAt: noon - hours(1) }, { issuedAt: noon - minutes(50) }, { issuedAt: noon - minutes(40) }],
      { failedAt: noon - hours(1), givenAt: noon - minutes(50) },
    ],
    [
      'takes no earlier token for one',
      [{ failedAt: noon - hours(1) }, { issuedAt: noon - hours(2) }],
      { failedAt: noon - hours(1) },
    ],
    [
      'takes no token of the future for one',
      [{ failedAt: noon - hours(1) }, { issuedAt: noon + days(40) }],
      { failedAt: noon - hours(1) },
    ],
    ['takes no refusal for a failure', [{ failedAt: noon - hours(1), reason: 'RefreshTokenRefused' }], undefined],
    ['takes no write that failed for one', [{ failedAt: noon - hours(1), reason: 'SecretNotWritten' }], undefined],
    ['takes no verification for one', [{ failedAt: noon - hours(1), operation: 'Verify' as const }], undefined],
  ] as const satisfies readonly (readonly [string, readonly Seller[], unknown])[])('%s', (_, sellers, expected) => {
    const { issuing } = stage(sellers);
    expect(issuing.of(ref)).toEqual(expected);
    issuing.restart();
    expect(issuing.of(ref)).toEqual(expected);
  });

  it('believes no time that is ahead', async () => {
    const { issuing, clock } = stage([{ failedAt: at(noon).square + days(40) }]);
    expect(issuing.of(ref)).toEqual({ failedAt: noon });
    await clock.advance(hours(1));
    expect(issuing.of(ref)).toEqual({ failedAt: noon });
  });
});

describe('a process whose clock is hours behind until Square answers', () => {
  const receive: Step = { kind: 'Receive', secret: 'an-arrival', because: 'SignedIn' };
  const later = noon + hours(6);

  it('knows then when the failure was that the statuses tell of', () => {
    const { issuing, answers } = stage([{ failedAt: later - hours(1) }, { issuedAt: later - hours(2) }]);
    expect(issuing.of(ref)).toEqual({ failedAt: noon });
    answers(later);
    expect(issuing.of(ref)).toEqual({ failedAt: later - hours(1) });
  });

  it('knows then of the token that was given since', () => {
    const { issuing, answers } = stage([{ failedAt: later - hours(2) }, { issuedAt: later - hours(1) }]);
    expect(issuing.of(ref)).toEqual({ failedAt: noon });
    answers(later);
    expect(issuing.of(ref)).toEqual({ failedAt: later - hours(2), givenAt: later - hours(1) });
  });

  it('still believes no time that is ahead of Square’s', async () => {
    const { issuing, answers, clock } = stage([{ failedAt: later + hours(1) }, { issuedAt: later + hours(2) }]);
    issuing.of(ref);
    answers(later);
    await clock.advance(hours(3));
    expect(issuing.of(ref)).toEqual({ failedAt: later });
  });

  it.each([
    ['takes no token that was given before the failure for a witness', later - hours(2), undefined],
    ['has a witness in a token that was given after the failure', later - minutes(30), later - minutes(30)],
  ])('%s, when a sign-in brings it', async (_, issuedAt, givenAt) => {
    const { issuing, heard, answers, clock } = stage([{ failedAt: later - hours(1) }]);
    issuing.of(ref);
    await clock.advance(minutes(1));
    heard(given(issuedAt), receive);
    expect(issuing.of(ref)).toEqual({ failedAt: noon, givenAt: noon + minutes(1) });
    answers(later);
    expect(issuing.of(ref)).toEqual({ failedAt: later - hours(1), ...(givenAt && { givenAt }) });
  });

  it('counts what it heard itself from when it heard it', async () => {
    const { issuing, heard, answers, clock, now } = stage();
    heard(failed());
    await clock.advance(minutes(1));
    answers(later);
    heard(given(later - hours(1)), receive);
    expect(issuing.of(ref)).toEqual({ failedAt: later - minutes(1) });
    heard(given(now()));
    expect(issuing.of(ref)).toEqual({ failedAt: later - minutes(1), givenAt: later });
  });

  it('keeps the order of what it heard itself', async () => {
    const { issuing, heard, answers, clock, now } = stage([{ failedAt: later - hours(1) }]);
    heard(failed());
    await clock.advance(minutes(1));
    heard(given(now()));
    await clock.advance(minutes(1));
    answers(later);
    expect(issuing.of(ref)).toEqual({ failedAt: later - minutes(2), givenAt: later - minutes(1) });
  });
});
