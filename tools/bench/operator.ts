import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { nodeEnvironment } from './node-flags.ts';
import { type Usage, usageOf } from './usage.ts';

export interface OperatorOptions {
  /** The bundled operator. */
  readonly program: string;
  readonly nodeFlags: readonly string[];
  readonly kubeconfig: string;
  readonly namespace: string;
  readonly squareURL: string;
  readonly metricsPort: number;
  /** Its log lines are added here. */
  readonly logFile: string;
}

/** As many token requests at a time as workers, so that what is measured is the operator and not its caution. */
export const fullWidth: readonly string[] = ['--token-request-concurrency=50'];

/** The operator, running in a process of its own. */
export interface RunningOperator {
  /** When it was started, wall clock in milliseconds. */
  readonly startedAt: number;
  usage(): Usage;
  /** Scrapes `/metrics`. */
  scrape(): Promise<string>;
  /** JavaScript heap in use, in MiB, garbage that is not yet collected included. */
  heap(): Promise<number>;
  /** SIGTERM; resolves when it is gone. Rejects when it had ended by itself. */
  stop(): Promise<void>;
}

/** Where the compiled code of a program is kept, beside it as in the image. */
export const compileCacheOf = (program: string): string => join(dirname(program), 'compile-cache');

/**
 * Has Node compile the program, and keep what it made. It holds for the same flags, version and user only, so the image
 * does the same with its own.
 */
export function warmCompileCache(program: string, flags: readonly string[]): void {
  const env = { ...process.env, ...nodeEnvironment(compileCacheOf(program)) };
  execFileSync(process.execPath, [...flags, program, '--help'], { stdio: 'ignore', env });
}

export function startOperator(options: OperatorOptions): RunningOperator {
  const log = openSync(options.logFile, 'a');
  const address = `127.0.0.1:${options.metricsPort}`;
  const flags = [
    `--kubeconfig=${options.kubeconfig}`,
    `--operator-namespace=${options.namespace}`,
    `--square-production-url=${options.squareURL}`,
    ...fullWidth,
    `--journal-dir=${options.logFile}.journal`,
    `--metrics-bind-address=${address}`,
    '--health-probe-bind-address=0',
  ];
  const startedAt = Date.now();
  const child = spawn(process.execPath, [...options.nodeFlags, options.program, ...flags], {
    stdio: ['ignore', log, log],
    env: { ...process.env, ...nodeEnvironment(compileCacheOf(options.program)) },
  });
  closeSync(log);
  const { pid } = child;
  if (pid === undefined) throw new Error(`the operator cannot be started from ${options.program}`);
  const ended = endOf(child);
  const orphan = () => child.kill('SIGKILL');
  process.once('exit', orphan);
  const scrape = async () => await (await fetch(`http://${address}/metrics`)).text();
  return {
    startedAt,
    usage: () => usageOf(pid),
    scrape,
    heap: async () => Number(/^nodejs_heap_size_used_bytes (\S+)$/m.exec(await scrape())?.[1]) / 2 ** 20,
    async stop() {
      const early = child.exitCode ?? child.signalCode;
      child.kill('SIGTERM');
      await ended;
      process.off('exit', orphan);
      if (early !== null) throw new Error(`the operator ended by itself (${early}); see ${options.logFile}`);
    },
  };
}

const endOf = (child: ChildProcess): Promise<void> => new Promise((resolve) => child.once('exit', () => resolve()));

/** Less CPU than this in one sample, in seconds, counts as quiet; a tick of the kernel's clock is 0.01. */
const quietSample = 0.015;
const sampleEvery = 50;

/**
 * Waits until the operator has used no CPU to speak of for `hold` milliseconds, and no token call was made. Resolves to
 * when that began, wall clock in milliseconds.
 */
export async function quietSince(
  operator: RunningOperator,
  tokenCalls: () => Promise<number>,
  hold: number,
): Promise<number> {
  let busyAt = Date.now();
  let { cpu } = operator.usage();
  let calls = await tokenCalls();
  while (Date.now() - busyAt < hold) {
    await pause(sampleEvery);
    const [cpuNow, callsNow] = [operator.usage().cpu, await tokenCalls()];
    if (cpuNow - cpu >= quietSample || callsNow !== calls) busyAt = Date.now();
    cpu = cpuNow;
    calls = callsNow;
  }
  return busyAt;
}
