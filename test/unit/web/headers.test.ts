import { beforeAll, describe, expect, test } from 'vitest';
import { formTargets } from '../../../src/web/security-headers.ts';
import { type House, openHouse } from './house.ts';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});

const secure = {
  'content-security-policy':
    "default-src 'none';script-src 'self';style-src 'self';img-src 'self';connect-src 'self';form-action 'self' https://connect.squareup.com https://squareup.com https://*.squareup.com https://connect.squareupsandbox.com https://squareupsandbox.com https://*.squareupsandbox.com;frame-ancestors 'none';base-uri 'none'",
  'referrer-policy': 'no-referrer',
  'strict-transport-security': 'max-age=31536000',
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
};

describe('headers', () => {
  test.each([
    '/connect/shop/bakery',
    '/connections',
    '/oauth/result',
    '/oauth/callback?code=x',
    '/nowhere',
    '/connect/%zz',
    `/connect/shop/${'x'.repeat(254)}?link=y`,
    `/connections/shop/${'%C3%BC'.repeat(254)}`,
  ])('%s is safe, and kept by nobody', async (path) => {
    const { headers } = await house.browser().get(path);
    expect(headers).toMatchObject(secure);
    expect(headers['cache-control']).toBe('no-store');
    expect(headers['x-powered-by']).toBeUndefined();
  });

  test('assets are named by their content and kept for good; pages hold no script and style of their own', async () => {
    const { text } = await house.browser().get('/connections');
    const assets = [...text.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path = '']) => path);
    expect(assets).toHaveLength(3);
    for (const path of assets) {
      const { status, headers } = await house.browser().get(path);
      expect(status).toBe(200);
      expect(headers['cache-control']).toBe('public, max-age=31536000, immutable');
      expect(headers).toMatchObject(secure);
    }
    expect(text).not.toMatch(/<style|\sstyle=|\son\w+=|<script>|javascript:/);
    expect(text).not.toMatch(/(?:href|src)="(?:https?:)?\/\//);
  });

  test('a form may lead where the authorize page of Square lies, and no further', () => {
    expect(formTargets(['http://127.0.0.1:4000', 'https://connect.squareup.com'])).toEqual([
      'http://127.0.0.1:4000',
      'https://connect.squareup.com',
      'https://squareup.com',
      'https://*.squareup.com',
    ]);
  });

  test('a form that is too large, or of another kind, ends on a page', async () => {
    const browser = house.browser();
    const large = await browser.post('/connections/sign-in', { token: 'x'.repeat(20_000) });
    expect(large.status).toBe(413);
    expect(large.text).toContain('Nothing was changed');
    const other = await browser.post('/connections/sign-in', {}, { 'content-type': 'text/xml' });
    expect(other.status).toBe(415);
  });
});
