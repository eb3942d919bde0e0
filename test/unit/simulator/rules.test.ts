import { describe, expect, it } from 'vitest';
import { days, minutes } from '../../../src/clock.ts';
import type { Settings } from '../../simulator/simulator.ts';
import { aStage, post } from './stage.ts';

async function aRefresh(flow: 'Code' | 'PKCE' = 'Code', settings: Partial<Settings> = {}) {
  const stage = await aStage();
  const { simulator, application, holder } = stage;
  simulator.settings(settings);
  const { refreshToken, accessToken } = simulator.grant({ ...holder, flow });
  const request = {
    client_id: application.clientID,
    ...(flow === 'Code' ? { client_secret: application.clientSecret } : {}),
    grant_type: 'refresh_token',
    refresh_token: refreshToken.value,
  };
  const refresh = (change: object = {}) => post(`${simulator.url}/oauth2/token`, { ...request, ...change });
  return { ...stage, refresh, refreshToken, accessToken };
}

describe('a refresh token', () => {
  it('of the code flow lives for years, or dies 15 days after its access token by the other rule', async () => {
    const { simulator, refresh } = await aRefresh();
    simulator.clock.advance(days(1_000));
    expect((await refresh()).status).toBe(200);
    simulator.settings({ fifteenDayRule: true });
    simulator.clock.advance(days(44));
    expect((await refresh()).status).toBe(200);
    simulator.clock.advance(days(46));
    expect((await refresh()).body).toEqual({ message: 'Invalid refresh token', type: 'service.not_authorized' });
  });

  it('of PKCE lives 90 days', async () => {
    const { simulator, refresh } = await aRefresh('PKCE');
    simulator.clock.advance(days(90));
    expect((await refresh()).status).toBe(401);
    expect(simulator.ledger.liveRefreshTokens()).toEqual([]);
  });

  it('that is spent may end the whole grant when a test asks for that', async () => {
    const { simulator, refresh, holder } = await aRefresh('PKCE', { spentRefreshToken: 'refused and all revoked' });
    await refresh();
    expect(simulator.ledger.liveRefreshTokens(holder)).toHaveLength(1);
    await refresh();
    expect(simulator.ledger.liveRefreshTokens(holder)).toEqual([]);
    expect(simulator.ledger.tokenRequests(holder).map(({ presentedAgain }) => presentedAgain)).toEqual([false, true]);
  });

  it('keeps its own scopes when the seller allows more later', async () => {
    const { simulator, application, seller, refresh } = await aRefresh();
    const query = new URLSearchParams({ client_id: application.clientID, scope: 'ORDERS_READ' }).toString();
    simulator.signIn({ authorizeURL: `${simulator.url}/oauth2/authorize?${query}`, merchantID: seller.merchantID });
    const empty = await refresh({ scopes: ['ORDERS_READ'] });
    expect(empty).toMatchObject({ status: 400, body: { type: 'bad_request.invalid_parameter' } });
    simulator.settings({ emptyScopes: 'granted' });
    expect((await refresh({ scopes: ['ORDERS_READ'] })).status).toBe(200);
  });

  it('is refused for another client, and for no secret', async () => {
    const { simulator, refresh } = await aRefresh();
    const other = simulator.addApplication();
    const foreign = await refresh({ client_id: other.clientID, client_secret: other.clientSecret });
    expect(foreign.body['message']).toBe('Invalid refresh token');
    expect((await refresh({ client_secret: undefined })).body['message']).toBe('Not Authorized');
  });
});

describe('a client secret', () => {
  it('that was replaced works on only when told so', async () => {
    const { simulator, application, refresh } = await aRefresh();
    const { clientID } = application;
    const second = simulator.rotateSecret({ clientID, oldStillWorks: true });
    expect((await refresh()).status).toBe(200);
    expect((await refresh({ client_secret: second.clientSecret })).status).toBe(200);
    const third = simulator.rotateSecret({ clientID });
    expect((await refresh({ client_secret: second.clientSecret })).body['message']).toBe('Not Authorized');
    expect((await refresh({ client_secret: third.clientSecret })).status).toBe(200);
  });
});

describe('a fault', () => {
  it('strikes only what it is meant for, as often as told, after as many as told', async () => {
    const { simulator, refresh, holder } = await aRefresh();
    const effect = { kind: 'answer', status: 500 } as const;
    const id = simulator.faults.add({ endpoint: 'token', merchantID: holder.merchantID, skip: 1, times: 2, effect });
    simulator.faults.add({ endpoint: 'token', grantType: 'migration_token', effect });
    simulator.faults.add({ endpoint: 'revoke', effect });
    const statuses = [];
    for (let turn = 0; turn < 4; turn += 1) statuses.push((await refresh()).status);
    expect(statuses).toEqual([200, 500, 500, 200]);
    expect(simulator.faults.hits(id)).toBe(2);
  });

  it('after the state change leaves the change, before it leaves everything as it was', async () => {
    const { simulator, refresh } = await aRefresh('PKCE');
    simulator.faults.add({ endpoint: 'token', times: 1, effect: { kind: 'answer', status: 502, shape: 'HTML' } });
    await expect(refresh()).rejects.toThrow(/JSON/);
    expect(simulator.ledger.tokenRequests()).toEqual([]);
    simulator.faults.add({ endpoint: 'token', times: 1, effect: { kind: 'drop', when: 'after' } });
    await expect(refresh()).rejects.toThrow(/fetch failed/);
    expect(simulator.ledger.tokenRequests()).toMatchObject([{ outcome: 'issued', answered: false }]);
    expect((await refresh()).status).toBe(401);
    expect(simulator.ledger.spentAgain()).toHaveLength(1);
    expect(simulator.ledger.requestsBySeller()).toEqual({ [simulator.ledger.tokenRequests()[0]?.merchantID ?? '']: 2 });
  });

  it('can only delay', async () => {
    const { simulator, refresh } = await aRefresh();
    simulator.faults.add({ endpoint: 'token', delay: 50, effect: { kind: 'delay' } });
    const start = performance.now();
    expect((await refresh()).status).toBe(200);
    expect(performance.now() - start).toBeGreaterThan(45);
  });
});

describe('answers and what is remembered of requests', () => {
  it('carry the date of the simulator and echo the version', async () => {
    const { simulator, refresh } = await aRefresh();
    simulator.clock.set(Date.UTC(2031, 1, 3, 4, 5, 6));
    const answer = await refresh();
    expect(answer.headers.get('date')).toMatch(/^Mon, 03 Feb 2031 04:05:0/);
    const bad = await fetch(`${simulator.url}/v2/locations`, { headers: { 'square-version': '2026-13-01' } });
    expect(await bad.json()).toMatchObject({ errors: [{ code: 'INVALID_SQUARE_VERSION_FORMAT' }] });
    const good = await fetch(`${simulator.url}/v2/locations`, { headers: { 'square-version': '2026-09-16' } });
    expect(good.status).toBe(401);
  });

  it('hold no secret, whatever was sent', async () => {
    const { simulator, refresh, accessToken } = await aRefresh();
    await refresh();
    await fetch(`${simulator.url}/v2/locations?token=${accessToken.value}`, {
      headers: { authorization: `Bearer ${accessToken.value}` },
    });
    const log = JSON.stringify(simulator.requests.entries());
    expect(simulator.secrets().length).toBeGreaterThan(3);
    for (const secret of simulator.secrets()) expect(log).not.toContain(secret);
    expect(simulator.requests.entries()).toMatchObject([{ outcome: 200 }, { authorization: 'Bearer', outcome: 200 }]);
  });
});

describe('a code', () => {
  it('is good once, for five minutes', async () => {
    const { simulator, application, seller } = await aStage();
    const authorizeURL = `${simulator.url}/oauth2/authorize?client_id=${application.clientID}`;
    const exchange = (callbackURL: string) =>
      post(`${simulator.url}/oauth2/token`, {
        client_id: application.clientID,
        client_secret: application.clientSecret,
        grant_type: 'authorization_code',
        code: new URL(callbackURL).searchParams.get('code'),
      });
    const first = simulator.signIn({ authorizeURL, merchantID: seller.merchantID });
    expect((await exchange(first.callbackURL)).status).toBe(200);
    expect((await exchange(first.callbackURL)).body['message']).toBe('Authorization code already used');
    const late = simulator.signIn({ authorizeURL, merchantID: seller.merchantID });
    simulator.clock.advance(minutes(5));
    expect((await exchange(late.callbackURL)).body['message']).toBe('Authorization code expired');
  });
});
