import { beforeEach, describe, expect, test } from 'vitest';
import { days, hours, minutes, seconds } from '../../../src/clock.ts';
import { KubeError } from '../../../src/kube/client.ts';
import { type Browser, type House, openHouse, type Rights, unavailable } from './house.ts';

let house: House;
let browser: Browser;
beforeEach(async () => {
  house = await openHouse();
  for (const [namespace, name] of [
    ['shop', 'bakery'],
    ['shop', 'florist'],
    ['north', 'deli'],
  ] as const) {
    house.add(namespace, name, { status: { merchantName: `Business of ${name}`, merchantID: `M-${name}` } });
  }
  browser = house.browser();
});

const all: Rights = ['list *', 'get *', 'patch *'];
const ofShop: Rights = ['list shop/*', 'get shop/*'];

async function signIn(token: string, who = browser) {
  await who.get('/connections');
  return await who.submit('/sign-in', { token });
}

describe('signing in', () => {
  test('without a session there is the form, with the command that makes a token, and nothing else', async () => {
    const { status, text } = await browser.get('/connections');
    expect(status).toBe(401);
    expect(text).toContain('--audience square-operator');
    expect(text).not.toMatch(/bakery|deli/);
  });

  test('takes a token of the audience; the cookie holds it sealed, until the token ends', async () => {
    const token = house.token('jane', all);
    const answer = await signIn(`\n ${token} \n`);
    expect(answer).toMatchObject({ status: 303, location: '/connections' });
    expect(JSON.stringify(answer.headers)).not.toContain(token.split('.')[1]);
    expect(String(answer.headers['set-cookie'])).toMatch(
      /Expires=Thu, 01 Jan 2026 01:00:00 GMT; HttpOnly; Secure; SameSite=Lax/,
    );
    expect((await browser.get('/connections')).text).toContain('bakery');
    await house.clock.advance(hours(1));
    expect((await browser.get('/connections')).status).toBe(401);
  });

  test.each<[what: string, audiences: readonly string[], says: string]>([
    ['for the API server', ['https://kubernetes.default.svc'], 'This token is for something else'],
    [
      'for the API server, too',
      ['square-operator', 'https://kubernetes.default.svc'],
      'This token is for something else',
    ],
  ])('refuses a token made %s', async (_what, audiences, says) => {
    const answer = await signIn(house.token('jane', all, audiences));
    expect(answer.status).toBe(401);
    expect(answer.text).toContain(says);
    expect(browser.cookies.has('__Host-square-staff')).toBe(false);
  });

  test.each(['', 'x', 'a.b.c', 'y'.repeat(5_000)])('refuses what is no token of this cluster: %#', async (text) => {
    const answer = await signIn(text);
    expect(answer.status).toBe(401);
    expect(browser.cookies.has('__Host-square-staff')).toBe(false);
  });

  test('is refused without the form token of this browser', async () => {
    const token = house.token('jane', all);
    const other = house.browser();
    const shown = await other.get('/connections');
    const form = /name="form_token" value="([^"]+)"/.exec(shown.text)?.[1] ?? '';
    expect((await browser.post('/connections/sign-in', { token })).status).toBe(403);
    await browser.get('/connections');
    expect((await browser.post('/connections/sign-in', { token, form_token: form })).status).toBe(403);
    expect(house.reviews).toEqual([]);
  });

  test('says so when the operator may not review tokens, and when the cluster is away', async () => {
    const token = house.token('jane', all);
    house.fault = new KubeError({ status: 403, reason: 'Forbidden', message: 'no', mayHaveActed: false });
    expect((await signIn(token)).text).toContain('deploy/web/staff-pages.yaml');
    house.fault = unavailable();
    expect(await signIn(token)).toMatchObject({ status: 503 });
  });

  test('too many tries from one address end on a page that says so', async () => {
    for (let i = 0; i < 20; i += 1) await browser.post('/connections/sign-in', {});
    const answer = await browser.post('/connections/sign-in', {});
    expect(answer.status).toBe(429);
    expect(answer.text).toContain('Too many requests');
  });

  test('a session is asked about anew every minute, so it ends with its account', async () => {
    const token = house.token('jane', all);
    await signIn(token);
    await browser.get('/connections');
    expect(house.reviews.filter((one) => one === 'tokenreviews')).toHaveLength(1);
    house.tokens.delete(token);
    await house.clock.advance(seconds(61));
    const answer = await browser.get('/connections');
    expect(answer.status).toBe(401);
    expect(answer.text).toContain('You are signed out');
    expect(browser.cookies.has('__Host-square-staff')).toBe(false);
  });

  test('signing out ends it, and only a form of ours does', async () => {
    await signIn(house.token('jane', all));
    expect((await browser.post('/connections/sign-out', {})).status).toBe(403);
    await browser.get('/connections');
    expect(await browser.submit('/sign-out')).toMatchObject({ status: 303 });
    expect((await browser.get('/connections')).status).toBe(401);
  });
});

describe('rights', () => {
  test('the list holds what may be listed, and no hint of more', async () => {
    await signIn(house.token('viewer', ofShop));
    const { text } = await browser.get('/connections');
    expect(text).toContain('bakery');
    expect(text).toContain('florist');
    expect(text).not.toMatch(/deli|north|M-deli/);
    expect(text).toMatch(/All <span class="count">2</);
    expect((await browser.get('/connections?q=deli')).text).toContain('Nothing matches');
  });

  test('a connection that one may not see answers as one that is not there', async () => {
    await signIn(house.token('viewer', ofShop));
    const none = await browser.get('/connections/north/no-such');
    const hidden = await browser.get('/connections/north/deli');
    expect(none.status).toBe(404);
    expect(hidden).toMatchObject({ status: 404, text: none.text });
    expect((await browser.get('/connections/north/deli/events')).status).toBe(404);
    expect((await browser.post('/connections/north/deli/refresh', {})).status).toBe(404);
  });

  test('who may look may not change, and is not shown the link of the seller', async () => {
    house.link('shop', 'bakery');
    await signIn(house.token('viewer', ofShop));
    const { text } = await browser.get('/connections/shop/bakery');
    expect(text).toContain('Business of bakery');
    expect(text).toContain('You may look');
    expect(text).not.toMatch(/link=|\/refresh"|\/suspend"/);
    for (const what of ['refresh', 'suspend', 'resume', 'disconnect', 'connect']) {
      expect((await browser.post(`/connections/shop/bakery/${what}`, {})).status).toBe(403);
    }
    expect(house.patches).toEqual([]);
  });

  test('nobody without rights sees anything', async () => {
    await signIn(house.token('nobody', []));
    const { status, text } = await browser.get('/connections');
    expect(status).toBe(200);
    expect(text).toContain('No connections');
    expect(text).not.toMatch(/bakery|deli/);
  });

  test('a right that is taken away is gone within half a minute', async () => {
    const token = house.token('jane', all);
    await signIn(token);
    expect((await browser.get('/connections')).text).toContain('deli');
    house.tokens.set(token, { user: 'jane', rights: ofShop });
    await house.clock.advance(seconds(31));
    expect((await browser.get('/connections')).text).not.toContain('deli');
  });
});

describe('asking for something', () => {
  beforeEach(async () => {
    house.add('shop', 'bakery', { status: { accessTokenIssuedAt: '2025-12-30T00:00:00Z', merchantName: 'Bakery' } });
    await signIn(house.token('jane', all));
  });

  test.each<[action: string, change: object]>([
    ['refresh', { metadata: { annotations: { 'square-operator.dev/refresh-requested-at': '2026-01-01T00:00:00Z' } } }],
    ['connect', { metadata: { annotations: { 'square-operator.dev/connect-requested-at': '2026-01-01T00:00:00Z' } } }],
    ['suspend', { spec: { suspend: true } }],
    [
      'disconnect',
      { metadata: { annotations: { 'square-operator.dev/disconnect-requested-at': '2026-01-01T00:00:00Z' } } },
    ],
  ])('%s leaves the intent on that object, and tells who asked', async (action, change) => {
    await browser.get('/connections/shop/bakery');
    expect(await browser.submit(`/${action}`)).toMatchObject({ status: 303, location: '/connections/shop/bakery' });
    expect(house.patches).toHaveLength(1);
    expect(house.patches[0]?.patch).toMatchObject(change);
    expect(house.patches[0]?.patch).toMatchObject({ metadata: { uid: 'uid-shop-bakery', resourceVersion: '1' } });
    expect(house.events).toMatchObject([{ note: expect.stringContaining('by jane') }]);
    expect(house.log.join('')).toContain('"by":"jane"');
  });

  test('a suspended connection can be resumed', async () => {
    house.add('shop', 'bakery', { spec: { suspend: true } });
    await browser.get('/connections/shop/bakery');
    await browser.submit('/resume');
    expect(house.patches[0]?.patch).toMatchObject({ spec: { suspend: null } });
  });

  test('disconnecting has a page of its own that asks first', async () => {
    const { text } = await browser.get('/connections/shop/bakery/disconnect');
    expect(text).toContain('<h1>Disconnect Bakery?</h1>');
    await browser.submit('/disconnect');
    expect(house.patches).toHaveLength(1);
  });

  test.each(['refresh', 'suspend', 'resume', 'disconnect', 'connect'])(
    '%s takes no form of elsewhere',
    async (action) => {
      const to = `/connections/shop/bakery/${action}`;
      expect((await browser.post(to, {})).status).toBe(403);
      expect(house.patches).toEqual([]);
    },
  );

  test('the link is waited for, then shown', async () => {
    const object = house.add('shop', 'bakery');
    Object.assign(object.metadata, {
      annotations: { 'square-operator.dev/connect-requested-at': '2026-01-01T00:00:00Z' },
    });
    const waiting = await browser.get('/connections/shop/bakery');
    expect(waiting.text).toContain('The link is being made');
    expect(waiting.text).toContain('<noscript><meta http-equiv="refresh" content="2">');
    const link = house.link('shop', 'bakery');
    Object.assign(object, { status: { lastHandledConnectRequest: '2026-01-01T00:00:00Z' } });
    const shown = await browser.get('/connections/shop/bakery');
    expect(shown.text).toContain(link.replaceAll('=', '&#61;'));
    expect(shown.text).not.toContain('http-equiv');
    await house.clock.advance(minutes(61));
    await signIn(house.token('jane', all));
    expect((await browser.get('/connections/shop/bakery')).text).not.toContain('link&#61;');
  });

  test('a link that the operator did not make is not shown', async () => {
    house.link('shop', 'florist');
    const secret = structuredClone(house.objects.get('secrets shop/florist-connect-link'));
    Object.assign(secret?.metadata ?? {}, { name: 'bakery-connect-link' });
    const evil = { url: Buffer.from('https://evil.example.com/connect/shop/bakery?link=a.b.c.d.e').toString('base64') };
    for (const data of [secret?.['data'], evil]) {
      house.objects.set('secrets shop/bakery-connect-link', { ...secret, data } as never);
      const { text } = await browser.get('/connections/shop/bakery');
      expect(text).toContain('Make a link for the seller');
      expect(text).not.toMatch(/link&#61;|evil/);
    }
  });

  test('an earlier link is not shown while a new one is made, since that ends it', async () => {
    const object = house.add('shop', 'bakery');
    const earlier = house.link('shop', 'bakery');
    const at = '2026-01-01T00:00:00Z';
    Object.assign(object.metadata, { annotations: { 'square-operator.dev/connect-requested-at': at } });
    const { text } = await browser.get('/connections/shop/bakery');
    expect(text).toContain('The link is being made');
    expect(text).not.toContain(earlier.replaceAll('=', '&#61;'));
  });

  test('a link that was made and used at once is not waited for', async () => {
    const at = '2026-01-01T00:00:00Z';
    const object = house.add('shop', 'bakery', { status: { lastHandledConnectRequest: at } });
    Object.assign(object.metadata, { annotations: { 'square-operator.dev/connect-requested-at': at } });
    const { text } = await browser.get('/connections/shop/bakery');
    expect(text).not.toContain('The link is being made');
    expect(text).toContain('Make a link for the seller');
  });

  test('since when a condition holds is told by the wall clock, and the token by Square’s', async () => {
    const apart = await openHouse({ squareBehind: days(2) });
    const lastTransitionTime = '2025-12-31T22:00:00Z';
    const ready = { type: 'Ready', status: 'True', reason: 'Valid', message: 'It is.', lastTransitionTime };
    const accessTokenIssuedAt = '2025-12-29T21:00:00Z';
    apart.add('shop', 'bakery', { status: { conditions: [ready], accessTokenIssuedAt } });
    const visitor = apart.browser();
    await signIn(apart.token('jane', all), visitor);
    const { text } = await visitor.get('/connections/shop/bakery');
    expect(text).toMatch(/data-label="Since"[^\n]*>2 hours ago</);
    expect(text).toMatch(/Issued[^\n]*>3 hours ago</);
  });
});
