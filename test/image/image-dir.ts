import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isOrphaned, runDir } from '../cluster/temp-dir.ts';
import { run } from './run.ts';

/**
 * A folder for building and running an image, away from those of other runs: a build that was killed leaves mounts in it.
 * They are undone when the next one is made, and the folder is removed.
 */
export async function imageDir(): Promise<string> {
  const parent = join(tmpdir(), 'sqo-images');
  await mkdir(parent, { recursive: true });
  for (const name of await readdir(parent)) {
    const dir = join(parent, name);
    if (await isOrphaned(dir)) await undoMounts(dir);
  }
  return runDir(parent);
}

/** Removes what `imageDir` gave. */
export async function removeImageDir(dir: string): Promise<void> {
  await undoMounts(dir);
  await rm(dir, { recursive: true, force: true });
}

async function undoMounts(dir: string): Promise<void> {
  const mounts = await readFile('/proc/self/mounts', 'utf8');
  const places = mounts.split('\n').flatMap((line) => line.split(' ')[1] ?? []);
  for (const place of places.filter((one) => one.startsWith(`${dir}/`)).toReversed()) await run('umount', [place]);
}
