import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { freePort } from '../cluster/free-port.ts';
import type { ChartObject } from './chart.ts';
import { startChild } from './child-operator.ts';
import { type MountedAccount, withAccount } from './mounted-account.ts';
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
  /** As the kubelet mounts it; or a kubeconfig of it, where nothing can be mounted for one process. */
  readonly account: MountedAccount | { readonly kubeconfig: string };
  /** The bundled operator, which in the image is /app/square-operator.js. */
  readonly program: string;
  /** For what a pod has as volumes. */
  readonly dir: string;
}

/**
 * Runs the operator as the Deployment's container would: the image's entry point and environment, the arguments and
 * variables of the container. Paths of volumes lie in `dir`, and at the end stand ports of this machine, since others may
 * have those of the container. What the image has in `PATH` this machine may have elsewhere.
 */
export async function runContainer(options: ContainerOptions): Promise<RunningOperator> {
  const { deployment, account, program, dir } = options;
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
  const web = container.args.includes('--web-bind-address=:8082') ? await freePort() : 0;
  const webFlag = web === 0 ? [] : [`--web-bind-address=127.0.0.1:${web}`];
  const args = [...flags, ...container.args.map(place), ...webFlag];
  const mounted = 'folder' in account;
  return startChild({
    command: mounted ? withAccount(account, process.execPath, args) : [process.execPath, ...args],
    webPort: web,
    env: {
      ...env,
      ...(mounted && { PATH: process.env['PATH'] }),
      NODE_COMPILE_CACHE: join(dir, 'compiled'),
      ...Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value])),
      ...(mounted ? account.env : { KUBECONFIG: account.kubeconfig }),
    },
  });
}
