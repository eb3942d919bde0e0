import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import type { Api } from '../cluster/api.ts';
import { readKubeconfig } from './upstream.ts';

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

const group = ['square-operator.dev'];

/** What three kinds of people may do, each in the namespaces that they are given. */
export const roles = {
  /** Sees how connections are. */
  viewer: [{ apiGroups: group, resources: ['squareconnections'], verbs: ['get', 'list', 'watch'] }],
  /** On call: may leave requests, too. */
  onCall: [
    { apiGroups: group, resources: ['squareconnections'], verbs: ['get', 'list', 'watch', 'patch'] },
    { apiGroups: group, resources: ['squareapplications'], verbs: ['get', 'list', 'watch'] },
    { apiGroups: ['events.k8s.io'], resources: ['events'], verbs: ['get', 'list', 'watch'] },
  ],
  /** Of the platform team. */
  platform: [{ apiGroups: ['*'], resources: ['*'], verbs: ['*'] }],
} as const satisfies Record<string, readonly Rule[]>;

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** A service account with that role in those namespaces, and the path of its kubeconfig. */
export async function createPerson(
  api: Api,
  admin: string,
  dir: string,
  role: keyof typeof roles,
  namespaces: readonly string[],
): Promise<string> {
  const [home = ''] = namespaces;
  const name = `${role.toLowerCase()}-${randomBytes(3).toString('hex')}`;
  await api.ask('POST', `/api/v1/namespaces/${home}/serviceaccounts`, { body: { metadata: { name } } });
  for (const namespace of namespaces) {
    const path = `${rbac}/namespaces/${namespace}`;
    await api.ask('POST', `${path}/roles`, { body: { metadata: { name }, rules: roles[role] } });
    const subjects = [{ kind: 'ServiceAccount', name, namespace: home }];
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
    await api.ask('POST', `${path}/rolebindings`, { body: { metadata: { name }, subjects, roleRef } });
  }
  const answer = await api.ask<{ status: { token: string } }>(
    'POST',
    `/api/v1/namespaces/${home}/serviceaccounts/${name}/token`,
    { body: { spec: {} } },
  );
  const { cluster } = readKubeconfig(admin);
  const own = new KubeConfig();
  own.loadFromOptions({
    clusters: [cluster],
    users: [{ name, token: answer.status.token }],
    contexts: [{ name, cluster: cluster.name, user: name, namespace: home }],
    currentContext: name,
  });
  const file = join(dir, `kubeconfig-${name}`);
  await writeFile(file, own.exportConfig(), { mode: 0o600 });
  return file;
}
