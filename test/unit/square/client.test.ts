import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { days, seconds, systemClock } from '../../../src/clock.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import { parseTokenReply } from '../../../src/square/client.ts';
import { challengeOf } from '../../simulator/issue.ts';
import type { Settings } from '../../simulator/simulator.ts';
import { aClient, aConnectedStage } from './stage.ts';

function valueOf<T>(outcome: { ok: true; value: T } | { ok: false; failure: unknown }): T {
  if (outcome.ok) return outcome.value;
  throw new Error(`no success: ${inspect(outcome.failure)}`);
}

const opened = (held: Parameters<typeof openToken>[0] | undefined) => held && openToken(held);

describe('a refresh', () => {
  it('of the code flow gives a new access token and the same refresh token', async () => {
    const { client, identity, refreshToken, seller, simulator } = await aConnectedStage();
    const grant = valueOf(await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken }));
    expect(opened(grant.refreshToken)).toBe(openToken(refreshToken));
    expect(grant).toMatchObject({ merchantID: seller.merchantID, shortLived: false });
    expect(grant.expiresAt).toBeCloseTo(simulator.clock.now() + days(30), -4);
    expect(grant.refreshTokenExpiresAt).toBeUndefined();
    expect(simulator.requests.entries()).toMatchObject([
      {
        path: '/oauth2/token',
        squareVersion: '2026-09-16',
        userAgent: 'square-operator',
        body: { client_id: identity.clientID, grant_type: 'refresh_token' },
      },
    ]);
    const { authorization, body } = simulator.requests.entries()[0] ?? {};
    expect(authorization).toBeUndefined();
    expect(Object.keys(body ?? {})).toEqual(['client_id', 'client_secret', 'grant_type', 'refresh_token']);
  });

  it('of PKCE sends no secret and gives the next single-use token with its end', async () => {
    const { client, identity, refreshToken, simulator } = await aConnectedStage({}, 'PKCE');
    const { clientID } = identity;
    const grant = valueOf(await client.obtainToken({ clientID, grantType: 'refresh_token', refreshToken }));
    expect(opened(grant.refreshToken)).not.toBe(openToken(refreshToken));
    expect(grant.refreshTokenExpiresAt).toBeCloseTo(simulator.clock.now() + days(90), -4);
    expect(simulator.requests.entries()[0]?.body).not.toHaveProperty('client_secret');
  });

  it('asks for scopes and a short life only when told to', async () => {
    const { client, identity, refreshToken, simulator } = await aConnectedStage();
    const request = { ...identity, grantType: 'refresh_token', refreshToken } as const;
    await client.obtainToken({ ...request, scopes: [], shortLived: false });
    expect(simulator.requests.entries()[0]?.body).not.toHaveProperty('scopes');
    expect(simulator.requests.entries()[0]?.body).not.toHaveProperty('short_lived');
    const grant = valueOf(
      await client.obtainToken({ ...request, scopes: ['MERCHANT_PROFILE_READ'], shortLived: true }),
    );
    expect(grant.shortLived).toBe(true);
    const status = valueOf(await client.retrieveTokenStatus(grant.accessToken));
    expect(status).toMatchObject({ scopes: ['MERCHANT_PROFILE_READ'], clientID: identity.clientID });
  });

  it.each<[Partial<Settings>, 'a time' | 'none']>([
    [{ expiresAtFormat: 'seconds' }, 'a time'],
    [{ expiresAtFormat: 'fraction' }, 'a time'],
    [{ expiresAtFormat: 'nanoseconds' }, 'a time'],
    [{ expiresAtFormat: 'offset' }, 'a time'],
    [{ expiresAtFormat: 'missing' }, 'none'],
    [{ expiresAtFormat: 'empty' }, 'none'],
    [{ expiresAtFormat: 'null' }, 'none'],
  ])('whose end is written as %o gives %s', async (settings, expected) => {
    const { client, identity, refreshToken, accessToken, simulator } = await aConnectedStage();
    simulator.settings(settings);
    const grant = valueOf(await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken }));
    const status = valueOf(await client.retrieveTokenStatus(accessToken));
    if (expected === 'none') expect([grant.expiresAt, status.expiresAt]).toEqual([undefined, undefined]);
    else expect(Math.abs((grant.expiresAt ?? 0) - simulator.clock.now() - days(30))).toBeLessThan(seconds(5));
  });

  it('without a refresh token in the reply says so by its absence', async () => {
    const { client, identity, refreshToken, simulator } = await aConnectedStage();
    simulator.settings({ omitRefreshToken: 'when refreshed', omitShortLived: true });
    const grant = valueOf(await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken }));
    expect(Object.keys(grant).toSorted()).toEqual(['accessToken', 'expiresAt', 'merchantID']);
  });

  it('can be kept as bytes before anything is made of it', async () => {
    const { client, identity, refreshToken, time } = await aConnectedStage();
    const reply = valueOf(await client.exchangeToken({ ...identity, grantType: 'refresh_token', refreshToken }));
    expect(inspect(reply, { depth: 5, showHidden: true })).not.toMatch(/EAAA|EQAA/);
    expect(JSON.stringify(reply)).toContain('"body":"[redacted]"');
    expect(time.confirmed()).toBe(true);
    const grant = valueOf(parseTokenReply(reply));
    expect(opened(grant.refreshToken)).toBe(openToken(refreshToken));
  });

  it.each([201, 203, 206])(
    'that comes with %i is taken all the same: its refresh token may be spent',
    async (status) => {
      const { client, identity, refreshToken, simulator } = await aConnectedStage();
      const body = JSON.stringify({
        access_token: 'EAAAnext',
        refresh_token: 'EQAAnext',
        merchant_id: 'MLEXAMPLE0001',
      });
      simulator.faults.add({ endpoint: 'token', effect: { kind: 'answer', status, shape: 'Raw', body } });
      const grant = valueOf(await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken }));
      expect(opened(grant.refreshToken)).toBe('EQAAnext');
    },
  );

  it('whose 200 is not understood is kept as bytes too, and may have been carried out', async () => {
    const { client, identity, refreshToken, simulator, time } = await aConnectedStage();
    const effect = { kind: 'answer', when: 'after', status: 200, shape: 'Raw', body: '{"access' } as const;
    simulator.faults.add({ endpoint: 'token', effect });
    const reply = valueOf(await client.exchangeToken({ ...identity, grantType: 'refresh_token', refreshToken }));
    const outcome = parseTokenReply(reply);
    expect(outcome).toMatchObject({ ok: false, failure: { class: 'Unknown', maybeActed: true } });
    expect(time.confirmed()).toBe(false);
  });
});

describe('a code', () => {
  it('is exchanged with the redirect URL and verifier that belong to it', async () => {
    const { client, simulator, application, seller } = await aConnectedStage();
    const codeVerifier = 'a-verifier-of-at-least-forty-three-characters-x';
    const redirectURI = application.redirectURL;
    const query = new URLSearchParams({ client_id: application.clientID, redirect_uri: redirectURI });
    query.set('code_challenge', challengeOf(codeVerifier));
    const authorizeURL = `${simulator.url}/oauth2/authorize?${query.toString()}`;
    const { callbackURL } = simulator.signIn({ authorizeURL, merchantID: seller.merchantID });
    const code = token(new URL(callbackURL).searchParams.get('code') ?? '');
    const request = { clientID: application.clientID, grantType: 'authorization_code', code } as const;
    const wrong = await client.obtainToken({ ...request, redirectURI, codeVerifier: token('another') });
    expect(wrong).toMatchObject({ ok: false, failure: { class: 'CodeRefused', maybeActed: false } });
    const elsewhere = await client.obtainToken({ ...request, codeVerifier: token(codeVerifier) });
    expect(elsewhere).toMatchObject({ ok: false, failure: { class: 'BadRequest' } });
    valueOf(await client.obtainToken({ ...request, redirectURI, codeVerifier: token(codeVerifier) }));
    const again = await client.obtainToken({ ...request, redirectURI, codeVerifier: token(codeVerifier) });
    expect(again).toMatchObject({ ok: false, failure: { class: 'CodeRefused' } });
  });
});

describe('a legacy token', () => {
  it('is migrated, and refused when it is expired', async () => {
    const { client, simulator, holder, identity } = await aConnectedStage();
    const migrationToken = token(simulator.addLegacyToken(holder).value);
    const request = { ...identity, grantType: 'migration_token', migrationToken } as const;
    expect(valueOf(await client.obtainToken(request)).refreshToken).toBeDefined();
    simulator.clock.advance(days(31));
    expect(await client.obtainToken(request)).toMatchObject({ ok: false, failure: { class: 'MigrationTokenRefused' } });
  });
});

describe('asking about an access token', () => {
  it('counts locations and names the seller', async () => {
    const { client, simulator, accessToken, seller } = await aConnectedStage();
    const [main] = seller.locations;
    const locations = [{ ...main, status: 'INACTIVE' }, { ...main }] as typeof seller.locations;
    simulator.changeSeller({ merchantID: seller.merchantID, locations });
    const { merchantID } = seller;
    expect(valueOf(await client.listLocations(accessToken))).toEqual({ count: 2, active: 1, merchantID });
    const expected = { id: merchantID, businessName: 'Bakery', country: 'US', status: 'ACTIVE' };
    expect(valueOf(await client.retrieveMerchant(accessToken))).toEqual(expected);
    expect(simulator.requests.entries().map(({ authorization }) => authorization)).toEqual(['Bearer', 'Bearer']);
  });

  it('takes an answer without locations for a seller without locations', async () => {
    const { client, simulator, accessToken, seller } = await aConnectedStage();
    simulator.changeSeller({ merchantID: seller.merchantID, locations: [] });
    expect(valueOf(await client.listLocations(accessToken))).toEqual({ count: 0, active: 0 });
  });

  it('that is personal finds no end', async () => {
    const { client, simulator, holder } = await aConnectedStage();
    const personal = token(simulator.addPersonalAccessToken(holder).value);
    const status = valueOf(await client.retrieveTokenStatus(personal));
    expect(status.expiresAt).toBeUndefined();
    expect(status.merchantID).toBe(holder.merchantID);
  });
});

describe('a revocation', () => {
  it('of one access token leaves the refresh token alive; a second finds nothing', async () => {
    const { client, simulator, holder, identity, accessToken } = await aConnectedStage();
    const request = { ...identity, accessToken, onlyAccessToken: true };
    expect(await client.revokeToken(request)).toMatchObject({ ok: true, value: undefined });
    expect(simulator.ledger.liveRefreshTokens(holder)).toHaveLength(1);
    expect(simulator.requests.entries()[0]?.authorization).toBe('Client');
    const again = await client.revokeToken(request);
    expect(again).toMatchObject({ ok: false, failure: { class: 'NothingToRevoke' }, at: expect.any(Number) });
  });

  it('of a seller ends all of it', async () => {
    const { client, simulator, holder, identity, accessToken } = await aConnectedStage();
    valueOf(await client.revokeToken({ ...identity, merchantID: holder.merchantID }));
    expect(simulator.ledger.liveRefreshTokens(holder)).toEqual([]);
    expect(await client.listLocations(accessToken)).toMatchObject({ failure: { class: 'AccessTokenRevoked' } });
  });
});

describe('an error of Square that comes with a 200', () => {
  const withError = (fields: object, code?: string) => ({
    kind: 'answer' as const,
    status: 200,
    shape: 'Raw' as const,
    body: JSON.stringify({ ...fields, errors: code === undefined ? [] : [{ category: 'AUTHENTICATION_ERROR', code }] }),
  });

  it.each([
    ['ACCESS_TOKEN_REVOKED', 'AccessTokenRevoked'],
    ['INTERNAL_SERVER_ERROR', 'Unknown'],
  ])('says more than what stands beside it: %s', async (code, means) => {
    const { client, simulator, accessToken } = await aConnectedStage();
    simulator.faults.add({ endpoint: 'locations', effect: withError({ locations: [] }, code) });
    expect(await client.listLocations(accessToken)).toMatchObject({ failure: { class: means } });
  });

  it('is none where there is none', async () => {
    const { client, simulator, accessToken } = await aConnectedStage();
    simulator.faults.add({ endpoint: 'locations', effect: withError({ locations: [] }) });
    expect(await client.listLocations(accessToken)).toMatchObject({ ok: true });
  });

  it('throws no token away', async () => {
    const { client, simulator, identity, refreshToken } = await aConnectedStage();
    const issued = { access_token: `EAAA${'x'.repeat(60)}`, merchant_id: 'MLEXAMPLE0001' };
    simulator.faults.add({ endpoint: 'token', effect: withError(issued, 'INTERNAL_SERVER_ERROR') });
    const grant = await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken });
    expect(grant).toMatchObject({ ok: true });
  });
});

describe("Square's time", () => {
  it('is set by good answers and by errors of Square, and never by others', async () => {
    const { client, simulator, accessToken, time } = await aConnectedStage();
    simulator.clock.advance(days(3));
    simulator.faults.add({ endpoint: 'locations', times: 1, effect: { kind: 'answer', status: 503, shape: 'HTML' } });
    await client.listLocations(accessToken);
    expect(time.confirmed()).toBe(false);
    expect(time.disputed()).toBe(false);
    for (const _ of ['one answer', 'a second one']) await client.listLocations(accessToken);
    expect(Math.abs(time.skew() + days(3))).toBeLessThan(seconds(3));
    simulator.clock.advance(days(40));
    for (const _ of ['one answer', 'a second one'])
      expect(await client.listLocations(accessToken)).toMatchObject({ ok: false });
    expect(Math.abs(time.skew() + days(43))).toBeLessThan(seconds(3));
  });
});

describe('what is seen from outside', () => {
  it('is told once for each call', async () => {
    const seen: string[] = [];
    const { client, simulator, accessToken } = await aConnectedStage({
      observe: (operation, code, duration) => seen.push(`${operation} ${code} ${duration > 0}`),
    });
    await client.listLocations(accessToken);
    simulator.faults.add({ endpoint: 'any', effect: { kind: 'drop', when: 'before' } });
    await client.retrieveMerchant(accessToken);
    expect(seen).toEqual(['ListLocations 200 true', 'RetrieveMerchant SquareConnectionLost true']);
  });

  it('holds no secret in any failure', async () => {
    const { client, simulator, identity, accessToken, refreshToken } = await aConnectedStage();
    const echo = { kind: 'answer', status: 400, shape: 'V1', code: openToken(refreshToken), message: 'x' } as const;
    simulator.faults.add({ endpoint: 'token', effect: echo });
    const rotated = simulator.rotateSecret({ clientID: identity.clientID });
    const failures = [
      await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken }),
      await client.revokeToken({ ...identity, accessToken }),
    ];
    const printed = inspect(failures, { depth: 9 }) + JSON.stringify(failures);
    for (const secret of [...simulator.secrets(), rotated.clientSecret]) expect(printed).not.toContain(secret);
  });

  it('refuses base URLs that would send tokens in clear or elsewhere', () => {
    for (const baseURL of [
      'http://connect.squareup.com',
      'ftp://x',
      'x',
      'https://a/b',
      'https://u:p@a',
      'https://a?x=1',
    ]) {
      expect(() => aClient(baseURL)).toThrow(/Square base URL/);
    }
    for (const baseURL of [
      'http://localhost:1',
      'http://127.0.0.1:1',
      'http://[::1]:1',
      'https://connect.squareup.com',
    ]) {
      expect(() => aClient(baseURL, { clock: systemClock })).not.toThrow();
    }
  });
});
