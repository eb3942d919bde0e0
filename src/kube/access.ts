import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { Clock } from '../clock.ts';
import { minutes, seconds } from '../clock.ts';
import { findSource, modified, readKubeconfig, type Whereabouts } from './kubeconfig.ts';

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

export interface AccessOptions extends Whereabouts {
  /** A context of the kubeconfig in the place of its current one. */
  context?: string | undefined;
  clock: Clock;
}

const kept = minutes(1);
const betweenRefreshes = seconds(5);
/** What the program said that gives the credentials, or why there are none else. */
function withoutCredentials(config: KubeConfig, error: unknown): Error {
  const { code, message } = error as { code?: string; message: string };
  const exec = config.getCurrentUser()?.exec as { command: string; installHint?: string } | undefined;
  if (exec === undefined) return new Error(message);
  const program = `the kubeconfig's program ${exec.command}`;
  if (code === 'ENOENT') return new Error(`${program} is not installed. ${exec.installHint?.trim() ?? ''}`.trim());
  // The parser quotes what was printed, which may be a token.
  if (error instanceof SyntaxError) return new Error(`${program} printed no ExecCredential`);
  return new Error(`${program} failed: ${message.trim()}`);
}

/** What the package's authenticators make of the configuration, without its agents. */
async function derive(config: KubeConfig): Promise<Omit<Credentials, 'generation'>> {
  const options: TlsOptions & { headers: Record<string, string | undefined>; auth?: string } = { headers: {} };
  await config.applyToHTTPSOptions(options).catch((error: unknown) => {
    throw withoutCredentials(config, error);
  });
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
  let config = await readKubeconfig(source, options.context);
  let seen = modified(source);
  let current: Credentials | undefined;
  let pending: Promise<Credentials> | undefined;
  let readAt = 0;
  let refreshedAt = Number.NEGATIVE_INFINITY;

  const cluster = config.getCurrentCluster();
  if (!cluster) throw new Error('The service account names no cluster');

  const renew = async (afresh: boolean): Promise<Credentials> => {
    const now = modified(source);
    if (afresh || now !== seen) {
      config = await readKubeconfig(source, options.context);
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
