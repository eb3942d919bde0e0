import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outputOf } from '../../support/output-of.ts';

const root = resolve(import.meta.dirname, '../../..');
const timeout = 30_000;
const packageFile = await readFile(join(root, 'package.json'), 'utf8');
const { scripts } = JSON.parse(packageFile) as { scripts: Readonly<Record<string, string>> };

/** Has a child that heeds no signal, tells of those that it is sent itself, and ends at the one that it is given. */
const program = `
const { spawn } = require('node:child_process');
spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'inherit' });
setInterval(() => {}, 1000);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGWINCH']) {
  process.on(signal, () => {
    console.log('heard', signal);
    if (signal === process.argv[2]) process.exit(7);
  });
}
console.log('process', process.pid, 'of', process.ppid);
`;

let dir: string;
let started: number[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'square-operator-test-'));
  for (const folder of ['bin', 'demo', 'node_modules', 'tools']) await mkdir(join(dir, folder));
  await cp(join(root, 'tools/run.cjs'), join(dir, 'tools/run.cjs'));
  await writeFile(join(dir, 'package.json'), JSON.stringify({ scripts }));
  await writeFile(join(dir, 'package-lock.json'), '{}');
  await writeFile(join(dir, 'node_modules/.installed-for'), createHash('sha256').update('{}').digest('hex'));
  await writeFile(join(dir, 'demo/main.ts'), program);
});

afterEach(async () => {
  for (const group of started.splice(0)) {
    try {
      process.kill(-group, 'SIGKILL');
    } catch {
      // It has ended, as it should.
    }
  }
  await rm(dir, { recursive: true });
});

/** Starts a program; what it and all below it write is gathered. */
function start(path: string, ...args: readonly string[]) {
  const child = spawn(path, args, {
    cwd: dir,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, PATH: `${join(dir, 'bin')}:${dirname(process.execPath)}:${process.env['PATH']}` },
  });
  const pid = child.pid ?? 0;
  started.push(pid);
  const output = outputOf(child);
  return {
    pid,
    /** Resolves to the exit code once nobody is left who could write. */
    gone: once(child, 'close').then(([code]) => ({ code: code as number | null, output: output.text() })),
    until: output.until,
  };
}

/** Resolves once the program runs, to the process of `tools/run.cjs`. */
async function runs(run: ReturnType<typeof start>): Promise<number> {
  const [, pid, parent] = await run.until(/process (\d+) of (\d+)/);
  started.push(Number(pid));
  return Number(parent);
}

test.each([
  ['npm', 'SIGINT', 'SIGINT'],
  ['npm', 'SIGTERM', 'SIGTERM'],
  ['npm', 'SIGHUP', 'SIGTERM'],
  ['npm', 'SIGKILL', 'SIGTERM'],
  ['run.cjs', 'SIGINT', 'SIGINT'],
  ['run.cjs', 'SIGTERM', 'SIGTERM'],
  ['run.cjs', 'SIGHUP', 'SIGHUP'],
] as const)(
  '%s that is sent %s ends the program, and all that it started',
  async (who, signal, heard) => {
    const npm = start('npm', 'run', 'demo', '--', heard);
    const runner = await runs(npm);
    process.kill(who === 'npm' ? npm.pid : runner, signal);
    const { output } = await npm.gone;
    expect(output.match(/heard .*/g)).toEqual([`heard ${heard}`]);
  },
  timeout,
);

test(
  'a Ctrl-C that comes from the terminal and from npm is one; the size of the terminal is handed on',
  async () => {
    const run = start(process.execPath, 'tools/run.cjs', 'demo/main.ts', 'SIGWINCH');
    const runner = await runs(run);
    // Of two kinds, for two of one kind may be delivered as one; of two kinds either may be delivered first.
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.kill(runner, signal);
    const [first] = await run.until(/heard SIG(INT|TERM)/);
    process.kill(runner, 'SIGWINCH');
    const { code, output } = await run.gone;
    expect(output.match(/heard .*/g)).toEqual([first, 'heard SIGWINCH']);
    expect(code).toBe(7);
  },
  timeout,
);

test(
  'told to end while packages are installed, it ends that',
  async () => {
    await writeFile(join(dir, 'package-lock.json'), '{"changed":true}');
    await writeFile(join(dir, 'bin/npm'), '#!/bin/sh\necho process $$ of $PPID\nexec sleep 600\n');
    await chmod(join(dir, 'bin/npm'), 0o755);
    const run = start(process.execPath, 'tools/run.cjs', 'demo/main.ts');
    process.kill(await runs(run), 'SIGTERM');
    const { code, output } = await run.gone;
    expect({ code, failed: output.includes('npm ci failed') }).toEqual({ code: 143, failed: false });
  },
  timeout,
);

test('the shell of npm makes way for run.cjs, which then hears the signals that npm hands on', () => {
  const run = Object.values(scripts).filter((script) => script.includes('tools/run.cjs'));
  expect(run.length).toBeGreaterThan(10);
  expect(run.filter((script) => !script.startsWith('exec node tools/run.cjs '))).toEqual([]);
});
