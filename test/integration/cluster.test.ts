import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Api, openApi } from '../cluster/api.ts';
import { ensureBinaries } from '../cluster/build.ts';
import { builtBinaries } from '../cluster/built-binaries.ts';
import { k3s } from '../cluster/k3s.ts';
import { makeStandIn, standInImage } from '../cluster/k3s-image/image.ts';
import { missingPackages, startPodman } from '../cluster/k3s-image/podman.ts';
import { reportTo } from '../cluster/report.ts';
import { kubeconfig } from '../support/cluster.ts';
import { eventually } from '../support/eventually.ts';
import { type Lack, testUnless } from '../support/needs.ts';
import { processesMentioning } from '../support/processes.ts';

const program = resolve(import.meta.dirname, '../cluster/main.ts');
const report = reportTo(process.stderr);
const oneBuild = 30 * 60_000;
const oneStart = 120_000;
const built = await builtBinaries.available();
const lackForBinaries: Lack = built === true ? undefined : `${built}; ${builtBinaries.howToGet}`;
const dockerThere = (await k3s.available(report)) === true;

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sqo-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

const choosing = ['KUBEBUILDER_ASSETS', 'KUBECONFIG', 'USE_EXISTING_CLUSTER', 'CONTROL_PLANE_PROVIDER'];

/** Runs the program in an environment where nothing chooses a provider but what is given here. */
function cluster(args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
  const clean = Object.fromEntries(Object.entries(process.env).filter(([name]) => !choosing.includes(name)));
  return spawnSync(process.execPath, [program, ...args], { encoding: 'utf8', env: { ...clean, ...environment } });
}

/** A namespace is made, its default ServiceAccount appears, and a Secret is written and read. */
async function expectToWork(api: Api): Promise<void> {
  const name = `provider-${process.pid}`;
  const namespace = `/api/v1/namespaces/${name}`;
  await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name } } });
  const account = async () => (await api.send('GET', `${namespace}/serviceaccounts/default`)).status === 200;
  await eventually('the default ServiceAccount appears', account, 30_000);
  const body = { metadata: { name: 'one' }, stringData: { key: 'value' } };
  await api.ask('POST', `${namespace}/secrets`, { body });
  const secret = await api.ask<{ data: Record<string, string> }>('GET', `${namespace}/secrets/one`);
  expect(secret.data).toEqual({ key: 'dmFsdWU=' });
  await api.ask('DELETE', namespace);
}

async function upAndDown(provider: string, environment: NodeJS.ProcessEnv): Promise<void> {
  const home = join(dir, 'c');
  const up = cluster(['up', '--dir', home, '--provider', provider], environment);
  try {
    expect(up, up.stderr).toMatchObject({ status: 0, stdout: `export KUBECONFIG=${home}/kubeconfig\n` });
    const api = await openApi(join(home, 'kubeconfig'));
    await expectToWork(api);
    await api.close();
    if (provider !== 'existing-cluster') expectRefusal(cluster(['up', '--dir', home], environment));
  } finally {
    const down = cluster(['down', '--dir', home], environment);
    expect(down, down.stderr).toMatchObject({ status: 0 });
  }
  expect(processesMentioning(home)).toEqual([]);
  expect(existsSync(home)).toBe(false);
}

function expectRefusal({ status, stderr }: { status: number | null; stderr: string }): void {
  expect(status).toBe(1);
  expect(stderr).toContain('A control plane is up in');
}

describe('each provider gives a cluster that works, and nothing of it is left afterwards', () => {
  test('an existing cluster', () => upAndDown('existing-cluster', { KUBECONFIG: kubeconfig() }), oneStart);

  testUnless(
    lackForBinaries,
    'KUBEBUILDER_ASSETS',
    async () => {
      const assets = await ensureBinaries(['etcd', 'kube-apiserver', 'kube-controller-manager'], report);
      await upAndDown('kubebuilder-assets', { KUBEBUILDER_ASSETS: assets });
    },
    oneBuild,
  );

  const fromModules = () => upAndDown('built-binaries', {});
  testUnless(lackForBinaries, 'binaries built from the Go modules', fromModules, oneBuild);

  testUnless(
    lackForK3s(),
    'k3s in a container',
    async () => {
      if (dockerThere) return upAndDown('k3s', {});
      const engine = await startPodman(join(dir, 'e'));
      try {
        await makeStandIn(engine, join(dir, 'image'), report);
        await upAndDown('k3s', { ...engine.environment, K3S_IMAGE: standInImage });
        expect(engine.podman(['ps', '--all', '--quiet'])).toBe('');
      } finally {
        await engine.stop();
      }
    },
    oneBuild,
  );
});

function lackForK3s(): Lack {
  if (dockerThere) return undefined;
  const missing = missingPackages();
  const go = spawnSync('go', ['version']).status === 0;
  if (missing.length === 0) return go ? lackForBinaries : `needs Go for the stand-in of k3s; ${builtBinaries.howToGet}`;
  return `needs a Docker engine with ${process.env.K3S_IMAGE ?? 'rancher/k3s'}, or on Debian \`apt-get install ${missing.join(' ')}\``;
}

testUnless(
  lackForBinaries,
  'a control plane ends with the process that started it, even when that one is killed',
  async () => {
    const fixture = resolve(import.meta.dirname, 'fixtures/hold-control-plane.ts');
    const holder = spawn(process.execPath, [fixture, dir], { stdio: ['ignore', 'pipe', 'inherit'] });
    expect(String((await once(holder.stdout, 'data'))[0])).toBe('ready\n');
    expect(processesMentioning(join(dir, 'control-plane')).length).toBeGreaterThanOrEqual(3);
    holder.kill('SIGKILL');
    await once(holder, 'exit');
    await eventually('nothing is left', () => processesMentioning(join(dir, 'control-plane')).length === 0);
  },
  oneBuild,
);

testUnless(
  lackForBinaries,
  'an API server that is killed comes back at its address with its data',
  async () => {
    const controlPlane = await builtBinaries.start({ dir, report });
    const api = await openApi(controlPlane.kubeconfig);
    try {
      await api.ask('POST', '/api/v1/namespaces', { body: { metadata: { name: 'kept' } } });
      await controlPlane.apiServer.kill();
      await expect(api.send('GET', '/api/v1/namespaces/kept')).rejects.toThrow();
      await controlPlane.apiServer.start();
      expect((await api.send('GET', '/api/v1/namespaces/kept')).status).toBe(200);
    } finally {
      await api.close();
      await controlPlane.stop();
    }
    expect(processesMentioning(dir)).toEqual([]);
  },
  oneBuild,
);

test('a cluster that is asked for and not there is an error, not a reason to take another', () => {
  const { status, stderr } = cluster(['up', '--dir', dir, '--use-existing-cluster'], {});
  expect(status).toBe(1);
  expect(stderr).toContain('existing-cluster was asked for, but KUBECONFIG is not set');
});

test('with no provider at hand the error names all four and how to get each', () => {
  const { status, stderr } = cluster(['up', '--dir', dir], {
    PATH: '/nonexistent',
    XDG_CACHE_HOME: dir,
    DOCKER_HOST: 'unix:///nonexistent/docker.sock',
  });
  expect(status).toBe(1);
  for (const word of ['--use-existing-cluster', 'KUBEBUILDER_ASSETS', 'DOCKER_HOST', 'go.dev/dl']) {
    expect(stderr).toContain(word);
  }
});
