import { expect, test } from 'vitest';
import { readPublicKey } from '../../../src/secrets/seal-credential.ts';
import { aRing } from './fixtures.ts';

const { publicKey } = aRing().active;

test('a public key is read as it is published', () => {
  expect(readPublicKey(JSON.stringify(publicKey))).toEqual(publicKey);
});

test.each([
  ['no JSON', 'key'],
  ['no object', '"key"'],
  ['null', 'null'],
  ['another curve', JSON.stringify({ ...publicKey, crv: 'P-384' })],
  ['another algorithm', JSON.stringify({ ...publicKey, alg: 'RSA-OAEP' })],
  ['no ID', JSON.stringify({ ...publicKey, kid: undefined })],
  ['a coordinate that is too short', JSON.stringify({ ...publicKey, x: 'AA' })],
  ['a private key', JSON.stringify({ ...publicKey, d: publicKey.x })],
])('%s is none', (_, text) => expect(readPublicKey(text)).toBeUndefined());
