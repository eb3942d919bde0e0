import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type BinaryName, versions } from './go-modules.ts';

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

/** The folder of the binaries that were built on this machine, for these versions and this platform. */
export function cacheDir(environment: NodeJS.ProcessEnv = process.env): string {
  const caches = environment.XDG_CACHE_HOME || join(homedir(), '.cache');
  const version = `${versions.kubernetes}-etcd-${versions.etcd}-${platform}`;
  return join(caches, 'square-operator', 'control-plane', version);
}

/** A binary that is in the cache is whole: it came there by a rename. */
export const cached = (name: BinaryName, dir: string = cacheDir()): boolean => existsSync(join(dir, name));
