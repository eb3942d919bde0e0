import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { request } from 'undici';
import { freePort } from '../cluster/free-port.ts';
import type { Stoppable } from './script.ts';

/** One process of the operator. */
export interface Process extends Stoppable {
  readonly pid: number;
  /** What it has written so far. */
  readonly log: readonly string[];
  running(): boolean;
  paused(): boolean;
  /** Resolves when it has ended; `true` when it was told to. */
  readonly gone: Promise<boolean>;
  resume(): void;
  /** SIGTERM; resolves when the process is gone. */
  stop(): Promise<void>;
  get(what: 'metrics' | 'healthz' | 'readyz' | `readyz?${string}`): Promise<{ status: number; text: string }>;
}

export interface ProcessOptions {
  /** The bundled operator. */
  readonly program: string;
  readonly flags: readonly string[];
  /** A folder for compiled code, so that it begins sooner the next time. */
  readonly cache: string;
}

/** Starts the operator by its command line, as a container does. It never outlives this process. */
export async function startProcess({ program, flags, cache }: ProcessOptions): Promise<Process> {
  const [metrics, health] = [await freePort(), await freePort()];
  const ports = [`--metrics-bind-address=127.0.0.1:${metrics}`, `--health-probe-bind-address=127.0.0.1:${health}`];
  const child = spawn(process.execPath, [program, ...ports, ...flags], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH, HOME: '/nonexistent', NODE_COMPILE_CACHE: cache },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} cannot be started`);
  const gone = once(child, 'exit');
  const orphan = () => void child.kill('SIGKILL');
  process.once('exit', orphan);
  child.once('exit', () => process.off('exit', orphan));
  const log = collect(child);
  let told = false;
  const end = async (signal: NodeJS.Signals) => {
    told = true;
    child.kill(signal);
    await gone;
  };
  return {
    pid,
    log,
    running: () => child.exitCode === null && child.signalCode === null,
    paused: () => standsStill(pid),
    gone: gone.then(() => told),
    kill: () => end('SIGKILL'),
    stop: async () => {
      child.kill('SIGCONT');
      await end('SIGTERM');
    },
    async pause() {
      child.kill('SIGSTOP');
      while (!standsStill(pid)) await setImmediate();
    },
    resume: () => void child.kill('SIGCONT'),
    async get(what) {
      const { statusCode, body } = await request(`http://127.0.0.1:${what === 'metrics' ? metrics : health}/${what}`);
      return { status: statusCode, text: await body.text() };
    },
  };
}

function collect(child: ChildProcess): string[] {
  const log: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => void log.push(text));
  return log;
}

/** Whether a signal has stopped the process, or it is gone: the state letter of `/proc/PID/stat`, after the name. */
function standsStill(pid: number): boolean {
  try {
    return /\) T/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return true;
  }
}
