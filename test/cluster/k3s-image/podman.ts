import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, openSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { tailOf } from '../child.ts';

/** A Docker engine for the tests: podman with storage of its own, in one folder. */
export interface Engine {
  /** Runs podman on the engine's storage and gives what it printed. */
  podman(args: readonly string[]): string;
  /** What a program needs in its environment to reach the engine by `testcontainers`. */
  readonly environment: Readonly<Record<string, string>>;
  /** Ends the engine and every container of it. */
  stop(): Promise<void>;
}

const programs = ['podman', 'conmon', 'runc', 'slirp4netns'];
const startsWithin = 20_000;

/** What is missing on this machine of podman and what it runs; Debian's packages have the same names. */
export function missingPackages(): string[] {
  return programs.filter((name) => spawnSync('sh', ['-c', `command -v ${name}`]).status !== 0);
}

// Made to run without what a build machine often lacks: limits that may be raised, iptables, systemd.
const configuration = `[containers]
default_ulimits = ["nofile=1024:1024", "nproc=1024:1024"]
netns = "slirp4netns"
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
`;

// Runs the engine until the pipe to whoever wanted it is closed, then removes every container: they are not children of
// the engine and would stay.
const guard = `
exec 3<&0
"$@" system service --time=0 "unix://$SOCKET" </dev/null 3<&- &
service=$!
while read -r _ <&3; do :; done
kill $service
wait $service
exec "$@" rm --all --force --time=0`;

/** Resolves once the engine answers. It never outlives this process. `dir` is a folder of its own with a short path. */
export async function startPodman(dir: string): Promise<Engine> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const socket = join(dir, 'engine.sock');
  const environment = { ...process.env, CONTAINERS_CONF: join(dir, 'containers.conf'), SOCKET: socket };
  await writeFile(environment.CONTAINERS_CONF, configuration);
  const command = ['podman', `--root=${join(dir, 'storage')}`, `--runroot=${join(dir, 'run')}`] as const;
  const logFile = join(dir, 'engine.log');
  const log = openSync(logFile, 'a');
  const child = spawn('/bin/sh', ['-c', guard, 'guard', ...command], {
    detached: true,
    stdio: ['pipe', log, log],
    env: environment,
  });
  closeSync(log);
  const exited = once(child, 'exit');
  const stop = async () => {
    child.stdin?.destroy();
    await exited;
  };
  const deadline = performance.now() + startsWithin;
  while (!existsSync(socket)) {
    if (performance.now() > deadline) {
      await stop();
      throw new Error(`podman does not serve its API within ${startsWithin / 1000} s:\n${await tailOf(logFile)}`);
    }
    await pause(25);
  }
  return {
    podman(args) {
      const [program, ...storage] = command;
      const done = spawnSync(program, [...storage, ...args], { encoding: 'utf8', env: environment });
      if (done.status !== 0) throw new Error(`podman ${args.join(' ')}: ${done.stderr || done.error?.message}`);
      return done.stdout;
    },
    environment: {
      DOCKER_HOST: `unix://${socket}`,
      TESTCONTAINERS_HOST_OVERRIDE: '127.0.0.1',
      TESTCONTAINERS_RYUK_DISABLED: 'true',
      // The API's default network is a bridge, which needs iptables.
      K3S_NETWORK_MODE: 'slirp4netns',
    },
    stop,
  };
}
