import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { processesMentioning } from '../support/processes.ts';

const root = resolve(import.meta.dirname, '../..');
const timeout = 120_000;
const running = new Set<ReturnType<typeof spawn>>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

interface Run {
  readonly output: () => string;
  /** Resolves with the first match in what was printed. Rejects when the demo ends before. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  readonly ended: Promise<number | null>;
  signal(name: NodeJS.Signals): void;
}

/** The demo, from a control plane of its own on. */
function runDemo(...flags: string[]): Run {
  const child = spawn(process.execPath, [resolve(root, 'demo/main.ts'), ...flags], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  let output = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output += text;
      for (const look of looks) look();
    });
  }
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    output: () => output,
    until: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          const match = pattern.exec(output);
          if (match !== null) found(match);
        };
        looks.add(look);
        look();
        void ended.then(() => reject(new Error(`the demo ended without ${String(pattern)}:\n${output}`)));
      }),
    ended,
    signal: (name) => void child.kill(name),
  };
}

const folderOf = async (run: Run): Promise<string> => (await run.until(/Kubernetes {2}(\/.*)\/kubeconfig\n/))[1] ?? '';

function expectNothingLeft(dir: string): void {
  expect(processesMentioning(dir)).toEqual([]);
  expect(existsSync(dir)).toBe(false);
}

test('every step of the story is seen, no token is shown, nothing is left', { timeout }, async () => {
  const run = runDemo('--once');
  const dir = await folderOf(run);
  expect(await run.ended, run.output()).toBe(0);
  const [, seen, all] = /(\d+) of (\d+) steps seen in [\d.]+ s\.\n$/.exec(run.output()) ?? [];
  expect(seen).toBe(all);
  expect(run.output()).not.toContain('✗');
  expect(run.output()).not.toContain('Look for yourself');
  expect(run.output()).not.toMatch(/E[AQ]AA|sq0csp-/);
  expectNothingLeft(dir);
});

test('Ctrl-C in the middle of the story leaves nothing', { timeout }, async () => {
  const run = runDemo();
  const dir = await folderOf(run);
  await run.until(/✓ +1 /);
  run.signal('SIGINT');
  expect(await run.ended, run.output()).toBe(130);
  expect(run.output()).toMatch(/Ended; nothing is left\.\n$/);
  expectNothingLeft(dir);
});

test('an operator that ends by itself ends the demo, which says so', { timeout }, async () => {
  const run = runDemo();
  const dir = await folderOf(run);
  const [, pid] = await run.until(/process (\d+), log/);
  process.kill(Number(pid), 'SIGKILL');
  expect(await run.ended, run.output()).toBe(1);
  expect(run.output()).toContain('The operator ended by itself with exit code 137.');
  expectNothingLeft(dir);
});
