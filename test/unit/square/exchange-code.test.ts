import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { createSquareTime, days, hours, minutes, seconds, systemClock } from '../../../src/clock.ts';
import type { Failure } from '../../../src/domain/failure.ts';
import type { Grant } from '../../../src/domain/grant.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import { openGrant, sealGrant } from '../../../src/secrets/grant.ts';
import type { Outcome, TokenReply } from '../../../src/square/client.ts';
import { exchangeCode, type SignIn } from '../../../src/square/exchange-code.ts';
import { challengeOf } from '../../simulator/issue.ts';
import type { Settings } from '../../simulator/simulator.ts';
import { aSpec } from '../../support/builders.ts';
import { aBinding, aRing } from '../secrets/fixtures.ts';
import { aConnectedStage } from './stage.ts';

const verifier = 'a-verifier-of-at-least-forty-three-characters-x';

/** A seller who has just allowed the application; `exchange` takes what the callback brought. */
async function aSignIn({ flow = 'Code', scopes = 'MERCHANT_PROFILE_READ PAYMENTS_READ' } = {}) {
  const stage = await aConnectedStage();
  const { simulator, application, seller, client } = stage;
  const query = new URLSearchParams({ client_id: application.clientID, scope: scopes });
  query.set('redirect_uri', application.redirectURL);
  if (flow === 'PKCE') query.set('code_challenge', challengeOf(verifier));
  const authorizeURL = `${simulator.url}/oauth2/authorize?${query.toString()}`;
  const { callbackURL } = simulator.signIn({ authorizeURL, merchantID: seller.merchantID });
  const signIn: SignIn = {
    connectionUID: 'uid-1',
    environment: 'Production',
    clientID: application.clientID,
    spec: aSpec(),
    taken: 'sign-in/one',
    code: token(new URL(callbackURL).searchParams.get('code') ?? ''),
    redirectURI: application.redirectURL,
    ...(flow === 'PKCE' ? { codeVerifier: token(verifier) } : { clientSecrets: [token(application.clientSecret)] }),
  };
  const time = createSquareTime(systemClock);
  const kept: TokenReply[] = [];
  const keep = async (reply: TokenReply) => void kept.push(reply);
  const exchange = (change: Partial<SignIn> & { clientSecrets?: unknown; codeVerifier?: unknown } = {}) =>
    exchangeCode({ square: client, time, clock: systemClock, keep }, { ...signIn, ...change } as SignIn);
  return { ...stage, exchange, kept };
}

function grantOf(outcome: Outcome<Grant>): Grant {
  if (outcome.ok) return outcome.value;
  throw new Error(`no grant: ${inspect(outcome.failure)}`);
}

describe('an authorization code of the code flow', () => {
  it('becomes the first generation of a grant that can be refreshed again and again', async () => {
    const { exchange, simulator, seller, client, identity } = await aSignIn();
    const grant = grantOf(await exchange());
    expect(grant).toMatchObject({
      generation: 1,
      connectionUID: 'uid-1',
      kind: 'OAuth',
      environment: 'Production',
      clientID: identity.clientID,
      merchantID: seller.merchantID,
      taken: ['sign-in/one'],
      refreshToken: { singleUse: false },
    });
    // Both are whole seconds, and one may end between them.
    const life = (grant.accessToken.expiresAt ?? 0) - grant.accessToken.issuedAt;
    expect([days(30), days(30) - seconds(1)]).toContain(life);
    const refreshToken = grant.refreshToken?.value ?? token('');
    for (let time = 0; time < 2; time += 1)
      expect(await client.obtainToken({ ...identity, grantType: 'refresh_token', refreshToken })).toMatchObject({
        ok: true,
      });
    const [sent] = simulator.requests.entries({ endpoint: 'token' });
    expect(Object.keys(sent?.body ?? {})).toEqual(['client_id', 'client_secret', 'grant_type', 'code', 'redirect_uri']);
  });

  it('gives its answer away as it came, before anything is made of it', async () => {
    const { exchange, kept, simulator } = await aSignIn();
    simulator.faults.add({
      endpoint: 'token',
      times: 1,
      effect: { kind: 'answer', status: 200, shape: 'Raw', body: '{"odd":true}' },
    });
    expect(await exchange()).toMatchObject({ ok: false });
    grantOf(await exchange());
    expect(kept.map(({ grantType }) => grantType)).toEqual(['authorization_code', 'authorization_code']);
    expect(inspect(kept)).not.toContain('EAAA');
  });

  it('asks for a short life where the connection does', async () => {
    const { exchange } = await aSignIn();
    const grant = grantOf(await exchange({ spec: aSpec({ shortLived: true, scopes: ['PAYMENTS_READ'] }) }));
    expect((grant.accessToken.expiresAt ?? 0) - grant.accessToken.issuedAt).toBe(hours(24));
    expect(grant.requested).toEqual({ scopes: ['PAYMENTS_READ'], shortLived: true });
  });

  it('is tried with the previous client secret when Square refuses the current one, which uses no code up', async () => {
    const { exchange, application, simulator } = await aSignIn();
    const clientSecrets = [token('sq0csp-not-yet'), token(application.clientSecret)];
    expect(grantOf(await exchange({ clientSecrets })).generation).toBe(1);
    expect(simulator.requests.entries({ endpoint: 'token' })).toHaveLength(2);
  });

  it('learns the seller when the reply names none', async () => {
    const { exchange, simulator, seller } = await aSignIn();
    simulator.settings({ omitMerchantID: 'token replies and status' });
    expect(grantOf(await exchange()).merchantID).toBe(seller.merchantID);
  });

  it('is a grant of an unknown seller when nobody names one: it is not thrown away', async () => {
    const { exchange, simulator } = await aSignIn();
    simulator.settings({ omitMerchantID: 'token replies and status' });
    simulator.faults.add({ endpoint: 'merchant', effect: { kind: 'answer', status: 503 } });
    expect(grantOf(await exchange())).not.toHaveProperty('merchantID');
  });
});

describe('an authorization code of PKCE', () => {
  it('is exchanged with its verifier and no client secret, and gives a single-use refresh token', async () => {
    const { exchange, simulator } = await aSignIn({ flow: 'PKCE' });
    const grant = grantOf(await exchange());
    expect(grant.refreshToken).toMatchObject({ singleUse: true });
    expect((grant.refreshToken?.expiresAt ?? 0) - grant.accessToken.issuedAt).toBe(days(90));
    expect(simulator.requests.entries({ endpoint: 'token' })[0]?.body).not.toHaveProperty('client_secret');
  });
});

type Stage = Awaited<ReturnType<typeof aSignIn>>;
type Trouble = (stage: Stage) => Promise<Outcome<Grant>>;

const troubles: readonly (readonly [what: string, flow: 'Code' | 'PKCE', trouble: Trouble, means: string])[] = [
  ['unknown', 'Code', ({ exchange }) => exchange({ code: token('sq0cgp-unknown') }), 'CodeRefused'],
  [
    'used already',
    'Code',
    async ({ exchange }) => {
      await exchange();
      return await exchange();
    },
    'CodeRefused',
  ],
  [
    'older than five minutes',
    'Code',
    ({ exchange, simulator }) => {
      simulator.clock.advance(minutes(6));
      return exchange();
    },
    'CodeRefused',
  ],
  ['with a wrong verifier', 'PKCE', ({ exchange }) => exchange({ codeVerifier: token('another') }), 'CodeRefused'],
  [
    'with another redirect URL',
    'Code',
    ({ exchange }) => exchange({ redirectURI: 'https://example.com/other' }),
    'BadRequest',
  ],
  ['by a wrong secret', 'Code', ({ exchange }) => exchange({ clientSecrets: [token('wrong')] }), 'ClientRefused'],
];

const shapes: readonly Settings['oauthErrors'][] = ['V1', 'V2', 'OAuth'];

describe.each(shapes)('with errors in the shape %s, a code', (oauthErrors) => {
  it.each(troubles)('%s (%s)', async (_, flow, trouble, means) => {
    const stage = await aSignIn({ flow });
    stage.simulator.settings({ oauthErrors });
    const outcome = await trouble(stage);
    expect(outcome).toMatchObject({ ok: false, failure: { class: means, operation: 'ObtainToken' } });
    const { failure } = outcome as { failure: Failure };
    expect(inspect(failure)).not.toMatch(/sq0c[gs]p-/);
  });
});

it('a code whose answer was lost may have been used', async () => {
  const { exchange, simulator } = await aSignIn();
  simulator.faults.add({ endpoint: 'token', times: 1, effect: { kind: 'drop', when: 'after' } });
  expect(await exchange()).toMatchObject({ ok: false, failure: { class: 'Unreachable', maybeActed: true } });
  expect(await exchange()).toMatchObject({ ok: false, failure: { class: 'CodeRefused', maybeActed: false } });
});

it('what a code gave is sealed for whoever takes it up, and opens for that purpose alone', async () => {
  const { exchange, identity } = await aSignIn();
  const grant = grantOf(await exchange());
  const ring = aRing();
  const binding = aBinding({ clientID: identity.clientID });
  const sealed = sealGrant(ring, binding, grant, 'incoming');
  const opened = openGrant(ring, binding, sealed, 'incoming');
  expect(opened.ok && opened.value.kind !== 'Vacant' && openToken(opened.value.accessToken.value)).toBe(
    openToken(grant.accessToken.value),
  );
  expect(openGrant(ring, binding, sealed)).toMatchObject({ ok: false, problem: 'WrongPurpose' });
  const elsewhere = aBinding({ clientID: identity.clientID, name: 'other' });
  expect(openGrant(ring, elsewhere, sealed, 'incoming')).toMatchObject({ ok: false, problem: 'BoundElsewhere' });
});
