import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { join, resolve } from 'node:path';
import { removeOrphans, runDir } from '../test/cluster/temp-dir.ts';
import { reportFile } from './report-file.ts';
import { type Tally, tallyOf, type VitestReport } from './test-summary.ts';

const root = resolve(import.meta.dirname, '..');

/** The end was asked for by a signal. */
export class Interrupted extends Error {
  readonly code: number;

  constructor(signal: NodeJS.Signals) {
    super(`Ended by ${signal}.`);
    this.name = 'Interrupted';
    this.code = 128 + constants.signals[signal];
  }
}

const endings = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * Whether a program of the project, run by this Node, ends well. What it says goes where this process's words go. A signal
 * that asks for the end reaches the program by itself: once it has cleaned up and ended, this rejects with `Interrupted`.
 */
export async function succeeds(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
): Promise<boolean> {
  const child = spawn(process.execPath, args, { cwd: root, env: environment, stdio: ['ignore', 'inherit', 'inherit'] });
  let asked: NodeJS.Signals | undefined;
  const note = (signal: NodeJS.Signals) => void (asked ??= signal);
  for (const signal of endings) process.on(signal, note);
  const [code] = (await once(child, 'exit')) as [number | null];
  for (const signal of endings) process.off(signal, note);
  if (asked !== undefined) throw new Interrupted(asked);
  return code === 0;
}

/** Runs tests by vitest. A run that says nothing, or fails without a failed test, counts as one failure. */
export async function vitest(args: readonly string[], environment: NodeJS.ProcessEnv = process.env): Promise<Tally> {
  const dir = await runDir();
  try {
    const file = join(dir, 'results.json');
    const reporters = ['--reporter=default', `--reporter=${join(import.meta.dirname, 'report-file.ts')}`];
    const passed = await succeeds(['node_modules/vitest/vitest.mjs', 'run', ...reporters, ...args], {
      ...environment,
      [reportFile]: file,
    });
    return tallyOf(await reportIn(file), passed);
  } finally {
    await rm(dir, { recursive: true });
    // What was ended by a signal had no time to remove its own.
    await removeOrphans();
  }
}

async function reportIn(file: string): Promise<VitestReport | undefined> {
  try {
    return JSON.parse(await readFile(file, 'utf8')) as VitestReport;
  } catch {
    return undefined;
  }
}
