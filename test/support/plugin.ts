import { spawn, spawnSync } from 'node:child_process';
import { rm, symlink } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';
import { bundle } from '../../tools/bundle/bundle.ts';
import { findKubectl } from '../cluster/kubectl.ts';
import { runDir } from '../cluster/temp-dir.ts';
import { kubeconfig } from './cluster.ts';

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly ended: Promise<Ended>;
  /** What it has written to standard output and standard error so far. */
  readonly soFar: () => string;
  interrupt(): void;
}

export interface PluginOptions {
  /** A kubeconfig file. Default: the admin's. */
  readonly as?: string;
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
}

/** The plugin as people have it: bundled into one file on PATH, called by kubectl. */
export interface Plugin {
  /** `kubectl square …`. */
  (...args: readonly string[]): Promise<Ended>;
  with(options: PluginOptions): (...args: readonly string[]) => Promise<Ended>;
  start(options: PluginOptions, ...args: readonly string[]): Running;
  /** A line of shell in which `kubectl` is that kubectl; blocks until it has ended. */
  shell(line: string): { readonly status: number | null; readonly stdout: string; readonly stderr: string };
  /** The folder with `kubectl-square` and `kubectl_complete-square`. */
  readonly dir: string;
  /** Everything that any call has written. */
  readonly written: string[];
  remove(): Promise<void>;
}

export async function installPlugin(): Promise<Plugin> {
  const dir = await runDir();
  const file = join(dir, 'kubectl-square');
  await bundle(resolve(import.meta.dirname, '../..'), { entry: 'src/cli/main.ts', outfile: `${file}.js` });
  await symlink(`${file}.js`, file);
  await symlink(`${file}.js`, join(dir, 'kubectl_complete-square'));
  const kubectl = await findKubectl({ line() {}, progress() {} });
  const path = [dir, dirname(process.execPath), process.env['PATH']].join(':');
  const written: string[] = [];

  const start = ({ as = kubeconfig(), stdin, env }: PluginOptions, ...args: readonly string[]): Running => {
    const child = spawn(kubectl, ['square', ...args], {
      env: { PATH: path, HOME: dir, KUBECONFIG: as, ...env },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    // A verb that reads nothing may have ended before it is written to.
    child.stdin.on('error', () => {});
    child.stdin.end(stdin ?? '');
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => void written.push(part));
    }
    let heard = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part: string) => (heard += part));
    const code = new Promise<number | null>((done) => child.once('exit', done));
    const ended = Promise.all([code, text(child.stdout), text(child.stderr)]).then(
      ([exitCode, stdout, stderr]): Ended => ({ code: exitCode, stdout, stderr }),
    );
    return { ended, soFar: () => heard, interrupt: () => void child.kill('SIGINT') };
  };
  const call = (...args: readonly string[]) => start({}, ...args).ended;
  return Object.assign(call, {
    shell(line: string) {
      const env = {
        PATH: `${dir}:${dirname(process.execPath)}:${dirname(kubectl)}:${path}`,
        HOME: dir,
        KUBECONFIG: kubeconfig(),
      };
      const { status, stdout, stderr } = spawnSync('bash', ['-c', line], {
        env,
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      written.push(stdout, stderr);
      return { status, stdout, stderr };
    },
    dir,
    written,
    start,
    with:
      (options: PluginOptions) =>
      (...args: readonly string[]) =>
        start(options, ...args).ended,
    remove: () => rm(dir, { recursive: true, force: true }),
  });
}
