import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outputOf } from '../../support/output-of.ts';

const timeout = 60_000;
const runner = JSON.stringify(resolve(import.meta.dirname, '../../../tools/run-vitest.ts'));
const config = join(import.meta.dirname, 'fixtures/vitest.config.ts');

let temp: string;
beforeEach(async () => {
  temp = await mkdtemp(join(tmpdir(), 'sqo-vitest-'));
});
afterEach(() => rm(temp, { recursive: true }));

/** Has the tests of that name run by a process, in a group of its own, that prints what they came to. */
function run(...names: readonly string[]) {
  const args = JSON.stringify(['--config', config, ...names]);
  const script = `import { vitest } from ${runner}; console.log('came to', JSON.stringify(await vitest(${args})));`;
  return spawn(process.execPath, ['--input-type=module', '-e', script], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, TMPDIR: temp, NO_COLOR: '1' },
  });
}

const left = async () => (await readdir(temp)).filter((name) => name.startsWith('square-operator-'));

test('a run is counted, and no file is announced that is gone by then', { timeout }, async () => {
  const child = run('mixed', 'cannot-be-loaded');
  const output = outputOf(child);
  await once(child, 'close');
  expect(JSON.parse(/^came to (.*)$/m.exec(output.text())?.[1] ?? '')).toEqual({
    passed: 1,
    failed: ['a group > fails', join(import.meta.dirname, 'fixtures/cannot-be-loaded.ts')],
    skipped: ['a group > is skipped'],
  });
  expect(output.text()).not.toContain(temp);
  expect(await left()).toEqual([]);
});

test('a run that is interrupted leaves no folder', { timeout }, async () => {
  const child = run('waits');
  const output = outputOf(child);
  await output.until(/waits in .*square-operator-run-/);
  expect(await left()).toHaveLength(2);
  const closed = once(child, 'close');
  process.kill(-(child.pid ?? 0), 'SIGINT');
  await closed;
  expect(output.text()).toContain('Ended by SIGINT.');
  expect(await left()).toEqual([]);
});
