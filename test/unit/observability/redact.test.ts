import { inspect } from 'node:util';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { token } from '../../../src/domain/token.ts';
import { maskText, maskValue } from '../../../src/observability/redact.ts';

const secrets: [string, string][] = [
  ['an access token', `EAAA${'Canary-x_'.repeat(7)}`],
  ['another access token', `EAAl${'Canary-x_'.repeat(7)}`],
  ['a refresh token', `EQAA${'Canary-x_'.repeat(7)}`],
  ['a client secret', `sq0csp-${'Canary-x_'.repeat(5)}`],
  ['a sandbox secret', `sandbox-sq0csb-${'Canary-x_'.repeat(5)}`],
  ['an authorization code', `sq0cgp-${'Canary-x_'.repeat(3)}`],
  ['a sandbox code', `sandbox-sq0cgb-${'Canary-x_'.repeat(3)}`],
  ['an old access token', `sq0atp-${'Canary-x_'.repeat(3)}`],
  ['an old sandbox token', `sandbox-sq0atb-${'Canary-x_'.repeat(3)}`],
  ['a JWE', `eyJhbGciOiJkaXIifQ..Y2FuYXJ5.${'Canary-x_'.repeat(9)}.Y2FuYXJ5Y2FuYXJ5`],
  ['a JWT', `eyJhbGciOiJFUzI1NiJ9.${'Canary-x_'.repeat(9)}.Y2FuYXJ5Y2FuYXJ5`],
];

const encodings: [string, (text: string) => string][] = [
  ['as it is', (text) => text],
  ['in a URL', encodeURIComponent],
  ['in base64', (text) => Buffer.from(text).toString('base64')],
  ['in base64url', (text) => Buffer.from(text).toString('base64url')],
  ['in base64 in a URL', (text) => encodeURIComponent(Buffer.from(text).toString('base64'))],
  ['in base64 after one byte', (text) => Buffer.from(`"${text}"`).toString('base64')],
  ['in base64 after two bytes', (text) => Buffer.from(`: ${text}`).toString('base64')],
];

/** What of the secret's middle could still be read, in any encoding. */
function remains(shown: string): boolean {
  const cores = [
    'Canary',
    ...[0, 1, 2].map((n) =>
      Buffer.from(`${'-'.repeat(n)}Canary-x_Canary`)
        .toString('base64')
        .slice(4, 14),
    ),
  ];
  return cores.some((core) => shown.includes(core));
}

describe.each(secrets)('%s', (_, secret) => {
  test.each(encodings)('is masked %s', (__, encode) => {
    for (const text of [
      encode(secret),
      `before ${encode(secret)} after`,
      `a=${encode(secret)}&b=1`,
      `"${encode(secret)}"`,
    ]) {
      expect(remains(maskText(text))).toBe(false);
    }
  });

  test('is masked wherever it is in a value', () => {
    const error = Object.assign(new Error(`bad ${secret}`, { cause: new TypeError(secret) }), { detail: { secret } });
    const loop: Record<string, unknown> = { secret };
    loop['self'] = loop;
    const values = [
      secret,
      [secret],
      { a: { b: [secret] } },
      { [secret]: 1 },
      error,
      loop,
      new Map([[secret, secret]]),
      new Set([secret]),
    ];
    values.push(
      { toJSON: () => secret },
      Buffer.from(secret) as never,
      token(secret) as never,
      new URL(`http://x/?a=${secret}`) as never,
    );
    for (const value of values) expect(remains(JSON.stringify(maskValue(value)))).toBe(false);
  });
});

test.each([
  ['a Bearer header', 'authorization: Bearer Canary.opaque~value'],
  ['a Bearer header in a URL', 'Bearer%20Canary.opaque'],
  ["Square's Client header", 'Client Canary-opaque-value-of-an-application'],
  ['a form', 'grant_type=refresh_token&refresh_token=Canary&client_secret=Canary'],
  ['a JSON body', '{"access_token":"Canary","refresh_token": "Canary"}'],
  ['a JSON body inside JSON', JSON.stringify('{"client_secret":"Canary"}')],
  ['a callback', '/oauth/callback?code=Canary&state=Canary'],
])('the value is masked in %s', (_, text) => {
  expect(remains(maskText(text))).toBe(false);
  expect(maskText(text)).toContain('[redacted]');
});

test.each([
  'sq0idp-PublicApplicationID000',
  'sandbox-sq0idb-PublicApplicationID00',
  'the Client ID or the Client secret is wrong',
  'Bearer token refused',
  'code=ACCESS_TOKEN_REVOKED',
  'MLEXAMPLE0001',
  '2f7c9a5e-0000-4000-8000-000000000001',
  'namespace/name EAAA',
  '{"refresh_token":"[redacted]"}',
])('%s stays readable', (text) => {
  expect(maskText(text)).toBe(text);
});

test('a line of JSON stays one, whatever is in it', () => {
  const bits = fc.constantFrom(
    ...secrets.map(([, secret]) => secret),
    '"',
    '\\',
    'Bearer ',
    'access_token=',
    ' ',
    '\n',
    '🔒',
  );
  fc.assert(
    fc.property(fc.array(bits, { maxLength: 8 }), (parts) => {
      const line = JSON.stringify({ text: parts.join('') });
      expect(() => JSON.parse(maskText(line))).not.toThrow();
      expect(remains(maskText(line))).toBe(false);
    }),
  );
});

test('masking is done in time that grows with the text only', () => {
  const started = performance.now();
  for (const text of [
    'EAAA',
    'eyJ'.repeat(30_000),
    '.'.repeat(1e5),
    'Bearer '.repeat(2e4),
    'Bearer'.concat(' '.repeat(1e5)),
    'A'.repeat(1e5),
    '%2B'.repeat(5e4),
    `access_token${' '.repeat(1e5)}`,
    'RUFBQ'.repeat(2e4),
    'Client '.repeat(2e4),
    '\\'.repeat(1e5),
  ]) {
    maskText(text);
  }
  expect(performance.now() - started).toBeLessThan(2_000);
});

test('an error keeps what helps', () => {
  const error = new TypeError('broken', { cause: new Error('inner') });
  const masked = maskValue(Object.assign(error, { code: 'ECONNRESET' }));
  expect(masked).toMatchObject({
    type: 'TypeError',
    message: 'broken',
    code: 'ECONNRESET',
    cause: { message: 'inner' },
  });
  expect(inspect(masked)).toContain('redact.test.ts');
});

test('what cannot be copied is named', () => {
  const throws = {
    get bad(): string {
      throw new Error('no');
    },
  };
  let deep: object = {};
  for (let i = 0; i < 50; i += 1) deep = { deep };
  expect(maskValue({ throws, f: () => 1, big: 10n, bytes: Buffer.alloc(3), nothing: null })).toEqual({
    throws: '[unprintable]',
    f: '[function]',
    big: '10',
    bytes: '[3 bytes]',
    nothing: null,
  });
  expect(JSON.stringify(maskValue(deep))).toContain('[…]');
});

test('a thicket of objects is cut off', () => {
  const thicket: unknown[] = [];
  for (let i = 0; i < 40; i += 1) thicket.push(thicket, { thicket });
  expect(JSON.stringify(maskValue(thicket)).length).toBeLessThan(100_000);
});
