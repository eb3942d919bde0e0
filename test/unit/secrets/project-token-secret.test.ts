import { inspect } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { TokenSecretSpec } from '../../../src/api/connection.ts';
import { token } from '../../../src/domain/token.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import type { RenderedTokenSecret, TokenState } from '../../../src/secrets/port.ts';
import {
  createDigestKey,
  encodedData,
  expectedDigest,
  projectTokenSecret,
} from '../../../src/secrets/project-token-secret.ts';
import { renderTokenSecret } from '../../../src/secrets/render-token-secret.ts';
import { canary, day } from './fixtures.ts';

const key = createDigestKey();

function rendered(spec: TokenSecretSpec = {}, state?: TokenState): RenderedTokenSecret {
  const values = { accessToken: token(canary), expiresAt: day, environment: 'Sandbox', baseURL: 'http://x' } as const;
  const result = renderTokenSecret(spec, values, { namespace: 'shop', connection: 'bakery', generation: 7, state });
  if (!result.ok) throw new Error(result.message);
  return result.secret;
}

/** The Secret as the API server would give it back. */
const stored = (secret: RenderedTokenSecret): KubeObject => ({
  metadata: {
    name: secret.name,
    uid: 'uid-1',
    resourceVersion: '9',
    labels: { ...secret.labels },
    annotations: { ...secret.annotations },
  },
  type: secret.type,
  data: encodedData(secret),
});

const spec = { labels: { team: 'a' }, annotations: { note: 'b' }, type: 'example.com/token' };

describe('what the watch keeps of a token Secret', () => {
  test('is whose it is, its version, revision and state, and no value', () => {
    const kept = projectTokenSecret(stored(rendered({}, 'expired')), key);
    expect(kept).toMatchObject({
      uid: 'uid-1',
      resourceVersion: '9',
      managed: true,
      connection: 'bakery',
      revision: 7,
      state: 'expired',
      shape: { keys: ['access-token', 'base-url', 'environment', 'expires-at'], labels: [], annotations: [] },
    });
    const shown = inspect(kept, { depth: null });
    expect(shown).not.toContain('Canary');
    expect(shown).not.toContain(Buffer.from(canary).toString('base64').slice(0, 20));
  });

  test('shares the names of what looks alike', () => {
    const one = projectTokenSecret(stored(rendered(spec)), key);
    const two = projectTokenSecret(stored(rendered(spec)), key);
    expect(one.shape).toBe(two.shape);
    expect(one.shape).toMatchObject({ labels: ['team'], annotations: ['note'] });
  });

  test.each(['-1', '1.5', '1e3', 'x', '', '9'.repeat(16)])('has no revision when it reads %j', (revision) => {
    const object = stored(rendered());
    object.metadata.annotations = { ...object.metadata.annotations, 'square-operator.dev/revision': revision };
    expect(projectTokenSecret(object, key).revision).toBeUndefined();
  });

  test('of a stranger is a stranger', () => {
    expect(projectTokenSecret({ metadata: { name: 'x' }, data: null }, key)).toMatchObject({ managed: false });
  });
});

describe('the digest', () => {
  test('is the expected one when there is nothing to heal', () => {
    for (const secret of [rendered(), rendered(spec), rendered(spec, 'revoked')]) {
      expect(projectTokenSecret(stored(secret), key).digest).toBe(expectedDigest(secret, key));
    }
  });

  test.each<[string, (object: KubeObject) => void]>([
    ['a value was edited', (o) => Object.assign(o['data'] as object, { 'access-token': 'eA==' })],
    ['a key was taken away', (o) => delete (o['data'] as Record<string, string>)['environment']],
    ['a key was added', (o) => Object.assign(o['data'] as object, { more: 'eA==' })],
    [
      'two values were swapped',
      (o) => {
        const data = o['data'] as Record<string, string>;
        [data['environment'], data['base-url']] = [data['base-url'] ?? '', data['environment'] ?? ''];
      },
    ],
    ['the type is another', (o) => Object.assign(o, { type: 'Opaque' })],
    ['our label was taken away', (o) => delete o.metadata.labels?.['app.kubernetes.io/managed-by']],
    ['a label of the spec was taken away', (o) => delete o.metadata.labels?.['team']],
    ['an annotation of the spec was edited', (o) => Object.assign(o.metadata.annotations ?? {}, { note: 'x' })],
    [
      'the revision was edited',
      (o) => Object.assign(o.metadata.annotations ?? {}, { 'square-operator.dev/revision': '8' }),
    ],
    [
      'it is annotated with a state',
      (o) => Object.assign(o.metadata.annotations ?? {}, { 'square-operator.dev/state': 'revoked' }),
    ],
    [
      'the record of what is ours is gone',
      (o) => delete o.metadata.annotations?.['square-operator.dev/owned-metadata'],
    ],
    [
      'the record of what is ours is no JSON',
      (o) => Object.assign(o.metadata.annotations ?? {}, { 'square-operator.dev/owned-metadata': '{' }),
    ],
    ['the data is gone', (o) => delete o['data']],
  ])('is another when %s', (_, edit) => {
    const secret = rendered(spec);
    const object = stored(secret);
    edit(object);
    expect(projectTokenSecret(object, key).digest).not.toBe(expectedDigest(secret, key));
  });

  test('does not mind what others put there', () => {
    const secret = rendered(spec);
    const object = stored(secret);
    Object.assign(object.metadata.labels ?? {}, { theirs: 'x' });
    Object.assign(object.metadata.annotations ?? {}, { 'kubectl.kubernetes.io/last-applied-configuration': '{}' });
    expect(projectTokenSecret(object, key).digest).toBe(expectedDigest(secret, key));
  });

  test('is keyed: nobody can guess a value from it', () => {
    const secret = rendered();
    expect(expectedDigest(secret, createDigestKey())).not.toBe(expectedDigest(secret, key));
  });
});
