import { chmod, cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/** `npm run NAME` without npm's own part and without the look whether packages are to be installed: they are. */
const npm = `#!/usr/bin/env node
const { spawnSync } = require('node:child_process');
const { scripts } = JSON.parse(require('node:fs').readFileSync('package.json', 'utf8'));
const [verb, name] = process.argv.slice(2);
const [, program] = /^exec node tools\\/run\\.cjs (\\S+)$/.exec(scripts[name] ?? '') ?? [];
if (verb !== 'run' || program === undefined) throw new Error('npm ' + process.argv.slice(2).join(' ') + ' is not played');
process.exitCode = spawnSync(process.execPath, [program], { stdio: 'inherit' }).status ?? 1;
`;

/** Where somebody keeps what nobody else may read; the one entry is the seller's refresh token. */
const pass = '#!/bin/sh\nexec cat refresh-token\n';

/**
 * Makes of the folder a checkout in which `npm run build` works, and gives the folder of the programs of whoever sits
 * there: npm, and a keeper of passwords. It stands in the place of `/usr/local/bin`.
 */
export async function furnishWorkstation(dir: string): Promise<string> {
  for (const part of ['src', 'tools', 'package.json', 'package-lock.json'])
    await cp(join(root, part), join(dir, part), { recursive: true });
  await symlink(join(root, 'node_modules'), join(dir, 'node_modules'));
  const bin = join(dir, 'bin');
  await mkdir(bin);
  // The checkout's own package is of ES modules.
  await writeFile(join(bin, 'package.json'), '{ "type": "commonjs" }');
  for (const [name, text] of Object.entries({ npm, pass })) {
    await writeFile(join(bin, name), text);
    await chmod(join(bin, name), 0o755);
  }
  return bin;
}
