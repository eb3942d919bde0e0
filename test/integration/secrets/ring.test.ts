import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { token } from '../../../src/domain/token.ts';
import { openCredential } from '../../../src/secrets/credential.ts';
import { generateKey } from '../../../src/secrets/key-material.ts';
import { firstKeySecret } from '../../../src/secrets/key-secrets.ts';
import { loadKeyRing } from '../../../src/secrets/load-ring.ts';
import type { PublicSealingKey } from '../../../src/secrets/port.ts';
import { openRecord, sealRecord } from '../../../src/secrets/record.ts';
import { sealCredential } from '../../../src/secrets/seal-credential.ts';
import { adminApi, createNamespace } from '../../support/cluster.ts';
import { countingClient, others, readSecret } from './clients.ts';

const { client, calls } = await countingClient();
const binding = { namespace: 'shop', name: 'bakery', environment: 'Sandbox', clientID: 'c' } as const;

function load(namespace: string, sealingKeyDir?: string) {
  const said: string[] = [];
  const say = (_: object, message: string) => void said.push(message);
  const log = { debug: say, info: say, warn: say, error: say };
  return loadKeyRing({ client, namespace, log, clock: systemClock, sealingKeyDir }).then((ring) => ({ ring, said }));
}

const configMap = (namespace: string) => `/api/v1/namespaces/${namespace}/configmaps/square-operator-sealing-key`;
async function publishedKey(namespace: string): Promise<PublicSealingKey> {
  const { data } = await (await adminApi()).ask<{ data: Record<string, string> }>('GET', configMap(namespace));
  return JSON.parse(data['public-key.json'] ?? '') as PublicSealingKey;
}

test('the first start creates a ring and publishes its public half; the next start finds both and writes nothing', async () => {
  const namespace = await createNamespace();
  const first = await load(namespace);
  expect(first.ring.inCluster).toBe(true);
  expect(first.said.join()).toContain('unwrapped');
  const jwe = sealRecord(first.ring, 'grant', binding, Buffer.from('x'));
  calls.length = 0;
  const second = await load(namespace);
  expect(calls).toEqual(['list', 'get']);
  expect(second.ring.ids()).toEqual(first.ring.ids());
  expect(openRecord(second.ring, 'grant', binding, jwe)).toMatchObject({ ok: true });
  expect(second.ring.digest('taken', token('v'))).toBe(first.ring.digest('taken', token('v')));
  const published = await publishedKey(namespace);
  expect(published).toEqual(first.ring.active.publicKey);
  const opened = await openCredential(second.ring, binding, await sealCredential(published, binding, token('EAAA')));
  expect(opened).toMatchObject({ ok: true });
  expect(await readSecret(namespace, firstKeySecret)).toMatchObject({
    type: 'square-operator.dev/sealing-key',
    metadata: { labels: { 'square-operator.dev/sealing-key': first.ring.active.id } },
  });
});

test('operators that start at once end with one ring and one public key', async () => {
  const namespace = await createNamespace();
  const loaded = await Promise.all(Array.from({ length: 8 }, () => load(namespace)));
  const ids = new Set(loaded.flatMap(({ ring }) => ring.ids()));
  expect(ids.size).toBe(1);
  expect((await publishedKey(namespace)).kid).toBe([...ids][0]);
  const { items } = await client.list(
    { group: '', version: 'v1', plural: 'secrets', kind: 'Secret', namespaced: true },
    { namespace },
  );
  expect(items).toHaveLength(1);
});

test('a public key that somebody replaced is put right, and said', async () => {
  const namespace = await createNamespace();
  const { ring } = await load(namespace);
  const api = await adminApi();
  const body = { data: { 'public-key.json': '{"kid":"evil"}', theirs: 'x' } };
  await api.ask('PATCH', configMap(namespace), { body, contentType: 'application/merge-patch+json' });
  const { said } = await load(namespace);
  expect(said).toContain('replaced another public sealing key');
  expect(await publishedKey(namespace)).toEqual(ring.active.publicKey);
  const { data } = await api.ask<{ data: object }>('GET', configMap(namespace));
  expect(data).toHaveProperty('theirs');
});

test('several keys are one ring', async () => {
  const namespace = await createNamespace();
  const { ring } = await load(namespace);
  const text = generateKey(Date.now() + 60_000);
  const { id } = JSON.parse(text) as { id: string };
  const labels = { 'square-operator.dev/sealing-key': id };
  const stringData = { 'key.json': text };
  await others.create(namespace, {
    metadata: { name: 'next', labels },
    type: 'square-operator.dev/sealing-key',
    stringData,
  });
  const after = await load(namespace);
  expect(after.ring.active.id).toBe(id);
  const jwe = sealRecord(ring, 'grant', binding, Buffer.from('x'));
  expect(openRecord(after.ring, 'grant', binding, jwe)).toMatchObject({ ok: true });
  expect((await publishedKey(namespace)).kid).toBe(id);
});

test.each<[string, object]>([
  ['malformed', { stringData: { 'key.json': 'EAAAsecret' }, type: 'square-operator.dev/sealing-key' }],
  ['empty', { type: 'square-operator.dev/sealing-key' }],
  ['of another type', { stringData: { 'key.json': generateKey(0) } }],
])('a key Secret that is %s stops the start by its name, and nothing is created or published', async (_, secret) => {
  const namespace = await createNamespace();
  await others.create(namespace, {
    metadata: { name: 'odd-key', labels: { 'square-operator.dev/sealing-key': '' } },
    ...secret,
  });
  const failed = await load(namespace).then(
    () => undefined,
    (error: unknown) => error as Error,
  );
  expect(failed?.message).toContain(`${namespace}/odd-key`);
  expect(failed?.message).not.toContain('EAAA');
  expect(await readSecret(namespace, firstKeySecret)).toBeUndefined();
  expect((await (await adminApi()).send('GET', configMap(namespace))).status).toBe(404);
});

test('a ring that is gone is not replaced by a new one, is used again once restored, and is given up on request', async () => {
  const namespace = await createNamespace();
  const { ring } = await load(namespace);
  const { type, data, metadata } = (await readSecret(namespace, firstKeySecret)) ?? {};
  await others.delete(namespace, firstKeySecret);
  const failed = await load(namespace).catch((error: unknown) => error);
  expect(failed).toMatchObject({ name: 'SealingKeyError', code: 'KeyRingLost' });
  for (const part of [`sealing key ${ring.active.id} is gone`, 'Nothing is lost yet', firstKeySecret, 'backup']) {
    expect(String(failed)).toContain(part);
  }
  expect(await readSecret(namespace, firstKeySecret)).toBeUndefined();
  expect(await publishedKey(namespace)).toEqual(ring.active.publicKey);

  await others.create(namespace, { metadata: { name: firstKeySecret, labels: metadata?.labels }, type, data });
  expect((await load(namespace)).ring.ids()).toEqual(ring.ids());

  await others.delete(namespace, firstKeySecret);
  await (await adminApi()).ask('DELETE', configMap(namespace));
  expect((await load(namespace)).ring.ids()).not.toEqual(ring.ids());
});

test('a key that was restored without its label is named, not called gone', async () => {
  const namespace = await createNamespace();
  await load(namespace);
  await others.patch(namespace, firstKeySecret, { metadata: { labels: null } });
  await expect(load(namespace)).rejects.toMatchObject({ code: 'KeyNotOwned' });
});

test("somebody else's Secret in the place of the first key stops the start and stays as it is", async () => {
  const namespace = await createNamespace();
  const foreign = await others.create(namespace, { metadata: { name: firstKeySecret }, stringData: { a: 'b' } });
  await expect(load(namespace)).rejects.toThrow(`${namespace}/${firstKeySecret}`);
  expect(await readSecret(namespace, firstKeySecret)).toEqual(foreign);
});

test('keys of a directory are used alone: no Secret is read or made', async () => {
  const namespace = await createNamespace();
  const directory = await mkdtemp(join(tmpdir(), 'sealing-keys-'));
  try {
    await writeFile(join(directory, 'key.json'), generateKey(Date.now()));
    calls.length = 0;
    const { ring, said } = await load(namespace, directory);
    expect(calls).toEqual(['get', 'create']);
    expect(ring.inCluster).toBe(false);
    expect(said.join()).not.toContain('unwrapped');
    expect(await publishedKey(namespace)).toEqual(ring.active.publicKey);
    expect(await readSecret(namespace, firstKeySecret)).toBeUndefined();
  } finally {
    await rm(directory, { recursive: true });
  }
});
