import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './run.ts';

/** A file or folder in an image. */
export interface Entry {
  readonly path: string;
  /** As `-rwxr-xr-x 0/0`. */
  readonly rights: string;
  /** In seconds. */
  readonly changedAt: number;
  readonly bytes: number;
}

interface Descriptor {
  readonly digest: string;
  readonly size: number;
}

export interface ArchivedImage {
  readonly configDigest: string;
  readonly config: {
    readonly created: string;
    readonly config: {
      readonly User: string;
      readonly Entrypoint: readonly string[];
      readonly Env: readonly string[];
      readonly Labels: Readonly<Record<string, string>>;
      readonly ExposedPorts: Readonly<Record<string, object>>;
    };
  };
  /** The base's first. Sizes are of the compressed layers. */
  readonly layers: readonly (Descriptor & { readonly entries: readonly Entry[]; readonly unpacked: number })[];
  /** The text of a file, of the layer that has it. */
  read(path: string): Promise<string>;
}

/** Reads an OCI archive: https://github.com/opencontainers/image-spec/blob/main/image-layout.md */
export async function readArchive(archive: string, dir: string): Promise<ArchivedImage> {
  await run('tar', ['-x', '-f', archive, '-C', dir]);
  const blob = (digest: string) => join(dir, 'blobs', digest.replace(':', '/'));
  const json = async (file: string) => JSON.parse(await readFile(file, 'utf8')) as unknown;
  const index = (await json(join(dir, 'index.json'))) as { manifests: Descriptor[] };
  const manifest = (await json(blob(index.manifests[0]?.digest ?? ''))) as { config: Descriptor; layers: Descriptor[] };
  const layers = await Promise.all(
    manifest.layers.map(async ({ digest, size }) => {
      const entries = await entriesOf(blob(digest));
      return { digest, size, entries, unpacked: entries.reduce((sum, { bytes }) => sum + bytes, 0) };
    }),
  );
  return {
    configDigest: manifest.config.digest,
    config: (await json(blob(manifest.config.digest))) as ArchivedImage['config'],
    layers,
    read(path) {
      const holder = layers.findLast(({ entries }) => entries.some((one) => one.path === path));
      return run('tar', ['-x', '-O', '-f', blob(holder?.digest ?? ''), path.slice(1)]);
    },
  };
}

async function entriesOf(layer: string): Promise<Entry[]> {
  const listing = await run('tar', ['-t', '-v', '--numeric-owner', '--full-time', '-f', layer], { TZ: 'UTC' });
  return listing
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const [, mode = '', owner = '', bytes = '', day = '', time = '', name = ''] =
        /^(\S+) (\S+) +(\d+) (\S+) (\S+) (.*)$/.exec(line) ?? [];
      const path = `/${name.split(' -> ')[0]?.replace(/\/$/, '')}`;
      return {
        path,
        rights: `${mode} ${owner}`,
        changedAt: Date.parse(`${day}T${time}Z`) / 1000,
        bytes: Number(bytes),
      };
    });
}
