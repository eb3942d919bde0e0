import type { Report } from '../test/cluster/provider.ts';
import { reportTo } from '../test/cluster/report.ts';
import type { Paint } from './table.ts';

/** Where the demo is shown. */
export interface Screen extends Report {
  /** Whether it is a terminal, where a line can be written again in place. */
  readonly inPlace: boolean;
  /** Columns that a line may have. */
  width(): number;
  readonly paints: Readonly<Record<'good' | 'bad' | 'mild' | 'strong', Paint>>;
}

const plainWidth = 120;
const plain: Paint = (text) => text;
const ansi =
  (code: number): Paint =>
  (text) =>
    `\x1b[${code}m${text}\x1b[0m`;

/** Colours and lines that change in place only on a terminal (https://no-color.org is heeded); elsewhere plain lines. */
export function openScreen(stream: NodeJS.WriteStream, env: NodeJS.ProcessEnv): Screen {
  const coloured = stream.isTTY && !env['NO_COLOR'] && env['TERM'] !== 'dumb';
  const asked = Number(env['COLUMNS']);
  return {
    ...reportTo(stream),
    inPlace: stream.isTTY,
    // The last column stays free: some terminals begin a new line when it is written.
    width: () => (stream.isTTY ? stream.columns || 80 : asked >= 40 ? asked : plainWidth) - 1,
    paints: coloured
      ? { good: ansi(32), bad: ansi(31), mild: ansi(2), strong: ansi(1) }
      : { good: plain, bad: plain, mild: plain, strong: plain },
  };
}
