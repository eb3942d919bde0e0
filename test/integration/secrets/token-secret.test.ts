import { describe, expect, test } from 'vitest';
import type { TokenSecretSpec } from '../../../src/api/connection.ts';
import { token } from '../../../src/domain/token.ts';
import type { RenderedTokenSecret, TokenSecret, TokenState } from '../../../src/secrets/port.ts';
import { createDigestKey, expectedDigest, projectTokenSecret } from '../../../src/secrets/project-token-secret.ts';
import { renderTokenSecret } from '../../../src/secrets/render-token-secret.ts';
import {
  type PublishOutcome,
  publishTokenSecret,
  removeTokenSecret,
  stateTokenSecret,
} from '../../../src/secrets/token-secret.ts';
import { createNamespace } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { countingClient, others, readSecret, wireToApiServer } from './clients.ts';

const { client, calls } = await countingClient();
const key = createDigestKey();

interface Wanted extends TokenSecretSpec {
  readonly generation?: number;
  readonly connection?: string;
  readonly state?: TokenState;
}

function render(namespace: string, { generation = 1, connection = 'bakery', state, ...spec }: Wanted = {}) {
  const values = {
    accessToken: token(`EAAA-token-${generation}`),
    merchantID: 'ML1',
    environment: 'Sandbox',
    baseURL: 'https://connect.squareupsandbox.com',
  } as const;
  const result = renderTokenSecret(spec, values, { namespace, connection, generation, state });
  if (!result.ok) throw new Error(result.message);
  return result.secret;
}

function kept(outcome: PublishOutcome): TokenSecret {
  if (outcome.kind !== 'Published') throw new Error(`${outcome.kind}: ${outcome.message}`);
  return projectTokenSecret(outcome.object, key);
}

const publish = async (secret: RenderedTokenSecret, held?: TokenSecret) =>
  kept(await publishTokenSecret({ client }, secret, held));

async function clear(namespace: string, name = 'bakery'): Promise<Record<string, string>> {
  const { data = {} } = (await readSecret(namespace, name)) ?? {};
  return Object.fromEntries(Object.entries(data).map(([k, v]) => [k, Buffer.from(v, 'base64').toString()]));
}

describe('publishing', () => {
  test('the first time is one POST, each refresh one patch, and what is there is what was rendered', async () => {
    const namespace = await createNamespace();
    calls.length = 0;
    let held: TokenSecret | undefined;
    for (const generation of [1, 2, 3]) {
      const secret = render(namespace, { generation });
      held = await publish(secret, held);
      expect(held.digest).toBe(expectedDigest(secret, key));
      expect(held).toMatchObject({ revision: generation, connection: 'bakery', managed: true });
    }
    expect(calls).toEqual(['create', 'mergePatch', 'mergePatch']);
    expect(await clear(namespace)).toEqual({
      'access-token': 'EAAA-token-3',
      'merchant-id': 'ML1',
      environment: 'Sandbox',
      'base-url': 'https://connect.squareupsandbox.com',
    });
    const { metadata } = (await readSecret(namespace, 'bakery')) ?? {};
    expect(metadata?.ownerReferences).toBeUndefined();
    expect(metadata?.labels).toEqual({ 'app.kubernetes.io/managed-by': 'square-operator' });
  });

  test('by who does not know of a later generation leaves that as it is', async () => {
    const namespace = await createNamespace();
    await publish(render(namespace, { generation: 3 }));
    expect(await publishTokenSecret({ client }, render(namespace, { generation: 2 }))).toMatchObject({
      kind: 'Conflict',
    });
    expect((await clear(namespace))['access-token']).toBe('EAAA-token-3');
    await publish(render(namespace, { generation: 4 }));
    expect((await clear(namespace))['access-token']).toBe('EAAA-token-4');
  });

  test('takes away keys, labels and annotations that are no longer wanted, and no others', async () => {
    const namespace = await createNamespace();
    const before = { labels: { team: 'a', tier: 'b' }, annotations: { note: 'c' } };
    const held = await publish(render(namespace, { ...before, state: 'expired' }));
    await others.patch(namespace, 'bakery', { metadata: { labels: { theirs: 'x' }, annotations: { theirs: 'y' } } });
    const now = projectTokenSecret((await readSecret(namespace, 'bakery')) as never, key);
    expect(now.digest).toBe(held.digest);
    const secret = render(namespace, { keys: { accessToken: 'TOKEN' }, labels: { team: 'z' } });
    expect((await publish(secret, now)).digest).toBe(expectedDigest(secret, key));
    expect(await clear(namespace)).toEqual({ TOKEN: 'EAAA-token-1' });
    const { metadata } = (await readSecret(namespace, 'bakery')) ?? {};
    expect(metadata?.labels).toEqual({ 'app.kubernetes.io/managed-by': 'square-operator', team: 'z', theirs: 'x' });
    expect(metadata?.annotations).toEqual({
      'square-operator.dev/connection': 'bakery',
      'square-operator.dev/revision': '1',
      'square-operator.dev/owned-metadata': '{"labels":["team"],"annotations":[]}',
      theirs: 'y',
    });
  });

  test('heals what somebody edited', async () => {
    const namespace = await createNamespace();
    const secret = render(namespace);
    await publish(secret);
    const edited = await others.patch(namespace, 'bakery', { data: { 'access-token': null, extra: 'eA==' } });
    const held = projectTokenSecret(edited as never, key);
    expect(held.digest).not.toBe(expectedDigest(secret, key));
    expect((await publish(secret, held)).digest).toBe(expectedDigest(secret, key));
    expect(Object.keys(await clear(namespace))).not.toContain('extra');
  });

  test('takes up a Secret of ours that the watch has not shown yet', async () => {
    const namespace = await createNamespace();
    const first = render(namespace, { keys: { accessToken: 'OLD' } });
    await publish(first);
    calls.length = 0;
    const secret = render(namespace, { generation: 2 });
    expect((await publish(secret)).digest).toBe(expectedDigest(secret, key));
    expect(calls).toEqual(['create', 'get', 'mergePatch']);
    expect(Object.keys(await clear(namespace))).not.toContain('OLD');
  });

  test('a type of its own is kept', async () => {
    const namespace = await createNamespace();
    const secret = render(namespace, { type: 'example.com/token' });
    const held = await publish(secret);
    expect((await readSecret(namespace, 'bakery'))?.type).toBe('example.com/token');
    const other = await publishTokenSecret({ client }, render(namespace, { type: 'example.com/other' }), held);
    expect(other).toMatchObject({ kind: 'Failed', status: 422, message: expect.stringContaining('type') });
  });
});

describe('a Secret of somebody else stays byte for byte', () => {
  test.each<[string, object]>([
    ['without our label', {}],
    ['with our label but no connection', { labels: { 'app.kubernetes.io/managed-by': 'square-operator' } }],
    [
      'of another connection',
      {
        labels: { 'app.kubernetes.io/managed-by': 'square-operator' },
        annotations: { 'square-operator.dev/connection': 'florist' },
      },
    ],
    [
      'with our annotation but another label',
      {
        labels: { 'app.kubernetes.io/managed-by': 'Helm' },
        annotations: { 'square-operator.dev/connection': 'bakery' },
      },
    ],
  ])('%s', async (_, metadata) => {
    const namespace = await createNamespace();
    const foreign = await others.create(namespace, { metadata: { name: 'bakery', ...metadata }, data: { a: 'eA==' } });
    const secret = render(namespace);
    const outcome = await publishTokenSecret({ client }, secret);
    expect(outcome).toMatchObject({ kind: 'NotOwned', message: expect.stringContaining(`${namespace}/bakery`) });
    const held = projectTokenSecret(foreign as never, key);
    const place = { namespace, name: 'bakery', connection: 'bakery' };
    calls.length = 0;
    expect(await publishTokenSecret({ client }, secret, held)).toMatchObject({ kind: 'NotOwned' });
    expect(await stateTokenSecret({ client }, place, held, 'revoked')).toMatchObject({ kind: 'NotOwned' });
    expect(await removeTokenSecret({ client }, place, held)).toMatchObject({ kind: 'NotOwned' });
    expect(calls).toEqual([]);
    expect(await readSecret(namespace, 'bakery')).toEqual(foreign);
  });
});

describe('a stale view', () => {
  test('writes, annotates and removes nothing', async () => {
    const namespace = await createNamespace();
    const secret = render(namespace);
    const old = await publish(secret);
    const changed = await others.patch(namespace, 'bakery', { data: { 'access-token': 'eA==' } });
    const place = { namespace, name: 'bakery', connection: 'bakery' };
    expect(await publishTokenSecret({ client }, secret, old)).toMatchObject({ kind: 'Conflict' });
    expect(await stateTokenSecret({ client }, place, old, 'revoked')).toMatchObject({ kind: 'Conflict' });
    expect(await removeTokenSecret({ client }, place, old)).toMatchObject({ kind: 'Conflict' });
    expect(await readSecret(namespace, 'bakery')).toEqual(changed);
  });

  test('of a Secret that is gone is a conflict, and removing it is done', async () => {
    const namespace = await createNamespace();
    const secret = render(namespace);
    const old = await publish(secret);
    await others.delete(namespace, 'bakery');
    const place = { namespace, name: 'bakery', connection: 'bakery' };
    expect(await publishTokenSecret({ client }, secret, old)).toMatchObject({ kind: 'Conflict' });
    expect(await stateTokenSecret({ client }, place, old, 'expired')).toMatchObject({ kind: 'Conflict' });
    expect(await removeTokenSecret({ client }, place, old)).toEqual({ kind: 'Removed' });
    expect(await readSecret(namespace, 'bakery')).toBeUndefined();
  });
});

test('a state is annotated and taken away without touching the values', async () => {
  const namespace = await createNamespace();
  const secret = render(namespace);
  const held = await publish(secret);
  const place = { namespace, name: 'bakery', connection: 'bakery' };
  calls.length = 0;
  const revoked = kept(await stateTokenSecret({ client }, place, held, 'revoked'));
  expect(revoked.state).toBe('revoked');
  expect(revoked.digest).toBe(expectedDigest(render(namespace, { state: 'revoked' }), key));
  expect((await clear(namespace))['access-token']).toBe('EAAA-token-1');
  const healthy = kept(await stateTokenSecret({ client }, place, revoked, undefined));
  expect(healthy.digest).toBe(held.digest);
  expect(calls).toEqual(['mergePatch', 'mergePatch']);
  const again = kept(await stateTokenSecret({ client }, place, healthy, 'expired'));
  expect((await publish(render(namespace, { generation: 2 }), again)).state).toBeUndefined();
});

test('after a rename the new one is published and the old one removed', async () => {
  const namespace = await createNamespace();
  const old = await publish(render(namespace));
  await publish(render(namespace, { name: 'square-token' }));
  expect(await removeTokenSecret({ client }, { namespace, name: 'bakery', connection: 'bakery' }, old)).toEqual({
    kind: 'Removed',
  });
  expect(await readSecret(namespace, 'bakery')).toBeUndefined();
  expect((await clear(namespace, 'square-token'))['access-token']).toBe('EAAA-token-1');
});

test('a write whose answer was lost is recognised, created or patched', async () => {
  const namespace = await createNamespace();
  const wire = await wireToApiServer();
  const lossy = await countingClient(wire.port);
  await lossy.client.requestRaw('GET', '/version');
  lossy.calls.length = 0;
  let held: TokenSecret | undefined;
  for (const generation of [1, 2]) {
    const secret = render(namespace, { generation });
    wire.swallow();
    const publishing = publishTokenSecret({ client: lossy.client }, secret, held);
    await eventually(
      'the token is published',
      async () => (await clear(namespace))['access-token'] === `EAAA-token-${generation}`,
    );
    wire.cut();
    held = kept(await publishing);
    expect(held.digest).toBe(expectedDigest(secret, key));
  }
  expect(lossy.calls).toEqual(['create', 'get', 'mergePatch', 'get']);
});

test('a refusal shows no value', async () => {
  const secret = render('nowhere', {
    template: { '.dockerconfigjson': '{{accessToken}}' },
    type: 'kubernetes.io/dockerconfigjson',
  });
  const namespace = await createNamespace();
  for (const refused of [secret, { ...secret, namespace }]) {
    const outcome = await publishTokenSecret({ client }, refused);
    expect(outcome.kind).toBe('Failed');
    expect(JSON.stringify(outcome)).not.toMatch(/EAAA|RUFBQ/);
  }
});
