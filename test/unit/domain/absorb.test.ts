import { describe, expect, it } from 'vitest';
import { statusBounds } from '../../../src/api/status.ts';
import { hours, minutes, seconds } from '../../../src/clock.ts';
import { absorb } from '../../../src/domain/absorb.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { Failure, FailureClass } from '../../../src/domain/failure.ts';
import type { History, Observation } from '../../../src/domain/observation.ts';
import type { Fact, Step } from '../../../src/domain/step.ts';
import {
  aConnection,
  aCredential,
  aFailure,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aStreak,
  at,
  held,
  noon,
  ours,
} from '../../support/builders.ts';

const takeUp: Step = { kind: 'TakeUp', credential: 'refreshToken', because: 'CredentialNew' };
const refresh: Step = { kind: 'Refresh', because: 'Due' };
const verify: Step = { kind: 'Verify', because: 'Slot' };
const publish: Step = { kind: 'Publish', because: 'Changed' };
const withdraw: Step = { kind: 'Withdraw', name: 'bakery', state: 'revoked', because: 'TokenDead' };

const failed = (fields: Partial<Failure> = {}, more: Partial<Fact & { kind: 'Failed' }> = {}): Fact => ({
  kind: 'Failed',
  failure: aFailure(fields),
  ...more,
});
const refreshed: Fact = { kind: 'Sealed', grant: held({ generation: 4 }), how: 'Refreshed', answers: {} };
const takenUp: Fact = { ...refreshed, how: 'TakenUp' };
const after = (o: Observation, step: Step, fact: Fact, now = noon): Observation => absorb(o, step, fact, at(now));
const dead = (failureClass: FailureClass, kind: 'Revoked' | 'Unauthorized' | 'Expired') =>
  [failureClass, kind] as const;

describe('after a new token', () => {
  it('nothing is proven of it, and what was published is not it', () => {
    const o = after(anObservation(), refresh, refreshed);
    expect(o.grant).toBe(refreshed.grant);
    expect(o.tokenSecret).toMatchObject({ kind: 'Ours', current: false });
    expect(o.history).toMatchObject({ revision: 4, proof: { kind: 'None' } });
  });

  it.each([
    ['in place of an accepted one: as good as that one', aHistory(), 'Accepted'],
    ['in place of a dead one: a remedy', aHistory({ proof: { kind: 'Revoked' } }), 'Dead'],
    [
      'in place of an unproven remedy: still a remedy',
      aHistory({ proof: { kind: 'None' }, inPlaceOf: 'Dead' }),
      'Dead',
    ],
    ['in place of one never proven: unproven', aHistory({ proof: { kind: 'None' } }), 'Nothing'],
  ])('%s', (_, history, inPlaceOf) => {
    expect(after(anObservation({ history }), refresh, refreshed).history.inPlaceOf).toBe(inPlaceOf);
  });

  it('of another seller or credential: nothing is carried over', () => {
    const { history } = after(anObservation(), takeUp, takenUp);
    expect(history.inPlaceOf).toBe('Nothing');
    expect(history).not.toHaveProperty('merchantName');
    expect(history).not.toHaveProperty('scopes');
    expect(history).not.toHaveProperty('verifiedAt');
  });

  it('permissions are asked for anew only where a limit was asked for, which Square may take or not', () => {
    expect(after(anObservation(), refresh, refreshed).history.scopes).toEqual(['MERCHANT_PROFILE_READ']);
    const grant = held({ requested: { scopes: ['ORDERS_READ'], shortLived: false } });
    const limited = { ...refreshed, grant };
    expect(after(anObservation(), refresh, limited).history.scopes).toBeUndefined();
    expect(after(anObservation({ grant }), refresh, limited).history.scopes).toBeUndefined();
    expect(after(anObservation({ grant }), refresh, refreshed).history.scopes).toBeUndefined();
  });

  it('failures are over, but a refused credential stays refused', () => {
    const failures = { TakeUp: aStreak(), Refresh: aStreak(), Verify: aStreak(), Publish: aStreak() };
    const o = anObservation({ history: aHistory({ failures, triedCredential: 'bad' }) });
    expect(Object.keys(after(o, refresh, refreshed).history.failures).sort()).toEqual(['Publish', 'TakeUp']);
    expect(after(o, refresh, refreshed).history.triedCredential).toBe('bad');
    expect(Object.keys(after(o, takeUp, takenUp).history.failures)).toEqual(['Publish']);
    expect(after(o, takeUp, takenUp).history).not.toHaveProperty('triedCredential');
  });

  it('the request that asked for it is answered', () => {
    const fact = { ...refreshed, answers: { refresh: 'then' } };
    expect(
      after(anObservation({ history: aHistory({ handled: { adopt: 'a' } }) }), refresh, fact).history.handled,
    ).toEqual({
      refresh: 'then',
      adopt: 'a',
    });
  });

  it('Square has taken the client', () => {
    const application = anApplication({ refusal: { since: noon, retryAt: noon } });
    expect(after(anObservation({ application }), refresh, refreshed).application).not.toHaveProperty('refusal');
  });
});

describe('after a verification', () => {
  it('the token is proven, and failures of verifying are over', () => {
    const history = aHistory({ proof: { kind: 'Revoked' }, failures: { Verify: aStreak(), Refresh: aStreak() } });
    const o = after(anObservation({ history }), verify, { kind: 'Verified', merchantName: 'New' }, noon + minutes(5));
    expect(o.history).toMatchObject({
      proof: { kind: 'Accepted' },
      verifiedAt: noon + minutes(5),
      verifyFrom: noon + minutes(5),
      merchantName: 'New',
      scopes: ['MERCHANT_PROFILE_READ'],
    });
    expect(Object.keys(o.history.failures)).toEqual(['Refresh']);
  });

  it.each([
    dead('AccessTokenRevoked', 'Revoked'),
    dead('AccessTokenUnauthorized', 'Unauthorized'),
    dead('AccessTokenExpired', 'Expired'),
  ])('%s proves the token dead: %s', (failureClass, kind) => {
    const history = aHistory({ failures: { Verify: aStreak() } });
    const o = after(anObservation({ history }), verify, failed({ class: failureClass, reason: 'AccessTokenRevoked' }));
    expect(o.history).toMatchObject({ proof: { kind }, failures: {} });
  });

  it.each([
    'Unreachable',
    'Unavailable',
    'RateLimited',
    'InsufficientScopes',
    'ClientRefused',
    'RefreshTokenRefused',
    'BadRequest',
    'NothingToRevoke',
    'Unknown',
  ] as const)('%s proves nothing, and is counted', (failureClass) => {
    const o = after(anObservation(), verify, failed({ class: failureClass }), noon + minutes(1));
    expect(o.history.proof).toEqual({ kind: 'Accepted' });
    expect(o.history.failures.Verify).toMatchObject({ class: failureClass, count: 1 });
    expect(o.history).toMatchObject({ verifyFrom: noon + minutes(1), verifiedAt: noon });
  });

  it('a remedy that is dead too makes remedies vain, until a token is accepted', () => {
    const remedy = aHistory({ proof: { kind: 'None' }, inPlaceOf: 'Dead' });
    const refusal = failed({ class: 'AccessTokenUnauthorized', reason: 'AccessTokenUnauthorized', message: 'No.' });
    const once = after(anObservation({ history: remedy }), verify, refusal);
    expect(once.history.failures.Refresh).toMatchObject({ class: 'AccessTokenUnauthorized', count: 1 });
    expect(once.history.failures.Refresh?.message).toContain('not accepted either. No.');
    const twice = after(after(once, refresh, refreshed), verify, refusal);
    expect(twice.history.failures.Refresh).toMatchObject({ count: 2 });
    expect(after(twice, verify, { kind: 'Verified' }).history.failures).toEqual({});
  });

  it('the death of a token that once worked is no vain remedy', () => {
    const o = after(anObservation(), verify, failed({ class: 'AccessTokenRevoked', reason: 'AccessTokenRevoked' }));
    expect(o.history.failures).toEqual({});
  });
});

describe('after a failure', () => {
  it('failures in a row are counted since the first, in whole seconds, within the bounds of the status', () => {
    const first = after(anObservation(), refresh, failed({ message: 'x'.repeat(5_000) }), noon + 1_499);
    const second = after(first, refresh, failed({ retryAfter: 1_001 }), noon + seconds(30) + 999);
    expect(first.history.failures.Refresh?.message).toHaveLength(statusBounds.failureMessage);
    expect(second.history.failures.Refresh).toMatchObject({
      count: 2,
      since: noon + seconds(1),
      time: noon + seconds(30),
      retryAt: noon + seconds(32),
    });
  });

  it('another credential is counted from one', () => {
    const history: History = { ...aHistory(), failures: { TakeUp: aStreak({ count: 5 }) }, triedCredential: 'old' };
    const o = after(anObservation({ history }), takeUp, failed({}, { credential: 'new' }), noon + minutes(1));
    expect(o.history).toMatchObject({
      triedCredential: 'new',
      failures: { TakeUp: { count: 1, since: noon + minutes(1) } },
    });
    const again = after(o, takeUp, failed({}, { credential: 'new' }));
    expect(again.history.failures.TakeUp?.count).toBe(2);
  });

  it('a refused client is no failure of the connection, but the request is answered', () => {
    const refusal = { since: noon, retryAt: noon + minutes(1) };
    const step: Step = { kind: 'Refresh', because: 'RefreshRequested', request: 'then' };
    const fact = failed({ class: 'ClientRefused', reason: 'ClientRefused' }, { refusal });
    const o = after(anObservation(), step, fact);
    expect(o.application).toMatchObject({ refusal });
    expect(o.history).toMatchObject({ failures: {}, handled: { refresh: 'then' } });
  });

  it('a disabled application is told by the application, its verifications keep their slots, and one that works ends it', () => {
    const refusal = { since: noon, retryAt: noon + minutes(1), disabled: true } as const;
    const step: Step = { kind: 'Verify', because: 'Slot' };
    const fact = failed({ class: 'ClientRefused', reason: 'ClientDisabled' }, { refusal });
    const o = after(anObservation({ application: anApplication() }), step, fact);
    expect(o.application).toMatchObject({ refusal });
    expect(o.history).toMatchObject({ failures: { Verify: { count: 1 } }, verifyFrom: noon });
    const again = after(o, step, { kind: 'Verified' });
    expect(again.application).not.toHaveProperty('refusal');
    expect(again.history.failures).toEqual({});
  });

  it('a refused client of nobody’s application is counted, so that it is not asked again at once', () => {
    const step: Step = { kind: 'TakeUp', credential: 'personalAccessToken', because: 'CredentialNew' };
    const o = aNewObservation({ application: { kind: 'NotNeeded', environment: 'Sandbox' } });
    const fact = failed({ class: 'ClientRefused', reason: 'ClientDisabled' }, { credential: 'new' });
    expect(after(o, step, fact).history.failures.TakeUp).toMatchObject({ count: 1 });
  });

  it('an answer about the token shows that the client is taken again', () => {
    const application = anApplication({ refusal: { since: noon, retryAt: noon } });
    const refusal = { class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused', status: 400 } as const;
    expect(after(anObservation({ application }), refresh, failed(refusal)).application).not.toHaveProperty('refusal');
    const lost = after(anObservation({ application }), refresh, failed());
    expect(lost.application).toHaveProperty('refusal');
  });

  it('a credential of another seller is remembered with that seller', () => {
    const fact: Fact = { kind: 'OtherMerchant', merchantID: 'M-B', credential: 'new', message: 'Of M-B.' };
    const o = after(aNewObservation({ credential: aCredential() }), takeUp, fact);
    expect(o.history).toMatchObject({
      triedCredential: 'new',
      failures: { TakeUp: { class: 'OtherMerchant', merchantID: 'M-B' } },
    });
    expect(o.grant).toEqual({ kind: 'Absent' });
  });

  it.each<[string, Fact, FailureClass]>([
    ['Square is not reached', failed({ reason: 'SquareRefusedConnection' }, { credential: 'new' }), 'Unreachable'],
    ['it cannot be noted', { kind: 'Unwritten', message: 'No room.', credential: 'new' }, 'Unknown'],
  ])(
    'a credential whose seller is pinned now is tried at once, then backing off by what fails: %s',
    (_, fact, failure) => {
      const connection = aConnection({}, { merchantID: 'M-B' });
      const another: Fact = { kind: 'OtherMerchant', merchantID: 'M-B', credential: 'new', message: 'Of M-B.' };
      const refused = after(anObservation({ connection, credential: aCredential() }), takeUp, another, noon - hours(1));
      expect(decide(refused, at(noon))).toMatchObject({ kind: 'TakeUp', because: 'CredentialRetry' });
      const tried = after(refused, takeUp, fact);
      const { TakeUp } = tried.history.failures;
      expect(TakeUp).toMatchObject({ since: noon, count: 1, class: failure });
      expect(TakeUp?.message).not.toBe('Of M-B.');
      expect(TakeUp).not.toHaveProperty('merchantID');
      expect(decide(tried, at(noon)).kind).not.toBe('TakeUp');
      expect(decide(tried, at(noon + seconds(7))).kind).toBe('TakeUp');
    },
  );
});

describe('after a write of the token Secret', () => {
  const failing = anObservation({
    history: aHistory({ failures: { Publish: aStreak() } }),
    formerTokenSecrets: [{ name: 'old' }],
  });

  it.each([
    ['published', publish, { kind: 'Published' }, { tokenSecret: { kind: 'Ours', current: true } }],
    [
      'withdrawn',
      withdraw,
      { kind: 'Withdrawn', name: 'bakery', state: 'revoked' },
      { tokenSecret: { state: 'revoked' } },
    ],
    [
      'removed',
      { kind: 'Remove', name: 'old', because: 'Renamed' },
      { kind: 'Removed', name: 'old' },
      { formerTokenSecrets: [] },
    ],
    ['taken', publish, { kind: 'NotOwned', retryAt: noon }, { tokenSecret: { kind: 'NotOwned', retryAt: noon } }],
  ] as const)('%s: the refusals before are over', (_, step, fact, expected) => {
    const o = after(failing, step, fact);
    expect(o).toMatchObject(expected);
    expect(o.history.failures).toEqual({});
  });

  it('withdrawn in a Secret that cannot be made from the spec', () => {
    const o = anObservation({ tokenSecret: { kind: 'Unrenderable', name: 'bakery', message: 'x.', published: {} } });
    expect(after(o, withdraw, { kind: 'Withdrawn', name: 'bakery', state: 'revoked' }).tokenSecret).toMatchObject({
      published: { state: 'revoked' },
    });
  });

  it('not taken by the API server: counted', () => {
    const o = after(failing, publish, { kind: 'Unwritten', message: 'Quota.' });
    expect(o.history.failures.Publish).toMatchObject({ count: 2, reason: 'SecretNotWritten', message: 'Quota.' });
    const before = after(aNewObservation(), takeUp, { kind: 'Unwritten', message: 'Quota.', credential: 'new' });
    expect(before.history.failures.TakeUp).toMatchObject({ count: 1, reason: 'SecretNotWritten' });
  });

  it('somebody was faster: nothing is known', () => {
    const o = anObservation({ tokenSecret: ours() });
    expect(after(o, publish, { kind: 'Stale' })).toBe(o);
  });
});

describe('a refusal and failures that pass', () => {
  const refresh: Step = { kind: 'Refresh', because: 'Due' };
  const refused = aFailure({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused', operation: 'ObtainToken' });
  const away = aFailure({ class: 'Unavailable', reason: 'SquareUnavailable', operation: 'ObtainToken' });
  const after = (...failures: readonly Failure[]) =>
    failures.reduce(
      (o, failure, hour) => absorb(o, refresh, { kind: 'Failed', failure }, at(noon + hours(hour))),
      anObservation({}),
    ).history.failures.Refresh;

  it('what was refused stays refused when Square is merely not reached, and is asked about more and more rarely', () => {
    expect(after(refused, away)).toMatchObject({
      class: 'RefreshTokenRefused',
      since: noon,
      time: noon + hours(1),
      count: 2,
    });
  });

  it('a refusal after an outage begins with the refusal', () => {
    expect(after(away, away, refused)).toMatchObject({
      class: 'RefreshTokenRefused',
      since: noon + hours(2),
      count: 1,
    });
  });

  it('a refusal has the access token put to the test at once, until Square says what it is', () => {
    const left = absorb(anObservation(), refresh, { kind: 'Failed', failure: refused }, at(noon));
    const verify: Step = { kind: 'Verify', because: 'RefreshRefused' };
    expect(decide(left, at(noon))).toEqual(verify);
    const silent = absorb(left, verify, { kind: 'Failed', failure: away }, at(noon));
    expect(decide(silent, at(noon + seconds(1))).kind).toBe('Wait');
    expect(decide(silent, at(noon + minutes(1)))).toEqual(verify);
    const accepted = absorb(silent, verify, { kind: 'Verified' }, at(noon + minutes(1)));
    expect(accepted.history.proof).toEqual({ kind: 'Accepted' });
    expect(decide(accepted, at(noon + minutes(1))).kind).toBe('Wait');
    const failure = aFailure({ class: 'AccessTokenRevoked', reason: 'AccessTokenRevoked' });
    const revoked = absorb(left, verify, { kind: 'Failed', failure }, at(noon));
    expect(revoked.history.proof).toEqual({ kind: 'Revoked' });
    expect(decide(revoked, at(noon)).kind, 'a refresh token that was refused is presented again').not.toBe('Refresh');
  });

  it('an outage is no reason to doubt the access token', () => {
    const o = absorb(anObservation(), refresh, { kind: 'Failed', failure: away }, at(noon));
    expect(o.history.proof).toEqual({ kind: 'Accepted' });
  });
});
