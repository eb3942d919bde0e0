import { expect, test } from 'vitest';
import type { Exchange } from '../support/front-door.ts';
import { enter, signIn } from './stage.ts';
import { browserSuite } from './suite.ts';

/** What changes with each answer, or says how it is carried. */
const passing = new Set([
  'connection',
  'keep-alive',
  'date',
  'content-length',
  'transfer-encoding',
  'etag',
  'location',
]);

browserSuite('behind an ingress that ends TLS', { web: 'https' }, (stage, world, scene) => {
  const answers = () => world.frontDoor?.exchanges ?? [];

  /** The headers of an answer that say something, a line each; of a cookie all but its value and the time of its end. */
  function spoken({ headers, status }: Exchange): string[] {
    const lines = Object.entries(headers).flatMap(([name, value]) => {
      if (passing.has(name) || name.startsWith('x-ratelimit')) return [];
      if (name !== 'set-cookie') return [`${name}: ${String(value).replaceAll(/127\.0\.0\.1:\d+/g, 'SQUARE')}`];
      const cookies = (value as string[]).map((one) =>
        one.replace(/=[^;]*/, '=…').replace(/Expires=[^;]*/, 'Expires=…'),
      );
      return cookies.map((one) => `set-cookie: ${one.replace(/seller-[0-9a-f]+/, 'seller-…')}`);
    });
    return [String(status), ...lines.sort()];
  }
  const last = (method: string, pattern: RegExp) =>
    spoken(answers().findLast((one) => one.method === method && pattern.test(one.url)) as Exchange);

  test('a seller signs in and a member of staff looks on, with cookies that no other host can set or see', async () => {
    const name = await stage.awaiting(await stage.application());
    const who = stage.seller();
    const seller = await stage.visitor();
    await signIn(seller, await stage.link(name), who);
    await seller.page.getByRole('heading', { name: 'Your Square account is connected' }).waitFor();
    const staff = await stage.visitor();
    await enter(staff, stage.address('/connections'), await stage.token(['get', 'list', 'watch', 'patch']));
    await staff.page.getByRole('link', { name }).click();
    await staff.page.getByRole('heading', { name: who.businessName }).waitFor();
    await scene.becomes(name, { Ready: 'True/Valid' });
    for (const cookie of [...(await seller.context.cookies()), ...(await staff.context.cookies())]) {
      if (cookie.name === 'square_seller') continue;
      expect(cookie).toMatchObject({ secure: true, httpOnly: true, sameSite: 'Lax', path: '/' });
      expect(cookie.name).toMatch(/^__Host-square-/);
    }
    const script = 'document.cookie';
    expect([await seller.page.evaluate(script), await staff.page.evaluate(script)]).toEqual(['', '']);
  });

  test('what the headers say of every kind of answer stays as it is', async () => {
    const kinds = {
      'a link': last('GET', /\?link=/),
      'a page of a seller': last('GET', /^\/connect\/[^/]+\/[^/?]+$/),
      'the way to Square': last('POST', /\/authorize$/),
      'the way back': last('GET', /^\/oauth\/callback\?/),
      'a page of the platform team': last('GET', /^\/connections\/[^/]+\/[^/?]+$/),
      'news of a page': last('GET', /\/events\?/),
      'a script': last('GET', /\.js$/),
    };
    expect(kinds).toMatchSnapshot();
  });
});
