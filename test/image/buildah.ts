import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** Runs buildah on storage of its own, and gives what it printed. */
export type Buildah = (args: readonly string[]) => Promise<string>;

/**
 * Options that buildah and podman share. podman takes 50 characters at most for where it runs. Without the last one the storage would be mounted over itself, and the folder could
 * not be removed.
 */
export const storageOptions = (dir: string): readonly string[] => [
  `--root=${join(dir, 's')}`,
  `--runroot=${join(dir, 'r')}`,
  '--storage-driver=overlay',
  '--storage-opt=overlay.skip_mount_home=true',
];

/** `dir` is a folder of its own. */
export async function openBuildah(dir: string): Promise<Buildah> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  return (args) => run('buildah', [...storageOptions(dir), ...args], { TMPDIR: dir });
}
