import { SquareClient, SquareError } from 'square';
import { describe, expect, it } from 'vitest';
import { days, minutes } from '../../../src/clock.ts';
import { challengeOf } from '../../simulator/issue.ts';
import { aStage } from './stage.ts';

const sdk = (baseUrl: string, token = '') => new SquareClient({ baseUrl, token, maxRetries: 0 });

async function errorOf(call: PromiseLike<unknown>): Promise<SquareError> {
  try {
    await call;
  } catch (error) {
    if (error instanceof SquareError) return error;
    throw error;
  }
  throw new Error('the call was answered without an error');
}

const shown = ({ statusCode, errors }: SquareError) => ({ status: statusCode, ...errors[0] });

async function aSignIn(extra: Record<string, string> = {}) {
  const stage = await aStage();
  const { simulator, application, seller } = stage;
  const query = new URLSearchParams({ client_id: application.clientID, scope: 'MERCHANT_PROFILE_READ', ...extra });
  const authorizeURL = `${simulator.url}/oauth2/authorize?${query.toString()}`;
  const { callbackURL } = simulator.signIn({ authorizeURL, merchantID: seller.merchantID });
  const code = new URL(callbackURL).searchParams.get('code') ?? '';
  return { ...stage, code, client: { clientId: application.clientID, clientSecret: application.clientSecret } };
}

describe('the official SDK gets tokens from the simulator', () => {
  it('for a code, and the same refresh token again when it refreshes', async () => {
    const { simulator, code, client, seller } = await aSignIn();
    const square = sdk(simulator.url);
    const first = await square.oAuth.obtainToken({ ...client, grantType: 'authorization_code', code });
    expect(first).toMatchObject({ tokenType: 'bearer', merchantId: seller.merchantID, shortLived: false });
    expect(Date.parse(first.expiresAt ?? '')).toBeCloseTo(simulator.clock.now() + days(30), -5);
    const again = { ...client, grantType: 'refresh_token', refreshToken: first.refreshToken ?? '' };
    const second = await square.oAuth.obtainToken(again);
    expect(second.refreshToken).toBe(first.refreshToken);
    expect(second.accessToken).not.toBe(first.accessToken);
    expect(second.refreshTokenExpiresAt).toBeUndefined();
  });

  it('by PKCE without a secret, and a new single-use refresh token each time', async () => {
    const verifier = 'a-verifier-of-at-least-forty-three-characters-x';
    const { simulator, code, client } = await aSignIn({ code_challenge: challengeOf(verifier) });
    const square = sdk(simulator.url);
    const { clientId } = client;
    const first = await square.oAuth.obtainToken({
      clientId,
      grantType: 'authorization_code',
      code,
      codeVerifier: verifier,
    });
    expect(Date.parse(first.refreshTokenExpiresAt ?? '')).toBeCloseTo(simulator.clock.now() + days(90), -5);
    const refreshToken = first.refreshToken ?? '';
    const second = await square.oAuth.obtainToken({ clientId, grantType: 'refresh_token', refreshToken });
    expect(second.refreshToken).not.toBe(refreshToken);
    const error = await errorOf(square.oAuth.obtainToken({ clientId, grantType: 'refresh_token', refreshToken }));
    expect(shown(error)).toMatchObject({ status: 401, category: 'V1_ERROR', detail: 'Invalid refresh token' });
    expect(simulator.ledger.spentAgain()).toHaveLength(1);
  });

  it('of 24 hours and of fewer scopes when it asks for them', async () => {
    const { simulator, application, holder } = await aStage();
    const { refreshToken } = simulator.grant({ ...holder, scopes: ['MERCHANT_PROFILE_READ', 'PAYMENTS_READ'] });
    const grant = await sdk(simulator.url).oAuth.obtainToken({
      clientId: application.clientID,
      clientSecret: application.clientSecret,
      grantType: 'refresh_token',
      refreshToken: refreshToken.value,
      scopes: ['PAYMENTS_READ', 'ORDERS_READ'],
      shortLived: true,
    });
    expect(grant.shortLived).toBe(true);
    const status = await sdk(simulator.url, grant.accessToken).oAuth.retrieveTokenStatus();
    expect(status.scopes).toEqual(['PAYMENTS_READ']);
    expect(Date.parse(status.expiresAt ?? '')).toBeCloseTo(simulator.clock.now() + days(1), -5);
  });

  it('for a legacy token, as often as it asks while that lives', async () => {
    const { simulator, application, holder } = await aStage();
    const legacy = simulator.addLegacyToken(holder);
    const request = {
      clientId: application.clientID,
      clientSecret: application.clientSecret,
      grantType: 'migration_token',
      migrationToken: legacy.value,
    };
    await sdk(simulator.url).oAuth.obtainToken(request);
    expect((await sdk(simulator.url).oAuth.obtainToken(request)).refreshToken).toMatch(/^EQAA/);
    simulator.clock.advance(days(31));
    expect((await errorOf(sdk(simulator.url).oAuth.obtainToken(request))).statusCode).toBe(401);
  });
});

describe('the official SDK is refused by the simulator', () => {
  it('with a wrong secret, an unknown code, a used code, a late code', async () => {
    const { simulator, code, client } = await aSignIn();
    const ask = (change: object) =>
      errorOf(sdk(simulator.url).oAuth.obtainToken({ ...client, grantType: 'authorization_code', code, ...change }));
    const type = 'service.not_authorized';
    expect(shown(await ask({ clientSecret: 'wrong' }))).toMatchObject({
      status: 401,
      code: type,
      detail: 'Not Authorized',
    });
    const unknown = `Authorization code not found for app [${client.clientId}]`;
    expect(shown(await ask({ code: 'x' }))).toMatchObject({ status: 401, code: type, detail: unknown });
    simulator.clock.advance(minutes(5));
    expect((await ask({})).statusCode).toBe(400);
  });

  it('with V1 bodies for parameters that are missing', async () => {
    const { simulator, client } = await aSignIn();
    const error = await errorOf(sdk(simulator.url).oAuth.obtainToken({ ...client, grantType: 'refresh_token' }));
    const detail = "missing required parameter 'refresh_token'";
    expect(shown(error)).toMatchObject({ status: 400, code: 'bad_request.missing_parameter', detail });
  });

  it('in V2 when a test asks for that', async () => {
    const { simulator, client } = await aSignIn();
    simulator.settings({ oauthErrors: 'V2' });
    const request = { ...client, grantType: 'refresh_token', refreshToken: 'EQAAunknown' };
    const error = await errorOf(sdk(simulator.url).oAuth.obtainToken(request));
    expect(shown(error)).toMatchObject({ status: 401, category: 'AUTHENTICATION_ERROR', code: 'UNAUTHORIZED' });
  });
});

describe('the official SDK asks about an access token', () => {
  it('and sees locations and merchant while it lives', async () => {
    const { simulator, holder, seller } = await aStage();
    const { accessToken } = simulator.grant(holder);
    const square = sdk(simulator.url, accessToken.value);
    const { locations } = await square.locations.list();
    expect(locations).toMatchObject([{ merchantId: seller.merchantID, status: 'ACTIVE', name: 'Main' }]);
    const { merchant } = await square.merchants.get({ merchantId: 'me' });
    expect(merchant).toMatchObject({ id: seller.merchantID, businessName: 'Bakery', status: 'ACTIVE' });
    expect(await square.oAuth.retrieveTokenStatus()).toMatchObject({ merchantId: seller.merchantID });
  });

  it('and is told expired, then nothing but unauthorized', async () => {
    const { simulator, holder } = await aStage();
    const { accessToken } = simulator.grant(holder);
    const square = sdk(simulator.url, accessToken.value);
    simulator.clock.advance(days(30));
    expect(shown(await errorOf(square.locations.list()))).toMatchObject({ status: 401, code: 'ACCESS_TOKEN_EXPIRED' });
    expect(shown(await errorOf(square.oAuth.retrieveTokenStatus()))).toMatchObject({
      status: 401,
      code: 'UNAUTHORIZED',
    });
    simulator.clock.advance(days(7));
    expect(shown(await errorOf(square.locations.list()))).toMatchObject({ status: 401, code: 'UNAUTHORIZED' });
  });

  it('and is told revoked, disabled, or short of a permission', async () => {
    const { simulator, holder } = await aStage();
    const poor = simulator.grant({ ...holder, scopes: ['PAYMENTS_READ'] });
    const scopes = await errorOf(sdk(simulator.url, poor.accessToken.value).locations.list());
    expect(shown(scopes)).toMatchObject({ status: 403, category: 'AUTHENTICATION_ERROR', code: 'INSUFFICIENT_SCOPES' });
    const { accessToken } = simulator.grant(holder);
    simulator.disconnect(holder);
    const revoked = await errorOf(sdk(simulator.url, accessToken.value).locations.list());
    expect(shown(revoked)).toMatchObject({ status: 401, code: 'ACCESS_TOKEN_REVOKED' });
    simulator.disableApplication({ clientID: holder.clientID });
    const disabled = await errorOf(sdk(simulator.url, accessToken.value).merchants.get({ merchantId: 'me' }));
    expect(shown(disabled)).toMatchObject({ status: 401, code: 'CLIENT_DISABLED' });
  });

  it('that is personal and never expires', async () => {
    const { simulator, holder } = await aStage();
    const personal = simulator.addPersonalAccessToken(holder);
    simulator.clock.advance(days(4_000));
    const square = sdk(simulator.url, personal.value);
    expect((await square.locations.list()).locations).toHaveLength(1);
    expect((await square.oAuth.retrieveTokenStatus()).expiresAt).toBe('');
  });
});

describe('the official SDK revokes', () => {
  const headers = (secret: string) => ({ headers: { Authorization: `Client ${secret}` } });

  it('one access token, and the authorization lives on', async () => {
    const { simulator, application, holder } = await aStage();
    const { accessToken } = simulator.grant(holder);
    const request = { clientId: holder.clientID, accessToken: accessToken.value, revokeOnlyAccessToken: true };
    const square = sdk(simulator.url);
    expect(await square.oAuth.revokeToken(request, headers(application.clientSecret))).toEqual({ success: true });
    expect(simulator.ledger.liveRefreshTokens(holder)).toHaveLength(1);
    const again = await errorOf(square.oAuth.revokeToken(request, headers(application.clientSecret)));
    expect(shown(again)).toMatchObject({ status: 404, code: 'not_found', detail: 'access token not found' });
  });

  it('everything of a seller, by the merchant ID', async () => {
    const { simulator, application, holder } = await aStage();
    simulator.grant(holder);
    const request = { clientId: holder.clientID, merchantId: holder.merchantID };
    await sdk(simulator.url).oAuth.revokeToken(request, headers(application.clientSecret));
    expect(simulator.ledger.liveRefreshTokens(holder)).toEqual([]);
  });

  it('not with a Bearer header, nor without a token or seller', async () => {
    const { simulator, application, holder } = await aStage();
    const square = sdk(simulator.url, 'anything');
    const bad = await errorOf(square.oAuth.revokeToken({ clientId: holder.clientID, merchantId: 'x' }));
    expect(shown(bad)).toMatchObject({
      status: 400,
      code: 'bad_request.invalid_parameter',
      detail: 'bad authorization header',
    });
    const none = await errorOf(
      square.oAuth.revokeToken({ clientId: holder.clientID }, headers(application.clientSecret)),
    );
    expect(shown(none)).toMatchObject({ status: 400, code: 'bad_request.missing_parameter' });
  });
});
