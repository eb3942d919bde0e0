import type { ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable } from 'node:stream';

/** What a child process and all below it write. */
export interface Output {
  readonly text: () => string;
  /** Resolves with the first match. Rejects when the streams end before. */
  readonly until: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Gathers both streams of a child. */
export function outputOf(child: ChildProcessByStdio<null, Readable, Readable>): Output {
  let text = '';
  const looks = new Set<() => void>();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk;
      for (const look of looks) look();
    });
  }
  const ended = once(child, 'close');
  return {
    text: () => text,
    until: (pattern) =>
      new Promise((found, reject) => {
        const look = () => {
          const match = pattern.exec(text);
          if (match === null) return;
          looks.delete(look);
          found(match);
        };
        looks.add(look);
        look();
        void ended.then(() => reject(new Error(`it ended without ${String(pattern)}:\n${text}`)));
      }),
  };
}
