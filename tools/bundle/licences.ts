import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Licences under which code may be bundled into a program under Apache-2.0. */
const accepted = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'ISC',
  'MIT',
  'MIT-0',
  'Python-2.0',
]);

interface Package {
  readonly name: string;
  readonly version: string;
  readonly license?: string;
}

/**
 * The licence texts of all packages that `inputs` (paths from `root`) come from. Throws for a package whose licence is
 * not accepted.
 */
export function licences(root: string, inputs: readonly string[]): string {
  const folders = new Set(inputs.flatMap((path) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? []));
  const sections = [...folders].sort().map((folder) => section(join(root, folder)));
  return `This program holds code of the following packages.\n\n${sections.join('\n')}`;
}

function section(folder: string): string {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as Package;
  if (license === undefined || !accepted.has(license)) {
    throw new Error(
      `${name} ${version} has the licence ${license ?? 'none'}, which is not among those that are accepted`,
    );
  }
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|copying)/i.test(file));
  const texts = files.map((file) => readFileSync(join(folder, file), 'utf8').trim());
  return ['-'.repeat(80), `${name} ${version} (${license})`, '', ...texts, ''].join('\n');
}
