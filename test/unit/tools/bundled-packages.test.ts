import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { acceptedLicences } from '../../../tools/bundle/accepted-licences.ts';
import { licenceTexts } from '../../../tools/bundle/licences.ts';
import { bundledPackages, packagesOf } from '../../../tools/bundle/packages.ts';

let root = '';
let lock: Record<string, object> = {};
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bundled-'));
  lock = {};
});
afterEach(() => rmSync(root, { recursive: true }));

function put(path: string, content: string | object): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), typeof content === 'string' ? content : JSON.stringify(content));
}

/** Installs a package, and says in the lock file what it depends on. */
function install(folder: string, manifest: object, depends: readonly string[] = []): void {
  const name = folder.split('node_modules/').at(-1);
  put(`${folder}/package.json`, { name, version: '1.0.0', license: 'MIT', author: 'A. Person', ...manifest });
  const dependencies = Object.fromEntries(depends.map((one) => [one, '*']));
  lock[folder] = { version: '1.0.0', integrity: `sha512-${Buffer.from(folder).toString('base64')}`, dependencies };
  put('package-lock.json', { packages: { '': { dependencies: { a: '*' } }, ...lock } });
}

describe('the packages of a bundle', () => {
  test('are those that code is taken from, with the edges between them as Node would find them', () => {
    install('node_modules/a', {}, ['b', '@s/c', 'left-out']);
    install('node_modules/b', {}, ['@s/c']);
    install('node_modules/b/node_modules/@s/c', {}, ['b']);
    install('node_modules/@s/c', {});
    install('node_modules/left-out', {});
    const inputs = ['src/main.ts', 'node_modules/a/index.js', 'node_modules/a/lib/x.js', 'node_modules/b/index.js'];
    const found = packagesOf(root, [
      { program: 'one.js', bytes: 1, inputs: [...inputs, 'node_modules/b/node_modules/@s/c/index.js'] },
      { program: 'other.js', bytes: 1, inputs: ['node_modules/@s/c/index.js', 'node_modules/b/index.js'] },
    ]);
    expect(found).toMatchObject([
      {
        name: '@s/c',
        folder: 'node_modules/@s/c',
        programs: ['other.js'],
        dependsOn: [],
        direct: false,
      },
      {
        name: 'a',
        folder: 'node_modules/a',
        programs: ['one.js'],
        dependsOn: ['node_modules/@s/c', 'node_modules/b'],
        direct: true,
      },
      {
        name: 'b',
        folder: 'node_modules/b',
        programs: ['one.js', 'other.js'],
        dependsOn: ['node_modules/b/node_modules/@s/c'],
        direct: false,
      },
      {
        name: '@s/c',
        folder: 'node_modules/b/node_modules/@s/c',
        programs: ['one.js'],
        dependsOn: ['node_modules/b'],
        direct: false,
      },
    ]);
  });

  test('have to be installed as the lock file says', () => {
    install('node_modules/a', { version: '1.0.1' });
    const bundles = [{ program: 'one.js', bytes: 1, inputs: ['node_modules/a/index.js'] }];
    expect(() => packagesOf(root, bundles)).toThrow('node_modules/a is 1.0.1, and by the lock file 1.0.0: run npm ci');
  });
});

describe('licence texts', () => {
  const inBundle = () => packagesOf(root, [{ program: 'one.js', bytes: 1, inputs: ['node_modules/a/index.js'] }]);

  test('are all that a package brings, with its notice', () => {
    install('node_modules/a', { license: 'Apache-2.0' });
    put('node_modules/a/LICENSE.md', 'The licence of a\n');
    put('node_modules/a/NOTICE', 'Mention us\n');
    expect(licenceTexts(root, inBundle())).toContain('a 1.0.0 (Apache-2.0)\n\nThe licence of a\nMention us\n');
  });

  test('are spelled out where a package only names MIT and its author', () => {
    install('node_modules/a', { author: { name: 'A. Person' } });
    const text = licenceTexts(root, inBundle());
    expect(text).toContain('a 1.0.0 (MIT)\n\nCopyright (c) A. Person\n\nPermission is hereby granted');
  });

  test.each([
    ['another licence without its text', { license: 'ISC' }, 'node_modules/a brings no text of its licence ISC'],
    ['nobody who holds the rights', { author: undefined }, 'node_modules/a brings no text of its licence MIT'],
    ['a licence that is not accepted', { license: 'GPL-3.0-only' }, 'a 1.0.0 has the licence GPL-3.0-only'],
    ['no licence', { license: undefined }, 'a 1.0.0 has the licence none'],
  ])('cannot be made of %s', (_, manifest, why) => {
    install('node_modules/a', manifest);
    expect(() => licenceTexts(root, inBundle())).toThrow(why);
  });
});

test('what is shipped holds no package but by an accepted licence, and none that is only for development', async () => {
  const top = resolve(import.meta.dirname, '../../..');
  const packages = await bundledPackages();
  const { packages: locked } = JSON.parse(readFileSync(join(top, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean; version: string }>;
  };
  expect(packages.length).toBeGreaterThan(20);
  for (const { name, version, licence, folder } of packages) {
    expect([name, acceptedLicences.has(licence ?? '')]).toEqual([name, true]);
    expect([name, locked[folder]?.version, locked[folder]?.dev]).toEqual([name, version, undefined]);
  }
  expect(packages.map(({ name }) => name)).toEqual(expect.arrayContaining(['undici', 'jose', 'fastify', 'commander']));
}, 30_000);
