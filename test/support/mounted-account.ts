import { spawnSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Api } from '../cluster/api.ts';
import type { ChartObject } from './chart.ts';
import type { Lack } from './needs.ts';

/** What the kubelet puts into a pod for its service account (Kubernetes, "Configure Service Accounts for Pods"). */
export interface MountedAccount {
  /** Holds `token`, `ca.crt` and `namespace`. */
  readonly folder: string;
  /** The variables that tell where the API server is. */
  readonly env: { readonly KUBERNETES_SERVICE_HOST: string; readonly KUBERNETES_SERVICE_PORT: string };
}

const own = ['--mount', ...(process.getuid?.() === 0 ? [] : ['--map-root-user'])];

/** Mounts that one process sees alone; everything is gone with it. `/var/run` is a link to `/run`. */
const script = `
set -eu
place=/run/secrets/kubernetes.io/serviceaccount
mount -t tmpfs none /run
mkdir -p "$place"
mount --bind "$1" "$place"
shift
exec "$@"`;

/** Why this machine can mount nothing for one process, or `undefined` when it can. */
export function mountsLack(): Lack {
  const { status, stderr } = spawnSync('unshare', [...own, 'sh', '-c', 'mount -t tmpfs none /run'], {
    encoding: 'utf8',
  });
  return status === 0 ? undefined : `no mounts of a process's own: ${stderr?.trim() || 'there is no program unshare'}`;
}

/** The command that runs a program which sees the account where pods have it. */
export const withAccount = ({ folder }: MountedAccount, program: string, args: readonly string[]) =>
  ['unshare', ...own, 'sh', '-c', script, 'pod', folder, program, ...args] as const;

/**
 * The account of a Deployment's pods, as the kubelet would project it into them: a token of the API server's, and the
 * certificates that the cluster publishes in each namespace. Throws when the pods are to have none.
 */
export async function accountOf(api: Api, deployment: ChartObject, dir: string): Promise<MountedAccount> {
  const { namespace = '' } = deployment.metadata;
  const { serviceAccountName, automountServiceAccountToken } = deployment['spec'].template.spec;
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts/${serviceAccountName}`;
  const account = await api.ask<ChartObject>('GET', accounts);
  if ((automountServiceAccountToken ?? account['automountServiceAccountToken']) === false)
    throw new Error('the pods are to have no token of their account');
  const { status } = await api.ask<{ status: { token: string } }>('POST', `${accounts}/token`, { body: { spec: {} } });
  const root = await api.ask<ChartObject>('GET', `/api/v1/namespaces/${namespace}/configmaps/kube-root-ca.crt`);
  const folder = join(dir, 'account');
  await mkdir(folder, { recursive: true });
  const files = { token: status.token, 'ca.crt': root['data']['ca.crt'] as string, namespace };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text, { mode: 0o644 });
  const { hostname, port } = new URL(api.server);
  return { folder, env: { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port || '443' } };
}
