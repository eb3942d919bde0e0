// `npm run cluster -- up --dir DIR [--kubernetes VERSION] [--provider NAME | --use-existing-cluster]` and `npm run cluster -- down --dir DIR`
import { mkdir } from 'node:fs/promises';
import { constants } from 'node:os';
import { resolve } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { exitCodeOf, Misuse, readFlags } from '../support/flags.ts';
import { withLock } from './lock.ts';
import { removeFiles, runningIn, takeDown } from './record.ts';
import { releaseNames } from './releases.ts';
import { reportTo } from './report.ts';
import { type Choice, providers, startControlPlane } from './start.ts';

const usage = `Usage:
  npm run cluster -- up --dir DIR [--kubernetes VERSION] [--provider NAME | --use-existing-cluster]
      starts a Kubernetes control plane and returns when it is ready; DIR/kubeconfig is cluster admin
  npm run cluster -- down --dir DIR
      ends it and removes its data
Providers, in the order in which they are tried: ${providers.map(({ name }) => name).join(', ')}.
Versions: ${releaseNames.join(', ')}.`;

const report = reportTo(process.stderr);

/** A Ctrl-C or a stop signal in the middle must not leave half of a control plane. */
class Interrupted extends Error {
  readonly signal: NodeJS.Signals;
  constructor(signal: NodeJS.Signals) {
    super(`Interrupted by ${signal}; what had been started was ended.`);
    this.signal = signal;
  }
}

const interruption = new Promise<NodeJS.Signals>((resolve) => {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, resolve);
});

/** Ends what a start has begun, and what it begins until it sees that. */
async function undo(dir: string, starting: Promise<unknown>): Promise<void> {
  await takeDown(dir);
  await Promise.race([starting.catch(() => {}), pause(1_000)]);
  await takeDown(dir);
  await removeFiles(dir);
}

async function up(dir: string, choice: Choice): Promise<void> {
  const running = await runningIn(dir);
  if (running.length > 0) {
    throw new Error(
      `A control plane is up in ${dir} (${running.join(', ')}). End it with \`npm run cluster -- down --dir ${dir}\`.`,
    );
  }
  const started = performance.now();
  let undoing = false;
  // While a start is undone its programs end, which is then no news.
  const line = (text: string) => void (undoing || report.line(text));
  const starting = startControlPlane({ dir, report: { ...report, line }, outlive: true, ...choice });
  const first = await Promise.race([starting, interruption]);
  if (typeof first === 'string') {
    undoing = true;
    await undo(dir, starting);
    throw new Interrupted(first);
  }
  const { kubeconfig } = first;
  report.line(`Ready after ${((performance.now() - started) / 1000).toFixed(1)} s.`);
  process.stdout.write(`export KUBECONFIG=${kubeconfig}\n`);
}

async function main(): Promise<void> {
  const { positionals, values } = readFlags({
    allowPositionals: true,
    options: {
      dir: { type: 'string' },
      provider: { type: 'string' },
      kubernetes: { type: 'string' },
      'use-existing-cluster': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return void process.stdout.write(`${usage}\n`);
  const [command, ...rest] = positionals;
  if ((command !== 'up' && command !== 'down') || rest.length > 0 || !values.dir) throw new Misuse(usage);
  const dir = resolve(values.dir);
  const waiting = ({ pid }: { pid: number }) =>
    report.progress(`Waiting for process ${pid}, which is at work in ${dir} …`);
  await withLock(`${dir}.lock`, waiting, async () => {
    if (command === 'up') {
      await mkdir(dir, { recursive: true, mode: 0o700 });
      const { provider, kubernetes, 'use-existing-cluster': useExistingCluster } = values;
      await up(dir, { provider, kubernetes, useExistingCluster });
    } else if (!(await takeDown(dir))) {
      report.line(`There is no control plane in ${dir}.`);
    }
  });
}

try {
  await main();
  // What was started stays; nothing of it may keep this program waiting.
  process.exit(0);
} catch (error) {
  report.progress(undefined);
  report.line((error as Error).message);
  process.exit(error instanceof Interrupted ? 128 + constants.signals[error.signal] : exitCodeOf(error));
}
