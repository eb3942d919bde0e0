import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { asCobra, complete, type LookUp } from '../../../src/cli/complete.ts';
import { shells } from '../../../src/cli/shells.ts';
import { verbs } from '../../../src/cli/verbs.ts';
import { testUnless } from '../../support/needs.ts';

const asked: unknown[] = [];
const lookUp: LookUp = (what, given) => {
  asked.push([what, given]);
  return Promise.resolve(what === 'connection' ? ['bakery', 'bar', 'cafe'] : [`a-${what}`]);
};
const words = async (...line: string[]) => (await complete(line, verbs, lookUp)).words.map(({ word }) => word);

describe('what may stand next', () => {
  test.each([
    [[''], verbs.map(({ name }) => name)],
    [['re'], ['refresh', 'resume']],
    [
      ['-n', 'shop', 're'],
      ['refresh', 'resume'],
    ],
    [
      ['refresh', 'ba'],
      ['bakery', 'bar'],
    ],
    [
      ['refresh', 'bakery', ''],
      ['bar', 'cafe'],
    ],
    [['connect', 'bakery', ''], []],
    [['list', ''], []],
    [
      ['list', '-o', ''],
      ['table', 'wide', 'json', 'yaml'],
    ],
    [['list', '--output=j'], ['--output=json']],
    [['status', '--sel'], ['--selector']],
    [
      ['seal', 'x', '--environment', ''],
      ['Production', 'Sandbox'],
    ],
    [['seal', 'x', '--application', ''], ['a-application']],
    [['status', '-n', ''], ['a-namespace']],
    [
      ['completion', ''],
      ['bash', 'zsh', 'fish', 'powershell'],
    ],
    [['refresh', '--timeout', ''], []],
  ])('%j', async (line, wanted) => expect(await words(...line)).toEqual(wanted));

  test('names come from the cluster and namespace of the command line', async () => {
    asked.length = 0;
    await words('status', '-n', 'shop', '--context=prod', '');
    expect(asked).toEqual([['connection', { namespace: 'shop', context: 'prod' }]]);
  });

  test('files complete what is a file', async () => {
    expect(await complete(['list', '--kubeconfig', ''], verbs, lookUp)).toEqual({ words: [], files: true });
  });

  test('in the form that kubectl takes: a word and what it says on a line, the directive last', () => {
    expect(asCobra({ words: [{ word: 'list', says: 'List.' }, { word: 'x' }], files: false })).toBe(
      'list\tList.\nx\n:4',
    );
    expect(asCobra({ words: [], files: true })).toBe(':0');
  });
});

describe('the completion scripts', () => {
  const dir = mkdtempSync(join(tmpdir(), 'completion-'));
  afterAll(() => rmSync(dir, { recursive: true }));

  for (const shell of ['bash', 'zsh', 'fish'] as const) {
    const there = spawnSync(shell, ['-c', ':']).status === 0;
    const lack = there ? undefined : `no program ${shell}: apt-get install ${shell}`;
    const parse = () => {
      const flag = shell === 'fish' ? '--no-execute' : '-n';
      const file = join(dir, shell);
      writeFileSync(file, shells[shell]);
      const { status, stderr } = spawnSync(shell, [flag, file], { encoding: 'utf8' });
      expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
      return Promise.resolve();
    };
    testUnless(lack, `${shell} parses its script`, parse, 10_000);
  }

  test('bash completes with what the program answers', () => {
    const script = `
      kubectl-square() { [[ $1 == __complete && $2 == list && $3 == -o && $4 == "" ]] && printf 'table\\tA table.\\njson\\n:4\\n'; }
      ${shells.bash}
      COMP_WORDS=(kubectl-square list -o ""); COMP_CWORD=3; _kubectl_square; printf '%s,' "\${COMPREPLY[@]}"`;
    expect(spawnSync('bash', ['-c', script], { encoding: 'utf8' }).stdout).toBe('table,json,');
  });
});
