import { rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { readConfig } from '../../src/config.ts';
import { startOperator } from '../../src/operator.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { fetchText, startChild } from './child-operator.ts';

/** A running operator, in this process or as a child. */
export interface RunningOperator {
  /** Everything that it logged, or wrote to its standard error. */
  readonly log: string[];
  /** Where its metrics are. */
  readonly metricsURL: string;
  get(what: 'metrics' | 'healthz' | 'readyz' | `readyz?${string}`): Promise<{ status: number; text: string }>;
  /** Where its web parts are, by the flags that it was given; 0 without. */
  readonly webPort: number;
  isLeader(): boolean;
  stop(): Promise<void>;
  /** As `kill -9` does. A child only. */
  kill(): Promise<void>;
}

const webPortOf = (flags: readonly string[]): number =>
  Number(flags.join('\n').match(/^--web-bind-address=127\.0\.0\.1:([0-9]+)$/m)?.[1] ?? 0);

const loopback = ['--metrics-bind-address=127.0.0.1:0', '--health-probe-bind-address=127.0.0.1:0'];

/** Starts the operator in this process, by the flags that a person would give. */
export async function runOperator(flags: readonly string[]): Promise<RunningOperator> {
  const dir = await runDir();
  const read = readConfig([...loopback, `--journal-dir=${join(dir, 'journal')}`, ...flags], {});
  if (read.ok !== true) throw new Error(`wrong flags: ${JSON.stringify(read)}`);
  const log: string[] = [];
  const operator = await startOperator({
    config: read.config,
    version: '0.0.0-test',
    writeLog: (line) => void log.push(line),
  });
  return {
    log,
    webPort: webPortOf(flags),
    metricsURL: `http://127.0.0.1:${operator.metrics?.port ?? 0}/metrics`,
    get(what) {
      const port = (what === 'metrics' ? operator.metrics : operator.health)?.port ?? 0;
      return fetchText(`http://127.0.0.1:${port}/${what}`);
    },
    isLeader: () => operator.isLeader(),
    async stop() {
      await operator.stop();
      await rm(dir, { recursive: true, force: true });
    },
    kill: () => Promise.reject(new Error('only a child can be killed')),
  };
}

/**
 * Starts the operator as a process of its own, as a container would: `node src/main.ts`. Resolves when it has begun.
 * `cache` is a folder for compiled code, so that it begins sooner the next time, and for its journal.
 */
export async function spawnOperator(flags: readonly string[], cache: string): Promise<RunningOperator> {
  const main = resolve(import.meta.dirname, '../../src/main.ts');
  return startChild({
    command: [process.execPath, main, `--journal-dir=${join(cache, 'journal')}`, ...flags],
    webPort: webPortOf(flags),
    env: { PATH: process.env.PATH, HOME: '/nonexistent', NODE_COMPILE_CACHE: cache },
  });
}

/** Less than a test has by default: it ends with the reason. The machine may stand still for half a minute. */
const patience = 55_000;
/** Whoever looks without a pause takes the processor from the API server that is waited for. */
const betweenLooks = 10;

/** Resolves when it follows the cluster, as a readiness probe sees it; rejects after `within`. */
export async function ready(operator: Pick<RunningOperator, 'get'>, within = patience): Promise<void> {
  const deadline = performance.now() + within;
  for (;;) {
    const { status, text } = await operator.get('readyz?verbose');
    if (status === 200) return;
    if (performance.now() > deadline) throw new Error(`the operator is not ready: not within ${within} ms\n${text}`);
    await pause(betweenLooks);
  }
}

/**
 * Resolves when it leads, no pass is under way and no key waits, as its own metrics say; rejects after `within` with what
 * they say.
 */
export async function idle(operator: Pick<RunningOperator, 'get'>, within = patience): Promise<void> {
  const deadline = performance.now() + within;
  let quiet = 0;
  for (;;) {
    const { text } = await operator.get('metrics');
    const leads = /^leader_election_master_status\{[^}]*\} 1$/m.test(text);
    const busy = text.match(/^(?:workqueue_depth|controller_runtime_active_workers)\{[^}]*\} [1-9].*$/gm) ?? [];
    quiet = leads && busy.length === 0 ? quiet + 1 : 0;
    if (quiet === 3) return;
    if (performance.now() > deadline) {
      const why = leads ? 'is not idle' : 'does not lead';
      throw new Error(`the operator ${why}: not within ${within} ms\n${busy.join('\n')}`);
    }
    await pause(betweenLooks);
  }
}
