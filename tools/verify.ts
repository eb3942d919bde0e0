// `npm run verify`: generates again in memory and fails, with the difference, where a committed file is not the same; and
// where the definitions refuse what an earlier release stored, or the packages are not what the project allows itself. With REQUIRE_AUDIT=1 the registry has to say what is known
// against them.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { reportTo } from '../test/cluster/report.ts';
import { incompatibilities } from './compatibility/check.ts';
import { artifacts, artifactsOfChart, generatedFolders, ofTheChart } from './generate/artifacts.ts';
import { difference } from './generate/difference.ts';
import { checkSupplyChain } from './supply/check.ts';

const root = join(import.meta.dirname, '..');
const ofChart = await artifactsOfChart(reportTo(process.stderr));
const lacks = 'lacks' in ofChart ? ofChart.lacks : undefined;
const made = [...artifacts(), ...('lacks' in ofChart ? [] : ofChart)];
const paths = new Set(made.map(({ path }) => path));
const problems = made.flatMap(({ path, text }) => {
  const file = join(root, path);
  if (!existsSync(file)) return [`${path} is missing`];
  const found = difference(readFileSync(file, 'utf8'), text);
  return found === '' ? [] : [`${path} is not what its source gives:\n${found}`];
});
for (const folder of generatedFolders.filter((one) => lacks === undefined || !ofTheChart(one))) {
  for (const file of readdirSync(join(root, folder))) {
    if (!paths.has(`${folder}/${file}`)) problems.push(`${folder}/${file} is generated from nothing`);
  }
}
if (lacks !== undefined) {
  const text = `deploy/ is not compared with the chart: ${lacks}`;
  if (process.env.REQUIRE_ALL === '1') problems.push(`REQUIRE_ALL=1 is set: ${text}`);
  else process.stdout.write(`[skipped] ${text}\n`);
}
const fail = (text: string) => {
  process.stderr.write(text);
  process.exitCode = 1;
};
if (problems.length > 0) fail(`${problems.join('\n\n')}\n\nRun "npm run generate" and commit what it writes.\n`);
else process.stdout.write(`${made.length} generated files are as their sources give them\n`);

const incompatible = incompatibilities(root);
if (incompatible.length > 0) fail(`${incompatible.join('\n')}\n`);
else process.stdout.write('crds/ lets in whatever earlier releases stored\n');

const { problems: wrong, found, unseen } = await checkSupplyChain(root);
if (wrong.length > 0) fail(`${wrong.join('\n')}\n`);
else process.stdout.write(found.map((line) => `${line}\n`).join(''));
if (process.env.REQUIRE_AUDIT === '1') for (const one of unseen) fail(`REQUIRE_AUDIT=1 is set: ${one}\n`);
else for (const one of unseen) process.stdout.write(`[not audited] ${one}\n`);
