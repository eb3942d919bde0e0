import { describe, expect, it } from 'vitest';
import { days, formatInstant, hours, type Instant, minutes, seconds } from '../../../src/clock.ts';
import { decide } from '../../../src/domain/decide.ts';
import type { FailureClass } from '../../../src/domain/failure.ts';
import type {
  Application,
  Connection,
  CredentialProblem,
  Observation,
  Proof,
} from '../../../src/domain/observation.ts';
import { refreshDueAt } from '../../../src/domain/schedule.ts';
import type { Step } from '../../../src/domain/step.ts';
import { token } from '../../../src/domain/token.ts';
import {
  aConnection,
  aCredential,
  aGrant,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aPersonalGrant,
  aSpec,
  aStreak,
  at,
  held,
  noon,
  ours,
  uid,
} from '../../support/builders.ts';

/** A row is a sentence: when …, it does …. */
type Row = readonly [when: string, observation: Observation, does: string, now?: ReturnType<typeof at>];

const due = refreshDueAt(aSpec(), aGrant(), uid);
const end = noon + days(28);
const proof = (kind: Proof['kind']) => aHistory({ proof: { kind } });
const refused = anApplication({ refusal: { since: noon, retryAt: noon + minutes(4) } });
const annotated = (fields: { refresh?: string; adopt?: string }) => aConnection({ requests: fields });
const now = formatInstant(noon);
const failedRequest = (connection: Partial<Connection> = {}, failureClass: FailureClass = 'Unavailable') =>
  anObservation({
    connection: aConnection({ requests: { refresh: now }, ...connection }),
    history: aHistory({
      failures: { Refresh: aStreak({ class: failureClass, request: now }) },
      handled: { refresh: now },
    }),
  });
const missing: Application = { kind: 'Missing', ref: 'shop/pos' };

/** `Refresh(Due)`, `Wait(NothingDue) 5 min`: the step in a few words. */
function words(step: Step, square = noon): string {
  const base = `${step.kind}(${step.because})`;
  if (step.kind === 'Withdraw') return `${base} ${step.state}`;
  if (step.kind !== 'Wait') return base;
  return step.until === undefined ? `${base} for news` : `${base} ${Math.round((step.until - square) / seconds(1))} s`;
}

const rows: readonly Row[] = [
  // What stands before everything else
  ['it is being deleted', anObservation({ connection: aConnection({ deleting: true }) }), 'Wait(Deleting) 2419200 s'],
  [
    'its spec cannot be understood',
    anObservation({ connection: aConnection({ spec: { ok: false, problem: 'x.' } }) }),
    `Wait(SpecInvalid) ${days(28) / 1_000} s`,
  ],
  [
    'it is suspended and everything is due',
    anObservation({ connection: aConnection({}, { suspend: true }), history: proof('Revoked') }),
    `Wait(Suspended) ${days(28) / 1_000} s`,
  ],
  [
    'it is suspended and its token has ended',
    anObservation({ connection: aConnection({}, { suspend: true }) }),
    'Wait(Suspended) for news',
    at(end),
  ],
  // The record
  [
    'the place of the record is taken by another Secret',
    aNewObservation({ grant: { kind: 'NotOwned', retryAt: noon + seconds(30) } }),
    'Wait(GrantBlocked) 30 s',
  ],
  [
    'the record cannot be read and a credential is given',
    aNewObservation({ grant: { kind: 'Unreadable', message: 'x.' } }),
    'Wait(GrantBlocked) for news',
  ],
  [
    'the record is of another application',
    aNewObservation({ grant: { kind: 'OfAnotherApplication', clientID: 'sq0idp-OTHER' } }),
    'Wait(GrantBlocked) for news',
  ],
  [
    'the application is missing and a record is there',
    anObservation({ application: missing, grant: { kind: 'Closed' } }),
    `Wait(ApplicationProblem) ${days(28) / 1_000} s`,
  ],
  [
    'the token of a record that cannot be opened has ended',
    anObservation({ application: missing, grant: { kind: 'Closed' } }),
    'Withdraw(TokenDead) expired',
    at(end),
  ],
  [
    'that was said already',
    anObservation({ application: missing, grant: { kind: 'Closed' }, tokenSecret: ours({ state: 'revoked' }) }),
    'Wait(ApplicationProblem) for news',
    at(end),
  ],
  // Taking up
  ['a credential is new', aNewObservation(), 'TakeUp(CredentialNew)'],
  ['a credential is new beside a grant', anObservation({ credential: aCredential() }), 'TakeUp(CredentialNew)'],
  [
    'the credential was taken before',
    anObservation({ credential: aCredential({ digest: 'taken' }) }),
    'Wait(NothingDue)',
  ],
  ['nothing is given', aNewObservation({ credential: { kind: 'None' } }), 'Wait(AwaitingAuthorization) for news'],
  ...(['CredentialKeyNotFound', 'CredentialMalformed', 'SealedCredentialUnreadable'] as const).map(problem('for news')),
  ...(['CredentialSecretNotFound', 'CredentialSecretWrongType'] as const).map(problem('120 s')),
  [
    'a credential failed for a reason that passes',
    aNewObservation({ history: tried({ class: 'Unreachable' }) }),
    'Wait(Backoff) 5 s',
  ],
  [
    'its time has come again',
    aNewObservation({ history: tried({ class: 'Unreachable' }) }),
    'TakeUp(CredentialRetry)',
    at(noon + seconds(6)),
  ],
  [
    'it failed at a time of Square that is ahead of a clock which nothing has confirmed',
    aNewObservation({ history: tried({ class: 'Unreachable', time: noon + hours(1) }) }),
    'TakeUp(CredentialRetry)',
    at(noon, { confirmed: false }),
  ],
  [
    'it failed a moment ago by a clock which nothing has confirmed',
    aNewObservation({ history: tried({ class: 'Unreachable' }) }),
    'Wait(Backoff) 5 s',
    at(noon, { confirmed: false }),
  ],
  [
    'Square asked to wait longer than the backoff',
    aNewObservation({ history: tried({ class: 'RateLimited', retryAt: noon + minutes(7) }) }),
    'Wait(Backoff) 420 s',
  ],
  ...(
    [
      'RefreshTokenRefused',
      'CodeRefused',
      'MigrationTokenRefused',
      'AccessTokenExpired',
      'AccessTokenRevoked',
      'AccessTokenUnauthorized',
    ] as const
  ).map(
    (failure): Row => [
      `Square refused the credential: ${failure}`,
      aNewObservation({ history: tried({ class: failure }) }),
      'Wait(CredentialRefused) for news',
      at(noon + days(30)),
    ],
  ),
  [
    'another credential than the refused one is given',
    aNewObservation({ credential: aCredential({ digest: 'newer' }), history: tried({ class: 'RefreshTokenRefused' }) }),
    'TakeUp(CredentialNew)',
  ],
  [
    'the request itself was refused',
    aNewObservation({ history: tried({ class: 'BadRequest' }) }),
    'TakeUp(CredentialRetry)',
    at(noon + hours(1.3)),
  ],
  [
    'the credential is of another seller than the pinned one',
    aNewObservation({ connection: aConnection({}, { merchantID: 'M-A' }), history: tried(ofMerchant('M-B')) }),
    'Wait(CredentialRefused) for news',
  ],
  [
    'the pin was corrected to the seller of the credential',
    aNewObservation({ connection: aConnection({}, { merchantID: 'M-B' }), history: tried(ofMerchant('M-B')) }),
    'TakeUp(CredentialRetry)',
  ],
  ['the application is missing', aNewObservation({ application: missing }), 'Wait(ApplicationProblem) for news'],
  [
    'the application does not allow it',
    aNewObservation({ application: { kind: 'NotAllowed', ref: 'platform/pos' } }),
    'Wait(ApplicationProblem) for news',
  ],
  [
    'the application is out of reach',
    aNewObservation({ application: { kind: 'NotReachable', ref: 'platform/pos' } }),
    'Wait(ApplicationProblem) for news',
  ],
  [
    'the client secret cannot be read',
    aNewObservation({ application: anApplication({ clientSecret: { kind: 'Problem', message: 'x.' } }) }),
    'Wait(ApplicationProblem) for news',
  ],
  ['Square refuses the client', aNewObservation({ application: refused }), 'Wait(ApplicationProblem) 240 s'],
  [
    'Square may be asked again',
    aNewObservation({ application: refused }),
    'TakeUp(CredentialNew)',
    at(noon + minutes(4)),
  ],
  [
    'Square may be asked again, but the credential is backing off',
    aNewObservation({ application: refused, history: tried({ class: 'Unreachable', time: noon + minutes(4) }) }),
    'Wait(Backoff) 5 s',
    at(noon + minutes(4)),
  ],
  [
    'a personal access token is given and the client is refused',
    aNewObservation({ application: refused, credential: aCredential({ type: 'personalAccessToken' }) }),
    'TakeUp(CredentialNew)',
  ],
  [
    'a personal access token is given and the application is missing',
    aNewObservation({ application: missing, credential: aCredential({ type: 'personalAccessToken' }) }),
    'Wait(ApplicationProblem) for news',
  ],
  [
    'a personal access token needs no application',
    aNewObservation({
      application: { kind: 'NotNeeded', environment: 'Sandbox' },
      credential: aCredential({ type: 'personalAccessToken' }),
    }),
    'TakeUp(CredentialNew)',
  ],
  // Adopting
  ['an earlier connection left a grant', retained(), 'Wait(RetainedGrantFound) for news'],
  [
    'it left a grant, and an unknown credential is given',
    retained({ credential: aCredential() }),
    'Wait(RetainedGrantFound) for news',
  ],
  [
    'its seller is pinned',
    retained({ connection: aConnection({}, { merchantID: 'M-BAKERY' }) }),
    'Adopt(MerchantMatches)',
  ],
  [
    'another seller is pinned, even with its credential',
    retained({
      connection: aConnection({}, { merchantID: 'M-OTHER' }),
      credential: aCredential({ digest: 'taken' }),
    }),
    'Wait(RetainedGrantFound) for news',
  ],
  [
    'its credential is presented again',
    retained({ credential: aCredential({ digest: 'taken' }) }),
    'Adopt(CredentialAlreadyTaken)',
  ],
  ['an adoption is requested', retained({ connection: annotated({ adopt: now }) }), 'Adopt(AdoptRequested)'],
  ['the record is older than the status', outdated(), 'Wait(RetainedGrantFound) for news'],
  [
    'the record is older than the status, and its seller is pinned',
    outdated({ connection: aConnection({}, { merchantID: 'M-BAKERY' }) }),
    'Wait(RetainedGrantFound) for news',
  ],
  [
    'an adoption of the older record is requested',
    outdated({ connection: annotated({ adopt: now }) }),
    'Adopt(AdoptRequested)',
  ],
  // Refresh tokens that are held back
  ['the token is due, and tokens like it are held back', heldBackBy('singleUse'), 'Wait(NothingDue) 1573 s', at(due)],
  [
    'a refresh is requested of one that is held back',
    heldBackBy('singleUse', { connection: annotated({ refresh: now }) }),
    'Refresh(RefreshRequested)',
  ],
  [
    'the token is due, and the next of its kind is tried later',
    heldBackBy('multiUse'),
    'Wait(NothingDue) 60 s',
    at(due),
  ],
  ['it is tried', heldBackBy('multiUse'), 'Refresh(Due)', at(due + minutes(1))],
  [
    'the token is due, and was given after the others were refused',
    heldBackBy('singleUse', {}, noon - days(3)),
    'Refresh(Due)',
    at(due),
  ],
  // Without a budget for calls
  ['a credential is new, and the budget is used up', aNewObservation({ throttled: true }), 'Wait(Throttled) for news'],
  [
    'the token is due, and the budget is used up: whoever has some says so, and the next slot comes',
    anObservation({ throttled: true, history: aHistory({ verifyFrom: due }) }),
    'Wait(Throttled) 1573 s',
    at(due),
  ],
  [
    'a token Secret is missing, and the budget is used up',
    anObservation({
      throttled: true,
      tokenSecret: { kind: 'Absent', name: 'bakery' },
      history: aHistory({ verifyFrom: due }),
    }),
    'Publish(NotPublished)',
    at(due),
  ],
  // Refreshing
  ['nothing is due', anObservation(), 'Wait(NothingDue)'],
  ['the token is due', anObservation({ history: aHistory({ verifyFrom: due }) }), 'Refresh(Due)', at(due)],
  [
    'the token is due, and no answer has told the time',
    anObservation({ history: aHistory({ verifyFrom: due }) }),
    'Verify(TimeUnconfirmed)',
    at(due, { confirmed: false }),
  ],
  [
    'the token is due, and the answer that the status tells of is ahead of a clock which nothing has confirmed',
    anObservation({ history: aHistory({ verifyFrom: due, verifiedAt: due + hours(3) }) }),
    'Verify(TimeUnconfirmed)',
    at(due, { confirmed: false }),
  ],
  [
    'the answer told no time either',
    anObservation({ history: aHistory({ verifyFrom: due, verifiedAt: due }) }),
    'Refresh(Due)',
    at(due, { confirmed: false }),
  ],
  [
    'the answer told another time, which no second one has borne out: it is asked again in a minute',
    anObservation({ history: aHistory({ verifyFrom: due, verifiedAt: due }) }),
    'Wait(NothingDue) 60 s',
    at(due, { confirmed: false, disputed: true }),
  ],
  [
    'a minute later',
    anObservation({ history: aHistory({ verifyFrom: due - minutes(1), verifiedAt: due - minutes(1) }) }),
    'Verify(TimeUnconfirmed)',
    at(due, { confirmed: false, disputed: true }),
  ],
  [
    'a dead token was to be replaced at a time of Square that is ahead of a clock which nothing has confirmed',
    anObservation({
      history: aHistory({
        proof: { kind: 'Unauthorized' },
        failures: { Refresh: aStreak({ class: 'RateLimited', time: noon + hours(2), retryAt: noon + hours(3) }) },
        verifyFrom: noon + seconds(1),
      }),
    }),
    'Verify(TimeUnconfirmed)',
    at(noon + seconds(1), { confirmed: false }),
  ],
  [
    'the slot of a verification was put off to a time of Square that is ahead of a clock which nothing has confirmed',
    anObservation({
      history: aHistory({
        failures: { Verify: aStreak({ class: 'RateLimited', time: noon + hours(5), retryAt: noon + hours(6) }) },
      }),
    }),
    'Verify(Slot)',
    at(noon + hours(1), { confirmed: false }),
  ],
  [
    'one answer speaks against a time that was confirmed',
    anObservation({ history: aHistory({ verifyFrom: due }) }),
    'Refresh(Due)',
    at(due, { disputed: true }),
  ],
  ['a refresh is requested', anObservation({ connection: annotated({ refresh: now }) }), 'Refresh(RefreshRequested)'],
  [
    'a refresh is requested while refreshes fail',
    anObservation({
      connection: annotated({ refresh: now }),
      history: aHistory({ failures: { Refresh: aStreak({ class: 'RefreshTokenRefused', count: 9 }) } }),
    }),
    'Refresh(RefreshRequested)',
  ],
  ['a requested refresh failed, and may be tried again', failedRequest(), 'Refresh(RequestRetried)', at(noon + 60_000)],
  ['it waits for its pause', failedRequest(), 'Wait(NothingDue) 29 s', at(noon)],
  ['the request is of a status that was put back', failedRequest(), 'Verify(Slot)', at(noon + hours(3))],
  ['the request was taken back', failedRequest({ requests: {} }), 'Wait(NothingDue) 2729 s', at(noon + 60_000)],
  [
    'the requested refresh was refused',
    failedRequest({}, 'RefreshTokenRefused'),
    'Wait(NothingDue) 2729 s',
    at(noon + 60_000),
  ],
  ['the token is revoked', anObservation({ history: proof('Revoked') }), 'Refresh(AccessTokenRevoked)'],
  ['the token is unauthorized', anObservation({ history: proof('Unauthorized') }), 'Refresh(AccessTokenUnauthorized)'],
  ['Square calls the token expired', anObservation({ history: proof('Expired') }), 'Refresh(AccessTokenExpired)'],
  [
    'other permissions are wanted',
    anObservation({ connection: aConnection({}, { scopes: ['ORDERS_READ'] }) }),
    'Refresh(ScopesChanged)',
  ],
  [
    'a short life is wanted',
    anObservation({ connection: aConnection({}, { shortLived: true }) }),
    'Refresh(LifetimeChanged)',
  ],
  [
    'a refresh failed for a reason that passes',
    anObservation({ history: aHistory({ failures: { Refresh: aStreak({ time: due }) }, verifyFrom: due }) }),
    'Wait(NothingDue) 30 s',
    at(due),
  ],
  [
    'a refused refresh is tried again, rarely, while the token works',
    anObservation({ history: refreshRefused({}) }),
    'Refresh(Due)',
    at(due + hours(1.3)),
  ],
  [
    'a refused refresh of a dead token is not tried again',
    anObservation({ history: refreshRefused({ proof: { kind: 'Revoked' } }), tokenSecret: ours({ state: 'revoked' }) }),
    'Wait(NothingDue)',
    at(due),
  ],
  [
    'one that has ended is asked about as rarely',
    anObservation({
      history: refreshRefused({ verifyFrom: end + days(100) }),
      tokenSecret: ours({ state: 'expired' }),
    }),
    'Refresh(Due)',
    at(end + days(100)),
  ],
  [
    'a remedy was vain',
    anObservation({
      history: aHistory({
        proof: { kind: 'Unauthorized' },
        failures: { Refresh: aStreak({ class: 'AccessTokenUnauthorized' }) },
      }),
      tokenSecret: ours({ state: 'rejected' }),
    }),
    'Wait(NothingDue)',
  ],
  [
    'the token is due and the client secret is missing',
    anObservation({
      application: anApplication({ clientSecret: { kind: 'Problem', message: 'x.' } }),
      history: aHistory({ verifyFrom: due }),
    }),
    'Wait(NothingDue)',
    at(due),
  ],
  [
    'the token is due and the client is refused',
    anObservation({
      application: anApplication({ refusal: { since: noon, retryAt: due + minutes(2) } }),
      history: aHistory({ verifyFrom: due }),
    }),
    'Wait(NothingDue) 120 s',
    at(due),
  ],
  [
    'a personal access token is never renewed',
    anObservation({ grant: { kind: 'Held', grant: aPersonalGrant(), keyID: 'k' }, history: proof('Revoked') }),
    'Withdraw(TokenDead) revoked',
  ],
  // Verifying
  ['the token was never put to the test', anObservation({ history: proof('None') }), 'Verify(Unproven)'],
  [
    'the test failed for a reason that passes',
    anObservation({ history: aHistory({ proof: { kind: 'None' }, failures: { Verify: aStreak() } }) }),
    'Wait(NothingDue) 5 s',
  ],
  ['its slot has come', anObservation(), 'Verify(Slot)', at(noon + hours(1))],
  [
    'its slot has come, but Square asked to wait',
    anObservation({ history: aHistory({ failures: { Verify: aStreak({ retryAt: noon + hours(2) }) } }) }),
    `Wait(NothingDue) ${hours(1) / 1_000} s`,
    at(noon + hours(1)),
  ],
  // Publishing
  ['nothing is published', anObservation({ tokenSecret: { kind: 'Absent', name: 'bakery' } }), 'Publish(NotPublished)'],
  ['the published Secret differs', anObservation({ tokenSecret: ours({ current: false }) }), 'Publish(Changed)'],
  ['a good token is called dead', anObservation({ tokenSecret: ours({ state: 'orphaned' }) }), 'Publish(Changed)'],
  ['the name is taken', notOwned(noon + seconds(30)), 'Wait(NothingDue) 30 s'],
  ['the name may be free again', notOwned(noon), 'Publish(NotPublished)'],
  [
    'the name is taken and the token is dead',
    { ...notOwned(0), history: aHistory({ proof: { kind: 'Revoked' }, failures: { Refresh: refusal() } }) },
    'Wait(NothingDue)',
  ],
  [
    'a dead token is not published',
    anObservation({
      tokenSecret: { kind: 'Absent', name: 'bakery' },
      history: aHistory({ proof: { kind: 'Unauthorized' }, failures: { Refresh: refusal() } }),
    }),
    'Wait(NothingDue)',
  ],
  [
    'a dead token is said to be so',
    anObservation({ history: aHistory({ proof: { kind: 'Revoked' }, failures: { Refresh: refusal() } }) }),
    'Withdraw(TokenDead) revoked',
  ],
  [
    'a rejected token is said to be so',
    anObservation({ history: aHistory({ proof: { kind: 'Unauthorized' }, failures: { Refresh: refusal() } }) }),
    'Withdraw(TokenDead) rejected',
  ],
  [
    'a dead token in a Secret that cannot be made from the spec',
    anObservation({
      tokenSecret: { kind: 'Unrenderable', name: 'bakery', message: 'x.', published: {} },
      history: aHistory({ proof: { kind: 'Revoked' }, failures: { Refresh: refusal() } }),
    }),
    'Withdraw(TokenDead) revoked',
  ],
  [
    'a write was not taken a moment ago',
    anObservation({ tokenSecret: ours({ current: false }), history: aHistory({ failures: { Publish: aStreak() } }) }),
    'Wait(NothingDue) 2 s',
  ],
  [
    'a Secret of an earlier name is left',
    anObservation({ formerTokenSecrets: [{ name: 'old' }, { name: 'older' }] }),
    'Remove(Renamed)',
  ],
  [
    'the Secret of the new name is not there yet',
    anObservation({ formerTokenSecrets: [{ name: 'old' }], tokenSecret: { kind: 'Absent', name: 'bakery' } }),
    'Publish(NotPublished)',
  ],
  // The pin and the application of a held grant
  [
    'the grant is of another seller than the pinned one',
    anObservation({ connection: aConnection({}, { merchantID: 'M-OTHER' }), history: proof('None') }),
    `Wait(OtherMerchant) ${days(28) / 1_000} s`,
  ],
  [
    'the grant of another seller has ended',
    anObservation({ connection: aConnection({}, { merchantID: 'M-OTHER' }) }),
    'Withdraw(TokenDead) expired',
    at(end),
  ],
  [
    'the application of a held grant is gone, its token too',
    anObservation({ application: missing, tokenSecret: ours({ state: 'expired' }) }),
    'Wait(ApplicationProblem) for news',
    at(end + days(1)),
  ],
  [
    'a request cannot be acted on now, it ends after 15 minutes',
    aNewObservation({ credential: { kind: 'None' }, connection: annotated({ refresh: now }) }),
    'Wait(AwaitingAuthorization) 900 s',
  ],
];

describe('when', () => {
  it.each(rows.map(([when, observation, does, time]) => [when, does, observation, time ?? at(noon)] as const))(
    '%s: %s',
    (_, does, observation, time) => {
      const step = decide(observation, time);
      const said = words(step, time.square);
      // At rest it is looked at again when the next verification is due at the latest.
      if (does === 'Wait(NothingDue)') return expect(said).toMatch(/^Wait\(NothingDue\) \d+ s$/);
      // Backoffs are spread by ±20 %: a row names the middle.
      const [, expected = Number.NaN] = /(\d+) s$/.exec(does)?.map(Number) ?? [];
      const [, actual = Number.NaN] = /(\d+) s$/.exec(said)?.map(Number) ?? [];
      if (Number.isNaN(expected) || Number.isNaN(actual)) return expect(said).toBe(does);
      expect(said.replace(/\d+ s$/, '')).toBe(does.replace(/\d+ s$/, ''));
      expect(actual).toBeGreaterThanOrEqual(Math.floor(expected * 0.8));
      expect(actual).toBeLessThanOrEqual(Math.ceil(expected * 1.2));
    },
  );

  it('a wait is over, its instant is ahead: no pass follows itself', () => {
    for (const [when, observation, , time = at(noon)] of rows) {
      const step = decide(observation, time);
      if (step.kind !== 'Wait' || step.until === undefined) continue;
      expect(step.until, when).toBeGreaterThan(time.square);
    }
  });

  it('a request is acted on, the step carries it', () => {
    const refresh = decide(anObservation({ connection: annotated({ refresh: now }) }), at(noon));
    expect(refresh).toMatchObject({ request: now });
    expect(decide(retained({ connection: annotated({ adopt: now }) }), at(noon))).toMatchObject({ request: now });
  });
});

/** A token that is due at `due`, of an application whose tokens of its kind were refused in a row. */
function heldBackBy(
  kind: 'singleUse' | 'multiUse',
  fields: Partial<Observation> = {},
  since: Instant = noon,
): Observation {
  const tokens = kind === 'singleUse' ? { since } : { since, retryAt: due + minutes(1) };
  return anObservation({
    application: anApplication({ heldBack: { [kind]: tokens } }),
    grant: held({ refreshToken: { value: token('EQAA'), singleUse: kind === 'singleUse' } }),
    history: aHistory({ verifyFrom: due }),
    ...fields,
  });
}

function problem(until: string) {
  return (reason: CredentialProblem): Row => [
    `the credential has a problem: ${reason}`,
    aNewObservation({ credential: { kind: 'Problem', reason, message: 'x.' } }),
    `Wait(CredentialProblem) ${until}`,
  ];
}

function tried(fields: Parameters<typeof aStreak>[0]) {
  const { history } = aNewObservation();
  return { ...history, failures: { TakeUp: aStreak(fields) }, triedCredential: 'new' };
}

function ofMerchant(merchantID: string) {
  return { class: 'OtherMerchant', reason: 'OtherMerchant', merchantID } as const;
}

function refusal() {
  return aStreak({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused' });
}

function refreshRefused(fields: Parameters<typeof aHistory>[0]) {
  const failure = aStreak({ class: 'RefreshTokenRefused', time: due });
  return aHistory({ failures: { Refresh: failure }, verifyFrom: due + hours(2), ...fields });
}

function retained(fields: Partial<Observation> = {}) {
  return aNewObservation({
    credential: { kind: 'None' },
    grant: { kind: 'Retained', grant: aGrant(), keyID: 'k' },
    ...fields,
  });
}

function outdated(fields: Partial<Observation> = {}) {
  return retained({ grant: { kind: 'Outdated', grant: aGrant(), keyID: 'k', seen: 9 }, ...fields });
}

function notOwned(retryAt: number): Observation {
  return anObservation({ tokenSecret: { kind: 'NotOwned', name: 'bakery', retryAt } });
}
