import { expect, test } from 'vitest';
import { findLeaks } from '../../support/canaries.ts';

const secret = 'EQAAs3cret+value/with?odd=characters0123456789';
const base64 = (text: string) => Buffer.from(text).toString('base64');
const base64url = (text: string) => Buffer.from(text).toString('base64url');

test.each([
  ['in the clear', `{"msg":"token ${secret} refused"}`],
  ['URL-encoded', `https://example.com/?token=${encodeURIComponent(secret)}`],
  ['in base64 alone', base64(secret)],
  ['in base64 after one byte', base64(`"${secret}"`)],
  ['in base64 after two bytes', base64(`a:${secret} and more`)],
  ['in base64 inside something long', base64(JSON.stringify({ some: 'thing', token: secret, more: [1, 2, 3] }))],
  ['in base64url', base64url(`x ${secret} y`)],
])('a secret value is found %s', (_form, text) => {
  const found = findLeaks([secret], [{ where: 'the log', text: `before ${text} after` }]);
  expect(found).toHaveLength(1);
  expect(found[0]).toMatch(/^the log: EQAAs3cr… /);
  expect(found[0]).not.toContain(secret);
});

test('what holds none is clean', () => {
  expect(findLeaks([secret], [{ where: 'the log', text: base64('EQAAanother') + secret.slice(0, 30) }])).toEqual([]);
});
