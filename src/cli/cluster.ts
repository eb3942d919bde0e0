import { parseDuration } from '../api/duration.ts';
import { type Clock, type Duration, type Instant, seconds } from '../clock.ts';
import { type Access, loadAccess } from '../kube/access.ts';
import { type KubeClient, KubeError } from '../kube/client.ts';
import { createKubeClient } from '../kube/connect.ts';
import { Ending } from './exit.ts';
import { explainKubeconfig } from './explain.ts';
import type { GlobalOptions } from './options.ts';

/** The cluster that the command line means. */
export interface Cluster {
  readonly client: KubeClient;
  readonly clock: Clock;
  /** `-n`, else that of the kubeconfig's context, else `default`. */
  readonly namespace: string;
  readonly server: string;
  /** The API server's time, so that a request from a machine whose clock is wrong is neither old nor of the future. */
  serverTime(): Promise<ServerTime>;
  close(): Promise<void>;
}

export interface ServerTime {
  readonly now: Instant;
  /** How far this machine's clock is ahead of the API server's; `undefined` where that did not tell its time. */
  readonly ahead?: Duration;
}

/** `Date` has whole seconds, and an answer takes a while: less than this is no difference. */
const resolution = seconds(2);

const longest = 2 ** 31 - 1;

/** A time as kubectl takes it: `30s`, `1m`; `0` for without end. */
export function readTimeout(text: string, flag: string): Duration {
  if (/^0s?$/.test(text)) return longest;
  try {
    return parseDuration(text);
  } catch {
    throw new Ending('usage', `${flag} ${text}: write a time such as 30s, 2m or 1h30m, or 0 for without end.`);
  }
}

export async function openCluster(options: GlobalOptions, clock: Clock): Promise<Cluster> {
  const timeout = readTimeout(options.requestTimeout, '--request-timeout');
  const { kubeconfig, context } = options;
  const loaded = await loadAccess({ kubeconfig, context, clock }).catch(explainKubeconfig);
  const access = options.as === undefined ? loaded : actingAs(loaded, options.as);
  const names = { fieldManager: 'kubectl-square', userAgent: 'kubectl-square' };
  const client = createKubeClient({ access, clock, timeout, ...names });
  return {
    client,
    clock,
    namespace: options.namespace ?? access.namespace ?? 'default',
    server: access.server.origin,
    close: () => client.close(),
    async serverTime() {
      const { date } = await client.requestRaw('GET', '/version').catch(orWithoutDate);
      const local = clock.wall();
      if (date === undefined) return { now: local };
      const ahead = local - (date + seconds(0.5));
      return Math.abs(ahead) < resolution ? { now: local, ahead: 0 } : { now: local - ahead, ahead };
    },
  };
}

/** Opens the cluster of the command line for as long as `use` takes. */
export async function inCluster<T>(
  options: GlobalOptions,
  clock: Clock,
  use: (cluster: Cluster) => Promise<T>,
): Promise<T> {
  const cluster = await openCluster(options, clock);
  try {
    return await use(cluster);
  } finally {
    await cluster.close();
  }
}

/** A server that refuses to tell its version is there all the same; one that does not answer is not. */
function orWithoutDate(error: unknown): { date?: Instant } {
  if (error instanceof KubeError && error.status !== 0) return {};
  throw error;
}

/** Kubernetes, "User impersonation". */
function actingAs(access: Access, user: string): Access {
  const as = <C extends { headers: Readonly<Record<string, string>> }>(credentials: C): C => ({
    ...credentials,
    headers: { ...credentials.headers, 'impersonate-user': user },
  });
  return {
    ...access,
    credentials: async () => as(await access.credentials()),
    refresh: async () => as(await access.refresh()),
  };
}
