import { expect, test } from 'vitest';
import { createScreen } from '../../../src/cli/screen.ts';
import { cut, facts, table, widthOf, wrap } from '../../../src/cli/table.ts';
import { paper } from './fixtures.ts';

const screen = (columns?: number, env = {}) =>
  createScreen({ stdout: paper(columns), stderr: paper(), color: true, env: { NO_COLOR: '1', ...env } });

const columns = [{ title: 'NAME', least: 6 }, { title: 'READY' }, { title: 'STATE', least: 8 }];
const row = (...texts: string[]) => texts.map((text) => ({ text }));

test('columns are as wide as they need, and no line ends in spaces', () => {
  expect(table(screen(), columns, [row('bakery', 'True', 'Valid'), row('a-much-longer-name', 'False', '')])).toBe(
    ['NAME                 READY   STATE', 'bakery               True    Valid', 'a-much-longer-name   False'].join(
      '\n',
    ),
  );
});

test.each([80, 40])('at %d columns what may be cut is cut, the widest first, and no line is longer', (width) => {
  const text = table(screen(width), columns, [row('n'.repeat(50), 'False', 's'.repeat(60))]);
  expect(text.split('\n').every((line) => widthOf(line) <= width)).toBe(true);
  expect(text).toContain('False');
  expect(text).toMatch(/n…/);
});

test('letters that take two columns count as two', () => {
  expect(widthOf('パン屋')).toBe(6);
  expect(widthOf('👩‍🍳')).toBe(2);
  expect(widthOf('Bäckerei')).toBe(8);
  expect(cut('パン屋さん', 5)).toBe('パン…');
  expect(cut('bakery', 6)).toBe('bakery');
});

test('what stands in an object cannot steer the terminal', () => {
  expect(table(screen(), [{ title: 'X' }], [row('\u001b]0;title\u0007x\u202e')])).toBe('X\nx');
});

test('texts break at spaces', () => {
  expect(wrap('one two three four', 9)).toEqual(['one two', 'three', 'four']);
  expect(
    facts(screen(40), [
      ['Do', { text: 'Have the seller sign in again, soon.' }],
      ['To', { text: 'x' }],
    ]),
  ).toBe(['Do   Have the seller sign in again,', '     soon.', 'To   x'].join('\n'));
});

test('colours are on a terminal only, and where nobody objects', () => {
  const paintedBy = (stdout = paper(80), color = true, env = {}) =>
    createScreen({ stdout, stderr: paper(), color, env }).paint('bad', 'x');
  expect(paintedBy()).toBe('\u001b[31mx\u001b[39m');
  expect(paintedBy(paper())).toBe('x');
  expect(paintedBy(paper(80), false)).toBe('x');
  expect(paintedBy(paper(80), true, { NO_COLOR: '1' })).toBe('x');
  expect(paintedBy(paper(80), true, { TERM: 'dumb' })).toBe('x');
});

test('progress stands on the last line of a terminal, and goes before anything is written', () => {
  const [stdout, stderr] = [paper(80), paper(80)];
  const { progress, out } = createScreen({ stdout, stderr, color: false, env: {} });
  progress('1 of 2');
  out('done');
  progress('');
  expect(stderr.text).toBe('1 of 2\r\u001b[2K');
  expect(stdout.text).toBe('done\n');
  const pipe = paper();
  createScreen({ stdout: paper(), stderr: pipe, color: false, env: {} }).progress('1 of 2');
  expect(pipe.text).toBe('');
});
