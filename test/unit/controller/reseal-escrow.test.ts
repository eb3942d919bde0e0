import { expect, test } from 'vitest';
import { resealEscrow } from '../../../src/controller/reseal-escrow.ts';
import { type KubeClient, KubeError } from '../../../src/kube/client.ts';
import type { KubeObject } from '../../../src/kube/resource.ts';
import { openRecord, sealRecord } from '../../../src/secrets/record.ts';
import { aBinding, aKey, aRing } from '../secrets/fixtures.ts';

const retired = aKey({ state: 'Retired' });
const before = aRing({ ...retired, key: { ...retired.key, state: 'Active' } });
const ring = aRing(retired, aKey());
const binding = aBinding();
const content = Buffer.from('{}');

const escrowed = (name: string, jwe: string, connection = 'shop/bakery'): KubeObject => ({
  metadata: { name, uid: name, resourceVersion: '7', annotations: { 'square-operator.dev/connection': connection } },
  type: 'square-operator.dev/escrow',
  data: { 'grant.jwe': Buffer.from(jwe).toString('base64') },
});

function escrow(items: KubeObject[], refuse?: string) {
  const written: { name: string; patch: { metadata: object; data: Record<string, string> } }[] = [];
  const client = {
    list: async () => ({ items, resourceVersion: '9' }),
    mergePatch: async (_: unknown, __: unknown, name: string, patch: (typeof written)[number]['patch']) => {
      if (refuse !== undefined)
        throw new KubeError({ status: 409, reason: refuse, message: 'no', mayHaveActed: false });
      written.push({ name, patch });
    },
  } as unknown as KubeClient;
  return { written, left: () => resealEscrow({ client, ring, operatorNamespace: 'ops' }, retired.key.id) };
}

const old = sealRecord(before, 'escrow', binding, content);

test('what lies in escrow under the retired key is sealed anew, on the version that was seen', async () => {
  const { written, left } = escrow([
    escrowed('escrow-1', old),
    escrowed('escrow-2', sealRecord(ring, 'escrow', binding, content)),
  ]);
  expect(await left()).toBe(0);
  expect(written).toMatchObject([{ name: 'escrow-1', patch: { metadata: { uid: 'escrow-1', resourceVersion: '7' } } }]);
  const jwe = Buffer.from(written[0]?.patch.data['grant.jwe'] ?? '', 'base64').toString();
  expect(openRecord(ring, 'escrow', binding, jwe)).toMatchObject({ ok: true, value: content, keyID: ring.active.id });
});

test('what came of a sign-in stays what it was', async () => {
  const name = `escrow-1-incoming-${'a'.repeat(32)}`;
  const { written, left } = escrow([escrowed(name, sealRecord(before, 'incoming', binding, content))]);
  expect(await left()).toBe(0);
  const jwe = Buffer.from(written[0]?.patch.data['grant.jwe'] ?? '', 'base64').toString();
  expect(openRecord(ring, 'incoming', binding, jwe)).toMatchObject({ ok: true, value: content, keyID: ring.active.id });
});

test.each([
  ['of another connection than its Secret says', [escrowed('escrow-1', old, 'shop/other')], undefined],
  ['of another purpose', [escrowed('escrow-1', sealRecord(before, 'grant', binding, content))], undefined],
  ['that somebody changed meanwhile', [escrowed('escrow-1', old)], 'Conflict'],
])('one %s keeps the key', async (_, items, refuse) => {
  expect(await escrow(items, refuse).left()).toBe(1);
});

test('a refusal of the API server is told, so that it is tried again', async () => {
  await expect(escrow([escrowed('escrow-1', old)], 'Forbidden').left()).rejects.toMatchObject({ reason: 'Forbidden' });
});
