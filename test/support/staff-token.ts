import { group } from '../../src/api/names.ts';
import type { World } from './world.ts';

/** What somebody may do with connections. */
export interface Right {
  readonly verbs: readonly string[];
  /** Absent: everywhere. */
  readonly namespace?: string;
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** A ServiceAccount of the operator's namespace with those rights, and a token of it: for the pages of the platform team. */
export async function staffToken(
  { api, operatorNamespace: namespace, canaries }: World,
  name: string,
  rights: readonly Right[],
  audiences: readonly string[] = ['square-operator'],
): Promise<string> {
  const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  await api.ask('POST', accounts, { body: { metadata: { name } } });
  const own = `${namespace}-${name}`;
  const subjects = [{ kind: 'ServiceAccount', name, namespace }];
  for (const { verbs, namespace: where } of rights) {
    const [path, kind] = where === undefined ? [rbac, 'ClusterRole'] : [`${rbac}/namespaces/${where}`, 'Role'];
    const [roles, bindings] = [`${path}/${kind.toLowerCase()}s`, `${path}/${kind.toLowerCase()}bindings`];
    const rules = [{ apiGroups: [group], resources: ['squareconnections'], verbs }];
    await api.ask('POST', roles, { body: { metadata: { name: own }, rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind, name: own };
    await api.ask('POST', bindings, { body: { metadata: { name: own }, roleRef, subjects } });
  }
  const answer = await api.ask<{ status: { token: string } }>('POST', `${accounts}/${name}/token`, {
    body: { spec: { audiences } },
  });
  canaries.push(answer.status.token);
  return answer.status.token;
}
