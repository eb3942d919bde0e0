import { accessSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';

const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

/** Where the way to the API server is told. */
export interface Whereabouts {
  /** A file. Without it: the files in `KUBECONFIG`, else the pod's service account, else `~/.kube/config`. */
  kubeconfig?: string | undefined;
  /** Default `process.env`. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where the file system of the pod begins. Default `''`. */
  root?: string | undefined;
}

export type Source = { files: string[] } | { root: string };

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

/** Of a list, as kubectl takes it, those that exist; of a single file, that one. */
const thoseThere = (files: string[]): string[] =>
  files.length > 1 && files.some(exists) ? files.filter(exists) : files;

export function findSource({ kubeconfig, env = process.env, root = '' }: Whereabouts): Source {
  if (kubeconfig) return { files: [kubeconfig] };
  if (env['KUBECONFIG']) return { files: thoseThere(env['KUBECONFIG'].split(delimiter).filter(Boolean)) };
  if (env['KUBERNETES_SERVICE_HOST'] && exists(`${root}${tokenFile}`)) return { root };
  const own = join(homedir(), '.kube', 'config');
  if (exists(own)) return { files: [own] };
  throw new Error(
    'No way to the API server: give --kubeconfig or KUBECONFIG, or run in a pod whose service account token is mounted',
  );
}

const faults: Readonly<Record<string, string>> = {
  ENOENT: 'there is no such file',
  EACCES: 'you may not read it',
  EISDIR: 'it is a folder',
};

/** Only the first line of what the YAML parser says: the next ones quote the file, which holds credentials. */
function unreadable(file: string, error: unknown): Error {
  const { code = '', message } = error as { code?: string; message: string };
  return new Error(`The kubeconfig ${file} cannot be read: ${faults[code] ?? message.split('\n')[0]}`);
}

/**
 * Rejects in words for people when a file cannot be read, or when the context is not there, or something that it names.
 * The package is imported when needed: it takes a third of the start-up of a small program.
 */
export async function readKubeconfig(source: Source, context?: string): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  if ('root' in source) config.loadFromCluster(source.root);
  else {
    for (const [index, file] of source.files.entries()) {
      const one = index === 0 ? config : new KubeConfig();
      try {
        one.loadFromFile(file);
      } catch (error) {
        throw unreadable(file, error);
      }
      if (index > 0) config.mergeConfig(one, true);
    }
    if (context !== undefined) config.setCurrentContext(context);
    checkContext(config);
  }
  // The package refuses plain http (a `kubectl proxy`) unless TLS verification is off, of which there is none.
  config.clusters = config.clusters.map((c) => (c.server.startsWith('http:') ? { ...c, skipTLSVerify: true } : c));
  return config;
}

/** What the package takes for granted: that the context is there, and all that it names. */
function checkContext(config: KubeConfig): void {
  // The package reads a file without one as having the context `undefined`.
  const name: string | undefined = config.getCurrentContext();
  const known = config.getContexts().map((one) => one.name);
  const has = `it has ${known.join(', ')}`;
  if (known.length === 0) throw new Error('The kubeconfig has no contexts');
  if (!name) throw new Error(`The kubeconfig has no current context (${has}): kubectl config use-context chooses one`);
  const context = config.getContextObject(name);
  if (!context) throw new Error(`The kubeconfig has no context "${name}" (${has})`);
  const lacks = (what: string, of: string) =>
    new Error(`The kubeconfig's context "${name}" names the ${what} "${of}", which the kubeconfig does not have`);
  const cluster = config.getCurrentCluster();
  if (!cluster) throw lacks('cluster', context.cluster);
  if (context.user && !config.getCurrentUser()) throw lacks('user', context.user);
  if (!URL.canParse(cluster.server)) {
    throw new Error(`The kubeconfig's cluster "${cluster.name}" has the server "${cluster.server}", which is no URL`);
  }
}

/** Changes when one of the files does. */
export const modified = (source: Source) =>
  'root' in source ? '' : source.files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs).join();
