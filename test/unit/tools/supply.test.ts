import { chmod, cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { auditOf } from '../../../tools/supply/audit.ts';
import { budget, budgetProblems } from '../../../tools/supply/budget.ts';
import { allows, licenceProblems } from '../../../tools/supply/licence-rules.ts';
import { closureOf, type LockedPackage, readLock } from '../../../tools/supply/lock.ts';
import { lockProblems } from '../../../tools/supply/lock-rules.ts';
import { run } from '../../support/chart.ts';

const root = resolve(import.meta.dirname, '../../..');
const integrity = 'sha512-abc';
const a = 'node_modules/a';

describe('the lock file', () => {
  test('as it is committed has no fault', async () => {
    const { allowScripts } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as {
      allowScripts: Record<string, boolean>;
    };
    expect(lockProblems(readLock(root), allowScripts)).toEqual([]);
    expect(Object.keys(readLock(root)).length).toBeGreaterThan(300);
  });

  test.each<[what: string, locked: LockedPackage, says: RegExp]>([
    ['without a digest', {}, /^node_modules\/a is not pinned/],
    ['with a weak digest', { integrity: 'sha1-abc' }, /is not pinned by a sha512/],
    ['of another registry', { integrity, resolved: 'https://npm.example.com/a.tgz' }, /from npm\.example\.com/],
    ['of a name alike', { integrity, resolved: 'https://registry.npmjs.org.example.com/a' }, /org\.example\.com/],
    ['without TLS', { integrity, resolved: 'http://registry.npmjs.org/a/-/a.tgz' }, /not the public registry/],
    ['of a repository', { integrity, resolved: 'git+ssh://git@example.com/a.git' }, /from example\.com/],
    ['of a folder', { integrity, link: true }, /is a link/],
    ['with an install script', { integrity, hasInstallScript: true }, /install script/],
  ])('may hold no package %s', (_, locked, says) => {
    expect(lockProblems({ '': {}, [a]: locked }, {})).toEqual([expect.stringMatching(says)]);
  });

  test('takes what is refused its script, and no refusal that is none', () => {
    const lock = { [a]: { integrity, hasInstallScript: true, resolved: 'https://registry.npmjs.org/a/-/a-1.tgz' } };
    expect(lockProblems(lock, { a: false })).toEqual([]);
    expect(lockProblems(lock, { a: true })).toHaveLength(2);
  });

  test('names what a package brings as Node finds it', () => {
    const lock = {
      [a]: { dependencies: { b: '1', c: '1' }, peerDependencies: { absent: '1' } },
      'node_modules/b': { dependencies: { a: '1' } },
      'node_modules/c': {},
      'node_modules/d': {},
      'node_modules/a/node_modules/c': { dependencies: { d: '1' } },
    };
    expect(closureOf(lock, a)).toEqual([a, 'node_modules/a/node_modules/c', 'node_modules/b', 'node_modules/d']);
  });
});

describe('licences', () => {
  test.each([
    ['MIT', true],
    ['(MIT OR GPL-3.0-only)', true],
    ['MIT AND Apache-2.0', true],
    ['MIT AND GPL-3.0-only', false],
    ['GPL-3.0-only', false],
    ['SEE LICENSE IN LICENSE', false],
    ['', false],
  ])('%s is taken: %s', (licence, is) => expect(allows(licence, new Set(['MIT', 'Apache-2.0']))).toBe(is));

  test('what is shipped may be under fewer than tools', () => {
    const lock = { [a]: { license: 'MPL-2.0' }, 'node_modules/b': { license: 'GPL-3.0-only' }, 'node_modules/c': {} };
    const nowhere = join(root, 'nowhere');
    expect(licenceProblems(nowhere, lock, new Set())).toEqual([
      expect.stringContaining('node_modules/b has the licence GPL-3.0-only'),
      expect.stringContaining('node_modules/c has the licence none'),
    ]);
    expect(licenceProblems(nowhere, lock, new Set([a]))[0]).toContain('accepted for what is shipped');
  });
});

describe('the budget', () => {
  const lock = { '': { dependencies: { a: '1' }, devDependencies: { b: '1' }, optionalDependencies: { c: '1' } } };
  const reasons = { a: 'x', b: 'x', c: 'x' };
  const small = { bundles: [{ program: 'square-operator.js', bytes: 1024 }], packages: [] };

  test('asks for the reason of each dependency, and for nothing else', () => {
    expect(budgetProblems(lock, small, reasons)).toEqual([]);
    expect(budgetProblems(lock, small, { a: 'x', b: 'x' })).toEqual([expect.stringMatching(/^c has no row/)]);
    expect(budgetProblems(lock, small, { ...reasons, d: 'x' })).toEqual([expect.stringMatching(/^d has a row/)]);
  });

  test('is kept in packages and in size', () => {
    const bytes = ((budget.programs['kubectl-square.js'] ?? 0) + 1) * 1024;
    const packages = Array.from({ length: budget.bundled + 1 }, (_, i) => ({ folder: String(i) }));
    const bundles = [
      { program: 'kubectl-square.js', bytes },
      { program: 'a-new-one.js', bytes: 1 },
    ];
    expect(budgetProblems(lock, { bundles, packages }, reasons)).toEqual([
      expect.stringMatching(/^packages that are shipped: \d+, and the budget is/),
      expect.stringMatching(/^KiB of kubectl-square\.js/),
      expect.stringMatching(/^KiB of a-new-one\.js: 1, and the budget is 0/),
    ]);
    const names = Object.fromEntries(Array.from({ length: budget.runtime + 1 }, (_, i) => [`p${i}`, '1']));
    expect(budgetProblems({ '': { dependencies: names } }, small, names)).toHaveLength(1);
  });
});

describe('an audit', () => {
  const lock = { [a]: {}, 'node_modules/b': { dev: true } };
  const report = (name: string, severity: string, via: unknown[] = [{ title: 'Bad', url: 'https://example.com/1' }]) =>
    auditOf(JSON.stringify({ vulnerabilities: { [name]: { severity, nodes: [`node_modules/${name}`], via } } }), lock);

  test('finds nothing where nothing is known', () => {
    expect(auditOf('{"vulnerabilities":{}}', lock)).toEqual({ problems: [] });
  });
  test('finds everything against what may be shipped, and what is grave against tools', () => {
    expect(report('a', 'low')).toEqual({ problems: ['a, which may be shipped, low: Bad (https://example.com/1)'] });
    expect(report('b', 'moderate')).toEqual({ problems: [] });
    expect(report('b', 'high')).toEqual({ problems: ['b, a tool, high: Bad (https://example.com/1)'] });
  });
  test('tells an advisory once, where it belongs', () => {
    expect(report('a', 'high', ['b'])).toEqual({ problems: [] });
  });
  test.each([
    ['{"message":"405 Method Not Allowed","error":{"summary":""}}', '405 Method Not Allowed'],
    ['{"error":{"summary":"no network\\nmore"}}', 'no network'],
    ['', 'npm audit gave no report'],
  ])('that nobody answers is no clean one: %s', (text, unanswered) => {
    expect(auditOf(text, lock)).toEqual({ unanswered });
  });
});

test('packages are installed as they are locked, and run nothing', async () => {
  const dir = await mkdtemp(join(tmpdir(), 'square-operator-install-'));
  try {
    await mkdir(join(dir, 'tools'));
    await cp(join(root, 'tools/run.cjs'), join(dir, 'tools/run.cjs'));
    await writeFile(join(dir, 'package-lock.json'), '{}');
    await writeFile(join(dir, 'program.cjs'), '');
    await writeFile(join(dir, 'npm'), '#!/bin/sh\nmkdir -p node_modules\necho "$*" >> asked\n');
    await chmod(join(dir, 'npm'), 0o755);
    const start = () =>
      run(process.execPath, [join(dir, 'tools/run.cjs'), 'program.cjs'], {
        env: { PATH: `${dir}:${dirname(process.execPath)}:/usr/bin:/bin` },
      });
    expect((await start()).code).toBe(0);
    expect((await start()).code).toBe(0);
    expect(await readFile(join(dir, 'asked'), 'utf8')).toMatch(/^ci --ignore-scripts [^\n]*\n$/);
    await writeFile(join(dir, 'package-lock.json'), '{"changed":true}');
    expect((await start()).code).toBe(0);
    expect((await readFile(join(dir, 'asked'), 'utf8')).split('\n')).toHaveLength(3);
  } finally {
    await rm(dir, { recursive: true });
  }
});
