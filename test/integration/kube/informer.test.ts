import { afterAll, beforeAll, expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { createInformer } from '../../../src/kube/informer.ts';
import { secrets } from '../../../src/kube/resource.ts';
import { createNamespace, kubeconfig } from '../../support/cluster.ts';
import { aSecret, connect, each, milestone } from './settings.ts';

let client: KubeClient;
const controller = new AbortController();

beforeAll(async () => {
  client = await connect(kubeconfig());
});

afterAll(async () => {
  controller.abort();
  await client.close();
});

const aFollower = (namespace: string) =>
  createInformer({
    client,
    resource: secrets,
    namespace,
    labelSelector: 'test=yes',
    project: (object) => (object as { data?: { value?: string } }).data?.value,
    clock: systemClock,
  });

test('1000 Secrets are followed; own writes are no news, those of others are', async () => {
  const namespace = await createNamespace();
  const other = await connect(kubeconfig());
  await each(500, 50, (n) => client.create(secrets, aSecret(namespace, `s${n}`, 'old')));
  await client.create(secrets, aSecret(namespace, 'unlabelled', 'x', { test: 'no' }));

  const informer = aFollower(namespace);
  const told: string[] = [];
  let all = milestone(() => false);
  informer.onChange(({ key, now }) => {
    told.push(`${key.split('/')[1]} ${now === undefined ? 'gone' : 'there'}`);
    all.check();
  });
  const stopped = informer.start(controller.signal);
  await informer.whenSynced();
  expect([informer.size, told.length, informer.healthy()]).toEqual([500, 500, true]);

  told.length = 0;
  await each(1_000, 50, async (n) => {
    const key = `${namespace}/s${n}`;
    const done = informer.writing(key);
    const value = Buffer.from('mine').toString('base64');
    informer.absorb(
      n < 500
        ? await client.mergePatch(secrets, namespace, `s${n}`, { data: { value } })
        : await client.create(secrets, aSecret(namespace, `s${n}`, 'mine')),
    );
    done();
  });
  // A stranger's change is behind all own ones on the watch: when it is there, they have passed.
  all = milestone(() => told.includes('last there'));
  await other.create(secrets, aSecret(namespace, 'last', 'theirs'));
  await all.reached;
  expect([told, informer.size]).toEqual([['last there'], 1_001]);

  told.length = 0;
  all = milestone(() => told.length === 1_001);
  await other.requestRaw('DELETE', `/api/v1/namespaces/${namespace}/secrets?labelSelector=test%3Dyes`);
  await all.reached;
  expect([informer.size, new Set(told).size, told.every((line) => line.endsWith('gone'))]).toEqual([0, 1_001, true]);
  controller.abort();
  await stopped;
  await other.close();
});

test('a write on a stale view is a conflict; a precondition on another UID too', async () => {
  const namespace = await createNamespace();
  const first = await client.create(secrets, aSecret(namespace, 'a', 'one'));
  await client.update(secrets, { ...first, data: {} });
  await expect(client.update(secrets, { ...first, data: {} })).rejects.toMatchObject({ reason: 'Conflict' });
  const stranger = { metadata: { uid: '00000000-0000-0000-0000-000000000000' }, data: { a: 'YQ==' } };
  await expect(client.mergePatch(secrets, namespace, 'a', stranger)).rejects.toMatchObject({ reason: 'Conflict' });
  await expect(
    client.delete(secrets, namespace, 'a', { uid: '00000000-0000-0000-0000-000000000000' }),
  ).rejects.toMatchObject({ reason: 'Conflict' });
  await expect(client.create(secrets, aSecret(namespace, 'a', 'two'))).rejects.toMatchObject({
    reason: 'AlreadyExists',
  });
  await client.delete(secrets, namespace, 'a', { uid: first.metadata.uid });
  await client.delete(secrets, namespace, 'a');
  expect(await client.get(secrets, namespace, 'a')).toBeUndefined();
});

test('a dry run stores nothing', async () => {
  const namespace = await createNamespace();
  await client.create(secrets, aSecret(namespace, 'a', 'one'), { dryRun: true });
  expect(await client.get(secrets, namespace, 'a')).toBeUndefined();
});
