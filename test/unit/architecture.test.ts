import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const src = join(import.meta.dirname, '../../src');

interface SourceFile {
  /** From `src`. */
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  /** The code without comments. */
  readonly code: string;
  readonly imports: readonly string[];
}

const files: readonly SourceFile[] = readdirSync(src, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .sort()
  .map((path) => {
    const text = readFileSync(join(src, path), 'utf8');
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|(?<=^|\s)\/\/.*$/gm, '');
    const imports = [...code.matchAll(/(?:\bfrom|\bimport\(?)\s*'([^']+)'/g)].map((match) => match[1] ?? '');
    return { path, text, code, imports, lines: text.split('\n').length - 1 };
  });

/** What each part may import beside itself; packages of npm only where named. */
const arrows: Readonly<Record<string, { parts: readonly string[]; packages?: readonly string[] }>> = {
  clock: { parts: [], packages: [] },
  signals: { parts: [], packages: [] },
  compaction: { parts: ['clock'], packages: [] },
  api: { parts: [], packages: ['zod'] },
  config: { parts: [], packages: ['zod'] },
  version: { parts: [], packages: [] },
  supported: { parts: [], packages: [] },
  permissions: { parts: ['api'], packages: [] },
  domain: { parts: ['api', 'clock'], packages: [] },
  kube: { parts: ['clock'] },
  square: { parts: ['api', 'domain', 'clock'] },
  secrets: { parts: ['api', 'domain', 'clock', 'kube'] },
  observability: { parts: ['api', 'domain', 'clock'] },
  controller: { parts: ['api', 'config', 'clock', 'domain', 'kube', 'square', 'secrets', 'observability'] },
  web: { parts: ['api', 'config', 'clock', 'domain', 'kube', 'square', 'secrets', 'observability'] },
  // The plugin seals offline: of `secrets` it takes that one file, which `onlyFrom` says.
  cli: { parts: ['api', 'clock', 'domain', 'kube', 'permissions', 'secrets', 'supported', 'version'] },
};

/** Parts of which another takes only these files. */
const onlyFrom: Readonly<Record<string, readonly string[]>> = {
  'cli → secrets': ['secrets/seal-credential.ts'],
  'cli → domain': ['domain/schedule.ts', 'domain/token.ts'],
};

/** Files that put the parts together may import anything. */
const anything = new Set(['operator', 'serving', 'main']);

/** The part that a file belongs to: its folder, or its own name at the top. */
function partOf(path: string): string {
  const part = path.includes('/') ? path.slice(0, path.indexOf('/')) : path.slice(0, -'.ts'.length);
  return part === 'setting' ? 'config' : part;
}

function wrongImports({ path, imports }: SourceFile): string[] {
  const part = partOf(path);
  if (anything.has(part)) return [];
  const allowed = arrows[part];
  if (allowed === undefined) return [`${path}: "${part}" is no part of the architecture`];
  return imports.flatMap((specifier) => {
    if (specifier.startsWith('node:')) return [];
    if (!specifier.startsWith('.')) {
      const name = specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
      return allowed.packages === undefined || allowed.packages.includes(name) ? [] : [`${path} → ${specifier}`];
    }
    const target = relative(src, join(src, dirname(path), specifier));
    const to = partOf(target);
    const only = onlyFrom[`${part} → ${to}`];
    const may = to === part || (allowed.parts.includes(to) && (only === undefined || only.includes(target)));
    return may ? [] : [`${path} → ${target}`];
  });
}

const found = (pattern: RegExp, where: (path: string) => boolean): string[] =>
  files
    .filter(({ path }) => where(path))
    .flatMap(({ path, code }) => [...code.matchAll(pattern)].map((match) => `${path}: ${match[0]}`));

describe('the sources', () => {
  test('are found', () => {
    expect(files.map(({ path }) => path)).toContain('clock.ts');
    expect(files.flatMap(({ imports }) => imports)).toContain('../clock.ts');
  });

  test('have no arrow that points the wrong way', () => {
    expect(files.flatMap(wrongImports)).toEqual([]);
  });

  test('take signals before anything else is loaded', () => {
    expect(files.find(({ path }) => path === 'main.ts')?.imports[0]).toBe('./signals.ts');
    expect(files.find(({ path }) => path === 'signals.ts')?.imports).toEqual([]);
  });

  test('have at most 250 lines a file', () => {
    expect(files.filter(({ lines }) => lines > 250).map(({ path, lines }) => `${path}: ${lines}`)).toEqual([]);
  });

  test('take the time, and wait, by the clock alone', () => {
    const time = /\bDate\.now\b|\bnew Date\(\)|\bperformance\.now\b|\bset(?:Timeout|Interval)\b|\bprocess\.hrtime\b/g;
    expect(found(time, (path) => path !== 'clock.ts')).toEqual([]);
  });

  test('take random numbers from node:crypto, or as a dependency that tests can replace', () => {
    expect(found(/(?<!\brandom = )\bMath\.random\b/g, () => true)).toEqual([]);
  });

  test('take no time, no random numbers and no input where they are pure', () => {
    const impure = /'node:(?!util'|crypto')[^']+'|\brandom(?:Bytes|UUID|Int)\b|\bfetch\(|\bprocess\./g;
    expect(found(impure, (path) => ['api', 'domain', 'config'].includes(partOf(path)))).toEqual([]);
  });

  test('use only what type stripping leaves', () => {
    expect(found(/^\s*(?:export )?(?:const )?enum \w+|^\s*(?:export )?namespace \w+/gm, () => true)).toEqual([]);
  });

  test('export by name', () => {
    expect(found(/^export default\b/gm, () => true)).toEqual([]);
  });
});

/** Where a token is opened is where it can leak: a new place here is a decision. */
const opensTokens: readonly string[] = [
  'secrets/grant.ts',
  'secrets/journal-record.ts',
  'secrets/project-token-secret.ts',
  'secrets/render-token-secret.ts',
  'secrets/ring.ts',
  'secrets/seal-credential.ts',
  'secrets/webhook-signature.ts',
  'square/client.ts',
  'square/token-reply.ts',
  'square/token-request.ts',
  'web/reviews.ts',
];

test('tokens are opened in these files and no other', () => {
  const opening = files.filter(({ path, code }) => path !== 'domain/token.ts' && /\bopen(?:Token|Bytes)\(/.test(code));
  expect(opening.map(({ path }) => path)).toEqual(opensTokens);
});
