import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** Runs buildah on storage of its own, and gives what it printed. */
export type Buildah = (args: readonly string[]) => Promise<string>;

/** `dir` is a folder of its own; whoever made it removes it by `forget`. */
export async function openBuildah(dir: string): Promise<Buildah> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  const storage = [`--root=${join(dir, 'storage')}`, `--runroot=${join(dir, 'run')}`];
  return (args) => run('buildah', [...storage, ...args], { TMPDIR: dir });
}
