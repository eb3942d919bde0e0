import { defaultRateLimit } from '../api/application.ts';
import { squareApplications } from '../api/names.ts';
import { parseApplication } from '../api/parse.ts';
import { type Duration, seconds } from '../clock.ts';
import { isReason } from '../kube/client.ts';
import { keyFrom } from '../kube/resource.ts';
import type { Cluster } from './cluster.ts';
import type { Seen } from './seen.ts';

export interface Budget {
  readonly requestsPerSecond: number;
  readonly burst: number;
}

/** The application's key; that of a personal access token is empty. */
export const applicationKey = ({ spec, namespace }: Pick<Seen, 'spec' | 'namespace'>): string =>
  spec.applicationRef === undefined
    ? ''
    : keyFrom(spec.applicationRef.namespace ?? namespace, spec.applicationRef.name);

/** The budgets of applications that may be read; the default for the rest. */
export async function budgetsOf({ client }: Cluster, keys: ReadonlySet<string>): Promise<Map<string, Budget>> {
  const got = [...keys].map(async (key): Promise<[string, Budget]> => {
    const [namespace, name = ''] = key.split('/');
    if (key === '') return [key, defaultRateLimit];
    const object = await client.get(squareApplications, namespace, name).catch((error: unknown) => {
      if (isReason(error, 'Forbidden')) return undefined;
      throw error;
    });
    const read = object === undefined ? undefined : parseApplication(object);
    return [key, read?.ok === true ? budgetOf(read.value.spec.rateLimit) : defaultRateLimit];
  });
  return new Map(await Promise.all(got));
}

/** What the operator makes of `spec.rateLimit`: the burst defaults to two seconds' worth. */
export function budgetOf(
  limit: { requestsPerSecond?: number | undefined; burst?: number | undefined } | undefined,
): Budget {
  const requestsPerSecond = limit?.requestsPerSecond ?? defaultRateLimit.requestsPerSecond;
  return { requestsPerSecond, burst: limit?.burst ?? 2 * requestsPerSecond };
}

/** How long the slowest application takes for so many calls each, by its budget alone. */
export function durationOf(
  counts: ReadonlyMap<string, number>,
  budgets: ReadonlyMap<string, Budget>,
  calls: number,
): Duration {
  const times = [...counts].map(([key, count]) => {
    const { requestsPerSecond, burst } = budgets.get(key) ?? defaultRateLimit;
    return Math.max(0, count * calls - burst) / requestsPerSecond;
  });
  return seconds(Math.ceil(Math.max(0, ...times)));
}

export async function expectedDuration(cluster: Cluster, found: readonly Seen[], calls: number): Promise<Duration> {
  if (found.length < 2 || calls === 0) return 0;
  const counts = new Map<string, number>();
  for (const one of found) counts.set(applicationKey(one), (counts.get(applicationKey(one)) ?? 0) + 1);
  return durationOf(counts, await budgetsOf(cluster, new Set(counts.keys())), calls);
}
