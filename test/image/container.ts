import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { request } from 'undici';
import { freePort } from '../cluster/free-port.ts';
import { storageOptions } from './buildah.ts';
import type { Mounts } from './mounts.ts';
import { run, runAloud } from './run.ts';

/** Runs podman on buildah's storage. */
export interface Podman {
  /** Runs it to its end and gives what it printed, and what it complained about. */
  run(args: readonly string[]): Promise<string>;
  /** Runs the operator of the image as a pod would under the restricted standard, its root read-only. */
  operator(image: string, mounts: Mounts, args: readonly string[]): Promise<Running>;
}

export interface Running {
  readonly log: string[];
  /** Resolves when the probe of a kubelet would find it ready, with the milliseconds since its process began. */
  ready(): Promise<number>;
  /** Ends it as a kubelet does; resolves with its exit code. */
  stop(): Promise<number | null>;
}

// Made to run without what a build machine often lacks: limits that may be raised, iptables, systemd.
const configuration = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "host"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

/** No capabilities, nothing to write to but the volumes, no way to more rights: what the chart asks of a node. */
export const restricted = [
  '--read-only',
  '--read-only-tmpfs=false',
  '--cap-drop=all',
  '--user=65532:65532',
  '--security-opt=no-new-privileges',
  '--network=host',
];

/** `dir` is that of `buildImage`. */
export async function openPodman(dir: string): Promise<Podman> {
  const file = join(dir, 'containers.conf');
  await writeFile(file, configuration);
  const env = { CONTAINERS_CONF: file };
  const storage = storageOptions(join(dir, 'b'));
  let started = 0;
  return {
    run: (args) => runAloud('podman', [...storage, ...args], env),
    async operator(image, mounts, args) {
      const [name, health] = [`square-operator-${process.pid}-${++started}`, await freePort()];
      const volumes = Object.entries(mounts.volumes).map(
        ([place, { from, readOnly }]) => `--volume=${from}:${place}:${readOnly ? 'ro' : 'rw'}`,
      );
      const variables = Object.entries(mounts.env).map(([key, value]) => `--env=${key}=${value}`);
      const ports = [`--health-probe-bind-address=127.0.0.1:${health}`, '--metrics-bind-address=0'];
      const options = [
        'run',
        '--rm',
        `--name=${name}`,
        ...restricted,
        ...volumes,
        ...variables,
        image,
        ...ports,
        ...args,
      ];
      const child = spawn('podman', [...storage, ...options], {
        stdio: ['ignore', 'pipe', 'pipe'],
        env: { ...process.env, ...env },
      });
      const log: string[] = [];
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => void log.push(text));
      const exited = once(child, 'exit') as Promise<[number | null]>;
      return {
        log,
        async ready() {
          await Promise.race([answers(`http://127.0.0.1:${health}/readyz`), exited.then(() => ended(log))]);
          const at = Date.now();
          const began = await run(
            'podman',
            [...storage, 'inspect', '--format={{.State.StartedAt.UnixMilli}}', name],
            env,
          );
          return at - Number(began);
        },
        async stop() {
          child.kill('SIGTERM');
          return (await exited)[0];
        },
      };
    },
  };
}

function ended(log: readonly string[]): never {
  throw new Error(`the operator ended: ${log.join('')}`);
}

/** Resolves when there is an answer, and it is 200. */
async function answers(url: string): Promise<void> {
  for (;;) {
    const answer = await request(url).catch(() => undefined);
    await answer?.body.dump();
    if (answer?.statusCode === 200) return;
  }
}
