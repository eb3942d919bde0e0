import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Release, releaseToBuild } from './releases.ts';

const platform = `${process.platform}-${process.arch === 'x64' ? 'amd64' : process.arch}`;

const caches = (environment: NodeJS.ProcessEnv) =>
  join(environment.XDG_CACHE_HOME || join(homedir(), '.cache'), 'square-operator');

/** The folder of the binaries that were built on this machine, for this release and this platform. */
export function cacheDir(release: Release = releaseToBuild(), environment: NodeJS.ProcessEnv = process.env): string {
  const version = `${release.kubernetes}-etcd-${release.etcd}-${platform}`;
  return join(caches(environment), 'control-plane', version);
}

/** The folder of another program that was built on this machine; `version` tells all that it was made from. */
export const programDir = (name: string, version: string, environment: NodeJS.ProcessEnv = process.env): string =>
  join(caches(environment), 'programs', `${name}-${version}-${platform}`);

/** A binary that is in the cache is whole: it came there by a rename. */
export const cached = (name: string, dir: string = cacheDir()): boolean => existsSync(join(dir, name));
