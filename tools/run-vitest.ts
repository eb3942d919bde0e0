import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { type Tally, tallyOf, type VitestReport } from './test-summary.ts';

const root = resolve(import.meta.dirname, '..');

/** Whether a program of the project, run by this Node, ends well. What it says goes where this process's words go. */
export async function succeeds(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  const child = spawn(process.execPath, args, { cwd: root, env: environment, stdio: ['ignore', 'inherit', 'inherit'] });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code === 0;
}

/** Runs tests by vitest. A run that says nothing, or fails without a failed test, counts as one failure. */
export async function vitest(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<Tally> {
  const dir = await mkdtemp(join(tmpdir(), 'square-operator-results-'));
  try {
    const file = join(dir, 'results.json');
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
    const passed = await succeeds(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], environment);
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
