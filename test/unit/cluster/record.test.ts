import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { identify, isRunning, type ProcessIdentity } from '../../cluster/os-process.ts';
import { runningIn, takeDown } from '../../cluster/record.ts';

let dir: string;
let identity: ProcessIdentity;
let end: () => void;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sqo-record-'));
  const child = spawn('sleep', ['60'], { stdio: 'ignore' });
  end = () => child.kill('SIGKILL');
  identity = identify(child.pid ?? 0) as ProcessIdentity;
});
afterEach(async () => {
  end();
  await rm(dir, { recursive: true, force: true });
});

const record = (processes: readonly ProcessIdentity[]) =>
  writeFile(
    join(dir, 'control-plane.json'),
    JSON.stringify({ processes: processes.map((one) => ({ ...one, name: 'etcd' })) }),
  );

test('what is recorded is ended, and its folder goes', async () => {
  await record([identity]);
  expect(await runningIn(dir)).toEqual(['etcd']);
  expect(await takeDown(dir)).toBe(true);
  expect(isRunning(identity)).toBe(false);
  expect(existsSync(dir)).toBe(false);
});

test('a process that was given the number of a recorded one is left alone', async () => {
  await record([{ pid: identity.pid, started: 'another time' }]);
  expect(await runningIn(dir)).toEqual([]);
  expect(await takeDown(dir)).toBe(true);
  expect(isRunning(identity)).toBe(true);
});

test('files of others in the folder stay', async () => {
  await record([]);
  await writeFile(join(dir, 'notes'), 'mine');
  await takeDown(dir);
  expect(existsSync(join(dir, 'notes'))).toBe(true);
});

test('without a record nothing is touched', async () => {
  expect(await takeDown(dir)).toBe(false);
  expect(existsSync(dir)).toBe(true);
});
