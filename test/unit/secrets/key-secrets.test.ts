import { expect, test } from 'vitest';
import { systemClock } from '../../../src/clock.ts';
import { type KubeClient, KubeError } from '../../../src/kube/client.ts';
import type { KubeObject, Resource } from '../../../src/kube/resource.ts';
import { generateKey, parseKey } from '../../../src/secrets/key-material.ts';
import {
  createNextKey,
  firstKeySecret,
  projectKeySecret,
  readOrCreateKeySecrets,
} from '../../../src/secrets/key-secrets.ts';
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

const labelled = (state: string): KubeObject => ({
  ...keySecret,
  metadata: {
    ...keySecret.metadata,
    labels: { ...keySecret.metadata.labels, 'square-operator.dev/sealing-key-state': state },
  },
});

test.each([
  ['no label', keySecret, 'Active'],
  ['active', labelled('active'), 'Active'],
  ['retired', labelled('retired'), 'Retired'],
])('a key whose state is told by %s is so', (_, secret, state) => {
  expect(projectKeySecret(secret)).toMatchObject({ id, material: { key: { state } } });
});

test.each([
  ['an unknown state', labelled('paused'), 'sealing-key-state=paused: set it to active or retired'],
  ['another type', { ...keySecret, type: 'Opaque' }, 'lacks the type'],
  ['no key', { ...keySecret, data: {} }, 'it is not JSON'],
])('a Secret with %s is told as a problem by its name', (_, secret, message) => {
  const { material, problem } = projectKeySecret(secret);
  expect(material).toBeUndefined();
  expect(problem?.message).toContain(`ops/${firstKeySecret}`);
  expect(problem?.message).toContain(message);
});

test('the next key has the next number that is free, is active and carries the digests over', async () => {
  const created: KubeObject[] = [];
  const taken: KubeObject = { metadata: { name: 'square-operator-sealing-key-4' }, type: 'Opaque' };
  const client = {
    create: async (_: Resource, object: KubeObject) => {
      if (object.metadata.name === taken.metadata.name) {
        throw new KubeError({ status: 409, reason: 'AlreadyExists', message: 'taken', mayHaveActed: false });
      }
      created.push(object);
      return object;
    },
    get: async () => taken,
  } as unknown as KubeClient;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const first = parseKey(text, 'first');
  const held = [firstKeySecret, 'square-operator-sealing-key-3', 'imported'];
  await createNextKey({ client, namespace: 'ops', log, clock: systemClock }, held, [first]);
  expect(created.map(({ metadata }) => metadata.name)).toEqual(['square-operator-sealing-key-5']);
  const made = projectKeySecret(created[0] ?? keySecret).material;
  expect(made?.key.state).toBe('Active');
  expect(made?.key.id).not.toBe(id);
  expect(made?.digestKey.equals(first.digestKey)).toBe(true);
});
