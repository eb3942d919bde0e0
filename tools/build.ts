// `npm run build`: the programs as single files in dist/, with the licences of what is bundled.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle, type Program } from './bundle/bundle.ts';
import { licences } from './bundle/licences.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

const operator: Program = { entry: 'src/main.ts', outfile: 'dist/square-operator.js' };
const plugin: Program = { entry: 'src/cli/main.ts', outfile: 'dist/kubectl-square.js' };
const programs = [operator, ...(existsSync(join(root, plugin.entry)) ? [plugin] : [])];

rmSync(dist, { recursive: true, force: true });
const bundled = await Promise.all(programs.map(async (program) => ({ ...program, ...(await bundle(root, program)) })));
writeFileSync(
  join(dist, 'THIRD_PARTY_LICENSES.txt'),
  licences(
    root,
    bundled.flatMap(({ inputs }) => inputs),
  ),
);
// The bundles are CommonJS, and the package around them is not.
writeFileSync(join(dist, 'package.json'), '{ "type": "commonjs" }\n');
for (const { outfile, bytes } of bundled) process.stdout.write(`${outfile} ${(bytes / 1024).toFixed(0)} KiB\n`);
