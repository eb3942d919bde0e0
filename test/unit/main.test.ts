import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { freePort } from '../cluster/free-port.ts';

const main = new URL('../../src/main.ts', import.meta.url).pathname;

/** A kubeconfig of an API server that is not there. */
const nowhere = (port: number) =>
  stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server: `http://127.0.0.1:${port}` } }],
    users: [{ name: 'u', user: { token: 'none' } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'square-operator' } }],
    'current-context': 'x',
  });

// A container's first process ignores a signal that it has no handler for: that it has one is seen by its exit code.
test.each(['SIGTERM', 'SIGINT'] as const)(
  'told to go by %s while it waits for the API server, it goes',
  async (signal) => {
    const dir = await mkdtemp(join(tmpdir(), 'square-operator-test-'));
    const kubeconfig = join(dir, 'kubeconfig');
    await writeFile(kubeconfig, nowhere(await freePort()));
    const listeners = ['metrics', 'health-probe'].map((name) => `--${name}-bind-address=127.0.0.1:0`);
    const child = spawn(process.execPath, [main, `--kubeconfig=${kubeconfig}`, ...listeners], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { PATH: process.env['PATH'] },
    });
    const exited = once(child, 'exit');
    const [line] = (await once(child.stdout, 'data')) as [Buffer];
    expect(line.toString()).toContain('the sealing keys cannot be read yet');
    child.kill(signal);
    expect(await exited).toEqual([0, null]);
    await rm(dir, { recursive: true });
  },
  30_000,
);
