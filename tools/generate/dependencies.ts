import { existsSync, readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { budget, namedBy } from '../supply/budget.ts';
import { licenceOf } from '../supply/licence-rules.ts';
import { closureOf, type Lock, readLock } from '../supply/lock.ts';
import { dependencyReasons } from '../supply/reasons.ts';
import type { Artifact } from './artifact.ts';
import { code, page, table } from './markdown.ts';

const root = resolve(import.meta.dirname, '../..');
const head = ['Package', 'Version', 'Licence', 'Packages', 'KiB', 'Why'];

/** The dependencies, each with what it costs and why it is there. */
export function dependenciesReference(): Artifact[] {
  const lock = readLock(root);
  const { runtime, development } = namedBy(lock[''] ?? {});
  const programs = Object.entries(budget.programs).map(([program, most]) => `${code(program)} ${most} KiB`);
  const text = page(
    'package-lock.json and tools/supply/reasons.ts',
    '# Dependencies',
    'Each package that the project names. *Packages* counts it and all that it brings on every platform, *KiB* what they are unpacked; programs for one platform only are not counted.',
    `The budget: ${budget.runtime} dependencies for what is shipped, ${budget.development} to build and to test; code of at most ${budget.bundled} packages is shipped (${programs.join(', ')}). ${code('npm run verify')} fails beyond it, and for a dependency without a reason ([why](../decisions/supply-chain.md)).`,
    '## Shipped',
    table(head, rows(lock, runtime)),
    '## To build and to test',
    table(head, rows(lock, development)),
  );
  return [{ path: 'docs/reference/dependencies.md', text }];
}

function rows(lock: Lock, names: readonly string[]): string[][] {
  return names.map((name) => {
    const folder = `node_modules/${name}`;
    const locked = lock[folder] ?? {};
    const brought = closureOf(lock, folder);
    const size = locked.optional === true ? '–' : kib(brought).toLocaleString('en');
    const facts = [code(name), locked.version ?? '', licenceOf(root, folder, locked) ?? '', String(brought.length)];
    return [...facts, size, dependencyReasons[name] ?? ''];
  });
}

const kib = (folders: readonly string[]): number =>
  Math.round(folders.reduce((sum, folder) => sum + bytesOf(join(root, folder)), 0) / 1024);

/** Its own files: packages inside it are counted by themselves. */
function bytesOf(folder: string): number {
  if (!existsSync(folder)) return 0;
  return readdirSync(folder, { withFileTypes: true }).reduce((sum, entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name === 'node_modules' ? sum : sum + bytesOf(path);
    return entry.isFile() ? sum + statSync(path).size : sum;
  }, 0);
}
