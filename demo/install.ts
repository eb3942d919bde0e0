import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parse, parseAllDocuments } from 'yaml';
import { squareApplications, squareConnections } from '../src/api/names.ts';
import { pathOf } from '../src/kube/resource.ts';
import type { Api } from '../test/cluster/api.ts';
import { applyCrds } from '../test/cluster/crds.ts';
import { writePrivately } from '../test/cluster/record.ts';
import { operatorAccount, operatorNamespace } from './names.ts';

const root = resolve(import.meta.dirname, '..');

interface Manifest extends Named {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';

/** The kinds of the files of `deploy` that are taken: the API they are of, and their collection. */
const collections: Readonly<Record<string, readonly [api: string, plural: string]>> = {
  Namespace: ['/api/v1', 'namespaces'],
  ServiceAccount: ['/api/v1', 'serviceaccounts'],
  ClusterRole: [rbac, 'clusterroles'],
  ClusterRoleBinding: [rbac, 'clusterrolebindings'],
  Role: [rbac, 'roles'],
  RoleBinding: [rbac, 'rolebindings'],
};

const manifestsIn = async (file: string): Promise<Manifest[]> =>
  parseAllDocuments(await readFile(file, 'utf8')).flatMap((document) => (document.toJS() as Manifest | null) ?? []);

/** Makes objects and remembers them, so that they can be removed from a cluster that outlives the demo. */
export interface Maker {
  /** Rejects, naming it, when there is such an object already. */
  make(collection: string, object: Named): Promise<void>;
  /** Rejects when something of this path is there already; otherwise remembers it as made by the demo. */
  claim(path: string): Promise<void>;
  /** Removes the namespaces that were made, with all that is in them, and what is in none. Resolves when all is gone. */
  removeAll(): Promise<void>;
}

interface Named {
  readonly metadata: { readonly name: string; readonly [field: string]: unknown };
  readonly [field: string]: unknown;
}

const goneWithin = 60_000;

export function createMaker(api: Api): Maker {
  const made: string[] = [];
  const taken = (path: string) =>
    new Error(
      `${path} is in this cluster already: the demo needs a cluster without the operator and without another demo.`,
    );
  return {
    async make(collection, object) {
      const path = `${collection}/${object.metadata.name}`;
      const { status, body } = await api.send('POST', collection, { body: object });
      if (status === 409) throw taken(path);
      if (status >= 300) throw new Error(`${path} cannot be made: ${status} ${JSON.stringify(body)}`);
      if (!collection.includes('/namespaces/')) made.push(path);
    },
    async claim(path) {
      if ((await api.send('GET', path)).status !== 404) throw taken(path);
      made.push(path);
    },
    async removeAll() {
      const paths = made.splice(0).toReversed();
      for (const path of paths) await api.send('DELETE', path);
      const deadline = performance.now() + goneWithin;
      for (const path of paths) {
        while ((await api.send('GET', path)).status !== 404) {
          if (performance.now() > deadline) throw new Error(`${path} was deleted, but is still there after 60 s.`);
          await pause(100);
        }
      }
    },
  };
}

/** The resource definitions and the operator's account and rights, as they are in `crds` and `deploy`. */
export async function install(api: Api, maker: Maker): Promise<void> {
  for (const { plural, group } of [squareConnections, squareApplications]) {
    await maker.claim(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.${group}`);
  }
  await applyCrds(api, join(root, 'crds'));
  const served = whenServed(api);
  const files = ['base/namespace.yaml', 'base/rbac.yaml', 'web/staff-pages.yaml'].map((file) =>
    manifestsIn(join(root, 'deploy', file)),
  );
  for (const manifest of (await Promise.all(files)).flat()) {
    const { kind, metadata } = manifest;
    const [group, plural] = collections[kind] ?? [];
    if (group === undefined) throw new Error(`deploy has a ${kind}, which the demo does not know.`);
    const place = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
    await maker.make(`${group}${place}/${plural}`, manifest);
  }
  await served;
}

const servedWithin = 30_000;

/** A new resource is established some time before the API server has set its cache up, from which it is watched. */
async function whenServed(api: Api): Promise<void> {
  const deadline = performance.now() + servedWithin;
  for (const resource of [squareConnections, squareApplications]) {
    const path = `${pathOf(resource)}?resourceVersion=0`;
    while ((await api.send('GET', path)).status !== 200) {
      if (performance.now() > deadline) throw new Error(`The API server does not serve ${path} after 30 s.`);
      await pause(50);
    }
  }
}

interface KubeconfigFile {
  readonly 'current-context': string;
  readonly contexts: readonly { readonly name: string; readonly context: { readonly cluster: string } }[];
  readonly clusters: readonly { readonly name: string; readonly cluster: object }[];
}

const tokenLifetime = 30 * 24 * 3_600;

/** A kubeconfig file in `dir` that is the operator's own account, with a token that the API server gave for it. */
export async function operatorKubeconfig(api: Api, admin: string, dir: string): Promise<string> {
  const path = `/api/v1/namespaces/${operatorNamespace}/serviceaccounts/${operatorAccount}/token`;
  const body = { spec: { expirationSeconds: tokenLifetime } };
  const { status } = await api.ask<{ status: { token: string } }>('POST', path, { body });
  const given = parse(await readFile(admin, 'utf8')) as KubeconfigFile;
  const context = given.contexts.find(({ name }) => name === given['current-context'])?.context;
  const cluster = given.clusters.find(({ name }) => name === context?.cluster)?.cluster;
  const name = operatorAccount;
  const own = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name, cluster }],
    users: [{ name, user: { token: status.token } }],
    contexts: [{ name, context: { cluster: name, user: name, namespace: operatorNamespace } }],
    'current-context': name,
  };
  const file = join(dir, 'operator.kubeconfig');
  await writePrivately(file, JSON.stringify(own));
  return file;
}
