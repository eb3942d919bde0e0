import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { blocksIn, blocksOf, pagesByHand } from '../../support/documented.ts';

const root = resolve(import.meta.dirname, '../../..');
const textOf = (file: string) => readFileSync(join(root, file), 'utf8');

interface NotRun {
  readonly page: string;
  /** How the block begins: a word or more of its first line. */
  readonly begins: string;
  readonly because: string;
  /** What proves instead what the block says, or runs the same program. */
  readonly heldBy: readonly string[];
}

/**
 * Every block of commands that no test runs. Whoever adds one to the pages has it run, or writes here why that cannot be.
 */
const notRun: readonly NotRun[] = [
  {
    page: 'README.md',
    begins: 'npm run demo',
    because: 'one test runs the demo, to its end and interrupted; and no test can run them all, itself among them',
    heldBy: ['test/integration/demo.test.ts', 'test/unit/tools/test-summary.test.ts'],
  },
  {
    page: 'CONTRIBUTING.md',
    begins: 'npm run demo',
    because: 'the same two',
    heldBy: ['test/integration/demo.test.ts', 'test/unit/tools/test-summary.test.ts'],
  },
  {
    page: 'README.md',
    begins: 'npm run reliability',
    because: 'all of it takes longer than all tests; they play some of its runs, and hold its observer to its word',
    heldBy: ['test/integration/reliability.test.ts', 'test/unit/reliability'],
  },
  {
    page: 'README.md',
    begins: 'npm run test:unit -- test/unit/controller/rotation',
    because: 'that is a run of tests, and they are part of every run',
    heldBy: ['test/unit/controller/rotation-refresh.test.ts', 'test/unit/controller/rotation-take-up.test.ts'],
  },
  {
    page: 'docs/installing.md',
    begins: 'docker build',
    because: 'it takes an engine that pulls; the same Dockerfile is built without one',
    heldBy: ['test/image/image.test.ts', 'test/unit/tools/dockerfile.test.ts'],
  },
  {
    page: 'docs/installing.md',
    begins: 'container=$(docker create',
    because: 'it takes an engine; what it copies is read out of the image that was built',
    heldBy: ['test/image/image.test.ts'],
  },
  {
    page: 'docs/installing.md',
    begins: 'cosign verify',
    because: 'it asks a public log what a release has signed, and no release is where a test could ask',
    heldBy: ['test/unit/tools/workflows.test.ts'],
  },
];

const isCommands = (info: string) => /^(sh|bash|shell|console|zsh)\b/.test(info);
const blocks = pagesByHand().flatMap((page) => blocksOf(page).map((block) => ({ page, ...block })));
const unmarked = blocks.filter(({ info }) => isCommands(info) && !/^sh run( helm| pods)?$/.test(info));
const fits = ({ page, begins }: NotRun, block: { page: string; text: string }) =>
  block.page === page && block.text.startsWith(begins);

describe('a block of commands', () => {
  test('is run by a test, or the table says why not', () => {
    const missing = unmarked.filter((block) => !notRun.some((row) => fits(row, block)));
    expect(missing).toEqual([]);
    for (const row of notRun) expect([row, unmarked.filter((block) => fits(row, block)).length]).toEqual([row, 1]);
  });

  test('calls itself one: commands stand in no other block', () => {
    const command =
      /^\s*(\$ |\(umask|sudo |(kubectl|helm|npm|npx|node|docker|curl|openssl|git|cosign|gh|kubeseal|sed|export)\s)/m;
    expect(blocks.filter(({ info, text }) => !isCommands(info) && command.test(text))).toEqual([]);
  });

  test('that is not run is held to the truth elsewhere', () => {
    for (const { heldBy } of notRun)
      for (const file of heldBy) expect([file, existsSync(join(root, file))]).toEqual([file, true]);
  });
});

describe('what no test runs', () => {
  test('names scripts that there are', () => {
    const { scripts } = JSON.parse(textOf('package.json')) as { scripts: Readonly<Record<string, string>> };
    const named = pagesByHand().flatMap((page) =>
      [...textOf(page).matchAll(/\bnpm (?:run ([\w:]+)|(test)\b(?!:))/g)].map(([, script, other]) => script ?? other),
    );
    expect(named.length).toBeGreaterThan(20);
    expect([...new Set(named)].filter((name) => scripts[name ?? ''] === undefined)).toEqual([]);
    for (const [name, script] of Object.entries(scripts)) {
      const [, program = ''] = /^exec node tools\/run\.cjs (\S+)/.exec(script) ?? [];
      if (program !== '') expect([name, existsSync(join(root, program))]).toEqual([name, true]);
    }
  });

  const blockThat = (begins: string) => unmarked.find(({ text }) => text.startsWith(begins))?.text ?? '';

  test('copies out of the image what its Dockerfile puts there', () => {
    const paths = [...blockThat('container=').matchAll(/\$container:(\S+?)"/g)].map(([, path = '']) => path);
    expect(paths).toEqual(['/usr/share/doc/square-operator', '/app/kubectl-square.js']);
    for (const path of paths) {
      const [folder = '', file = ''] = path.endsWith('.js')
        ? [path.replace(/[^/]+$/, ''), path.split('/').at(-1)]
        : [path];
      const copied = textOf('Dockerfile').match(new RegExp(`^COPY .* ${folder.replace(/\/?$/, '/')}$`, 'm'))?.[0] ?? '';
      expect(copied).toContain(file === '' ? 'THIRD_PARTY_LICENSES.txt' : `/${file} `);
    }
  });

  test('verifies what the release workflow signs and attests, by its name', () => {
    const block = blockThat('cosign verify');
    const identities = [...block.matchAll(/OWNER\/square-operator\/(\.github\/\S+?)(?:@refs\/tags\/(\S+))?$/gm)];
    expect(identities).toHaveLength(2);
    for (const [, file = '', tag] of identities) {
      const workflow = textOf(file);
      expect(workflow).toMatch(/cosign sign --yes --recursive "\$IMAGE@\$DIGEST"/);
      if (tag !== undefined) {
        expect(workflow).toContain('tags: ["v[0-9]+.[0-9]+.[0-9]+*"]');
        expect(tag).toMatch(/^v[0-9]+\.[0-9]+\.[0-9]+/);
      }
    }
    // Its own predicate type is what the action gives a CycloneDX bill.
    expect(block).toContain('--predicate-type https://cyclonedx.org/bom');
    expect(textOf('.github/workflows/release.yaml')).toMatch(
      /actions\/attest@\S+ # \S+\n(?: .*\n)*? +sbom-path: sbom\.cdx\.json/,
    );
  });
});

test('blocks are told apart by what stands where they begin, also within lists', () => {
  const text = 'a\n```sh run\none\n```\n1. b\n   ```sh run helm\n   two\n     more\n   ```\n```\nthree\n```\n';
  expect(blocksIn(text)).toEqual([
    { info: 'sh run', text: 'one\n' },
    { info: 'sh run helm', text: 'two\n  more\n' },
    { info: '', text: 'three\n' },
  ]);
});
