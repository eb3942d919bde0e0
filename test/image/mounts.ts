import { chown, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Api } from '../cluster/api.ts';

/** The user that the image names. */
const user = 65_532;

export interface Mounts {
  /** Folders of this machine, by where a pod has them. */
  readonly volumes: Readonly<Record<string, { readonly from: string; readonly readOnly: boolean }>>;
  /** What a pod has in its environment to find the API server. */
  readonly env: Readonly<Record<string, string>>;
}

/**
 * What a kubelet gives a pod of the operator: its service account's token, the authority of the API server, and a folder
 * for the journal. `namespace` is the operator's, which has the account.
 */
export async function mountsFor(api: Api, admin: string, namespace: string, dir: string): Promise<Mounts> {
  const config = new KubeConfig();
  config.loadFromFile(admin);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`${admin} names no cluster`);
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/square-operator/token`;
  const answer = await api.ask<{ status: { token: string } }>('POST', path, { body: { spec: {} } });
  const account = await folderOf(join(dir, 'account'), {
    token: answer.status.token,
    namespace,
    'ca.crt': Buffer.from(cluster.caData ?? '', 'base64').toString(),
  });
  const server = new URL(cluster.server);
  return {
    volumes: {
      '/var/run/secrets/kubernetes.io/serviceaccount': { from: account, readOnly: true },
      '/var/lib/square-operator/journal': { from: await folderOf(join(dir, 'journal'), {}), readOnly: false },
    },
    env: { KUBERNETES_SERVICE_HOST: server.hostname, KUBERNETES_SERVICE_PORT: server.port },
  };
}

async function folderOf(path: string, files: Readonly<Record<string, string>>): Promise<string> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(join(path, name), content, { mode: 0o600 });
    await chown(join(path, name), user, user);
  }
  await chown(path, user, user);
  return path;
}
