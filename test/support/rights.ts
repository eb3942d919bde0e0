import type { Permission } from '../../src/permissions.ts';
import type { GatewayEntry } from './gateway.ts';

/** `own get secrets`: where, which verb, of what. Where: `own` (the operator's namespace), `watched`, or `cluster`. */
export type Right = `${'own' | 'watched' | 'cluster'} ${string} ${string}`;

const verbs = { POST: 'create', PUT: 'update', PATCH: 'patch' } as const;

/** The right that a request needs, as the API server reads it (Kubernetes, "Authorization: request attributes"). */
export function rightFor({ method, path, watch }: GatewayEntry, operatorNamespace: string): Right | undefined {
  const url = new URL(path, 'http://localhost');
  const [, rest = ''] = /^\/(?:api|apis\/[^/]+)\/v[^/]+\/(.+)$/.exec(url.pathname) ?? [];
  if (rest === '') return undefined;
  const inNamespace = /^namespaces\/([^/]+)(?:\/(.+))?$/.exec(rest);
  const namespace = inNamespace?.[1];
  // `namespaces/x` itself counts as in that namespace.
  const [resource = '', name, subresource] = (
    inNamespace && inNamespace[2] === undefined ? rest : (inNamespace?.[2] ?? rest)
  ).split('/');
  const verb =
    method === 'GET'
      ? watch
        ? 'watch'
        : name === undefined
          ? 'list'
          : 'get'
      : method === 'DELETE'
        ? 'delete'
        : verbs[method as keyof typeof verbs];
  const where = namespace === undefined ? 'cluster' : namespace === operatorNamespace ? 'own' : 'watched';
  return `${where} ${verb} ${resource}${subresource === undefined ? '' : `/${subresource}`}`;
}

/** What rules come to, one by one. */
export const rightsOf = (where: 'own' | 'watched' | 'cluster', permissions: readonly Permission[]): Right[] =>
  permissions.flatMap(({ resources, verbs }) =>
    resources.flatMap((resource) => verbs.map((verb): Right => `${where} ${verb} ${resource}`)),
  );
