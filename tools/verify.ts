// `npm run verify`: generates again in memory and fails, with the difference, where a committed file is not the same.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { artifacts, generatedFolders } from './generate/artifacts.ts';
import { difference } from './generate/difference.ts';

const root = join(import.meta.dirname, '..');
const made = artifacts();
const paths = new Set(made.map(({ path }) => path));
const problems = made.flatMap(({ path, text }) => {
  const file = join(root, path);
  if (!existsSync(file)) return [`${path} is missing`];
  const found = difference(readFileSync(file, 'utf8'), text);
  return found === '' ? [] : [`${path} is not what its source gives:\n${found}`];
});
for (const folder of generatedFolders) {
  for (const file of readdirSync(join(root, folder))) {
    if (!paths.has(`${folder}/${file}`)) problems.push(`${folder}/${file} is generated from nothing`);
  }
}
if (problems.length > 0) {
  process.stderr.write(`${problems.join('\n\n')}\n\nRun "npm run generate" and commit what it writes.\n`);
  process.exitCode = 1;
} else process.stdout.write(`${made.length} generated files are as their sources give them\n`);
