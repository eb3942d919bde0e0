import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { type Bundled, contentOf, programs } from './bundle.ts';

/** A package of which code is in a bundle. */
export interface BundledPackage {
  readonly name: string;
  readonly version: string;
  /** As its package.json says: an SPDX identifier or expression, or what its author took for one. */
  readonly licence: string | undefined;
  /** Where it lies, from the root of the repository; the same in the lock file. */
  readonly folder: string;
  /** Of its archive, by the lock file: `sha512-…`. */
  readonly integrity: string;
  /** The programs that it is in. */
  readonly programs: readonly string[];
  /** Folders of the bundled packages that it depends on. */
  readonly dependsOn: readonly string[];
  /** Whether the project names it as a dependency of its own. */
  readonly direct: boolean;
}

interface Locked {
  readonly version?: string;
  readonly integrity?: string;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

type Lock = Readonly<Record<string, Locked | undefined>>;

/** The packages in the programs that are shipped, by folder. Bundles them anew, in memory. */
export async function bundledPackages(root = resolve(import.meta.dirname, '../..')): Promise<BundledPackage[]> {
  return packagesOf(root, await Promise.all(programs.map((program) => contentOf(root, program))));
}

/** The packages in these bundles, by folder. Throws where what is installed is not what the lock file says. */
export function packagesOf(root: string, bundles: readonly Bundled[]): BundledPackage[] {
  const { packages: lock } = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as { packages: Lock };
  const holders = new Map<string, string[]>();
  for (const { program, inputs } of bundles)
    for (const folder of new Set(inputs.flatMap(folderOf)))
      holders.set(folder, [...(holders.get(folder) ?? []), program]);
  const own = new Set(Object.keys(lock['']?.dependencies ?? {}).map((name) => `node_modules/${name}`));
  return [...holders]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([folder, inPrograms]) => ({
      ...installed(root, folder, lock[folder]),
      folder,
      programs: inPrograms,
      dependsOn: dependencies(lock, folder).filter((one) => holders.has(one)),
      direct: own.has(folder),
    }));
}

const folderOf = (path: string) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? [];

function installed(root: string, folder: string, locked: Locked | undefined) {
  const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8')) as {
    name: string;
    version: string;
    license?: string;
  };
  if (locked?.version !== version || locked.integrity === undefined)
    throw new Error(`${folder} is ${version}, and by the lock file ${locked?.version ?? 'not there'}: run npm ci`);
  return { name, version, licence: license, integrity: locked.integrity };
}

/** Folders of what a package asks for, found as Node finds them: in its own node_modules, then in those around it. */
function dependencies(lock: Lock, folder: string): string[] {
  const { dependencies, optionalDependencies, peerDependencies } = lock[folder] ?? {};
  const names = Object.keys({ ...dependencies, ...optionalDependencies, ...peerDependencies });
  return names
    .flatMap(
      (name) =>
        nodeModulesOf(folder)
          .map((place) => place + name)
          .find((one) => lock[one]) ?? [],
    )
    .sort();
}

/** `a/node_modules/b` sees `a/node_modules/b/node_modules/`, `a/node_modules/`, and `node_modules/` where `a` is in one. */
function nodeModulesOf(folder: string): string[] {
  const nested = folder.split('/node_modules/');
  const holders = nested.map((_, i) => nested.slice(0, nested.length - i).join('/node_modules/'));
  return [...holders.map((holder) => `${holder}/node_modules/`), 'node_modules/'];
}
