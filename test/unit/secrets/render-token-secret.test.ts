import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { TokenSecretSpec } from '../../../src/api/connection.ts';
import { openToken, token } from '../../../src/domain/token.ts';
import type { TokenValues } from '../../../src/secrets/port.ts';
import { renderTokenSecret } from '../../../src/secrets/render-token-secret.ts';
import { canary, day } from './fixtures.ts';

const values: TokenValues = {
  accessToken: token(canary),
  expiresAt: day,
  merchantID: 'MLEXAMPLE0001',
  environment: 'Production',
  baseURL: 'https://connect.squareup.com',
};
const of = { namespace: 'shop', connection: 'bakery', generation: 7 };

function rendered(spec?: TokenSecretSpec, given: TokenValues = values) {
  const result = renderTokenSecret(spec, given, of);
  if (!result.ok) throw new Error(result.message);
  const data = Object.fromEntries(Object.entries(result.secret.data).map(([key, value]) => [key, openToken(value)]));
  return { ...result.secret, data };
}

describe('a token Secret', () => {
  test('has the default keys, our label and annotations, and the name of the connection', () => {
    expect(rendered()).toEqual({
      namespace: 'shop',
      name: 'bakery',
      type: 'Opaque',
      data: {
        'access-token': canary,
        'expires-at': '2026-07-01T00:00:00Z',
        'merchant-id': 'MLEXAMPLE0001',
        environment: 'Production',
        'base-url': 'https://connect.squareup.com',
      },
      labels: { 'app.kubernetes.io/managed-by': 'square-operator' },
      annotations: { 'square-operator.dev/connection': 'bakery', 'square-operator.dev/revision': '7' },
    });
  });

  test('has only the keys that are named', () => {
    expect(rendered({ keys: { accessToken: 'SQUARE_TOKEN' } }).data).toEqual({ SQUARE_TOKEN: canary });
  });

  test('lacks what is not known', () => {
    const { expiresAt: _, merchantID: __, ...known } = values;
    expect(Object.keys(rendered({}, known).data)).toEqual(['access-token', 'environment', 'base-url']);
  });

  test('has the texts of templates besides, or instead of a default', () => {
    const spec = { template: { 'auth.json': '{"bearer":"{{accessToken}}"}', environment: 'live' } };
    expect(rendered(spec).data).toMatchObject({ 'auth.json': `{"bearer":"${canary}"}`, environment: 'live' });
    expect(rendered(spec).data).toHaveProperty('access-token', canary);
    expect(rendered({ ...spec, keys: {} }).data).toEqual({
      'auth.json': `{"bearer":"${canary}"}`,
      environment: 'live',
    });
  });

  test('has type, labels and annotations of the spec, and records which are its own', () => {
    const spec = { name: 'square', type: 'example.com/token', labels: { team: 'a' }, annotations: { note: 'b' } };
    expect(rendered(spec)).toMatchObject({
      name: 'square',
      type: 'example.com/token',
      labels: { team: 'a', 'app.kubernetes.io/managed-by': 'square-operator' },
      annotations: { note: 'b', 'square-operator.dev/owned-metadata': '{"labels":["team"],"annotations":["note"]}' },
    });
  });

  test('may be of a type of Kubernetes, with the keys that this one needs', () => {
    const spec = { type: 'kubernetes.io/basic-auth', keys: { accessToken: 'password' } };
    expect(rendered(spec)).toMatchObject({ type: 'kubernetes.io/basic-auth', data: { password: canary } });
  });

  test('says why its token no longer works', () => {
    const result = renderTokenSecret(undefined, values, { ...of, state: 'revoked' });
    expect(result.ok && result.secret.annotations['square-operator.dev/state']).toBe('revoked');
  });

  test('prints nothing of its values', () => {
    const result = renderTokenSecret({ template: { auth: 'Bearer {{accessToken}}' } }, values, of);
    expect(inspect(result, { depth: null }) + JSON.stringify(result)).not.toContain('Canary');
  });
});

test.each<[string, TokenSecretSpec, RegExp]>([
  [
    'an unknown name in a template',
    { template: { a: '{{nope}}' } },
    /spec\.secret\.template: the text for a has {{nope}}; what can be filled in is {{accessToken}}, {{expiresAt}}/,
  ],
  ['one key for two values', { keys: { accessToken: 'a', baseURL: 'a' } }, /two values are written to the key a/],
  ['one key in keys and template', { keys: { accessToken: 'a' }, template: { a: 'x' } }, /both keys and template/],
  ['a key that no Secret can have', { keys: { accessToken: 'a b' } }, /a b cannot be a key/],
  ['a key that leaves the mount', { keys: { accessToken: '..' } }, /cannot be a key/],
  ["the operator's own annotation", { annotations: { 'square-operator.dev/state': 'x' } }, /leave it out/],
  ["the operator's own label", { labels: { 'app.kubernetes.io/managed-by': 'x' } }, /leave it out/],
  ['the name of a sealed grant', { name: 'other-sealed' }, /choose another name/],
  [
    'a type whose keys are not all there',
    { type: 'kubernetes.io/tls', keys: { accessToken: 'tls.key' } },
    /type kubernetes\.io\/tls needs the key tls\.crt and tls\.key: .* make another connection/,
  ],
  ['a type with none of its keys', { type: 'kubernetes.io/basic-auth' }, /needs the key username or password/],
  ["one of the operator's types", { type: 'square-operator.dev/credential' }, /use Opaque/],
])('%s is refused with what to write', (_, spec, message) => {
  const result = renderTokenSecret(spec, values, of);
  expect(result.ok).toBe(false);
  expect(!result.ok && result.message).toMatch(message);
});
