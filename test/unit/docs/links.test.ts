import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { unknownCalls } from '../../support/plugin-commands.ts';

const root = resolve(import.meta.dirname, '../../..');

const pages = [
  ...readdirSync(root).map((file) => join(root, file)),
  ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join(root, 'docs', file)),
].filter((file) => file.endsWith('.md'));

const textOf = (file: string) => readFileSync(file, 'utf8');
const withoutCode = (text: string) => text.replaceAll(/```.*?```/gs, '').replaceAll(/`[^`\n]*`/g, '');

/** What GitHub makes of a heading. */
const anchorOf = (heading: string) =>
  heading
    .replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1')
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .trim()
    .replaceAll(' ', '-');

const anchorsOf = (file: string): string[] =>
  [
    ...textOf(file)
      .replaceAll(/```.*?```/gs, '')
      .matchAll(/^#{1,6} (.+)$/gm),
  ].map(([, heading = '']) => anchorOf(heading));

describe.each(pages.map((file) => [relative(root, file), file] as const))('%s', (_name, file) => {
  test('leads nowhere but to what there is', () => {
    const links = [...withoutCode(textOf(file)).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(
      ([, to = '']) => to,
    );
    const broken = links.filter((link) => {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : join(dirname(file), path);
      if (!existsSync(target)) return true;
      return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
    });
    expect(broken).toEqual([]);
  });
});

// The references are generated from the verbs and the schema themselves, and talk about the plugin as a whole.
const byHand = pages.filter((file) => !file.includes('/reference/'));

test.each(byHand.map((file) => [relative(root, file), file] as const))(
  '%s names verbs and flags of the plugin that there are',
  (_name, file) => {
    expect(unknownCalls(textOf(file).replaceAll('\\\n', ' '))).toEqual([]);
  },
);
