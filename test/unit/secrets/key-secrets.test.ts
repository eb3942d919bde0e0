import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import { generateKey } from '../../../src/secrets/key-material.ts';
import { firstKeySecret, readOrCreateKeySecrets } from '../../../src/secrets/key-secrets.ts';
import { day } from './fixtures.ts';

const text = generateKey(day);
const { id } = JSON.parse(text) as { id: string };
const keySecret: KubeObject = {
  metadata: { name: firstKeySecret, namespace: 'ops', labels: { 'square-operator.dev/sealing-key': id } },
  type: 'square-operator.dev/sealing-key',
  data: { 'key.json': Buffer.from(text).toString('base64') },
};
const publishing = (data: object): KubeObject => ({ metadata: { name: 'square-operator-sealing-key' }, data });

/** Reads with an API server that answers the lists with `lists`, one after the other, and has this ConfigMap alone. */
function reading(configMap: KubeObject | undefined, ...lists: KubeObject[][]) {
  const created: KubeObject[] = [];
  const client = {
    list: async () => ({ items: lists.shift() ?? [], resourceVersion: '1' }),
    get: async ({ plural }: Resource) => (plural === 'configmaps' ? configMap : undefined),
    create: async (_: Resource, object: KubeObject) => {
      created.push(object);
      return object;
    },
  } as unknown as KubeClient;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  return { created, read: readOrCreateKeySecrets({ client, namespace: 'ops', log, clock: systemClock }) };
}

test.each([
  ['by its ID', '{"kty":"EC","kid":"0123abcd"}', 'the sealing key 0123abcd is gone'],
  ['by an ID that cannot be read', 'garbled', 'the sealing key unknown is gone'],
])('no first key is made while the ConfigMap names one %s', async (_, jwk, message) => {
  const { created, read } = reading(publishing({ 'public-key.json': jwk }));
  await expect(read).rejects.toMatchObject({ code: 'KeyRingLost', message: expect.stringContaining(message) });
  expect(created).toEqual([]);
});

test.each([
  ['there is no ConfigMap', undefined],
  ['the ConfigMap names no key', publishing({ theirs: 'x' })],
  ['the ConfigMap is empty', { metadata: { name: 'square-operator-sealing-key' } }],
])('the first key is made when %s', async (_, configMap) => {
  const { created, read } = reading(configMap);
  await expect(read).resolves.toHaveLength(1);
  expect(created).toMatchObject([{ metadata: { name: firstKeySecret } }]);
});

test('a key that another operator made and published meanwhile is taken, not called gone', async () => {
  const { created, read } = reading(publishing({ 'public-key.json': `{"kid":"${id}"}` }), [], [keySecret]);
  await expect(read).resolves.toMatchObject([{ key: { id } }]);
  expect(created).toEqual([]);
});
