import { randomBytes } from 'node:crypto';
import { afterAll, inject } from 'vitest';
import { type Api, openApi } from '../cluster/api.ts';

/** Path of the kubeconfig, with every right, of the control plane that the whole run shares. */
export const kubeconfig = (): string => inject('kubeconfig');

let opened: Promise<Api> | undefined;

/** The tests' own client of the control plane: not the product's. Closed after the file's tests. */
export function adminApi(): Promise<Api> {
  opened ??= openApi(kubeconfig());
  return opened;
}

const namespaces = new Set<string>();

/** A namespace that nobody else has. It is deleted after the file's tests; nobody waits for it to be gone. */
export async function createNamespace(labels: Readonly<Record<string, string>> = {}): Promise<string> {
  const name = `test-${randomBytes(5).toString('hex')}`;
  const api = await adminApi();
  await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name, labels } } });
  namespaces.add(name);
  return name;
}

afterAll(async () => {
  if (!opened) return;
  const api = await opened;
  await Promise.all([...namespaces].map((name) => api.send('DELETE', `/api/v1/namespaces/${name}`)));
  namespaces.clear();
  opened = undefined;
  await api.close();
});
