import { describe, expect, it } from 'vitest';
import { reasons } from '../../../src/api/conditions.ts';
import type { ConnectionSpec } from '../../../src/api/connection.ts';
import { applicationDefinition } from '../../../src/api/crd.ts';
import type { Observation } from '../../../src/domain/observation.ts';
import { readStatus } from '../../../src/domain/recall.ts';
import { summarize } from '../../../src/domain/summarize.ts';
import { accessTokenUnauthorized, migrationTokenRefused, refreshTokenRefused } from '../../../src/square/verdicts.ts';
import {
  aConnection,
  aCredential,
  aHistory,
  aNewObservation,
  anApplication,
  anObservation,
  aStreak,
  at,
  noon,
} from '../../support/builders.ts';

const conditionOf = (o: Observation, of: string) => {
  const found = summarize(o, readStatus({}), at(noon)).conditions?.find(({ type }) => type === of);
  if (found === undefined) throw new Error(`a status without ${of}`);
  return found;
};
const ready = (o: Observation) => conditionOf(o, 'Ready');

describe('a Secret that is somebody else’s', () => {
  it.each([
    [
      'SecretNotOwned',
      anObservation({ tokenSecret: { kind: 'NotOwned', name: 'bakery', retryAt: noon } }),
      'Set spec.secret.name to another name',
    ],
    [
      'GrantSecretNotOwned',
      anObservation({ grant: { kind: 'NotOwned', retryAt: noon } }),
      'Create the connection under another name',
    ],
  ] as const)('is not to be renamed, which no Secret can be, and deleted last of all: %s', (reason, o, first) => {
    const { message, ...is } = ready(o);
    expect(is).toMatchObject({ reason });
    const remedy = `${first}, or delete that Secret if nothing else needs it.`;
    expect(message).toMatch(new RegExp(`it was left alone\\. ${remedy}$`));
    expect(reasons[reason].remedy).toBe(remedy);
  });
});

describe('a fault of the application', () => {
  const refusal = { since: noon, retryAt: noon };
  const unseen = { name: 'square-app', key: 'client-secret' };
  const message = 'Secret square-app is not there.';
  it.each([
    ['a client that is refused', anApplication({ refusal })],
    ['an application that is disabled', anApplication({ refusal: { ...refusal, disabled: true } })],
    ['a client secret that is not seen', anApplication({ clientSecret: { kind: 'Problem', message, unseen } })],
    [
      'refresh tokens that are held back',
      anApplication({ heldBack: { singleUse: { since: noon }, multiUse: { since: noon } } }),
    ],
  ])('comes with the command that shows the rest: %s', (_, application) => {
    const history = aHistory({ failures: { Verify: aStreak({ class: 'ClientRefused', reason: 'ClientRefused' }) } });
    const { message } = conditionOf(anObservation({ application, history }), 'Renewable');
    expect(message).toContain(` See why: kubectl describe ${applicationDefinition.shortName} pos -n shop.`);
    expect(message).not.toContain('conditions');
  });
});

describe('permissions', () => {
  const says = (scopes: string[], granted: string[]) =>
    conditionOf(
      anObservation({ connection: aConnection({}, { scopes }), history: aHistory({ scopes: granted }) }),
      'ScopesSatisfied',
    );

  it('that are missing may be misspelt, and are said beside those that the token has too many', () => {
    const { status, message } = says(['ORDERS_READ', 'ORDERS_RAED'], ['ORDERS_READ', 'PAYMENTS_WRITE']);
    expect(status).toBe('False');
    expect(message).toBe(
      'Missing: ORDERS_RAED. Have the seller sign in again and grant them, or correct the scopes of the connection or its SquareApplication. The token has more than spec.scopes asks for: PAYMENTS_WRITE.',
    );
  });

  it('that the token has too many are named, and at most twenty of them', () => {
    const many = Array.from({ length: 30 }, (_, i) => `SCOPE_${i}`);
    const { status, message } = says(['SCOPE_0'], many);
    expect([status, message.endsWith('SCOPE_20 and 9 more.')]).toEqual(['True', true]);
  });
});

it('a credential that is tried again may have been tried and refused', () => {
  const failure = aStreak({ class: 'BadRequest', reason: 'RequestRefused', message: 'ObtainToken: malformed.' });
  const tried = aNewObservation();
  const o = { ...tried, history: { ...tried.history, failures: { TakeUp: failure } } };
  const { reason, message } = ready(o);
  expect(reason).toBe('TakingUp');
  expect(message).toMatch(/^The credential has given no grant yet: ObtainToken: malformed\. Failed once, since /);
  expect(reasons.TakingUp.means).not.toContain('could not be tried');
  // Where a remedy is asked of nobody, nobody is told that they are needed.
  expect(reasons.TakingUp.remedy).toBe('');
});

describe('a credential that Square refused', () => {
  const secretRef = { name: 'bakery-token', key: 'token' };
  const verdicts = {
    refreshToken: refreshTokenRefused,
    migrationToken: migrationTokenRefused,
    personalAccessToken: accessTokenUnauthorized,
  };
  const refused = (spec: Partial<ConnectionSpec>, type: keyof typeof verdicts) => {
    const { message, reason, class: means } = verdicts[type];
    const streak = aStreak({ class: means, reason, message: `ObtainToken: ${message} (HTTP 401).` });
    const o = aNewObservation({ connection: aConnection({}, spec), credential: aCredential({ type }) });
    return ready({ ...o, history: { ...o.history, failures: { TakeUp: streak } } });
  };

  it.each([
    ['refreshToken', 'an access token in place of the refresh token', 'Or give'],
    ['migrationToken', 'a refresh token in place of the access token', 'Or give'],
    ['personalAccessToken', 'a token of the other environment', 'Give'],
  ] as const)('is named with its place, and what to do is said once: %s', (type, mistaken, give) => {
    const { reason, message } = refused({ credential: { [type]: { secretRef } } }, type);
    expect(reason).toBe('CredentialRefused');
    const says = (place: string) =>
      ` ${give} a new credential: it is ${place}, and a wrong value there, as ${mistaken}, is refused in the same way.`;
    expect(message.endsWith(says('key token of Secret bakery-token'))).toBe(true);
    // Nobody's sign-in helps a personal access token, which is not refreshed either.
    const personal = type === 'personalAccessToken';
    expect(message.match(/sign in|refreshed|One refresh/g) ?? []).toHaveLength(personal ? 0 : 1);
    const sealed = refused({ credential: { [type]: { sealed: 'a.b.c.d.e' } } }, type);
    expect(sealed.message.endsWith(says(`spec.credential.${type}.sealed`))).toBe(true);
  });
});
