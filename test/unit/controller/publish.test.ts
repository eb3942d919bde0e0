import { describe, expect, it } from 'vitest';
import { secretTypes } from '../../../src/api/names.ts';
import type { Sight } from '../../../src/controller/observe.ts';
import { publish, withdraw } from '../../../src/controller/publish.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { sealGrant } from '../../../src/secrets/grant.ts';
import { createDigestKey, projectTokenSecret } from '../../../src/secrets/project-token-secret.ts';
import { aGrant, anObservation, held, ours } from '../../support/builders.ts';
import { aRing } from '../secrets/fixtures.ts';

const ring = aRing();
const place = { namespace: 'shop', name: 'bakery', environment: 'Production', clientID: 'sq0idp-EXAMPLE' } as const;

/** The sealed Secret as the API server has it. */
const sealed = (generation: number): KubeObject => ({
  metadata: { name: 'bakery-sealed', namespace: 'shop', uid: 'u', resourceVersion: String(generation) },
  type: secretTypes.sealedGrant,
  data: { 'grant.jwe': Buffer.from(sealGrant(ring, place, aGrant({ generation }))).toString('base64') },
});

const tokenSecret = (revision: number): KubeObject => ({
  metadata: {
    name: 'bakery',
    namespace: 'shop',
    uid: 'v',
    resourceVersion: '7',
    labels: { 'app.kubernetes.io/managed-by': 'square-operator' },
    annotations: { 'square-operator.dev/connection': 'bakery', 'square-operator.dev/revision': String(revision) },
  },
  type: 'Opaque',
  data: {},
});

/** The pass holds generation 3. */
function stage({ published, stored }: { readonly published: number; readonly stored: KubeObject | undefined }) {
  const calls: string[] = [];
  const absorbed: KubeObject[] = [];
  const view = { writing: () => () => {}, absorb: (object: KubeObject) => absorbed.push(object) };
  const tokens = { ...view, get: () => projectTokenSecret(tokenSecret(published), createDigestKey()) };
  const deps = {
    client: {
      get: async () => (calls.push('get'), stored),
      mergePatch: async (...[, , , patch]: [unknown, string, string, object]) => {
        calls.push('mergePatch');
        return { ...tokenSecret(published), ...patch, metadata: tokenSecret(published).metadata };
      },
    },
    ring,
    squares: { Production: { baseURL: 'https://connect.squareup.com' } },
    watches: { tokens, grants: view },
    tokensOf: { set: () => {} },
  } as unknown as Parameters<typeof publish>[0];
  const o = anObservation({ grant: held(), tokenSecret: ours({ current: false }) });
  const sight = { observation: o, environment: 'Production' } as unknown as Sight;
  return {
    calls,
    absorbed,
    publish: () => publish(deps, sight, o),
    withdraw: (name: string) => withdraw(deps, sight, o, { name, state: 'revoked' }),
  };
}

describe('a token Secret', () => {
  it('of an earlier generation is written at once', async () => {
    const { publish, calls } = stage({ published: 2, stored: undefined });
    expect(await publish()).toEqual({ kind: 'Published' });
    expect(calls).toEqual(['mergePatch']);
  });

  it('of a later generation is left alone when the grant that is stored is later, too: the watch of it is behind', async () => {
    const newer = sealed(4);
    const { publish, withdraw, calls, absorbed } = stage({ published: 4, stored: newer });
    expect(await publish()).toEqual({ kind: 'Stale' });
    expect(await withdraw('bakery')).toEqual({ kind: 'Stale' });
    expect(calls).toEqual(['get', 'get']);
    expect(absorbed).toEqual([newer, newer]);
  });

  it('of a later generation is left alone when no grant is stored any more', async () => {
    const { publish, calls } = stage({ published: 4, stored: undefined });
    expect(await publish()).toEqual({ kind: 'Stale' });
    expect(calls).toEqual(['get']);
  });

  it('of a later generation is written over when the grant was put back', async () => {
    const { publish, calls } = stage({ published: 4, stored: sealed(3) });
    expect(await publish()).toEqual({ kind: 'Published' });
    expect(calls).toEqual(['get', 'mergePatch']);
  });
});
