import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

export interface ImageFolder {
  /** What the image holds. */
  readonly root: string;
  readonly entrypoint: readonly string[];
}

/** Writes an image of one layer, in the form of `docker save`, which `ctr images import` reads. */
export async function archive(file: string, reference: string, { root, entrypoint }: ImageFolder): Promise<void> {
  const dir = `${file}.parts`;
  await mkdir(dir, { recursive: true });
  const tar = (...args: string[]) => {
    const { status, stderr } = spawnSync('tar', args, { encoding: 'utf8' });
    if (status !== 0) throw new Error(`tar: ${stderr}`);
  };
  tar('-C', root, '--owner=0', '--group=0', '-cf', join(dir, 'layer.tar'), '.');
  const digest = createHash('sha256')
    .update(await readFile(join(dir, 'layer.tar')))
    .digest('hex');
  const architecture = process.arch === 'x64' ? 'amd64' : process.arch;
  const rootfs = { type: 'layers', diff_ids: [`sha256:${digest}`] };
  const config = { architecture, os: 'linux', config: { Entrypoint: entrypoint }, rootfs };
  await writeFile(join(dir, 'config.json'), JSON.stringify(config));
  const manifest = [{ Config: 'config.json', RepoTags: [reference], Layers: ['layer.tar'] }];
  await writeFile(join(dir, 'manifest.json'), JSON.stringify(manifest));
  tar('-C', dir, '-cf', `${file}.new`, 'manifest.json', 'config.json', 'layer.tar');
  await rename(`${file}.new`, file);
}
