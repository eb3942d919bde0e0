// `npm test`: everything that CI checks. Its last line is `N passed, N failed`, with `, N skipped` where tests were
// skipped; a check that is no test of vitest counts as one test. With REQUIRE_ALL=1 a skipped test is a failed one.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { addTallies, exitCodeOf, summaryOf, type Tally, tallyOf, type VitestReport } from './test-summary.ts';

const root = resolve(import.meta.dirname, '..');
const checks = [
  ['lint', 'tools/lint.ts'],
  ['typecheck', 'node_modules/typescript/bin/tsc', '-p', '.'],
  ['verify', 'tools/verify.ts'],
] as const;

async function run(args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

async function check(name: string, args: readonly string[]): Promise<Tally> {
  const passed = await run(args);
  process.stdout.write(`${passed ? '✓' : '✗'} ${name}\n`);
  return { passed: passed ? 1 : 0, failed: passed ? [] : [name], skipped: [] };
}

/** The unit and the integration tests. A run that says nothing, or fails without a failed test, counts as one failure. */
async function vitest(): Promise<Tally> {
  const dir = await mkdtemp(join(tmpdir(), 'square-operator-results-'));
  try {
    const file = join(dir, 'results.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const passed = await run(['node_modules/vitest/vitest.mjs', 'run', ...reporters]);
    return tallyOf(await reportIn(file), passed);
  } finally {
    await rm(dir, { recursive: true });
  }
}

async function reportIn(file: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}

// A terminal's Ctrl-C reaches the tests by itself: they clean up, and this program waits for them.
process.on('SIGINT', () => {});
const tallies: Tally[] = [];
for (const [name, ...args] of checks) tallies.push(await check(name, args));
tallies.push(await vitest());
const total = addTallies(tallies);
const strict = process.env.REQUIRE_ALL === '1';
process.stdout.write(summaryOf(total, strict));
process.exitCode = exitCodeOf(total, strict);
