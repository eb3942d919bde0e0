import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { acceptedLicences } from '../bundle/accepted-licences.ts';
import { type Lock, type LockedPackage, lockedPackages } from './lock.ts';

/** Licences under which a program may be used besides to build and to test: nothing of it is given to anybody. */
const acceptedForTools: ReadonlySet<string> = new Set([...acceptedLicences, 'MPL-2.0', 'PSF-2.0', 'Unlicense']);

interface PackageFile {
  readonly license?: string | { readonly type: string };
  readonly licenses?: readonly { readonly type: string }[];
}

/** The folders of the packages whose licence does not allow what is done with them. `bundled`: folders of what is shipped. */
export function licenceProblems(root: string, lock: Lock, bundled: ReadonlySet<string>): string[] {
  return lockedPackages(lock).flatMap(([folder, locked]) => {
    const licence = licenceOf(root, folder, locked);
    const accepted = bundled.has(folder) ? acceptedLicences : acceptedForTools;
    if (licence !== undefined && allows(licence, accepted)) return [];
    const use = bundled.has(folder) ? 'what is shipped' : 'tools';
    return [`${folder} has the licence ${licence ?? 'none'}, which is not among those that are accepted for ${use}`];
  });
}

/** As it is installed, else as the lock file says: packages of other platforms are not installed. */
export function licenceOf(root: string, folder: string, locked: LockedPackage): string | undefined {
  const file = join(root, folder, 'package.json');
  if (!existsSync(file)) return locked.license;
  const { license, licenses } = JSON.parse(readFileSync(file, 'utf8')) as PackageFile;
  if (typeof license === 'string') return license;
  // As it was written before there were SPDX expressions; more than one leaves the choice.
  return license?.type ?? licenses?.map(({ type }) => type).join(' OR ') ?? locked.license;
}

/** SPDX expressions of names, OR and AND; no package has an exception or brackets inside others. */
export function allows(expression: string, accepted: ReadonlySet<string>): boolean {
  const plain = expression.replaceAll(/[()]/g, ' ').trim();
  return plain.split(/\s+OR\s+/).some((choice) => choice.split(/\s+AND\s+/).every((name) => accepted.has(name.trim())));
}
