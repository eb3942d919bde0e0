import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { nodeFlags } from '../../tools/bench/node-flags.ts';
import type { Api } from '../cluster/api.ts';
import { type Simulator, startSimulator } from '../simulator/simulator.ts';
import { adminApi, createNamespace, kubeconfig } from '../support/cluster.ts';
import { cycloneDxProblems } from '../support/cyclonedx.ts';
import { createLive, type Live } from '../support/live.ts';
import { grantRole } from '../support/operator-role.ts';
import { createScene, type Scene } from '../support/scene.ts';
import { buildImage } from './build-image.ts';
import { openPodman, type Podman, type Running, restricted } from './container.ts';
import { type ArchivedImage, readArchive } from './contents.ts';
import { middle, report } from './figures.ts';
import { imageDir, removeImageDir } from './image-dir.ts';
import { lacksForImage } from './lacks.ts';
import { type Mounts, mountsFor } from './mounts.ts';

const root = resolve(import.meta.dirname, '../..');
const tag = 'localhost/square-operator:test';
const madeAt = 1_700_000_000;
const doc = '/usr/share/doc/square-operator';

interface Bill {
  readonly metadata: { readonly timestamp?: string };
  readonly components: readonly {
    readonly 'bom-ref': string;
    readonly type: string;
    readonly hashes: readonly { readonly content: string }[];
  }[];
}

describe('the image', () => {
  let dir = '';
  let image: ArchivedImage;
  let podman: Podman;
  const build = async (name: string) => {
    const { archive } = await buildImage({ tag, dir, madeAt, revision: 'abc123' });
    await mkdir(join(dir, name));
    return readArchive(archive, join(dir, name));
  };
  beforeAll(async () => {
    const lacks = lacksForImage();
    if (lacks !== undefined) throw new Error(lacks);
    dir = await imageDir();
    image = await build('first');
    podman = await openPodman(dir);
  });
  afterAll(async () => {
    if (dir !== '') await removeImageDir(dir);
  });

  test('runs as nobody in particular, and says what it is', () => {
    const { User, Entrypoint, Labels, ExposedPorts } = image.config.config;
    expect(User).toBe('65532:65532');
    expect(Entrypoint).toEqual(['node', ...nodeFlags, '/app/square-operator.js']);
    expect(Object.keys(ExposedPorts)).toEqual(['8080/tcp', '8081/tcp', '8082/tcp']);
    expect(Labels).toMatchObject({
      'org.opencontainers.image.title': 'square-operator',
      'org.opencontainers.image.licenses': 'Apache-2.0',
      'org.opencontainers.image.version': '0.1.0',
      'org.opencontainers.image.revision': 'abc123',
      'org.opencontainers.image.source': '',
      'org.opencontainers.image.base.name': 'localhost/square-operator-base:runtime',
    });
  });

  test('adds two programs, compiled code and papers to its base, which only root could change', () => {
    const [, ...own] = image.layers;
    const entries = own.flatMap((layer) => layer.entries);
    const files = entries.filter(({ rights }) => !rights.startsWith('d'));
    expect(
      files.map(({ path, rights }) => `${rights} ${path}`.replace(/v24\.[^/]*-65532\/[0-9a-f]+$/, 'CODE')).sort(),
    ).toEqual([
      `-rw-r--r-- 0/0 /app/package.json`,
      `-rw-r--r-- 0/0 ${doc}/LICENSE`,
      `-rw-r--r-- 0/0 ${doc}/THIRD_PARTY_LICENSES.txt`,
      `-rw-r--r-- 0/0 ${doc}/sbom.cdx.json`,
      `-rwxr-xr-x 0/0 /app/compile-cache/CODE`,
      `-rwxr-xr-x 0/0 /app/kubectl-square.js`,
      `-rwxr-xr-x 0/0 /app/square-operator.js`,
    ]);
    expect(entries.filter(({ rights }) => !/^.r.xr-xr-x 0\/0|^.rw-r--r-- 0\/0/.test(rights))).toEqual([]);
  });

  test('has no shell, no package manager, and nothing that gives more rights', async () => {
    const entries = image.layers.flatMap((layer) => layer.entries);
    const names = new Set(entries.map(({ path }) => path.split('/').at(-1)));
    for (const name of ['sh', 'bash', 'dash', 'busybox', 'env', 'npm', 'npx', 'apt', 'apk'])
      expect(names).not.toContain(name);
    expect(entries.filter(({ rights }) => /^-..[sS]|^-.{5}[sS]/.test(rights))).toEqual([]);
    await expect(podman.run(['run', '--rm', ...restricted, '--entrypoint=/bin/sh', tag, '-c', 'true'])).rejects.toThrow(
      /no such file or directory/,
    );
  });

  test('has a valid bill of materials, of what the lock file says is in it', async () => {
    const text = await image.read(`${doc}/sbom.cdx.json`);
    expect(await cycloneDxProblems(text)).toEqual([]);
    const { components, metadata } = JSON.parse(text) as Bill;
    expect(metadata.timestamp).toBe(new Date(madeAt * 1000).toISOString());
    const { packages } = JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { version: string; integrity?: string; dev?: boolean }>;
    };
    const locked = new Map(
      Object.entries(packages).map(([folder, { version, integrity = '', dev }]) => {
        const name = folder.split('node_modules/').at(-1)?.replace('@', '%40');
        const digest = Buffer.from(integrity.replace('sha512-', ''), 'base64').toString('hex');
        return [`pkg:npm/${name}@${version}`, { digest, dev }];
      }),
    );
    const libraries = components.filter(({ type }) => type === 'library');
    expect(libraries.length).toBeGreaterThan(20);
    for (const { 'bom-ref': ref, hashes } of libraries)
      expect([ref, locked.get(ref)]).toEqual([ref, { digest: hashes[0]?.content, dev: undefined }]);
    for (const { 'bom-ref': name, hashes } of components.filter(({ type }) => type === 'file')) {
      const content = await image.read(`/app/${name}`);
      expect(hashes[0]?.content).toBe(createHash('sha256').update(content).digest('hex'));
    }
  });

  test('has the licence of every package in it', async () => {
    const { components } = JSON.parse(await image.read(`${doc}/sbom.cdx.json`)) as Bill;
    const texts = await image.read(`${doc}/THIRD_PARTY_LICENSES.txt`);
    for (const { 'bom-ref': ref } of components.filter(({ type }) => type === 'library')) {
      const [, name = '', version = ''] = /^pkg:npm\/(.*)@([^@]+)$/.exec(ref) ?? [];
      expect(texts).toContain(`\n${name.replace('%40', '@')} ${version} (`);
    }
    expect(await image.read(`${doc}/LICENSE`)).toBe(await readFile(join(root, 'LICENSE'), 'utf8'));
  });

  test('starts with the code that was compiled when it was built', async () => {
    const debug = ['--env=NODE_DEBUG_NATIVE=COMPILE_CACHE', tag, '--help'];
    const said = await podman.run(['run', '--rm', ...restricted, ...debug]);
    expect(said).toMatch(/code cache for CommonJS \/app\/square-operator\.js was accepted/);
  });

  test('brings the plugin along', async () => {
    const said = await podman.run([
      'run',
      '--rm',
      ...restricted,
      '--entrypoint=node',
      tag,
      '/app/kubectl-square.js',
      '--version',
    ]);
    expect(said.trim()).toBe('0.1.0');
  });

  describe('in place of a pod', () => {
    let api: Api;
    let live: Live;
    let square: Simulator;
    let scene: Scene;
    let mounts: Mounts;
    let args: string[] = [];
    const running: Running[] = [];
    beforeAll(async () => {
      [api, square] = [await adminApi(), await startSimulator()];
      const [home, shop] = [await createNamespace(), await createNamespace()];
      await grantRole(api, home, [shop]);
      mounts = await mountsFor(api, kubeconfig(), home, dir);
      live = await createLive(kubeconfig(), api, () =>
        running
          .flatMap(({ log }) => log)
          .slice(-12)
          .join(''),
      );
      await live.follow(shop);
      scene = createScene({ api, live, square, namespace: shop, operators: [] });
      args = [
        `--operator-namespace=${home}`,
        `--watch-namespaces=${shop}`,
        `--square-production-url=${square.url}`,
        '--journal-dir=/var/lib/square-operator/journal',
        '--web-bind-address=0',
        '--leader-elect-lease-duration=3s',
        '--log-level=debug',
      ];
    });
    afterAll(async () => {
      await Promise.all(running.map((one) => one.stop()));
      live?.stop();
      await square?.stop();
    });
    const start = async () => {
      const operator = await podman.operator(tag, mounts, args);
      running.push(operator);
      return operator;
    };

    test('connects a seller by its service account, with a root that is only read', async () => {
      const operator = await start();
      await operator.ready();
      const party = await scene.connected({ name: 'bakery', flow: 'PKCE' });
      expect(scene.tokenRequests(party)).toBe(1);
      expect(operator.log.join('')).not.toMatch(/EROFS|EACCES|EPERM|forbidden/i);
    });

    test('ends when it is told to, once the answer that it waits for is stored', async () => {
      const sealed = () => scene.secret('bakery-sealed')?.metadata.resourceVersion;
      const { merchantID = '' } = scene.status('bakery');
      square.faults.add({ endpoint: 'token', merchantID, effect: { kind: 'delay' }, delay: 3_000 });
      const before = sealed();
      await scene.request('bakery', 'refresh');
      await live.until('the attempt is noted', () => sealed() !== before);
      const noted = sealed();
      expect(await running[0]?.stop()).toBe(0);
      await live.until('the answer is stored', () => sealed() !== noted);
      const next = await start();
      await live.until('it is told', () => scene.status('bakery').revision === 2);
      await scene.becomes('bakery', { Ready: 'True/Valid', Published: 'True' });
      expect(scene.tokenRequests({ merchantID })).toBe(2);
      expect(await next.stop()).toBe(0);
    });

    test('its sizes, and how soon it is ready', async () => {
      const starts: number[] = [];
      for (let i = 0; i < 5; i += 1) {
        const operator = await start();
        starts.push(await operator.ready());
        expect(await operator.stop()).toBe(0);
      }
      expect(middle(starts)).toBeLessThan(30_000);
      report(image, starts);
    });
  });

  test('is the same when it is built again', async () => {
    const again = await build('second');
    expect(again.layers.map(({ digest }) => digest)).toEqual(image.layers.map(({ digest }) => digest));
    expect(again.configDigest).toBe(image.configDigest);
  }, 1_200_000);
});
