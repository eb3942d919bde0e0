import { group, sealingKeyConfigMap } from '../../api/names.ts';
import type { KubeClient } from '../../kube/client.ts';
import { clusterPermissions, ownNamespacePermissions, type Permission, watchedPermissions } from '../../permissions.ts';
import { type Check, type Found, fail, isNotInstalled, ok, skip, some, warn } from './finding.ts';

/** What somebody may or may not do. */
export interface Right {
  readonly group: string;
  /** With its subresource: `pods/proxy`. */
  readonly resource: string;
  readonly verb: string;
  readonly name?: string;
  /** `undefined`: in all namespaces. */
  readonly namespace?: string | undefined;
}

const attributes = ({ group: of, resource, verb, name, namespace }: Right) => {
  const [plural, subresource] = resource.split('/');
  return {
    group: of,
    resource: plural,
    verb,
    ...(subresource !== undefined && { subresource }),
    ...(name !== undefined && { name }),
    ...(namespace !== undefined && { namespace }),
  };
};

async function review(client: KubeClient, kind: string, spec: object): Promise<boolean> {
  const path = `/apis/authorization.k8s.io/v1/${kind.toLowerCase()}s`;
  const { body } = await client.requestRaw('POST', path, { apiVersion: 'authorization.k8s.io/v1', kind, spec });
  return (body as { status?: { allowed?: boolean } }).status?.allowed === true;
}

/** Whether whoever runs the plugin has this right. */
export const may = (client: KubeClient, right: Right): Promise<boolean> =>
  review(client, 'SelfSubjectAccessReview', { resourceAttributes: attributes(right) });

/** What each verb of the plugin needs, in the namespace of the connections or of the operator. */
export const needs: readonly (Omit<Right, 'namespace'> & { readonly of: string; readonly operators?: true })[] = [
  ...['get', 'list'].map((verb) => ({ of: 'status, list', group, resource: 'squareconnections', verb })),
  { of: 'status', group: 'events.k8s.io', resource: 'events', verb: 'list' },
  ...['patch', 'watch'].map((verb) => ({
    of: 'refresh, disconnect, adopt, suspend, resume, connect',
    group,
    resource: 'squareconnections',
    verb,
  })),
  { of: 'seal, plan', group, resource: 'squareapplications', verb: 'get' },
  { of: 'connect', group: '', resource: 'secrets', verb: 'get' },
  { of: 'list --retained', group: '', resource: 'secrets', verb: 'list' },
  { of: 'seal', group: '', resource: 'configmaps', verb: 'get', name: sealingKeyConfigMap, operators: true },
  { of: 'keys', group: '', resource: 'secrets', verb: 'list', operators: true },
  { of: 'doctor', group: 'coordination.k8s.io', resource: 'leases', verb: 'get', operators: true },
  { of: 'doctor', group: 'apps', resource: 'deployments', verb: 'list', operators: true },
  { of: 'doctor', group: '', resource: 'pods/proxy', verb: 'get', operators: true },
];

export const ownRights: Check = {
  name: 'Your rights',
  async look({ cluster: { client }, namespace, operatorNamespace }) {
    const asked = await Promise.all(
      needs.map(async ({ of, operators, ...right }) => {
        const where = operators === true ? operatorNamespace : namespace;
        const allowed = await may(client, { ...right, namespace: where });
        const place = where === undefined ? 'In all namespaces' : `In ${where}`;
        return { of, allowed, right: `${right.verb} ${right.resource}`, where: place };
      }),
    );
    const lacking = asked.filter(({ allowed }) => !allowed);
    if (lacking.length === 0) return [ok('every verb can be used')];
    const places = [...Map.groupBy(lacking, ({ where }) => where)].map(([where, of]) => {
      const rights = [...Map.groupBy(of, (one) => one.right)].map(
        ([right, all]) => `${right} (${all.map((one) => one.of).join('; ')})`,
      );
      return `${where} you may not ${rights.join(', ')}`;
    });
    return [
      warn(places.join('. '), 'Ask for these rights if you need those verbs; docs/kubectl-square.md lists them.'),
    ];
  },
};

const account = 'square-operator';

/** The rights of `permissions`, each in `namespace`. */
export const rightsOf = (permissions: readonly Permission[], namespace: string | undefined): Right[] =>
  permissions.flatMap(({ apiGroups, resources, resourceNames, verbs }) =>
    apiGroups.flatMap((of) =>
      resources.flatMap((resource) =>
        verbs.flatMap((verb) => {
          const right = { group: of, resource, verb, namespace };
          return resourceNames === undefined ? [right] : resourceNames.map((name) => ({ ...right, name }));
        }),
      ),
    ),
  );

export const operatorRights: Check = {
  name: 'Rights of the operator',
  async look(patient): Promise<Found[]> {
    const { cluster, namespace, operatorNamespace, deployment } = patient;
    const { client } = cluster;
    if (isNotInstalled(patient)) return [skip(`no operator is installed in ${operatorNamespace}`)];
    const watched = flagOf(deployment, 'watch-namespaces')?.split(',');
    const places = namespace === undefined ? (watched ?? [undefined]) : [namespace];
    const rights = [
      ...places.flatMap((place) => rightsOf(watchedPermissions, place)),
      ...(namespace === undefined && watched === undefined ? rightsOf(clusterPermissions, undefined) : []),
      ...rightsOf(ownNamespacePermissions, operatorNamespace),
    ];
    const user = `system:serviceaccount:${operatorNamespace}:${accountOf(deployment)}`;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${operatorNamespace}`, 'system:authenticated'];
    if (!(await may(client, toAsk))) {
      return [skip('you may not ask what others may do (create subjectaccessreviews)')];
    }
    const asked = await Promise.all(
      rights.map(async (right) => ({
        right,
        allowed: await review(client, 'SubjectAccessReview', { user, groups, resourceAttributes: attributes(right) }),
      })),
    );
    const lacking = asked
      .filter(({ allowed }) => !allowed)
      .map(
        ({ right }) =>
          `${right.verb} ${right.resource}${right.namespace === undefined ? '' : ` in ${right.namespace}`}`,
      );
    if (lacking.length === 0) return [ok(`${user} has all ${rights.length}`)];
    const remedy =
      'Upgrade the chart to the version that runs, or apply its deploy/base/rbac.yaml; with --watch-namespaces give the rules by Roles in each of those namespaces.';
    return [fail(`${user} lacks ${some(lacking)}`, remedy)];
  },
};

const toAsk: Right = { group: 'authorization.k8s.io', resource: 'subjectaccessreviews', verb: 'create' };

interface PodTemplate {
  readonly metadata?: unknown;
  readonly spec?: {
    readonly template?: {
      readonly spec?: { readonly serviceAccountName?: string; readonly containers?: readonly Container[] };
    };
  };
}
interface Container {
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
}

const podSpec = (deployment: PodTemplate | undefined) => deployment?.spec?.template?.spec;

const accountOf = (deployment: PodTemplate | undefined): string => podSpec(deployment)?.serviceAccountName ?? account;

/** The value of a setting of the operator, as its Deployment gives it by flag or environment. */
export function flagOf(deployment: PodTemplate | undefined, name: string): string | undefined {
  const containers = podSpec(deployment)?.containers ?? [];
  const variable = `SQUARE_OPERATOR_${name.replaceAll('-', '_').toUpperCase()}`;
  for (const { args = [], env = [] } of containers) {
    const at = args.findIndex((arg) => arg === `--${name}` || arg.startsWith(`--${name}=`));
    if (at >= 0) return args[at]?.includes('=') === true ? args[at].slice(name.length + 3) : args[at + 1];
    const found = env.find((one) => one.name === variable)?.value;
    if (found !== undefined) return found;
  }
  return undefined;
}
