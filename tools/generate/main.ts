// `npm run generate`: writes every generated file, and removes those that are no longer made.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { artifacts, generatedFolders } from './artifacts.ts';

const root = join(import.meta.dirname, '../..');
const made = artifacts();
for (const { path, text } of made) {
  mkdirSync(join(root, dirname(path)), { recursive: true });
  writeFileSync(join(root, path), text);
}
const paths = new Set(made.map(({ path }) => path));
for (const folder of generatedFolders) {
  for (const file of readdirSync(join(root, folder))) {
    if (!paths.has(`${folder}/${file}`)) rmSync(join(root, folder, file));
  }
}
process.stdout.write(`${made.length} files generated\n`);
