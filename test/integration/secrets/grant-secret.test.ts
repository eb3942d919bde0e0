import { expect, test } from 'vitest';
import { projectGrantSecret, storeGrant } from '../../../src/secrets/grant-secret.ts';
import { createNamespace } from '../../support/cluster.ts';
import { eventually } from '../../support/eventually.ts';
import { countingClient, others, readSecret, wireToApiServer } from './clients.ts';

const { client, calls } = await countingClient();
const name = 'bakery-sealed';
const base64 = (text: string) => Buffer.from(text).toString('base64');

async function stored(namespace: string, jwe: string, held?: { uid: string; resourceVersion: string }) {
  const outcome = await storeGrant({ client }, { namespace, connection: 'bakery', jwe, held });
  if (outcome.kind !== 'Stored') throw new Error(`${outcome.kind}: ${outcome.message}`);
  return projectGrantSecret(outcome.object);
}

test('a grant is created, replaced, and read back with one request each', async () => {
  const namespace = await createNamespace();
  calls.length = 0;
  const first = await stored(namespace, 'one');
  const second = await stored(namespace, 'two', first);
  expect(calls).toEqual(['create', 'mergePatch']);
  expect(first).toMatchObject({ jwe: 'one', uid: second.uid });
  expect(second.jwe).toBe('two');
  expect(Math.abs(second.createdAt - Date.now())).toBeLessThan(60_000);
  const secret = await readSecret(namespace, name);
  expect(secret).toMatchObject({ type: 'square-operator.dev/sealed-grant', data: { 'grant.jwe': base64('two') } });
  expect(secret?.metadata.ownerReferences).toBeUndefined();
  expect(secret?.metadata.labels).toBeUndefined();
});

test('an old version replaces nothing', async () => {
  const namespace = await createNamespace();
  const first = await stored(namespace, 'one');
  await stored(namespace, 'two', first);
  const late = await storeGrant({ client }, { namespace, connection: 'bakery', jwe: 'late', held: first });
  expect(late).toMatchObject({ kind: 'Conflict' });
  expect((await readSecret(namespace, name))?.data).toEqual({ 'grant.jwe': base64('two') });
});

test('a Secret that was deleted, or deleted and made anew, is not written', async () => {
  const namespace = await createNamespace();
  const first = await stored(namespace, 'one');
  await others.delete(namespace, name);
  const gone = await storeGrant({ client }, { namespace, connection: 'bakery', jwe: 'late', held: first });
  expect(gone).toMatchObject({ kind: 'Conflict' });
  expect(await readSecret(namespace, name)).toBeUndefined();
  const anew = await stored(namespace, 'anew');
  expect(anew.uid).not.toBe(first.uid);
  for (const held of [first, { uid: first.uid, resourceVersion: anew.resourceVersion }]) {
    const late = await storeGrant({ client }, { namespace, connection: 'bakery', jwe: 'late', held });
    expect(late).toMatchObject({ kind: 'Conflict' });
  }
  expect((await readSecret(namespace, name))?.data).toEqual({ 'grant.jwe': base64('anew') });
});

test('a grant that somebody else stored meanwhile is a conflict, our own is not', async () => {
  const namespace = await createNamespace();
  await stored(namespace, 'theirs');
  expect(await storeGrant({ client }, { namespace, connection: 'bakery', jwe: 'ours' })).toMatchObject({
    kind: 'Conflict',
  });
  expect(await stored(namespace, 'theirs')).toMatchObject({ jwe: 'theirs' });
});

test('a foreign Secret of that name stays as it is', async () => {
  const namespace = await createNamespace();
  const foreign = await others.create(namespace, { metadata: { name }, data: { 'grant.jwe': base64('foreign') } });
  const outcome = await storeGrant({ client }, { namespace, connection: 'bakery', jwe: 'ours' });
  expect(outcome).toMatchObject({ kind: 'NotOwned', message: expect.stringContaining(`${namespace}/${name}`) });
  expect(await readSecret(namespace, name)).toEqual(foreign);
});

test('a namespace that is not there is a failure, not a conflict', async () => {
  const outcome = await storeGrant({ client }, { namespace: 'nowhere', connection: 'bakery', jwe: 'EAAAsecret' });
  expect(outcome).toMatchObject({ kind: 'Failed', status: 404 });
  expect(JSON.stringify(outcome)).not.toContain('EAAAsecret');
});

test('a write whose answer was lost is recognised, created or replaced', async () => {
  const namespace = await createNamespace();
  const wire = await wireToApiServer();
  const lossy = await countingClient(wire.port);
  const store = async (jwe: string, held?: { uid: string; resourceVersion: string }) => {
    wire.swallow();
    const storing = storeGrant({ client: lossy.client }, { namespace, connection: 'bakery', jwe, held });
    await eventually(
      'the record is stored',
      async () => (await readSecret(namespace, name))?.data?.['grant.jwe'] === base64(jwe),
    );
    wire.cut();
    const outcome = await storing;
    if (outcome.kind !== 'Stored') throw new Error(`${outcome.kind}: ${outcome.message}`);
    return projectGrantSecret(outcome.object);
  };
  await lossy.client.requestRaw('GET', '/version');
  lossy.calls.length = 0;
  const first = await store('one');
  expect(first.jwe).toBe('one');
  expect(lossy.calls).toEqual(['create', 'get']);
  expect(await store('two', first)).toMatchObject({ jwe: 'two', uid: first.uid });
});

test('a write whose answer was lost and which somebody overwrote is not taken for ours', async () => {
  const namespace = await createNamespace();
  const wire = await wireToApiServer();
  const lossy = await countingClient(wire.port);
  await lossy.client.requestRaw('GET', '/version');
  wire.swallow();
  const storing = storeGrant({ client: lossy.client }, { namespace, connection: 'bakery', jwe: 'ours' });
  await eventually('the Secret is there', () => readSecret(namespace, name));
  await others.patch(namespace, name, { data: { 'grant.jwe': base64('theirs') } });
  wire.cut();
  expect(await storing).toMatchObject({ kind: 'Failed', status: 0 });
});
