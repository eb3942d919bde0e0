import { describe, expect, it } from 'vitest';
import type { SimulatorOptions } from '../../simulator/simulator.ts';
import { aStage } from './stage.ts';

/** A seller's browser: keeps the cookie, follows nothing by itself. */
async function aBrowser(options: SimulatorOptions = {}, query: Record<string, string> = {}) {
  const stage = await aStage(options);
  const parameters = {
    client_id: stage.application.clientID,
    scope: 'MERCHANT_PROFILE_READ PAYMENTS_READ',
    state: 's',
    ...query,
  };
  const search = new URLSearchParams(parameters).toString();
  let cookie = '';
  const page = async (answer: Response) => {
    cookie = answer.headers.get('set-cookie')?.split(';')[0] ?? cookie;
    const location = answer.headers.get('location') ?? undefined;
    return { status: answer.status, location, callback: callbackOf(location), body: await answer.text() };
  };
  const open = async (path = `/oauth2/authorize?${search}`) =>
    page(await fetch(stage.simulator.url + path, { redirect: 'manual', headers: { cookie } }));
  const decide = async (decision: string) => {
    const body = new URLSearchParams({ query: search, merchant_id: stage.seller.merchantID, decision });
    const url = `${stage.simulator.url}/oauth2/authorize`;
    return page(await fetch(url, { method: 'POST', redirect: 'manual', headers: { cookie }, body }));
  };
  return { ...stage, open, decide };
}

const callbackOf = (location: string | undefined) =>
  location === undefined ? {} : Object.fromEntries(new URL(location, 'http://here').searchParams);

describe('the authorization page', () => {
  it('asks who the seller is, shows the permissions, and calls back with a code', async () => {
    const { open, decide, application } = await aBrowser();
    const first = await open();
    expect(first.status).toBe(200);
    expect(first.body).toContain('<label for="seller">Seller account</label>');
    const consent = await decide('sign-in');
    expect(consent.body).toMatch(/<li>MERCHANT_PROFILE_READ<\/li><li>PAYMENTS_READ<\/li>/);
    const allowed = await decide('allow');
    expect(allowed.location).toContain(`${application.redirectURL}?`);
    expect(allowed.callback).toMatchObject({ response_type: 'code', state: 's' });
    expect(allowed.callback['code']).toMatch(/^sq0cgp-/);
  });

  it('calls back with access_denied when the seller says no', async () => {
    const { decide } = await aBrowser();
    const { callback } = await decide('deny');
    expect(callback).toEqual({ error: 'access_denied', error_description: 'user_denied', state: 's' });
  });

  it('goes straight back for a seller who allowed the same before', async () => {
    const { open, decide, simulator, holder } = await aBrowser();
    await decide('sign-in');
    expect((await open()).body).toContain('Allow');
    await decide('allow');
    expect((await open()).callback).toHaveProperty('code');
    simulator.forgetAuthorization(holder);
    expect((await open()).body).toContain('Allow');
  });

  it('wants a login all the same with session=false', async () => {
    const { open, decide } = await aBrowser({}, { session: 'false' });
    await decide('sign-in');
    await decide('allow');
    expect((await open()).body).toContain('Sign in');
  });

  it.each([{ client_id: 'unknown' }, { redirect_uri: 'https://example.com/oauth/callback/' }])(
    'shows an error and never calls back with %o',
    async (query) => {
      const { open, decide } = await aBrowser({}, query);
      const page = await open();
      expect(page).toMatchObject({ status: 400, location: undefined });
      expect(page.body).toContain('role="alert"');
      expect(await decide('allow')).toMatchObject({ status: 400, location: undefined });
    },
  );

  it('of the sandbox is elsewhere, and wants the dashboard open', async () => {
    const { open, simulator } = await aBrowser({ environment: 'Sandbox' });
    const first = await open();
    expect(first).toMatchObject({
      status: 302,
      location: expect.stringMatching(/^\/sandbox\/oauth2\/authorize\?/) as string,
    });
    expect((await open(first.location)).status).toBe(200);
    simulator.settings({ sandboxDashboardOpen: false });
    expect((await open(first.location)).status).toBe(400);
  });

  it('grants four permissions when none are named', async () => {
    const { simulator, application, seller } = await aStage();
    const authorizeURL = `${simulator.url}/oauth2/authorize?client_id=${application.clientID}&scopes=ORDERS_READ`;
    const { callbackURL } = simulator.signIn({ authorizeURL, merchantID: seller.merchantID });
    const code = new URL(callbackURL).searchParams.get('code');
    const body = { client_id: application.clientID, client_secret: application.clientSecret, code };
    const answer = await fetch(`${simulator.url}/oauth2/token`, {
      method: 'POST',
      body: JSON.stringify({ ...body, grant_type: 'authorization_code' }),
    });
    const { refresh_token: value } = (await answer.json()) as Record<string, string>;
    const [live] = simulator.ledger.liveRefreshTokens();
    expect(live).toMatchObject({ value, scopes: expect.arrayContaining(['SETTLEMENTS_READ']) });
  });

  it('writes nothing into the page that a browser would run', async () => {
    const { open, decide } = await aBrowser({}, { scope: '<script>alert(1)</script>', state: '"><script>' });
    const pages = [await open(), await decide('sign-in')];
    for (const { body } of pages) expect(body).not.toContain('<script>');
  });
});
