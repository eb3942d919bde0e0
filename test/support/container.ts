import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { request } from 'undici';
import { freePort } from '../cluster/free-port.ts';
import type { ChartObject } from './chart.ts';
import type { RunningOperator } from './operator.ts';

const root = resolve(import.meta.dirname, '../..');

/** What the Dockerfile's last stage says of the process: its entry point and environment. */
async function image(): Promise<{ entrypoint: string[]; env: Record<string, string> }> {
  const text = await readFile(join(root, 'Dockerfile'), 'utf8');
  const stage = text.slice(text.lastIndexOf('\nFROM '));
  const [, entrypoint = '[]'] = /^ENTRYPOINT (\[.*\])$/m.exec(stage) ?? [];
  const assignments = [...stage.matchAll(/^ENV (.*)$/gm)].flatMap(([, line = '']) => line.split(' '));
  return {
    entrypoint: JSON.parse(entrypoint) as string[],
    env: Object.fromEntries(assignments.map((one) => one.split('=', 2) as [string, string])),
  };
}

export interface ContainerOptions {
  readonly deployment: ChartObject;
  /** Stands for the service account that a pod has mounted. */
  readonly kubeconfig: string;
  /** The bundled operator, which in the image is /app/square-operator.js. */
  readonly program: string;
  /** For what a pod has as volumes. */
  readonly dir: string;
}

/**
 * Runs the operator as the Deployment's container would: the image's entry point and environment, the arguments and
 * variables of the container. Paths of volumes lie in `dir`, and at the end stand ports of this machine, since others may
 * have those of the container.
 */
export async function runContainer(options: ContainerOptions): Promise<RunningOperator> {
  const { deployment, kubeconfig, program, dir } = options;
  const [container] = deployment['spec'].template.spec.containers as {
    args: string[];
    env?: { name: string; value: string }[];
    volumeMounts: { mountPath: string }[];
  }[];
  if (container === undefined) throw new Error('the Deployment has no container');
  const { entrypoint, env } = await image();
  const place = (text: string) =>
    container.volumeMounts.reduce((result, { mountPath }) => result.replace(mountPath, join(dir, mountPath)), text);
  const [command = '', ...flags] = entrypoint.map((part) => (part === '/app/square-operator.js' ? program : part));
  if (command !== 'node') throw new Error(`the image starts ${command}`);
  const [metrics, health] = [await freePort(), await freePort()];
  const ports = [`--metrics-bind-address=127.0.0.1:${metrics}`, `--health-probe-bind-address=127.0.0.1:${health}`];
  const child = spawn(process.execPath, [...flags, ...container.args.map(place), ...ports], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      ...env,
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
      ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])),
      KUBECONFIG: kubeconfig,
    },
  });
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
    webPort: 0,
    metricsURL: `http://127.0.0.1:${metrics}/metrics`,
    async get(what) {
      const { statusCode, body } = await request(`http://127.0.0.1:${what === 'metrics' ? metrics : health}/${what}`);
      return { status: statusCode, text: await body.text() };
    },
    isLeader: () => child.exitCode === null,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
  };
}
