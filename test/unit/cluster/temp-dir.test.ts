import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { keepDir, runDir } from '../../cluster/temp-dir.ts';

let parent: string;
beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'sqo-temp-'));
});
afterEach(() => rm(parent, { recursive: true }));

test('the folder of a run that was killed is removed when the next run starts; those of living runs stay, and what is kept', async () => {
  const living = await runDir(parent);
  const owner = JSON.parse(await readFile(join(living, 'owner.json'), 'utf8')) as object;
  const left = async (name: string, more: object) => {
    const dir = join(parent, `square-operator-run-${name}`);
    await mkdir(dir);
    await writeFile(join(dir, 'owner.json'), JSON.stringify({ ...owner, started: 'another time', ...more }));
    return dir;
  };
  const dead = await left('dead', {});
  const elsewhere = await left('elsewhere', { space: 'pid:[1]' });
  const kept = await left('kept', {});
  await keepDir(kept);
  const next = await runDir(parent);
  expect([living, dead, elsewhere, kept, next].map(existsSync)).toEqual([true, false, true, true, true]);
});
