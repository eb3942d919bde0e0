/** How a cell is painted; it changes no width. */
export type Paint = (text: string) => string;

export interface Column {
  readonly title: string;
  readonly width: number;
  readonly align?: 'right';
}

export interface Cell {
  readonly text: string;
  readonly paint?: Paint;
}

/** Breaks a text at spaces into lines of at most `width`; a word that is longer is cut. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/)) {
    let rest = word;
    while (rest !== '') {
      const room = line === '' ? width : width - line.length - 1;
      if (rest.length <= room) {
        line += (line === '' ? '' : ' ') + rest;
        rest = '';
      } else if (line === '') {
        lines.push(rest.slice(0, width));
        rest = rest.slice(width);
      } else {
        lines.push(line);
        line = '';
      }
    }
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

const gap = '  ';

/** One row: as many lines as its longest cell takes. Every cell stays in its column; no line ends in spaces. */
export function row(columns: readonly Column[], cells: readonly Cell[]): string {
  const wrapped = columns.map(({ width }, i) => wrap(cells[i]?.text ?? '', width));
  const height = Math.max(...wrapped.map((lines) => lines.length));
  return Array.from({ length: height }, (_, y) => {
    const parts = columns.map(({ width, align }, i) => {
      const text = wrapped[i]?.[y] ?? '';
      const painted = text === '' ? '' : (cells[i]?.paint?.(text) ?? text);
      const space = ' '.repeat(width - text.length);
      return align === 'right' ? space + painted : painted + space;
    });
    return parts.join(gap).trimEnd();
  }).join('\n');
}

/** Titles and the line below them. */
export const head = (columns: readonly Column[], paint: Paint): string =>
  `${row(
    columns,
    columns.map(({ title }) => ({ text: title, paint })),
  )}\n${row(
    columns,
    columns.map(({ title, width }) => ({ text: title === '' ? '' : '─'.repeat(width), paint })),
  )}`;

/** Shares what is left of `total` among columns of the given weights. */
export function widths(total: number, fixed: number, columns: number, weights: readonly number[]): number[] {
  const left = total - fixed - gap.length * (columns - 1);
  const sum = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => Math.max(8, Math.floor((left * weight) / sum)));
}
