import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { type Output, outputOf } from '../support/output-of.ts';
import { processesMentioning } from '../support/processes.ts';

const root = resolve(import.meta.dirname, '../..');
const timeout = 120_000;
const running = new Set<ReturnType<typeof spawn>>();

afterEach(() => {
  for (const child of running) child.kill('SIGKILL');
  running.clear();
});

interface Run extends Output {
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
  const output = outputOf(child);
  const ended = once(child, 'close').then(([code]) => {
    running.delete(child);
    return code as number | null;
  });
  return {
    ...output,
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
  expect(await run.ended, run.text()).toBe(0);
  const [, seen, all] = /(\d+) of (\d+) steps seen in [\d.]+ s\.\n$/.exec(run.text()) ?? [];
  expect(seen).toBe(all);
  expect(run.text()).not.toContain('✗');
  expect(run.text()).not.toContain('Look for yourself');
  expect(run.text()).not.toMatch(/E[AQ]AA|sq0csp-/);
  expectNothingLeft(dir);
});

test('Ctrl-C in the middle of the story leaves nothing', { timeout }, async () => {
  const run = runDemo();
  const dir = await folderOf(run);
  await run.until(/✓ +1 /);
  run.signal('SIGINT');
  expect(await run.ended, run.text()).toBe(130);
  expect(run.text()).toMatch(/Ended; nothing is left\.\n$/);
  expectNothingLeft(dir);
});

test('an operator that ends by itself ends the demo, which says so', { timeout }, async () => {
  const run = runDemo();
  const dir = await folderOf(run);
  const [, pid] = await run.until(/process group (\d+), log/);
  process.kill(Number(pid), 'SIGKILL');
  expect(await run.ended, run.text()).toBe(1);
  expect(run.text()).toContain('The operator ended by itself with exit code 137.');
  expectNothingLeft(dir);
});
