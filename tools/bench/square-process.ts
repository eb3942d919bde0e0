import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import type { SquareCounts } from './square.ts';

/** The benchmarks' Square, from the outside. */
export interface BenchSquare {
  readonly url: string;
  counts(): Promise<SquareCounts>;
  /** The next call counts as the first. */
  forgetFirstCall(): void;
  /** Moves its clock by so many milliseconds. */
  advance(by: number): void;
  stop(): void;
}

export async function startSquare(): Promise<BenchSquare> {
  const child = fork(join(import.meta.dirname, 'square.ts'), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  return {
    url: `http://127.0.0.1:${port}`,
    async counts() {
      const answered = once(child, 'message');
      child.send('counts');
      const [counts] = (await answered) as [SquareCounts];
      return counts;
    },
    forgetFirstCall: () => void child.send('forgetFirstCall'),
    advance: (by) => void child.send({ advance: by }),
    stop: () => child.disconnect(),
  };
}
