import { pino } from 'pino';
import type { Clock } from '../clock.ts';
import { maskText, maskValue } from './redact.ts';

export const logLevels = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof logLevels)[number];

/** Messages are constant; what varies is in `fields`. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that adds `fields` to every line. */
  with(fields: object): Logger;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  readonly clock: Pick<Clock, 'wall'>;
  /** Takes one line with its newline; standard output when absent. */
  readonly write?: ((line: string) => void) | undefined;
}

/**
 * Writes one JSON object a line: `level`, `time` (RFC 3339, UTC, milliseconds), the fields, `msg`. Fields are copied
 * and masked as `maskValue` says, and the finished line once more as `maskText` says, so what looks like a secret gets
 * into no line however it came there. Written at once: nothing is lost when the process ends.
 */
export function createLogger({ level, clock, write }: LoggerOptions): Logger {
  const destination = write === undefined ? pino.destination({ fd: 1, sync: true }) : { write };
  const sink = pino(
    {
      level,
      base: null,
      timestamp: () => `,"time":"${new Date(clock.wall()).toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      hooks: { streamWrite: maskText },
    },
    destination,
  );
  return around(sink);
}

function around(sink: pino.Logger): Logger {
  const at =
    (level: LogLevel) =>
    (fields: object, message: string): void => {
      if (sink.isLevelEnabled(level)) sink[level](plain(fields), message);
    };
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    with: (fields) => around(sink.child(plain(fields))),
  };
}

function plain(fields: object): object {
  const { time, level, msg, ...rest } = maskValue(fields instanceof Error ? { error: fields } : fields) as Record<
    string,
    unknown
  >;
  // Their names are taken by the line itself; JSON with a name twice is read differently by every reader.
  const renamed = Object.entries({ time, level, msg }).filter(([, value]) => value !== undefined);
  return { ...rest, ...Object.fromEntries(renamed.map(([key, value]) => [`${key}_`, value])) };
}
