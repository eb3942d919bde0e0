import type { Report } from './provider.ts';

const quietInterval = 30_000;

/**
 * Writes to the standard error. On a terminal the progress is one line that is written again in place; elsewhere it is a
 * line at most every 30 s, so that a log stays readable.
 */
export function reportTo(stream: NodeJS.WriteStream): Report {
  const width = () => (stream.columns || 80) - 1;
  let shown = false;
  let last = performance.now();
  const clear = () => {
    if (shown) stream.write('\r\x1b[K');
    shown = false;
  };
  return {
    line(text) {
      clear();
      stream.write(`${text}\n`);
    },
    progress(text) {
      if (text === undefined) {
        clear();
      } else if (stream.isTTY) {
        stream.write(`\r\x1b[K${text.slice(0, width())}`);
        shown = true;
      } else if (performance.now() - last >= quietInterval) {
        last = performance.now();
        stream.write(`${text}\n`);
      }
    },
  };
}
