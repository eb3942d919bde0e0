import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'undici';
import { freePort } from '../cluster/free-port.ts';
import type { RunningOperator } from './operator.ts';

export interface ChildOperator {
  /** The program and its arguments, to which those of the ports are added. */
  readonly command: readonly [program: string, ...args: string[]];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly webPort: number;
}

export async function fetchText(url: string): Promise<{ status: number; text: string }> {
  const { statusCode, body } = await request(url);
  return { status: statusCode, text: await body.text() };
}

/** Starts the operator as a process of its own, with ports of its own. Resolves when it has begun; rejects when it ends. */
export async function startChild({ command, env, webPort }: ChildOperator): Promise<RunningOperator> {
  const [metrics, health] = [await freePort(), await freePort()];
  const ports = [`--metrics-bind-address=127.0.0.1:${metrics}`, `--health-probe-bind-address=127.0.0.1:${health}`];
  const [program, ...args] = command;
  const child = spawn(program, [...args, ...ports], { stdio: ['ignore', 'pipe', 'pipe'], env });
  const log: string[] = [];
  const exited = once(child, 'exit');
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => void log.push(text));
  await Promise.race([
    once(child.stdout, 'data'),
    exited.then(() => Promise.reject(new Error(`the operator ended: ${log.join('')}`))),
  ]);
  const end = async (signal: NodeJS.Signals) => {
    child.kill(signal);
    await exited;
  };
  return {
    log,
    webPort,
    metricsURL: `http://127.0.0.1:${metrics}/metrics`,
    get: (what) => fetchText(`http://127.0.0.1:${what === 'metrics' ? metrics : health}/${what}`),
    isLeader: () => child.exitCode === null && child.signalCode === null,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
