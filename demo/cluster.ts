import { Agent } from 'undici';
import { systemClock } from '../src/clock.ts';
import { loadAccess } from '../src/kube/access.ts';
import type { KubeClient } from '../src/kube/client.ts';
import { createKubeClient } from '../src/kube/connect.ts';
import { type Api, connectApi } from '../test/cluster/api.ts';

/** The API server, as cluster admin. */
export interface Cluster {
  readonly api: Api;
  /** For watching. */
  readonly client: KubeClient;
  close(): Promise<void>;
}

export async function openCluster(kubeconfig: string): Promise<Cluster> {
  const access = await loadAccess({ kubeconfig, clock: systemClock });
  const { headers, tls } = await access.credentials();
  const server = access.server.href.replace(/\/$/, '');
  const api = connectApi({ server, headers, dispatcher: new Agent({ connect: tls }) });
  const client = createKubeClient({
    access,
    clock: systemClock,
    fieldManager: 'demo',
    userAgent: 'square-operator-demo',
  });
  return {
    api,
    client,
    close: async () => void (await Promise.all([api.close(), client.close()])),
  };
}
