import { expect, test } from 'vitest';
import { createTokensOf } from '../../../src/controller/tokens-of.ts';
import type { TokenSecret } from '../../../src/secrets/port.ts';

const aTokenSecret = (connection?: string): TokenSecret => ({
  uid: 'u',
  resourceVersion: '1',
  managed: true,
  ...(connection !== undefined && { connection }),
  digest: 'd',
  shape: { keys: [], labels: [], annotations: [] },
});

test('the token Secrets of a connection: the one of its own name while it is there and says so, and all others', () => {
  const held = new Map([['shop/till', aTokenSecret('till')]]);
  const tokensOf = createTokensOf(held);
  tokensOf.set('shop/till', ['shop/till']);
  expect([...tokensOf.get('shop/till')]).toEqual(['shop/till']);
  tokensOf.set('shop/earlier', ['shop/till']);
  expect([...tokensOf.get('shop/till')].sort()).toEqual(['shop/earlier', 'shop/till']);
  expect(tokensOf.count('shop/till')).toBe(2);
  held.set('shop/till', aTokenSecret('kiosk'));
  tokensOf.set('shop/till', ['shop/kiosk']);
  expect([...tokensOf.get('shop/till')]).toEqual(['shop/earlier']);
  expect([...tokensOf.get('shop/kiosk')]).toEqual(['shop/till']);
  tokensOf.delete('shop/earlier');
  expect(tokensOf.count('shop/till')).toBe(0);
});

test('a Secret that names no connection is nobody’s', () => {
  const tokensOf = createTokensOf(new Map([['shop/till', aTokenSecret()]]));
  expect([...tokensOf.get('shop/till')]).toEqual([]);
});
