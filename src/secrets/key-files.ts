import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type KeyMaterial, parseKey, SealingKeyError } from './key-material.ts';

/**
 * All keys of a directory: one JSON file a key, as `key-material.ts` describes it, under any name that does not begin
 * with a dot. Only read, never written. Rejects with `SealingKeyError` that names the file or the directory.
 */
export async function readKeyFiles(directory: string): Promise<KeyMaterial[]> {
  const material: KeyMaterial[] = [];
  for (const path of await filesOf(directory)) {
    material.push(parseKey(await readable(path, readFile(path, 'utf8')), `the file ${path}`));
  }
  if (material.length === 0) {
    throw new SealingKeyError('KeyRingEmpty', `there is no sealing key in ${directory}: put one file a key there`);
  }
  return material;
}

async function filesOf(directory: string): Promise<string[]> {
  const names = await readable(directory, readdir(directory));
  const paths = names
    .filter((name) => !name.startsWith('.'))
    .sort()
    .map((name) => join(directory, name));
  const kinds = await Promise.all(paths.map((path) => readable(path, stat(path))));
  return paths.filter((_, i) => kinds[i]?.isFile());
}

async function readable<T>(path: string, read: Promise<T>): Promise<T> {
  try {
    return await read;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown';
    throw new SealingKeyError(
      'KeyUnreadable',
      `${path} cannot be read (${code}): check --sealing-key-dir and its mount`,
    );
  }
}
