import { createHmac } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { token } from '../../../src/domain/token.ts';
import { isSigned, type SignedDelivery } from '../../../src/secrets/webhook-signature.ts';

const key = token('asdf1234');
const other = token('another key');

/** What Square's SDKs test their own check with. */
const published: SignedDelivery = {
  notificationURL: 'https://example.com/webhook',
  body: Buffer.from('{"hello":"world"}'),
  signature: '2kRE5qRU2tR+tBGlDwMEw2avJ7QM4ikPYD/PJ3bd9Og=',
};
const sha1 = createHmac('sha1', 'asdf1234').update('https://example.com/webhook{"hello":"world"}').digest('base64');

describe('a delivery', () => {
  it.each([
    ["with Square's published example", [key], published, true],
    [
      'for the URL with a slash at its end',
      [key],
      {
        ...published,
        notificationURL: 'https://example.com/webhook/',
        signature: 'ct/jTCpQ05rpD8ieA5EhEzmSfQwV0MgSsDpmpyLr744=',
      },
      true,
    ],
    ['for another URL', [key], { ...published, notificationURL: 'https://example.com/webhook/' }, false],
    ['with another byte', [key], { ...published, body: Buffer.from('{"hello": "world"}') }, false],
    ['signed by the second key', [other, key], published, true],
    ['signed by neither key', [other, other], published, false],
    ['while there is no key', [], published, false],
    ['without a signature', [key], { ...published, signature: undefined }, false],
    ['with an empty signature', [key], { ...published, signature: '' }, false],
    ['signed with SHA-1', [key], { ...published, signature: sha1 }, false],
    [
      'with the signature in the other base64',
      [key],
      { ...published, signature: '2kRE5qRU2tR-tBGlDwMEw2avJ7QM4ikPYD_PJ3bd9Og' },
      false,
    ],
    ['with more after the signature', [key], { ...published, signature: `${published.signature}, x` }, false],
  ])('%s', (_, keys, delivery, signed) => {
    expect(isSigned(keys, delivery)).toBe(signed);
  });

  it('is accepted with the signature of its own bytes, and with no other', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.string(),
        fc.string({ minLength: 1 }),
        fc.string(),
        (body, url, secret, guess) => {
          const signature = createHmac('sha256', secret).update(url).update(body).digest('base64');
          const keys = [token(secret)];
          expect(isSigned(keys, { notificationURL: url, body, signature })).toBe(true);
          expect(isSigned(keys, { notificationURL: url, body, signature: guess })).toBe(guess === signature);
        },
      ),
    );
  });
});
