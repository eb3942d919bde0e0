import { accessSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Clock } from '../clock.ts';
import { minutes, seconds } from '../clock.ts';

export interface TlsOptions {
  ca?: string | Buffer;
  cert?: string | Buffer;
  key?: string | Buffer;
  servername?: string;
  rejectUnauthorized?: boolean;
}

export interface Credentials {
  /** `authorization`, `impersonate-user`: names in lower case. */
  headers: Readonly<Record<string, string>>;
  tls: TlsOptions;
  /** Rises when `tls` changed: a connection made before should be replaced. */
  generation: number;
}

/** Where the API server is and how to prove who we are. */
export interface Access {
  readonly server: URL;
  /** The namespace of the kubeconfig's context, or of the pod. */
  readonly namespace: string | undefined;
  /** The kubeconfig's `proxy-url`. */
  readonly proxy: string | undefined;
  /** Kept for a minute; then token, certificate and CA files are read again. Rejects when they cannot be had. */
  credentials(): Credentials | Promise<Credentials>;
  /**
   * Reads everything anew and asks exec plugins again, but not more often than every 5 s. Call it after a 401, then try
   * once more.
   */
  refresh(): Promise<Credentials>;
}

export interface AccessOptions {
  /** A file. Without it: the files in `KUBECONFIG`, else the pod's service account, else `~/.kube/config`. */
  kubeconfig?: string | undefined;
  /** A context of the kubeconfig in the place of its current one. */
  context?: string | undefined;
  clock: Clock;
  /** Default `process.env`. */
  env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Where the file system of the pod begins. Default `''`. */
  root?: string | undefined;
}

const kept = minutes(1);
const betweenRefreshes = seconds(5);
const tokenFile = '/var/run/secrets/kubernetes.io/serviceaccount/token';

type Source = { files: string[] } | { root: string };

function exists(path: string): boolean {
  try {
    accessSync(path);
    return true;
  } catch {
    return false;
  }
}

function findSource({ kubeconfig, env = process.env, root = '' }: AccessOptions): Source {
  if (kubeconfig) return { files: [kubeconfig] };
  if (env['KUBECONFIG']) return { files: env['KUBECONFIG'].split(delimiter).filter(Boolean) };
  if (env['KUBERNETES_SERVICE_HOST'] && exists(`${root}${tokenFile}`)) return { root };
  const own = join(homedir(), '.kube', 'config');
  if (exists(own)) return { files: [own] };
  throw new Error(
    'No way to the API server: give --kubeconfig or KUBECONFIG, or run in a pod whose service account token is mounted',
  );
}

/** Imported when needed: the package takes a third of the start-up of a small program. */
async function read(source: Source, context?: string): Promise<KubeConfig> {
  const { KubeConfig } = await import('@kubernetes/client-node/dist/config.js');
  const config = new KubeConfig();
  if ('root' in source) config.loadFromCluster(source.root);
  else {
    for (const [index, file] of source.files.entries()) {
      if (index === 0) config.loadFromFile(file);
      else {
        const more = new KubeConfig();
        more.loadFromFile(file);
        config.mergeConfig(more, true);
      }
    }
  }
  if (context !== undefined) {
    if (!config.getContextObject(context)) throw new Error(`The kubeconfig has no context "${context}"`);
    config.setCurrentContext(context);
  }
  // The package refuses plain http (a `kubectl proxy`) unless TLS verification is off, of which there is none.
  config.clusters = config.clusters.map((c) => (c.server.startsWith('http:') ? { ...c, skipTLSVerify: true } : c));
  return config;
}

const modified = (source: Source) =>
  'root' in source ? '' : source.files.map((file) => statSync(file, { throwIfNoEntry: false })?.mtimeMs).join();

/** What the package's authenticators make of the configuration, without its agents. */
async function derive(config: KubeConfig): Promise<Omit<Credentials, 'generation'>> {
  const options: TlsOptions & { headers: Record<string, string | undefined>; auth?: string } = { headers: {} };
  await config.applyToHTTPSOptions(options);
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(options.headers)) {
    if (value) headers[name.toLowerCase()] = value.trim();
  }
  if (options.auth) headers['authorization'] = `Basic ${Buffer.from(options.auth).toString('base64')}`;
  const tls: TlsOptions = {};
  if (options.ca) tls.ca = options.ca;
  if (options.cert) tls.cert = options.cert;
  if (options.key) tls.key = options.key;
  if (options.servername) tls.servername = options.servername;
  if (options.rejectUnauthorized !== undefined) tls.rejectUnauthorized = options.rejectUnauthorized;
  return { headers, tls };
}

const print = (tls: TlsOptions) =>
  [tls.ca, tls.cert, tls.key, tls.servername, tls.rejectUnauthorized].map(String).join('\n');

/** Rejects when there is no configuration, it cannot be read, or it names no cluster. */
export async function loadAccess(options: AccessOptions): Promise<Access> {
  const { clock } = options;
  const source = findSource(options);
  let config = await read(source, options.context);
  let seen = modified(source);
  let current: Credentials | undefined;
  let pending: Promise<Credentials> | undefined;
  let readAt = 0;
  let refreshedAt = Number.NEGATIVE_INFINITY;

  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error(`The kubeconfig's current context "${config.getCurrentContext()}" names no cluster`);

  const renew = async (afresh: boolean): Promise<Credentials> => {
    const now = modified(source);
    if (afresh || now !== seen) {
      config = await read(source, options.context);
      seen = now;
    }
    const next = await derive(config);
    const generation =
      current === undefined ? 0 : current.generation + (print(next.tls) === print(current.tls) ? 0 : 1);
    readAt = clock.monotonic();
    return (current = { ...next, generation });
  };
  const once = (afresh: boolean) => (pending ??= renew(afresh).finally(() => (pending = undefined)));

  return {
    server: new URL(cluster.server),
    namespace: config.getContextObject(config.getCurrentContext())?.namespace,
    proxy: cluster.proxyUrl,
    credentials: () => (current && clock.monotonic() - readAt < kept ? current : once(false)),
    async refresh() {
      await pending?.catch(() => {});
      if (current && clock.monotonic() - refreshedAt < betweenRefreshes) return current;
      const fresh = await once(true);
      refreshedAt = clock.monotonic();
      return fresh;
    },
  };
}
