import { styleText } from 'node:util';
import { onTerminal } from './control-characters.ts';

/** A colour by its meaning. */
export type Tone = 'good' | 'warn' | 'bad' | 'dim' | 'strong';

/**
 * Where the plugin writes. What a script takes goes to `out`; what a person reads beside it goes to `note`. No control
 * characters but line ends, tabs and the colours of `paint` get through, and those to a terminal alone.
 */
export interface Screen {
  /** Writes lines to standard output. */
  readonly out: (text: string) => void;
  /** Writes lines to standard error. */
  readonly note: (text: string) => void;
  /** The text in the colour of its meaning; as it is where neither stream takes colours. */
  readonly paint: (tone: Tone, text: string) => string;
  /** Columns of the terminal; without one, so many that nothing is cut. */
  readonly width: number | undefined;
  /** Shows what is under way on the last line of a terminal, in the place of what stood there; `''` takes it away. */
  readonly progress: (text: string) => void;
  /** Whether somebody looks on: standard error is a terminal. */
  readonly watched: boolean;
}

export interface Stream {
  write(text: string): unknown;
  readonly isTTY?: boolean | undefined;
  readonly columns?: number | undefined;
}

export interface ScreenOptions {
  readonly stdout: Stream;
  readonly stderr: Stream;
  /** `--no-color`. */
  readonly color: boolean;
  /** `NO_COLOR` (no-color.org) and `TERM` are looked at. */
  readonly env: Readonly<Record<string, string | undefined>>;
}

const formats = { good: 'green', warn: 'yellow', bad: 'red', dim: 'dim', strong: 'bold' } as const;
const clearLine = '\r\u001b[2K';

/** Colours only where that is a terminal, and nobody objects. */
export function createScreen({ stdout, stderr, color, env }: ScreenOptions): Screen {
  const dumb = env['TERM'] === 'dumb';
  const wanted = color && !env['NO_COLOR'] && !dumb;
  const coloured = (stream: Stream) => wanted && stream.isTTY === true;
  const watched = stderr.isTTY === true && !dumb;
  let shown = '';
  const clear = () => {
    if (shown !== '') stderr.write(clearLine);
    shown = '';
  };
  const paints = coloured(stdout) || coloured(stderr);
  const write = (stream: Stream, text: string) => {
    clear();
    stream.write(onTerminal(text.endsWith('\n') ? text : `${text}\n`, coloured(stream)));
  };
  return {
    watched,
    width: stdout.isTTY === true ? Math.max(40, stdout.columns ?? 80) : undefined,
    paint: (tone, text) => (paints && text !== '' ? styleText(formats[tone], text, { validateStream: false }) : text),
    out: (text) => write(stdout, text),
    note: (text) => write(stderr, text),
    progress(text) {
      if (!watched) return;
      clear();
      shown = text.slice(0, (stderr.columns ?? 80) - 1);
      if (shown !== '') stderr.write(shown);
    },
  };
}
