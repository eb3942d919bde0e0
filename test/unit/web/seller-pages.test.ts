import { beforeEach, describe, expect, test } from 'vitest';
import { days, formatInstant, hours, minutes } from '../../../src/clock.ts';
import { mostSellerSessions } from '../../../src/web/sessions.ts';
import type { SignInOutcome } from '../../../src/web/sign-in-port.ts';
import { type Browser, type House, openHouse } from './house.ts';

const page = '/connect/shop/bakery';
const ref = { namespace: 'shop', name: 'bakery', uid: 'uid-shop-bakery' };
const hostile = '<img src=x onerror=alert(1)>"\'&';

const inState = (reason: string) => ({
  conditions: [{ type: 'Ready', status: 'False', reason, message: 'x', lastTransitionTime: '2026-01-01T00:00:00Z' }],
});
const waiting = inState('AwaitingAuthorization');

/** When Square gave what {@link signedIn} is of. */
const issuedAt = Date.UTC(2026, 0, 2) + 345;
const signedIn = (merchantID?: string): SignInOutcome => ({
  kind: 'Connected',
  connection: ref,
  issuedAt,
  ...(merchantID !== undefined && { merchantID }),
});

let house: House;
let browser: Browser;
beforeEach(async () => {
  house = await openHouse();
  house.add('shop', 'bakery', { status: waiting });
  browser = house.browser();
});

/** A browser that has come by the seller's link. */
async function withLink(): Promise<void> {
  await browser.get(house.link('shop', 'bakery'));
}

describe('without a link', () => {
  test.each([
    '/connect/shop/bakery',
    '/connect/shop/no-such',
    '/connect/Wrong_Name/..%2f',
    '/connect/shop/bakery/disconnect',
  ])('%s says the same: ask for one', async (path) => {
    const reference = await browser.get('/connect/shop/no-such-thing');
    const answer = await browser.get(path);
    expect(answer).toMatchObject({ status: 401, text: reference.text });
    expect(answer.text).toContain('Ask the platform team');
    expect(answer.text).not.toContain('bakery');
  });

  test('nothing can be asked for', async () => {
    for (const what of ['authorize', 'disconnect']) {
      expect((await browser.post(`${page}/${what}`, {})).status).toBe(401);
    }
    expect(house.patches).toEqual([]);
  });
});

describe('a link', () => {
  test('is swapped at once for a session of that connection, and is out of the address bar', async () => {
    const answer = await browser.get(house.link('shop', 'bakery'));
    expect(answer).toMatchObject({ status: 303, location: page });
    const cookie = String(answer.headers['set-cookie']);
    expect(cookie).toMatch(/^__Host-square-seller-[0-9a-f]{16}=/);
    expect(cookie).toMatch(/; Path=\/;.*HttpOnly; Secure; SameSite=Lax$/);
    expect((await browser.get(page)).status).toBe(200);
  });

  test('opens no other connection', async () => {
    house.add('shop', 'florist');
    const link = house.link('shop', 'bakery');
    await browser.get(link.replace('/bakery', '/florist'));
    await browser.get(link);
    expect((await browser.get('/connect/shop/florist')).status).toBe(401);
    const [stolen] = browser.cookies.values();
    const thief = house.browser();
    await withLinkTo(thief, 'florist');
    for (const name of thief.cookies.keys()) thief.cookies.set(name, stolen ?? '');
    expect((await thief.get('/connect/shop/florist')).status).toBe(401);
  });

  test.each([
    ['its Secret is gone', () => void house.objects.delete('secrets shop/bakery-connect-link')],
    ['there is a newer one', () => void house.link('shop', 'bakery')],
  ])('is over once %s, and so is the session that came of it', async (_, end) => {
    const link = house.link('shop', 'bakery');
    await browser.get(link);
    await browser.get(page);
    const shown = await browser.get(`${page}/disconnect`);
    const token = /name="form_token" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
    await house.clock.advance(1_000);
    end();
    const late = house.browser();
    expect(await late.get(link)).toMatchObject({ status: 303 });
    expect(late.cookies.size).toBe(0);
    expect((await browser.get(page)).status).toBe(401);
    for (const what of ['authorize', 'disconnect']) {
      expect((await browser.post(`${page}/${what}`, { form_token: token })).status).toBe(401);
    }
    expect(browser.cookies.has('__Host-square-sign-in')).toBe(false);
    expect(house.patches).toEqual([]);
  });

  test('that somebody else signed in by is over for all others who opened it', async () => {
    const link = house.link('shop', 'bakery');
    const second = house.browser();
    for (const who of [browser, second, house.browser()]) await who.get(link);
    house.outcome = signedIn('M-FIRST');
    await browser.get('/oauth/callback?code=c&state=one');
    house.outcome = signedIn('M-SECOND');
    await second.get('/oauth/callback?code=c&state=two');
    house.objects.delete('secrets shop/bakery-connect-link');
    expect([(await browser.get(page)).status, (await second.get(page)).status]).toEqual([200, 200]);
    house.add('shop', 'bakery', { status: { merchantID: 'M-FIRST' } });
    expect((await browser.get(page)).status).toBe(200);
    const told = await second.get(page);
    expect(told.status).toBe(403);
    expect(told.text).toContain('Another Square account is connected here');
    expect(told.text).not.toContain('M-FIRST');
  });

  test.each<SignInOutcome>([
    { kind: 'OtherMerchant', connection: ref },
    { kind: 'AlreadyUsed', connection: ref },
  ])('that was used while they were at Square: they read what became of their own sign-in ($kind)', async (outcome) => {
    await browser.get(house.link('shop', 'bakery'));
    house.outcome = outcome;
    await browser.get('/oauth/callback?code=c&state=one');
    house.objects.delete('secrets shop/bakery-connect-link');
    const told = await browser.get(page);
    expect(told.status).toBe(401);
    expect(told.text).toMatch(/That is another Square account|This sign-in was completed before/);
    expect(told.text).not.toContain('form_token');
  });

  test('is over once a seller has signed in; their session lives for its hour', async () => {
    await browser.get(house.link('shop', 'bakery'));
    house.outcome = signedIn();
    await browser.get('/oauth/callback?code=c&state=one');
    house.objects.delete('secrets shop/bakery-connect-link');
    await house.clock.advance(minutes(59));
    expect((await browser.get(page)).status).toBe(200);
    await house.clock.advance(minutes(2));
    expect((await browser.get(page)).status).toBe(401);
  });

  test('opened after many others in the same browser takes the place of the first of them', async () => {
    const names = Array.from({ length: mostSellerSessions + 2 }, (_, i) => `shop-${i}`);
    for (const name of names) {
      house.add('shop', name, { status: waiting });
      await withLinkTo(browser, name);
    }
    expect(browser.cookies.size).toBe(mostSellerSessions);
    const seen = await Promise.all(names.map(async (name) => (await browser.get(`/connect/shop/${name}`)).status));
    expect(seen).toEqual([401, 401, ...names.slice(2).map(() => 200)]);
    await withLinkTo(browser, 'shop-5');
    expect(browser.cookies.size).toBe(mostSellerSessions);
  });

  test('that was changed, repeated or is no text opens nothing', async () => {
    const link = house.link('shop', 'bakery');
    for (const wrong of [`${link}x`, `${page}?link=`, `${page}?link=a&link=b`, `${link}&${link.split('?')[1]}`]) {
      expect((await browser.get(wrong)).status).toBe(303);
    }
    expect(browser.cookies.size).toBe(0);
  });

  test('is worth nothing for a later connection of the same name', async () => {
    await withLink();
    const object = house.add('shop', 'bakery');
    Object.assign(object.metadata, { uid: 'another' });
    expect((await browser.get(page)).status).toBe(401);
  });
});

const withLinkTo = (who: Browser, name: string) => who.get(house.link('shop', name));

describe('signing in', () => {
  test('leads on to Square, by a form that has the token of the page', async () => {
    await withLink();
    await browser.get(page);
    const answer = await browser.submit('/authorize');
    expect(answer).toMatchObject({ status: 303, location: 'https://connect.squareup.com/oauth2/authorize?state=s' });
    expect(browser.cookies.get('__Host-square-sign-in')).toBe('sealed');
  });

  test.each<[what: string, fields: Record<string, string>, headers: Record<string, string>]>([
    ['no form token', {}, {}],
    ['a made-up form token', { form_token: 'eyJhbGciOiJkaXIifQ..a.b.c' }, {}],
    ['another site as its origin', {}, { 'sec-fetch-site': 'cross-site' }],
    ['a sibling of the host as its origin', {}, { 'sec-fetch-site': 'same-site' }],
  ])('is refused with %s', async (_what, fields, headers) => {
    await withLink();
    const shown = await browser.get(page);
    const token = /name="form_token" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
    const given = Object.keys(headers).length > 0 ? { form_token: token } : fields;
    const answer = await browser.post(`${page}/authorize`, given, headers);
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('Nothing was changed');
    expect(browser.cookies.has('__Host-square-sign-in')).toBe(false);
  });

  test("is refused with another session's form token", async () => {
    const link = house.link('shop', 'bakery');
    await browser.get(link);
    const other = house.browser();
    await other.get(link);
    const token = /name="form_token" value="([^"]+)"/.exec((await other.get(page)).text)?.[1] ?? '';
    expect((await browser.post(`${page}/authorize`, { form_token: token })).status).toBe(403);
  });

  test('that cannot be begun ends on a page that says why, and is safe from what it quotes', async () => {
    house.began = { ok: false, why: 'ApplicationNotReady', message: hostile };
    await withLink();
    await browser.get(page);
    const answer = await browser.submit('/authorize');
    expect(answer.status).toBe(409);
    expect(answer.text).toContain('&#60;img src');
    expect(answer.text).not.toContain('<img');
  });
});

describe('the callback', () => {
  test('hands over what came, and is out of the address bar with its answer', async () => {
    await withLink();
    await browser.get(page);
    await browser.submit('/authorize');
    house.outcome = signedIn();
    const answer = await browser.get('/oauth/callback?code=sq0cgp-secret&state=abc&x=1');
    expect(answer).toMatchObject({ status: 303, location: page });
    expect(house.callbacks).toEqual([{ callback: { code: 'sq0cgp-secret', state: 'abc' }, cookie: 'sealed' }]);
    const shown = await browser.get(page);
    expect(shown.text).toContain('Thank you, you are signed in');
    expect(shown.text).not.toContain('sq0cgp-secret');
    expect(house.log.join('')).not.toContain('sq0cgp');
    expect(house.log.join('')).not.toContain('?');
  });

  test('tells that it is being set up until the status speaks of that sign-in, whatever it says', async () => {
    await withLink();
    house.outcome = signedIn();
    await browser.get('/oauth/callback?code=c&state=one');
    expect((await browser.get(page)).text).toContain('Your connection is being set up');
    const of = (instant: number) => ({
      status: { ...inState('Revoked'), accessTokenIssuedAt: formatInstant(instant) },
    });
    house.add('shop', 'bakery', of(issuedAt - days(1)));
    expect((await browser.get(page)).text).toContain('Your connection is being set up');
    house.add('shop', 'bakery', of(issuedAt));
    expect((await browser.get(page)).text).toContain('Square says that access was withdrawn');
  });

  test('that is loaded again asks nobody again, and says so', async () => {
    await withLink();
    house.outcome = signedIn();
    await browser.get('/oauth/callback?code=c&state=one');
    expect(browser.cookies.has('__Host-square-sign-in')).toBe(false);
    expect(await browser.get('/oauth/callback?code=c&state=one')).toMatchObject({ status: 303, location: page });
    expect((await browser.get(page)).text).toContain('completed before');
    expect(house.callbacks).toHaveLength(1);
    await browser.get('/oauth/callback?code=c&state=two');
    expect(house.callbacks).toHaveLength(2);
  });

  test('that is loaded again leaves alone a sign-in that was begun since', async () => {
    await withLink();
    house.outcome = signedIn();
    await browser.get('/oauth/callback?code=c&state=one');
    browser.cookies.set('__Host-square-sign-in', 'of a later one');
    await browser.get('/oauth/callback?code=c&state=one');
    expect(browser.cookies.get('__Host-square-sign-in')).toBe('of a later one');
  });

  test('of another sign-in leaves alone the one that is under way', async () => {
    await withLink();
    await browser.get(page);
    await browser.submit('/authorize');
    house.outcome = { kind: 'OtherBrowser' };
    await browser.get('/oauth/callback?code=c&state=planted');
    expect(browser.cookies.get('__Host-square-sign-in')).toBe('sealed');
  });

  test('takes any query whatever', async () => {
    for (const query of [
      '',
      '?',
      '?code=a&code=b&state[]=c',
      `?error=${encodeURIComponent(hostile)}`,
      '?state=%00%ff',
      '?%',
    ]) {
      const answer = await browser.get(`/oauth/callback${query}`);
      expect(answer.status === 303 || answer.status === 400).toBe(true);
    }
  });

  const outcomes: readonly SignInOutcome[] = [
    { kind: 'Denied', connection: ref },
    { kind: 'AlreadyUsed', connection: ref },
    { kind: 'Expired' },
    { kind: 'OtherBrowser' },
    { kind: 'OtherMerchant', connection: ref },
    { kind: 'CodeRefused', connection: ref },
    { kind: 'SquareUnreachable', connection: ref, message: hostile },
    { kind: 'SquareRefused', connection: ref, message: hostile },
    { kind: 'ApplicationFault', connection: ref, message: hostile },
    { kind: 'Refused', connection: ref, why: 'Suspended', message: hostile },
    { kind: 'Refused', connection: ref, why: 'ConnectionGone', message: hostile },
    { kind: 'NotStored', connection: ref, safe: false },
    { kind: 'NotStored', connection: ref, safe: true },
  ];
  test.each(outcomes)('ends on a page that says what happened: $kind $why $safe', async (outcome) => {
    house.outcome = outcome;
    expect(await browser.get('/oauth/callback?error=access_denied')).toMatchObject({ location: '/oauth/result' });
    const alone = await browser.get('/oauth/result');
    expect(alone.status).toBe(200);
    expect(alone.text).toMatch(/<h1>[A-Z][^<]+<\/h1>/);
    expect(alone.text).not.toContain('<img');
    if (outcome.connection === undefined) return;
    await withLink();
    await browser.get('/oauth/callback?error=access_denied');
    const own = await browser.get(page);
    expect(own.text).toMatch(/<section class="banner /);
    expect(own.text).not.toContain('<img');
  });

  test('its result is shown for five minutes, in this browser alone', async () => {
    await browser.get('/oauth/callback');
    expect((await house.browser().get('/oauth/result')).status).toBe(404);
    await house.clock.advance(minutes(6));
    expect((await browser.get('/oauth/result')).status).toBe(404);
  });
});

describe('disconnecting', () => {
  test('asks first, then leaves the intent on the very object that was shown, and tells who asked', async () => {
    await withLink();
    const question = await browser.get(`${page}/disconnect`);
    expect(question.text).toContain('<h1>Disconnect your Square account?</h1>');
    expect(house.patches).toEqual([]);
    expect(await browser.submit('/disconnect')).toMatchObject({ status: 303, location: page });
    expect(house.patches).toEqual([
      {
        name: 'bakery',
        patch: {
          metadata: {
            uid: ref.uid,
            resourceVersion: '1',
            annotations: { 'square-operator.dev/disconnect-requested-at': '2026-01-01T00:00:00Z' },
          },
        },
      },
    ]);
    expect(house.events).toMatchObject([
      { reason: 'DisconnectRequested', note: expect.stringContaining('the seller') },
    ]);
  });
});

test('an end that is asked for already is not asked for again, and nobody asks for things without end', async () => {
  await withLink();
  await browser.get(`${page}/disconnect`);
  const shown = await browser.get(`${page}/disconnect`);
  const form_token = /name="form_token" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
  const object = house.add('shop', 'bakery', { status: waiting });
  const annotations = { 'square-operator.dev/disconnect-requested-at': '2026-01-01T00:00:00Z' };
  Object.assign(object.metadata, { annotations });
  const answers = [];
  for (let i = 0; i < 130; i += 1) answers.push((await browser.post(`${page}/disconnect`, { form_token })).status);
  expect(house.patches).toEqual([]);
  expect([answers.at(0), answers.at(-1)]).toEqual([303, 429]);
});

test('a page escapes all that Square and people have written', async () => {
  house.add('shop', 'bakery', {
    status: { merchantName: hostile, merchantID: hostile, scopes: ['EVIL<b>', 'ORDERS_READ'] },
  });
  await withLink();
  const { text } = await browser.get(page);
  expect(text).toContain('&#60;img src');
  expect(text).not.toMatch(/<img|<b>/);
});

test('the cluster that does not answer is told as such, and nobody is signed out', async () => {
  await withLink();
  const { unavailable } = await import('./house.ts');
  house.fault = unavailable();
  const answer = await browser.get(page);
  expect(answer.status).toBe(503);
  expect(answer.text).toContain('The cluster does not answer just now');
  house.fault = undefined;
  await house.clock.advance(hours(0.5));
  expect((await browser.get(page)).status).toBe(200);
});

test('under a path, and over plain http to this machine, pages, cookies and links keep to it', async () => {
  house = await openHouse({ externalURL: 'http://127.0.0.1:8082/square' });
  house.add('shop', 'bakery', { status: waiting });
  browser = house.browser();
  const link = house.link('shop', 'bakery');
  expect(link).toMatch(/^\/square\/connect\/shop\/bakery\?link=/);
  const answer = await browser.get(link);
  expect(answer.location).toBe('/square/connect/shop/bakery');
  expect(String(answer.headers['set-cookie'])).toMatch(/^square-seller-.*HttpOnly; SameSite=Lax$/);
  const { text, headers } = await browser.get('/square/connect/shop/bakery');
  expect(headers['strict-transport-security']).toBeUndefined();
  const addresses = [...text.matchAll(/(?:href|src|action)="(\/[^"]*)"/g)].map(([, path]) => path);
  expect(addresses.length).toBeGreaterThan(3);
  expect(addresses.filter((path) => !path?.startsWith('/square/'))).toEqual([]);
});
