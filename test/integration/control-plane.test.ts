import { expect, test } from 'vitest';
import { adminApi, createNamespace } from '../support/cluster.ts';

test('a Secret is written to a namespace of its own', async () => {
  const api = await adminApi();
  const namespace = await createNamespace();
  const path = `/api/v1/namespaces/${namespace}/secrets`;
  await api.ask('POST', path, { body: { metadata: { name: 'one' }, stringData: { key: 'value' } } });
  const { data } = await api.ask<{ data: Record<string, string> }>('GET', `${path}/one`);
  expect(data).toEqual({ key: Buffer.from('value').toString('base64') });
});
