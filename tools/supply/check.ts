import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { contentOf, programs } from '../bundle/bundle.ts';
import { packagesOf } from '../bundle/packages.ts';
import { audit } from './audit.ts';
import { budgetProblems } from './budget.ts';
import { licenceProblems } from './licence-rules.ts';
import { readLock } from './lock.ts';
import { lockProblems } from './lock-rules.ts';

export interface SupplyChain {
  readonly problems: readonly string[];
  /** What was found to be so. */
  readonly found: readonly string[];
  /** What could not be looked at, and why. */
  readonly unseen: readonly string[];
}

/** Looks at the lock file, the licences, the budget, and what is known against the packages. */
export async function checkSupplyChain(root: string): Promise<SupplyChain> {
  const lock = readLock(root);
  const { allowScripts = {} } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    allowScripts?: Readonly<Record<string, boolean>>;
  };
  const bundles = await Promise.all(programs.map((program) => contentOf(root, program)));
  const packages = packagesOf(root, bundles);
  const known = audit(root, lock);
  const audited = 'problems' in known ? known.problems : [];
  return {
    problems: [
      ...lockProblems(lock, allowScripts),
      ...licenceProblems(root, lock, new Set(packages.map(({ folder }) => folder))),
      ...budgetProblems(lock, { bundles, packages }),
      ...audited,
    ],
    found: [
      `${Object.keys(lock).length - 1} packages are locked by digest, none runs a script, and their licences are accepted`,
      `${packages.length} of them are shipped, within the budget`,
      ...('problems' in known ? [`the registry knows of ${audited.length || 'nothing'} against them`] : []),
    ],
    unseen:
      'unanswered' in known
        ? [`nobody was asked what is known against the packages, since the registry does not say: ${known.unanswered}`]
        : [],
  };
}
