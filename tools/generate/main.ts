// `npm run generate`: writes every generated file, and removes those that are no longer made.
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { reportTo } from '../../test/cluster/report.ts';
import type { Artifact } from './artifact.ts';
import { artifacts, artifactsOfChart, generatedFolders, ofTheChart } from './artifacts.ts';

const root = join(import.meta.dirname, '../..');

function write(made: readonly Artifact[], folders: readonly string[]): void {
  for (const { path, text } of made) {
    mkdirSync(join(root, dirname(path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  const paths = new Set(made.map(({ path }) => path));
  for (const folder of folders) {
    for (const file of readdirSync(join(root, folder))) {
      if (!paths.has(`${folder}/${file}`)) rmSync(join(root, folder, file));
    }
  }
}

const first = artifacts();
write(
  first,
  generatedFolders.filter((folder) => !ofTheChart(folder)),
);
// The chart is whole only now.
const second = await artifactsOfChart(reportTo(process.stderr));
if ('lacks' in second) {
  process.stderr.write(`deploy/ is not made from the chart: ${second.lacks}\n`);
  process.exitCode = 1;
} else write(second, generatedFolders.filter(ofTheChart));
process.stdout.write(`${first.length + ('lacks' in second ? 0 : second.length)} files generated\n`);
