// `npm run lint`: formatting, type-aware lint, and lint of the workflows and shell scripts. Prints what is wrong and exits
// non-zero. What this machine lacks a linter for is said by name; with REQUIRE_ALL=1 that fails.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { reportTo } from '../test/cluster/report.ts';
import { actionlint } from './programs/go-tool.ts';

const sources = ['src', 'test', 'tools', 'demo'].filter((folder) => existsSync(folder));
const shellScripts = ['.ci/run', 'test/unit/cluster/fixtures/go'];
const shellcheck = spawnSync('shellcheck', ['--version']).status === 0;

const passes = (program: string, ...args: readonly string[]): boolean =>
  spawnSync(program, args, { stdio: 'inherit' }).status === 0;

/** False with REQUIRE_ALL=1: then a linter that is not there is a fault. */
function unlinted(what: string, lack: string): boolean {
  const strict = process.env.REQUIRE_ALL === '1';
  process.stdout.write(strict ? `REQUIRE_ALL=1 is set: ${what}: ${lack}\n` : `[not linted] ${what}: ${lack}\n`);
  return !strict;
}

async function workflows(): Promise<boolean> {
  const lack = actionlint.lacks();
  if (lack !== undefined) return unlinted('.github/workflows', lack);
  // It hands the scripts of steps to shellcheck where that is installed. Python there is none.
  const folder = '.github/workflows';
  const files = readdirSync(folder).map((file) => `${folder}/${file}`);
  return passes(await actionlint.find(reportTo(process.stderr)), '-pyflakes=', ...files);
}

const scripts = (): boolean =>
  shellcheck ? passes('shellcheck', ...shellScripts) : unlinted('shell scripts', 'apt-get install shellcheck');

const results = [
  passes('biome', 'check', '.'),
  passes('oxlint', '--type-aware', '--deny-warnings', ...sources),
  await workflows(),
  scripts(),
];
process.exit(results.includes(false) ? 1 : 0);
