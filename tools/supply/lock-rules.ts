import { type Lock, lockedPackages } from './lock.ts';

const registry = 'https://registry.npmjs.org/';

/**
 * What is wrong with the lock file: every package comes from the public registry, is pinned by the digest of its archive,
 * and runs nothing when it is installed (`allowScripts` of package.json).
 */
export function lockProblems(lock: Lock, allowScripts: Readonly<Record<string, boolean>>): string[] {
  const problems = lockedPackages(lock).flatMap(([folder, one]) => {
    const name = folder.split('node_modules/').at(-1) ?? folder;
    return [
      ...(one.link === true ? [`${folder} is a link: a package comes from the registry`] : []),
      ...(one.integrity?.startsWith('sha512-') === true ? [] : [`${folder} is not pinned by a sha512 digest`]),
      ...(one.resolved === undefined || one.resolved.startsWith(registry)
        ? []
        : [`${folder} is to be fetched from ${hostOf(one.resolved)}, which is not the public registry`]),
      ...(one.hasInstallScript === true && allowScripts[name] !== false
        ? [`${folder} has an install script, and allowScripts of package.json does not refuse it`]
        : []),
    ];
  });
  const allowed = Object.entries(allowScripts).filter(([, allows]) => allows);
  return [...problems, ...allowed.map(([name]) => `allowScripts lets ${name} run a script when it is installed`)];
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host || url.split(':', 1).join('') : 'somewhere else';
}
