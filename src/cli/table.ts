import { printable } from './control-characters.ts';
import type { Screen, Tone } from './screen.ts';

export interface Cell {
  readonly text: string;
  readonly tone?: Tone;
}

export interface Column {
  readonly title: string;
  readonly align?: 'right';
  /** Where there is too little room its cells are cut, to no less than so many characters. Without it they never are. */
  readonly least?: number;
}

const gap = '   ';

/** Made when needed: it takes longer to make than most tables. */
let letters: Intl.Segmenter | undefined;

/** Letters that take two columns: East Asian wide forms and pictures. */
const wide =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u;

/** One column for each letter. */
const plain = /^[\u0020-\u007e]*$/;

/** How many columns of a terminal a text takes. */
export const widthOf = (text: string): number =>
  plain.test(text) ? text.length : lettersOf(text).reduce((sum, letter) => sum + widthOfLetter(letter), 0);

const lettersOf = (text: string): string[] =>
  Array.from((letters ??= new Intl.Segmenter()).segment(text), ({ segment }) => segment);
const widthOfLetter = (letter: string): number => (wide.test(letter) ? 2 : 1);

/** The text, cut to `width` with an ellipsis. */
export function cut(text: string, width: number): string {
  if (widthOf(text) <= width) return text;
  let room = width - 1;
  const kept = lettersOf(text);
  const end = kept.findIndex((letter) => (room -= widthOfLetter(letter)) < 0);
  return `${kept.slice(0, end).join('')}…`;
}

/** A table as kubectl prints it: titles in capitals, columns as wide as they need, cut where the terminal ends. */
export function table(screen: Screen, columns: readonly Column[], rows: readonly (readonly Cell[])[]): string {
  const clean = rows.map((row) => row.map((cell) => ({ ...cell, text: printable(cell.text) })));
  const widths = fit(
    screen.width,
    columns.map(({ title, least }, i) => {
      const needs = Math.max(widthOf(title), ...clean.map((row) => widthOf(row[i]?.text ?? '')));
      return { needs, least: least === undefined ? needs : Math.min(needs, Math.max(least, widthOf(title))) };
    }),
  );
  const line = (cells: readonly Cell[]) =>
    columns
      .map(({ align }, i) => {
        const width = widths[i] ?? 0;
        const { text, tone } = cells[i] ?? { text: '' };
        const shown = cut(text, width);
        const space = ' '.repeat(width - widthOf(shown));
        const painted = tone === undefined ? shown : screen.paint(tone, shown);
        return align === 'right' ? space + painted : painted + space;
      })
      .join(gap)
      .trimEnd();
  return [line(columns.map(({ title }) => ({ text: title, tone: 'dim' }))), ...clean.map(line)].join('\n');
}

/** Takes what is missing from the widest columns that can spare it. */
function fit(width: number | undefined, columns: readonly { needs: number; least: number }[]): number[] {
  const widths = columns.map(({ needs }) => needs);
  if (width === undefined) return widths;
  let over = widths.reduce((sum, one) => sum + one, gap.length * (widths.length - 1)) - width;
  while (over > 0) {
    const spare = widths.map((one, i) => one - (columns[i]?.least ?? one));
    const widest = spare.indexOf(Math.max(...spare));
    if ((spare[widest] ?? 0) <= 0) break;
    widths[widest] = (widths[widest] ?? 0) - 1;
    over -= 1;
  }
  return widths;
}

/** Breaks a text at spaces into lines of at most `width`; a longer word stands alone. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of printable(text).trim().split(/\s+/)) {
    const last = lines.at(-1);
    if (last !== undefined && widthOf(last) + 1 + widthOf(word) <= width) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Names on the left, texts on the right, each broken at the end of the terminal (or after 100 characters). */
export function facts(screen: Screen, rows: readonly (readonly [name: string, ...texts: Cell[]])[]): string {
  const left = Math.max(...rows.map(([name]) => widthOf(name))) + gap.length;
  const room = Math.max(20, Math.min(screen.width ?? 100, 100) - left);
  return rows
    .map(([name, ...texts]) =>
      texts
        .flatMap(({ text, tone }) =>
          wrap(text, room).map((line) => (tone === undefined ? line : screen.paint(tone, line))),
        )
        .map(
          (line, i) =>
            (i === 0 ? screen.paint('dim', name) + ' '.repeat(left - widthOf(name)) : ' '.repeat(left)) + line,
        )
        .join('\n'),
    )
    .join('\n');
}
