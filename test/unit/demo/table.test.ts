import { expect, test } from 'vitest';
import { head, row, widths, wrap } from '../../../demo/table.ts';

test.each([
  ['a text that fits stays', 'one two', 7, ['one two']],
  ['a text is broken at spaces', 'one two three', 8, ['one two', 'three']],
  ['a word that is too long is cut', 'ReauthorizationNeeded now', 10, ['Reauthoriz', 'ationNeede', 'd now']],
  ['nothing is one empty line', '', 5, ['']],
])('%s', (_, text, width, lines) => {
  expect(wrap(text, width)).toEqual(lines);
});

const columns = [
  { title: 'STEP', width: 6 },
  { title: 'SECS', width: 4, align: 'right' },
  { title: 'SEEN', width: 8 },
] as const;

test('cells stay in their columns, over as many lines as the longest takes', () => {
  const text = row(columns, [{ text: 'first second' }, { text: '0.5' }, { text: 'it is so' }]);
  expect(text).toBe('first    0.5  it is so\nsecond');
});

test('paint changes no width and is not put around space', () => {
  const paint = (word: string) => `<${word}>`;
  expect(row(columns, [{ text: 'a', paint }, { text: 'b', paint }, { text: 'c' }])).toBe('<a>          <b>  c');
});

test('titles are underlined, columns without title are not', () => {
  const plain = (text: string) => text;
  expect(head([{ title: '', width: 2 }, ...columns], plain)).toBe('    STEP    SECS  SEEN\n    ──────  ────  ────────');
});

test('columns share what the fixed ones and the gaps leave', () => {
  expect(widths(80, 20, 4, [2, 1])).toEqual([36, 18]);
});
