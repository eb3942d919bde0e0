import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runDir } from '../../cluster/temp-dir.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sqo-temp-'));
});
afterEach(() => rm(parent, { recursive: true }));

test('the folder of a run that was killed is removed when the next run starts; those of living runs stay', async () => {
  const living = await runDir(parent);
  const dead = join(parent, 'square-operator-run-dead');
  await mkdir(dead);
  await writeFile(join(dead, 'owner.json'), JSON.stringify({ pid: process.pid, started: 'another time' }));
  const next = await runDir(parent);
  expect([living, dead, next].map(existsSync)).toEqual([true, false, true]);
});
