import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { cacheDir } from '../../cluster/cache.ts';
import { newest } from '../../cluster/releases.ts';
import { eventually } from '../../support/eventually.ts';
import { processesMentioning } from '../../support/processes.ts';

const fixtures = resolve(import.meta.dirname, 'fixtures');

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sqo-build-'));
});
afterEach(async () => {
  await finishBuilds();
  await rm(dir, { recursive: true, force: true });
});

const cache = () => cacheDir(newest, { XDG_CACHE_HOME: dir });
const binary = () => join(cache(), 'etcd');
const builds = () =>
  existsSync(join(dir, 'builds')) ? readFileSync(join(dir, 'builds'), 'utf8').trim().split('\n') : [];
const finishBuilds = () => writeFile(join(dir, 'finish'), '');

interface Start {
  readonly child: ChildProcess;
  readonly exit: Promise<unknown[]>;
  said(): string;
}

function start(): Start {
  const child = spawn(process.execPath, [join(fixtures, 'build.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, XDG_CACHE_HOME: dir, FAKE_GO: dir, PATH: `${fixtures}:${process.env.PATH}` },
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  return { child, exit: once(child, 'close'), said: () => text };
}

test('two starts at once build once, and the second says for whom it waits', async () => {
  const first = start();
  await eventually('the first builds', () => builds().length === 1);
  const second = start();
  await eventually('the second waits', () => second.said().includes(`Waiting for process ${first.child.pid},`));
  expect(existsSync(binary())).toBe(false);
  await finishBuilds();
  expect(await Promise.all([first.exit, second.exit])).toEqual([
    [0, null],
    [0, null],
  ]);
  expect(builds()).toHaveLength(1);
  expect(second.said()).toContain(`have ${cache()}`);
});

test('a killed build takes its compiler with it, leaves no binary, and the next start takes its lock over', async () => {
  const first = start();
  await eventually('the first builds', () => builds().length === 1);
  first.child.kill('SIGKILL');
  await first.exit;
  await eventually('the compiler ends', () => processesMentioning(join(fixtures, 'go')).length === 0);
  expect(existsSync(binary())).toBe(false);
  await finishBuilds();
  const second = start();
  expect(await second.exit).toEqual([0, null]);
  expect(readFileSync(binary(), 'utf8')).toBe('whole');
  expect(readdirSync(cache())).toEqual(['etcd']);
  expect(readdirSync(dirname(cache())).filter((name) => name.includes('.lock'))).toEqual([]);
});
