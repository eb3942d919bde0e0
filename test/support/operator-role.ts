import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node';
import { parseAllDocuments } from 'yaml';
import type { Api } from '../cluster/api.ts';
import { readKubeconfig } from './upstream.ts';

interface Manifest {
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly namespace?: string };
  readonly roleRef?: { readonly name: string };
  readonly subjects?: readonly { readonly namespace?: string }[];
  readonly rules?: readonly object[];
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';
const account = 'square-operator';

/** What the platform team may do is asked of the whole cluster, whatever the operator watches. */
const ofTheCluster = 'square-operator-staff-pages';

const deploy = resolve(import.meta.dirname, '../../deploy');

async function manifestsOf(files: readonly string[]): Promise<Manifest[]> {
  const texts = await Promise.all(files.map((file) => readFile(join(deploy, file), 'utf8')));
  return texts.flatMap((text) => [...parseAllDocuments(text)]).map((document) => document.toJS() as Manifest);
}

/**
 * Gives a namespace the operator's service account and rights, as the chart has them, and nothing else: what it may do in
 * the whole cluster, or with `watched` in those namespaces only. `more` are further files of `deploy`, where their
 * ClusterRoles are for rights in namespaces, with `watched` as Roles in each. Returns what takes the cluster-wide part away.
 */
export async function grantRole(
  api: Api,
  namespace: string,
  watched?: readonly string[],
  more: readonly string[] = [],
): Promise<() => Promise<void>> {
  const clusterWide: string[] = [];
  const give = async (manifest: Manifest, where: string | undefined) => {
    const { kind, metadata } = manifest;
    const name = where === namespace ? metadata.name : `${metadata.name}-${namespace}`;
    const body = placed(manifest, name, namespace, where) as Manifest;
    const collection = `${body.kind.toLowerCase()}s`;
    const base = kind === 'ServiceAccount' ? '/api/v1' : rbac;
    const path = where === undefined ? `${base}/${collection}` : `${base}/namespaces/${where}/${collection}`;
    await api.ask('POST', path, { body });
    if (where === undefined) clusterWide.push(`${path}/${name}`);
  };
  const everywhere = ({ kind }: Manifest) => kind.startsWith('Cluster');
  const base = await manifestsOf(['base/rbac.yaml']);
  for (const manifest of base.filter((one) => !everywhere(one))) await give(manifest, namespace);
  if (watched === undefined) {
    for (const manifest of [...base.filter(everywhere), ...(await manifestsOf(more))]) await give(manifest, undefined);
  } else {
    const rest = await manifestsOf(['namespaced/roles.yaml', ...more]);
    for (const manifest of rest) {
      const places = manifest.metadata.name === ofTheCluster ? [undefined] : watched;
      for (const where of places) await give(manifest, where);
    }
  }
  return async () => void (await Promise.all(clusterWide.map((path) => api.send('DELETE', path))));
}

/** The same manifest for an operator of another namespace; `where` undefined: for the whole cluster. */
function placed(manifest: Manifest, name: string, operatorNamespace: string, where?: string): object {
  const { roleRef, subjects } = manifest;
  const renamed = roleRef?.name === manifest.metadata.name ? name : roleRef?.name;
  const kind = where === undefined ? manifest.kind : manifest.kind.replace(/^Cluster/, '');
  return {
    ...manifest,
    kind,
    metadata: { name, ...(where === undefined ? {} : { namespace: where }) },
    ...(roleRef && {
      roleRef: { ...roleRef, name: renamed, kind: kind === 'ClusterRoleBinding' ? 'ClusterRole' : 'Role' },
    }),
    ...(subjects && {
      subjects: subjects.map((one) => (one.namespace === undefined ? one : { ...one, namespace: operatorNamespace })),
    }),
  };
}

export interface KubeconfigOptions {
  readonly namespace: string;
  readonly dir: string;
  /** Goes in the place of the API server's. */
  readonly server?: string | undefined;
  /** PEM; goes in the place of the API server's. */
  readonly certificateAuthority?: string | undefined;
}

/** A kubeconfig file with a token of the operator's service account. */
export async function operatorKubeconfig(api: Api, admin: string, options: KubeconfigOptions): Promise<string> {
  const { namespace, server, certificateAuthority } = options;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${account}/token`;
  const answer = await api.ask<{ status: { token: string } }>('POST', path, { body: { spec: {} } });
  const { cluster } = readKubeconfig(admin);
  const own = new KubeConfig();
  own.loadFromOptions({
    clusters: [
      certificateAuthority === undefined
        ? { ...cluster, ...(server === undefined ? {} : { server }) }
        : {
            name: cluster.name,
            server: server ?? cluster.server,
            caData: Buffer.from(certificateAuthority).toString('base64'),
            skipTLSVerify: false,
          },
    ],
    users: [{ name: account, token: answer.status.token }],
    contexts: [{ name: account, cluster: cluster.name, user: account, namespace }],
    currentContext: account,
  });
  const file = join(options.dir, `kubeconfig-${namespace}${server === undefined ? '' : `-${new URL(server).port}`}`);
  await writeFile(file, own.exportConfig(), { mode: 0o600 });
  return file;
}
