import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { request } from 'undici';
import { parse, stringify } from 'yaml';
import { startGuarded } from '../cluster/child.ts';
import { freePort } from '../cluster/free-port.ts';

/** One series of an answer. */
export interface Sample {
  readonly metric: Readonly<Record<string, string>>;
  readonly value: number;
}

/** One series over a time. */
export interface Curve {
  readonly metric: Readonly<Record<string, string>>;
  /** Seconds since 1970, and what was so then. */
  readonly values: readonly (readonly [at: number, value: number])[];
}

/** In seconds: since 1970 where it is a time. */
export interface Window {
  readonly start: number;
  readonly end: number;
  readonly step: number;
}

/** An alert that fires. */
export interface Firing {
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

/** A real Prometheus. */
export interface Prometheus {
  /** Of now, or of that time in seconds since 1970. */
  query(expression: string, at?: number): Promise<Sample[]>;
  range(expression: string, window: Window): Promise<Curve[]>;
  labelValues(label: string, series: string): Promise<string[]>;
  firing(): Promise<Firing[]>;
  /** Resolves with what `look` gives once that is something; Prometheus is asked again until then. */
  until<T>(what: string, look: () => Promise<T | undefined>): Promise<T>;
  stop(): Promise<void>;
}

interface Rules {
  readonly groups: readonly { readonly rules: readonly { for?: string }[] }[];
}

/** The rules with alerts that do not wait: what they wait for is tried by promtool, whose time can be moved. */
export function withoutWaiting(rules: string): string {
  const parsed = parse(rules) as Rules;
  for (const { rules: all } of parsed.groups) for (const rule of all) delete rule.for;
  return stringify(parsed, { lineWidth: 0 });
}

const often = '500ms';

/** Scrapes the target and evaluates the rules twice a second. Files lie in `dir`. Resolves when it answers. */
export async function startPrometheus(dir: string, targetURL: string, rules: string): Promise<Prometheus> {
  const { host, pathname } = new URL(targetURL);
  const config = {
    global: { scrape_interval: often, scrape_timeout: often, evaluation_interval: often },
    rule_files: ['rules.yaml'],
    // As the chart's ServiceMonitor does: the labels namespace and name are the connection's.
    scrape_configs: [
      {
        job_name: 'square-operator',
        honor_labels: true,
        metrics_path: pathname,
        static_configs: [{ targets: [host] }],
      },
    ],
  };
  await writeFile(join(dir, 'rules.yaml'), rules);
  await writeFile(join(dir, 'prometheus.yaml'), stringify(config));
  const address = `127.0.0.1:${await freePort()}`;
  const logFile = join(dir, 'prometheus.log');
  const flags = ['--config.file=prometheus.yaml', '--storage.tsdb.path=data', `--web.listen-address=${address}`];
  const child = startGuarded({ name: 'prometheus', path: 'prometheus', args: flags, logFile, cwd: dir });

  async function ask<T>(path: string, parameters: Readonly<Record<string, string>> = {}): Promise<T> {
    const { statusCode, body } = await request(
      `http://${address}${path}?${new URLSearchParams(parameters).toString()}`,
    );
    const text = await body.text();
    if (statusCode !== 200) throw new Error(`Prometheus answers ${statusCode} to ${path}: ${text}`);
    return (JSON.parse(text) as { data: T }).data;
  }
  const until: Prometheus['until'] = async (what, look) => {
    const deadline = Date.now() + 60_000;
    for (;;) {
      const found = await look();
      if (found !== undefined) return found;
      if (Date.now() > deadline) throw new Error(`${what}: not within a minute`);
      await pause(100);
    }
  };
  await until('Prometheus answers', async () => {
    if (!child.running()) throw new Error(`prometheus ended: see ${logFile}`);
    return await request(`http://${address}/-/ready`).then(
      async ({ statusCode, body }) => (await body.dump(), statusCode === 200 ? true : undefined),
      () => undefined,
    );
  });
  return {
    async query(expression, at) {
      type Answer = { result: { metric: Record<string, string>; value: [number, string] }[] };
      const { result } = await ask<Answer>('/api/v1/query', {
        query: expression,
        ...(at === undefined ? {} : { time: `${at}` }),
      });
      return result.map(({ metric, value }) => ({ metric, value: Number(value[1]) }));
    },
    async range(expression, { start, end, step }) {
      type Answer = { result: { metric: Record<string, string>; values: [number, string][] }[] };
      const parameters = { query: expression, start: `${start}`, end: `${end}`, step: `${step}` };
      const { result } = await ask<Answer>('/api/v1/query_range', parameters);
      return result.map(({ metric, values }) => ({ metric, values: values.map(([at, value]) => [at, Number(value)]) }));
    },
    labelValues: (label, series) => ask(`/api/v1/label/${label}/values`, { 'match[]': series }),
    async firing() {
      const { alerts } = await ask<{ alerts: (Firing & { state: string })[] }>('/api/v1/alerts');
      return alerts.filter(({ state }) => state === 'firing');
    },
    until,
    stop: () => child.stop(),
  };
}
