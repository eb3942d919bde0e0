import type { KubeClient } from '../../src/kube/client.ts';

/** What the API server counts of itself (its `/metrics`): CPU seconds, and requests by verb, resource and refusal. */
export interface ApiServerCounts {
  readonly cpu: number;
  readonly requests: ReadonlyMap<string, number>;
}

/** What an operator of connections can ask for. Everything else is the control plane's own doing. */
const resources = new Set([
  'secrets',
  'squareconnections',
  'squareconnections/status',
  'squareapplications',
  'squareapplications/status',
  'events',
]);

export async function countsOf(client: KubeClient): Promise<ApiServerCounts> {
  const { body } = await client.requestRaw('GET', '/metrics');
  const requests = new Map<string, number>();
  let cpu = 0;
  for (const line of String(body).split('\n')) {
    if (line.startsWith('process_cpu_seconds_total ')) cpu = valueOf(line);
    if (!line.startsWith('apiserver_request_total{')) continue;
    const what = requestOf(line);
    if (what !== undefined) requests.set(what, (requests.get(what) ?? 0) + valueOf(line));
  }
  return { cpu, requests };
}

/** `POST secrets`, `PATCH squareconnections/status`, `POST secrets (dry run)`, `PATCH secrets 409`. */
function requestOf(line: string): string | undefined {
  const label = (name: string) => new RegExp(`[{,]${name}="([^"]*)"`).exec(line)?.[1] ?? '';
  const subresource = label('subresource');
  const resource = subresource === '' ? label('resource') : `${label('resource')}/${subresource}`;
  if (!resources.has(resource)) return undefined;
  const code = label('code');
  const refused = code >= '400' ? ` ${code}` : '';
  return `${label('verb')} ${resource}${label('dry_run') === '' ? '' : ' (dry run)'}${refused}`;
}

const valueOf = (line: string): number => Number(line.slice(line.lastIndexOf(' ') + 1));

/** The requests between two counts, but for what the benchmark itself asked in between. */
export function requestsBetween(
  before: ApiServerCounts,
  after: ApiServerCounts,
  own: Readonly<Record<string, number>> = {},
): Record<string, number> {
  const between = [...after.requests]
    .map(([what, count]) => [what, count - (before.requests.get(what) ?? 0) - (own[what] ?? 0)] as const)
    .filter(([, count]) => count > 0)
    .sort(([, a], [, b]) => b - a);
  return Object.fromEntries(between);
}

/** All but watches, which are counted when they end. */
export const total = (requests: Readonly<Record<string, number>>): number =>
  Object.entries(requests).reduce((sum, [what, count]) => (what.startsWith('WATCH ') ? sum : sum + count), 0);
