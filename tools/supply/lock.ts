import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A package of `package-lock.json`, as far as it is looked at. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

/** By folder, from the root of the repository; the project itself is `''`. */
export type Lock = Readonly<Record<string, LockedPackage>>;

export const readLock = (root: string): Lock =>
  (JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock }).packages;

/** All but the project itself. */
export const lockedPackages = (lock: Lock): [folder: string, locked: LockedPackage][] =>
  Object.entries(lock).filter(([folder]) => folder !== '');

/** What a package needs on every platform, found as Node finds it: in its own `node_modules`, then in those around it. */
export function needsOf(lock: Lock, folder: string): string[] {
  const { dependencies, peerDependencies } = lock[folder] ?? {};
  return Object.keys({ ...dependencies, ...peerDependencies }).flatMap((name) => found(lock, folder, name) ?? []);
}

function found(lock: Lock, folder: string, name: string): string | undefined {
  const nested = folder.split('/node_modules/');
  const holders = nested.map((_, i) => nested.slice(0, nested.length - i).join('/node_modules/'));
  const places = [...holders.map((holder) => `${holder}/node_modules/${name}`), `node_modules/${name}`];
  return places.find((place) => lock[place] !== undefined);
}

/** A package and all that it brings, on every platform; folders. */
export function closureOf(lock: Lock, folder: string): string[] {
  const seen = new Set([folder]);
  for (const one of seen) for (const need of needsOf(lock, one)) seen.add(need);
  return [...seen].sort();
}
