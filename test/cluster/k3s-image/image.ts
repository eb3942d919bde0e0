import { spawnSync } from 'node:child_process';
import { copyFile, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ensureBinaries } from '../build.ts';
import type { Report } from '../provider.ts';
import type { Engine } from './podman.ts';

export const standInImage = 'localhost/square-operator-k3s:test';

const programs = ['etcd', 'kube-apiserver', 'kube-controller-manager'] as const;

/**
 * Makes the stand-in image in the engine: an empty image with the control plane's programs and an entry program that
 * behaves as k3s does towards who starts it. `dir` is a folder for what is needed on the way.
 */
export async function makeStandIn(engine: Engine, dir: string, report: Report): Promise<void> {
  const built = await ensureBinaries(programs, report);
  const root = join(dir, 'root');
  const bin = join(root, 'bin');
  // The engine mounts these over with memory, so they have to be there.
  for (const folder of ['bin', 'run', 'tmp', 'var/run', 'etc']) await mkdir(join(root, folder), { recursive: true });
  for (const name of programs) await copyFile(join(built, name), join(bin, name));
  run('go', ['build', '-trimpath', '-ldflags=-s -w', '-o', join(bin, 'k3s'), 'entry.go'], import.meta.dirname);
  const archive = join(dir, 'image.tar');
  run('tar', ['-c', '-f', archive, '-C', root, '.'], dir);
  engine.podman(['import', '--change', 'ENTRYPOINT ["/bin/k3s"]', archive, standInImage]);
  await rm(root, { recursive: true });
  await rm(archive);
}

function run(program: string, args: readonly string[], cwd: string): void {
  const environment = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '', GOWORK: 'off' };
  const done = spawnSync(program, args, { cwd, encoding: 'utf8', env: environment });
  if (done.status !== 0) throw new Error(`${program} ${args.join(' ')}: ${done.stderr || done.error?.message}`);
}
