import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { conditionTypes, reasons } from '../../../src/api/conditions.ts';
import type { ConnectionStatus } from '../../../src/api/connection.ts';
import { connectionStatus } from '../../../src/api/status.ts';
import { days, hours, minutes, parseInstant, seconds } from '../../../src/clock.ts';
import { statusDigest } from '../../../src/controller/projections.ts';
import type { History, Observation } from '../../../src/domain/observation.ts';
import { readStatus, recall } from '../../../src/domain/recall.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import {
  aConnection,
  aCredential,
  aGrant,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aPersonalGrant,
  aStreak,
  at,
  held,
  noon,
  ours,
} from '../../support/builders.ts';
import { kstatus } from './kstatus.ts';

const empty = readStatus({});
const end = noon + days(28);
const statusOf = (o: Observation, now = noon, stored = empty): ConnectionStatus => summarize(o, stored, at(now));
const find = (status: ConnectionStatus, type: string) => status.conditions?.find((one) => one.type === type);
const say = (status: ConnectionStatus, type: string): string => {
  const condition = find(status, type);
  return condition === undefined ? '' : `${condition.status}/${condition.reason}`;
};

const refused = aStreak({ class: 'RefreshTokenRefused', reason: 'RefreshTokenRefused', message: 'ObtainToken: no.' });
const lost = aStreak({ count: 2, message: 'ListLocations: the connection was lost.' });
const dead = (kind: 'Revoked' | 'Unauthorized' | 'Expired', failures: History['failures'] = {}) =>
  anObservation({ history: aHistory({ proof: { kind }, failures }), tokenSecret: ours({ state: 'revoked' }) });
const suspended = aConnection({}, { suspend: true });

interface Situation {
  readonly o: Observation;
  readonly now?: number;
  readonly ready: string;
  readonly valid: string;
  readonly expired: string;
  readonly revoked: string;
  readonly renewable?: string;
  readonly published?: string;
  readonly kstatus: 'Current' | 'InProgress' | 'Failed';
}

const asked = { valid: 'True/Accepted', expired: 'False/NotExpired', revoked: 'False/NotRevoked' };
const nothing = { valid: 'Unknown/NoToken', expired: 'Unknown/NoToken', revoked: 'Unknown/NoToken' };
const isRevoked = {
  valid: 'False/AccessTokenRevoked',
  expired: 'False/NotExpired',
  revoked: 'True/AccessTokenRevoked',
};
const isRejected = { valid: 'False/TokenRejected', expired: 'False/NotExpired', revoked: 'Unknown/TokenRejected' };
const isExpired = {
  valid: 'False/AccessTokenExpired',
  expired: 'True/AccessTokenExpired',
  revoked: 'False/NotRevoked',
};

const situations: Record<string, Situation> = {
  'waiting for the seller': {
    o: aNewObservation({ credential: { kind: 'None' } }),
    ready: 'False/AwaitingAuthorization',
    ...nothing,
    kstatus: 'InProgress',
  },
  'a credential is about to be tried': {
    o: aNewObservation(),
    ready: 'False/TakingUp',
    ...nothing,
    kstatus: 'InProgress',
  },
  'a credential could not be tried yet': {
    o: aNewObservation({ history: { ...aNewObservation().history, failures: { TakeUp: aStreak() } } }),
    ready: 'False/TakingUp',
    ...nothing,
    kstatus: 'InProgress',
  },
  'a credential was refused': {
    o: aNewObservation({ history: { ...aNewObservation().history, failures: { TakeUp: refused } } }),
    ready: 'False/CredentialRefused',
    ...nothing,
    kstatus: 'Failed',
  },
  'a credential is of another seller': {
    o: aNewObservation({
      connection: aConnection({}, { merchantID: 'M-A' }),
      history: {
        ...aNewObservation().history,
        failures: { TakeUp: aStreak({ class: 'OtherMerchant', reason: 'OtherMerchant', merchantID: 'M-B' }) },
      },
    }),
    ready: 'False/OtherMerchant',
    ...nothing,
    kstatus: 'Failed',
  },
  'the Secret of the credential is not there yet': {
    o: aNewObservation({ credential: { kind: 'Problem', reason: 'CredentialSecretNotFound', message: 'Create it.' } }),
    ready: 'False/CredentialSecretNotFound',
    ...nothing,
    kstatus: 'InProgress',
  },
  'the credential is no token': {
    o: aNewObservation({ credential: { kind: 'Problem', reason: 'CredentialMalformed', message: 'Store it alone.' } }),
    ready: 'False/CredentialMalformed',
    ...nothing,
    kstatus: 'Failed',
  },
  'the client of a new connection is refused': {
    o: aNewObservation({ application: anApplication({ refusal: { since: noon, retryAt: noon + minutes(1) } }) }),
    ready: 'False/ApplicationNotReady',
    ...nothing,
    kstatus: 'InProgress',
  },
  'the application does not exist': {
    o: aNewObservation({ application: { kind: 'Missing', ref: 'shop/pos' } }),
    ready: 'False/ApplicationNotFound',
    ...nothing,
    kstatus: 'InProgress',
  },
  'the application does not allow it': {
    o: aNewObservation({ application: { kind: 'NotAllowed', ref: 'platform/pos' } }),
    ready: 'False/NotAllowedByApplication',
    ...nothing,
    kstatus: 'Failed',
  },
  'the application is out of reach': {
    o: aNewObservation({ application: { kind: 'NotReachable', ref: 'platform/pos' } }),
    ready: 'False/ApplicationNotReachable',
    ...nothing,
    kstatus: 'Failed',
  },
  'the spec cannot be understood': {
    o: aNewObservation({ connection: aConnection({ spec: { ok: false, problem: 'spec.scopes: write a list.' } }) }),
    ready: 'False/InvalidSpec',
    ...nothing,
    kstatus: 'Failed',
  },
  'the record cannot be read': {
    o: aNewObservation({ grant: { kind: 'Unreadable', message: 'Bring back the key k1.', keyID: 'k1' } }),
    ready: 'False/GrantUnreadable',
    ...nothing,
    kstatus: 'Failed',
  },
  'the place of the record is taken': {
    o: aNewObservation({ grant: { kind: 'NotOwned', retryAt: noon } }),
    ready: 'False/GrantSecretNotOwned',
    ...nothing,
    kstatus: 'Failed',
  },
  'the record is of another application': {
    o: aNewObservation({ grant: { kind: 'OfAnotherApplication', clientID: 'sq0idp-OTHER' } }),
    ready: 'False/GrantOfAnotherApplication',
    ...nothing,
    kstatus: 'Failed',
  },
  'an earlier connection left a grant': {
    o: aNewObservation({ grant: { kind: 'Retained', grant: aGrant(), keyID: 'k' } }),
    ready: 'False/RetainedGrantFound',
    ...nothing,
    kstatus: 'Failed',
  },
  healthy: { o: anObservation(), ready: 'True/Valid', ...asked, kstatus: 'Current' },
  'healthy, with a personal access token': {
    o: anObservation({ grant: { kind: 'Held', grant: aPersonalGrant(), keyID: 'k' } }),
    ready: 'True/Valid',
    ...asked,
    expired: 'False/NeverExpires',
    renewable: 'True/NotNeeded',
    kstatus: 'Current',
  },
  'healthy, just refreshed, not verified': {
    o: anObservation({ history: aHistory({ proof: { kind: 'None' }, inPlaceOf: 'Accepted' }) }),
    ready: 'True/Valid',
    ...asked,
    kstatus: 'Current',
  },
  'healthy, refresh refused': {
    o: anObservation({ history: aHistory({ failures: { Refresh: refused } }) }),
    ready: 'True/ReauthorizationNeeded',
    ...asked,
    renewable: 'False/RefreshRefused',
    kstatus: 'Current',
  },
  'healthy, the refresh token has ended': {
    o: anObservation({
      grant: held({ refreshToken: { value: aGrant().accessToken.value, singleUse: true, expiresAt: noon } }),
    }),
    ready: 'True/ReauthorizationNeeded',
    ...asked,
    renewable: 'False/RefreshTokenExpired',
    kstatus: 'Current',
  },
  'healthy, refreshes fail': {
    o: anObservation({ history: aHistory({ failures: { Refresh: aStreak() } }) }),
    ready: 'True/Valid',
    ...asked,
    renewable: 'True/RefreshFailing',
    kstatus: 'Current',
  },
  'healthy, the client is refused': {
    o: anObservation({ application: anApplication({ refusal: { since: noon, retryAt: noon + minutes(1) } }) }),
    ready: 'True/Valid',
    ...asked,
    renewable: 'Unknown/ApplicationNotReady',
    kstatus: 'Current',
  },
  'healthy, a new credential is tried again': {
    o: anObservation({
      credential: aCredential(),
      history: aHistory({ failures: { TakeUp: aStreak() }, triedCredential: 'new' }),
    }),
    ready: 'True/Valid',
    ...asked,
    kstatus: 'InProgress',
  },
  'healthy, a new credential was refused': {
    o: anObservation({
      credential: aCredential(),
      history: aHistory({ failures: { TakeUp: refused }, triedCredential: 'new' }),
    }),
    ready: 'True/Valid',
    ...asked,
    kstatus: 'Current',
  },
  'Square missed one slot': {
    o: anObservation({ history: aHistory({ failures: { Verify: aStreak() } }) }),
    ready: 'True/Valid',
    ...asked,
    kstatus: 'Current',
  },
  'Square unreachable for two slots, token in date': {
    o: anObservation({ history: aHistory({ failures: { Verify: lost } }) }),
    ready: 'True/Unverified',
    ...asked,
    valid: 'Unknown/Unverified',
    kstatus: 'Current',
  },
  'Square unreachable, the token never proven': {
    o: anObservation({ history: aHistory({ proof: { kind: 'None' }, failures: { Verify: lost } }) }),
    ready: 'False/Unverified',
    valid: 'Unknown/Unverified',
    expired: 'False/NotExpired',
    revoked: 'Unknown/Unproven',
    kstatus: 'InProgress',
  },
  'expired, a refresh is under way': {
    o: anObservation({ tokenSecret: ours({ state: 'expired' }) }),
    now: end,
    ready: 'False/Expired',
    ...isExpired,
    kstatus: 'InProgress',
  },
  'expired, the refresh was refused': {
    o: anObservation({
      history: aHistory({ failures: { Refresh: refused } }),
      tokenSecret: ours({ state: 'expired' }),
    }),
    now: end,
    ready: 'False/Expired',
    ...isExpired,
    renewable: 'False/RefreshRefused',
    kstatus: 'Failed',
  },
  'expired by Square’s word': {
    o: dead('Expired', { Refresh: refused }),
    ready: 'False/Expired',
    ...isExpired,
    kstatus: 'Failed',
  },
  'revoked, a refresh is under way': {
    o: dead('Revoked', { Refresh: aStreak() }),
    ready: 'False/Revoked',
    ...isRevoked,
    kstatus: 'InProgress',
  },
  'revoked, the refresh was refused': {
    o: dead('Revoked', { Refresh: refused }),
    ready: 'False/Revoked',
    ...isRevoked,
    kstatus: 'Failed',
  },
  'revoked, and Square unreachable since': {
    o: dead('Revoked', { Refresh: refused, Verify: lost }),
    ready: 'False/Revoked',
    ...isRevoked,
    kstatus: 'Failed',
  },
  'unauthorized before its end, the refresh was refused': {
    o: dead('Unauthorized', { Refresh: refused }),
    ready: 'False/TokenRejected',
    ...isRejected,
    kstatus: 'Failed',
  },
  suspended: { o: anObservation({ connection: suspended }), ready: 'False/Suspended', ...asked, kstatus: 'InProgress' },
  'suspended, past its end': {
    o: anObservation({ connection: suspended }),
    now: end,
    ready: 'False/Suspended',
    ...isExpired,
    kstatus: 'InProgress',
  },
  'suspended, revoked': {
    o: { ...dead('Revoked'), connection: suspended },
    ready: 'False/Suspended',
    ...isRevoked,
    kstatus: 'InProgress',
  },
  'the grant is of another seller than the pinned one': {
    o: anObservation({ connection: aConnection({}, { merchantID: 'M-OTHER' }) }),
    ready: 'False/OtherMerchant',
    ...asked,
    kstatus: 'Failed',
  },
  'the name of the token Secret is taken': {
    o: anObservation({ tokenSecret: { kind: 'NotOwned', name: 'bakery', retryAt: noon } }),
    ready: 'False/SecretNotOwned',
    ...asked,
    published: 'False/SecretNotOwned',
    kstatus: 'Failed',
  },
  'the token Secret cannot be made from the spec': {
    o: anObservation({ tokenSecret: { kind: 'Unrenderable', name: 'bakery', message: 'Use other keys.' } }),
    ready: 'False/SecretUnrenderable',
    ...asked,
    published: 'False/SecretUnrenderable',
    kstatus: 'Failed',
  },
  'the API server does not take the token Secret': {
    o: anObservation({
      tokenSecret: { kind: 'Absent', name: 'bakery' },
      history: aHistory({ failures: { Publish: aStreak({ reason: 'SecretNotWritten', message: 'Quota.' }) } }),
    }),
    ready: 'False/SecretNotWritten',
    ...asked,
    published: 'False/SecretNotWritten',
    kstatus: 'InProgress',
  },
};

const rows = Object.entries(situations);

describe('the status of a connection', () => {
  it.each(rows)('%s', (_, { o, now, ready, valid, expired, revoked, renewable, published, kstatus: outcome }) => {
    const status = statusOf(o, now);
    const said = ['Ready', 'Valid', 'Expired', 'Revoked'].map((type) => say(status, type));
    expect(said).toEqual([ready, valid, expired, revoked]);
    if (renewable !== undefined) expect(say(status, 'Renewable')).toBe(renewable);
    if (published !== undefined) expect(say(status, 'Published')).toBe(published);
    expect(kstatus(status, o.connection.generation)).toBe(outcome);
  });

  it.each(rows)('is one that the API server takes, in sentences that say no secret: %s', (_, { o, now }) => {
    const status = statusOf(o, now);
    expect(connectionStatus.safeParse(status).error).toBeUndefined();
    for (const { type, reason, message, lastTransitionTime } of status.conditions ?? []) {
      expect(Object.keys(conditionTypes)).toContain(type);
      expect(Object.keys(reasons), `${type}/${reason}`).toContain(reason);
      expect(message).toMatch(/^([A-Z]|spec[.]).*[.]$/s);
      expect(message).not.toMatch(/undefined|null|NaN|Infinity|\[object|[.]{2}|1970/);
      expect(parseInstant(lastTransitionTime)).toBe(Math.floor((now ?? noon) / 1_000) * 1_000);
    }
    expect(inspect(status, { depth: 9 })).not.toContain('Canary');
  });

  it.each(rows)('names what a person can do, or has nothing to ask for: %s', (_, { o, now }) => {
    const status = statusOf(o, now);
    const stalled = find(status, 'Stalled');
    if (stalled !== undefined) {
      expect(reasons[stalled.reason as keyof typeof reasons].remedy, stalled.reason).not.toBe('');
      expect(find(status, 'Ready')?.status).toBe('False');
    }
    expect(find(status, 'Stalled') !== undefined && find(status, 'Reconciling') !== undefined).toBe(false);
  });

  it('tells since when: the time moves with the status of a condition, not with its words', () => {
    const first = statusOf(anObservation());
    const later = statusOf(
      anObservation({ history: aHistory({ failures: { Refresh: refused } }) }),
      noon + hours(1),
      readStatus(first),
    );
    expect(find(later, 'Ready')).toMatchObject({
      reason: 'ReauthorizationNeeded',
      lastTransitionTime: '2026-07-01T12:00:00Z',
    });
    expect(find(later, 'Renewable')).toMatchObject({ status: 'False', lastTransitionTime: '2026-07-01T13:00:00Z' });
  });

  it('names the last proof while Square cannot be reached', () => {
    const o = anObservation({ history: aHistory({ failures: { Verify: lost } }) });
    expect(find(statusOf(o), 'Valid')?.message).toBe(
      'ListLocations: the connection was lost. Failed 2 times in a row, since 2026-07-01T12:00:00Z. Last proven valid at 2026-07-01T12:00:00Z.',
    );
  });

  it('keeps what was proven of a grant that cannot be looked into, and lets the clock go on', () => {
    const stored = readStatus(statusOf(dead('Revoked', { Refresh: refused })));
    const o = anObservation({ grant: { kind: 'Closed' }, application: { kind: 'Missing', ref: 'shop/pos' } });
    const closed = statusOf(o, noon, stored);
    expect(say(closed, 'Revoked')).toBe('True/AccessTokenRevoked');
    expect(closed).toMatchObject({ revision: 3, merchantID: 'M-BAKERY', accessTokenExpiresAt: '2026-07-29T12:00:00Z' });
    const later = statusOf(o, end, readStatus(closed));
    expect(say(later, 'Expired')).toBe('True/AccessTokenExpired');
    expect(say(later, 'Valid')).toBe('False/AccessTokenExpired');
    expect(say(later, 'Revoked')).toBe('True/AccessTokenRevoked');
  });

  it('takes back an end that a wrong clock had come to', () => {
    const o = anObservation({ grant: { kind: 'Closed' }, application: { kind: 'Missing', ref: 'shop/pos' } });
    const wrong = statusOf(o, end, readStatus(statusOf(anObservation())));
    expect(say(wrong, 'Expired')).toBe('True/AccessTokenExpired');
    const right = statusOf(o, noon, readStatus(wrong));
    expect([say(right, 'Expired'), say(right, 'Valid')]).toEqual(['False/NotExpired', 'Unknown/Unproven']);
    expect(statusDigest(statusOf(o, noon, readStatus(right)))).toBe(statusDigest(right));
  });

  it('of an older record keeps the revision and the times that it knows', () => {
    const stored = readStatus(statusOf(anObservation({ grant: held({ generation: 9 }) })));
    const old = aGrant({ generation: 3, accessToken: { ...aGrant().accessToken, expiresAt: noon - days(1) } });
    const status = statusOf(
      anObservation({ grant: { kind: 'Outdated', grant: old, keyID: 'k', seen: 9 } }),
      noon,
      stored,
    );
    expect(status).toMatchObject({ revision: 9, accessTokenExpiresAt: '2026-07-29T12:00:00Z' });
    expect(say(status, 'Ready')).toBe('False/GrantOutdated');
    expect(say(status, 'Expired')).toBe('False/NotExpired');
  });

  it('says that the credential is no longer needed once it is taken', () => {
    const o = anObservation({
      connection: aConnection({}, { credential: { refreshToken: { secretRef: { name: 'a', key: 'b' } } } }),
    });
    expect(find(statusOf(o), 'Renewable')?.message).toContain('may be deleted');
  });

  it('names missing permissions, and at most twenty of them', () => {
    const scopes = Array.from({ length: 30 }, (_, i) => `SCOPE_${i}`);
    const o = anObservation({ connection: aConnection({}, { scopes }) });
    const message = find(statusOf(o), 'ScopesSatisfied')?.message ?? '';
    expect(message).toContain('and 10 more');
    expect(message).toMatch(/Have the seller sign in again/);
  });

  it('tells when the next refresh is due, unless none will be by itself', () => {
    const next = (o: Observation, now = noon) => statusOf(o, now).nextRefreshTime;
    const due = parseInstant(next(anObservation()) ?? '') ?? 0;
    expect(due).toBeGreaterThan(noon - days(2) + days(7) * 0.8);
    expect(due).toBeLessThan(noon - days(2) + days(7) * 0.95);
    expect(next(anObservation({ connection: suspended }))).toBeUndefined();
    expect(next(anObservation({ connection: aConnection({}, { merchantID: 'M-OTHER' }) }))).toBeUndefined();
    expect(
      next(anObservation({ application: anApplication({ refusal: { since: noon, retryAt: noon } }) })),
    ).toBeUndefined();
    expect(next(dead('Revoked', { Refresh: refused }))).toBeUndefined();
    // Overdue, and a time that moves with every look would be written at every look.
    expect(next(anObservation(), due + hours(1))).toBeUndefined();
  });
});

describe('a process that has just begun', () => {
  /** What another process makes of the status that it finds. */
  const recalled = (o: Observation, status: ConnectionStatus, now: number): Observation => ({
    ...o,
    history: recall(readStatus(status), o.grant, at(now)),
  });

  it.each(rows)('comes to the same conclusions, and writes nothing: %s', (_, { o, now = noon }) => {
    const first = statusOf(o, now);
    const settled = statusOf(o, now, readStatus(first));
    expect(statusDigest(settled), 'a second look writes').toBe(statusDigest(first));
    const again = statusOf(recalled(o, settled, now), now + seconds(1), readStatus(settled));
    const { lastVerifyTime: _a, ...was } = settled;
    const { lastVerifyTime: _b, ...is } = again;
    expect(is).toEqual(was);
  });

  it('knows all failures, the pauses that Square asked for, and whose the credential was', () => {
    const failures: History['failures'] = {
      TakeUp: aStreak({ class: 'OtherMerchant', reason: 'OtherMerchant', merchantID: 'M-B', count: 3 }),
      Refresh: aStreak({ class: 'BadRequest', reason: 'RequestRefused', retryAt: noon + minutes(9) }),
      Publish: aStreak({ class: 'Unknown', reason: 'SecretNotWritten' }),
      Verify: aStreak({ class: 'RateLimited', reason: 'RateLimited', count: 7 }),
    };
    const o = anObservation({ history: aHistory({ failures, triedCredential: 'new' }) });
    const history = recall(readStatus(statusOf(o)), o.grant, at(noon));
    expect(history).toMatchObject({ failures, triedCredential: 'new' });
  });

  it('does not hold failures of an earlier token against a new one', () => {
    const status = statusOf(anObservation({ history: aHistory({ failures: { Refresh: refused, Verify: lost } }) }));
    const history = recall(readStatus(status), held({ generation: 4 }), at(noon));
    expect(history).toMatchObject({ failures: {}, proof: { kind: 'None' } });
    expect(history.verifiedAt).toBeUndefined();
  });

  it('forgets the failure of a credential that was taken since', () => {
    const o = anObservation({ history: aHistory({ failures: { TakeUp: aStreak() }, triedCredential: 'new' }) });
    const stored = readStatus(statusOf(o));
    expect(recall(stored, held({ generation: 4, taken: ['taken', 'new'] }), at(noon)).failures).toEqual({});
    expect(recall(stored, held({ generation: 4 }), at(noon)).failures).toHaveProperty('TakeUp');
  });

  it('puts a token to the test whose refresh was refused after it was accepted last', () => {
    const proofOf = (verifiedAt: number) => {
      const o = anObservation({ history: aHistory({ failures: { Refresh: refused }, verifiedAt }) });
      return recall(readStatus(statusOf(o)), o.grant, at(noon)).proof;
    };
    expect(proofOf(refused.time - hours(1))).toEqual({ kind: 'Accepted', doubted: true });
    expect(proofOf(refused.time)).toEqual({ kind: 'Accepted' });
  });

  it('does not take a token for proven that was only given in place of a proven one', () => {
    const { issuedAt } = aGrant().accessToken;
    const unproven = { proof: { kind: 'None' }, inPlaceOf: 'Accepted', verifiedAt: issuedAt - hours(1) } as const;
    const o = anObservation({ history: aHistory(unproven) });
    const status = statusOf(o);
    const history = recall(readStatus(status), o.grant, at(noon));
    expect(history).toMatchObject(unproven);
    expect(say(statusOf({ ...o, history }), 'Valid')).toBe(say(status, 'Valid'));
  });

  it('leaves an end that the clock explains to the clock, which may be wrong', () => {
    const o = anObservation({ tokenSecret: ours({ state: 'expired' }) });
    const stored = readStatus(statusOf(o, end));
    expect(recall(stored, o.grant, at(end)).proof).toEqual({ kind: 'Accepted' });
    // Square's word before the clock's end is no matter of the clock.
    const early = readStatus(statusOf(dead('Expired')));
    expect(recall(early, o.grant, at(noon)).proof).toEqual({ kind: 'Expired' });
  });

  it('puts a token to the test that ended by a clock which was ahead', () => {
    const ahead = readStatus(statusOf(anObservation(), end));
    expect(recall(ahead, held(), at(noon, { confirmed: false })).proof).toEqual({ kind: 'None' });
  });
});

describe('a token that ended', () => {
  it.each([
    ['by the clock', anObservation(), end, /^The access token ended at 2026-07-29T12:00:00Z\./],
    [
      'by Square’s word',
      dead('Expired'),
      noon,
      /^Square says that the access token has ended, although its time is 2026-07-29T12:00:00Z\./,
    ],
  ])('%s is said to have ended when it did', (_, o, now, said) => {
    const status = statusOf(o, now);
    for (const type of ['Ready', 'Valid', 'Expired']) expect(find(status, type)?.message).toMatch(said);
  });
});

describe('the name of the token Secret', () => {
  const former = [{ name: 'bakery' }];
  const unrenderable = { kind: 'Unrenderable', name: 'bakery', message: 'x.' } as const;
  it.each([
    ['of a Secret that is ours', anObservation({ tokenSecret: ours({ name: 'new' }) }), 'new'],
    ['until a Secret of an earlier name is gone', anObservation({ formerTokenSecrets: former }), 'bakery'],
    [
      'while the new name is taken by somebody else',
      anObservation({ tokenSecret: { kind: 'NotOwned', name: 'new', retryAt: noon }, formerTokenSecrets: former }),
      'bakery',
    ],
    [
      'while what is wanted cannot be written over what is there',
      anObservation({ tokenSecret: { ...unrenderable, published: {} } }),
      'bakery',
    ],
    ['of nothing that is there', anObservation({ tokenSecret: unrenderable }), undefined],
    ['of nothing yet', aNewObservation(), undefined],
  ])('is told %s', (_, o, name) => {
    expect(statusOf(o).secretName).toBe(name);
  });
});

describe('a revision that nobody can have seen', () => {
  it.each([
    [3, 3],
    [2 ** 52 + 7, 2 ** 52 + 7],
    [Number.MAX_SAFE_INTEGER, 2 ** 52],
  ])('%i is counted on from %i', (revision, counted) => {
    expect(readStatus({ revision }).revision).toBe(counted);
  });
});
