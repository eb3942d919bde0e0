import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { onTerminal, printable } from '../../../src/cli/control-characters.ts';
import type { Output } from '../../../src/cli/options.ts';
import { print } from '../../../src/cli/print.ts';
import { createScreen } from '../../../src/cli/screen.ts';
import { paper } from './fixtures.ts';

/** Whatever could steer a terminal or turn a text around. */
const evil = [
  ...Array.from({ length: 0x20 }, (_, code) => String.fromCharCode(code)),
  ...Array.from({ length: 0x21 }, (_, i) => String.fromCharCode(0x7f + i)),
  ...Array.from('\u061c\u200e\u200f\u2028\u2029\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069'),
];
const lookOf = (text: string) => evil.filter((letter) => text.includes(letter));

test('for people: on one line, sequences gone, the rest as one space', () => {
  expect(printable('a\u001b[2Jb\u0007c\nd')).toBe('ab c d');
  expect(printable('x\u009b31mred\u0085\u202elived')).toBe('xred lived');
  expect(lookOf(printable(`a${evil.join('a')}`))).toEqual([]);
  expect(printable('Bäckerei パン屋 👩‍🍳')).toBe('Bäckerei パン屋 👩‍🍳');
});

test('as it is laid out: lines, tabs and our colours stay, and the colours only where they are wanted', () => {
  const text = 'a\tb\n\u001b[31mred\u001b[39m \u009b2J\u001b]0;title\u0007end\u202e';
  expect(onTerminal(text, true)).toBe('a\tb\n\u001b[31mred\u001b[39m end ');
  expect(onTerminal(text, false)).toBe('a\tb\nred end ');
});

test('colours go to the stream that is a terminal, and never to the other', () => {
  for (const [columns, other] of [
    [80, undefined],
    [undefined, 80],
  ]) {
    const [stdout, stderr] = [paper(columns), paper(other)];
    const screen = createScreen({ stdout, stderr, color: true, env: {} });
    screen.out(screen.paint('bad', 'x'));
    screen.note(screen.paint('bad', 'x'));
    expect([stdout.text, stderr.text].sort()).toEqual(['\u001b[31mx\u001b[39m\n', 'x\n']);
  }
});

describe.each<Output>(['json', 'yaml'])('for scripts, as %s', (output) => {
  test('the value is the same, and nothing in the text steers a terminal', async () => {
    const value = {
      ...Object.fromEntries(evil.map((letter, i) => [`${i}`, `a${letter}b`])),
      [evil.join('')]: { list: evil },
      plain: 'Bäckerei\nline: "two"',
    };
    const stdout = paper(80);
    await print(createScreen({ stdout, stderr: paper(), color: true, env: {} }), output, value);
    expect(lookOf(stdout.text).filter((letter) => letter !== '\n' && letter !== '\t')).toEqual([]);
    expect(output === 'json' ? JSON.parse(stdout.text) : parse(stdout.text)).toEqual(value);
  });
});
