import { readFile, stat, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Duration, type Instant, seconds, sleep } from '../clock.ts';
import { holdersIn, type JournalEntry, ownerFile, pagesIn, type TellUnread } from './journal-entries.ts';
import { parseOwner, stateOf } from './journal-owner.ts';

/** A process shows so often that it lives, by the time of its owner file. */
const shownEvery: Duration = seconds(5);

/**
 * Whoever shows nothing for so long has ended, as far as its answers are concerned: who stores them tells by the attempts
 * whether that is still wanted. Shorter than an attempt counts as open, so that the answer is found before its token is
 * presented again. By the observer's monotonic clock: no two machines' clocks are compared.
 */
export const silentFor: Duration = seconds(30);

/** Shows signs of life until the returned function is called. */
export function showLife(directory: string, clock: Clock): () => void {
  return every(clock, shownEvery, async () => {
    const now = new Date(clock.wall());
    await utimes(join(directory, ownerFile), now, now);
  });
}

interface Seen {
  readonly shownAt: Instant;
  readonly since: Duration;
  /** The files whose answers were handed over. */
  readonly taken: ReadonlySet<string>;
  /** All that lies there was read. */
  readonly complete?: true;
}

/** Where a process looks for what others leave. */
export interface Followed {
  readonly root: string;
  /** The directory of this process. */
  readonly own: string;
  readonly clock: Clock;
  readonly tell: TellUnread;
  /** Directories that could not be read whole before, of whatever process, and the files whose answers are taken. */
  readonly unread: ReadonlyMap<string, ReadonlySet<string>>;
}

const none: ReadonlySet<string> = new Set();

/**
 * Hands over what processes of other hosts left that share the root, once they show no life any more. One that does again
 * after that was only suspended, and stores its answers besides. What cannot be read, or taken, is looked at again. Until the
 * returned function is called.
 */
export function followElsewhere(
  { root, own, clock, tell, unread }: Followed,
  take: (left: readonly JournalEntry[]) => Promise<unknown>,
): () => void {
  const seen = new Map<string, Seen>();

  async function look(name: string): Promise<void> {
    const directory = join(root, name);
    const owner = parseOwner(await readFile(join(directory, ownerFile), 'utf8'));
    if ((await stateOf(owner)) !== 'Elsewhere' && !unread.has(name)) return;
    const { mtimeMs: shownAt } = await stat(join(directory, ownerFile));
    const known = seen.get(name);
    if (known?.shownAt !== shownAt) {
      return void seen.set(name, { shownAt, since: clock.monotonic(), taken: unread.get(name) ?? none });
    }
    if (known.complete === true || clock.monotonic() - known.since < silentFor) return;
    const pages = await pagesIn(directory, tell);
    const left = pages.entries.filter(({ path }) => !known.taken.has(path));
    if (left.length > 0) await take(left);
    const taken = new Set([...known.taken, ...left.map(({ path }) => path)]);
    seen.set(name, { ...known, taken, ...(pages.unread ? {} : { complete: true }) });
  }

  return every(clock, shownEvery, async () => {
    // One that was just made has no owner yet, and one may go at any moment.
    for (const name of await holdersIn(root)) {
      if (name !== own) await look(name).catch((error: unknown) => tell(join(root, name), error));
    }
  });
}

/** Again and again, one after the other; what fails is tried again the next time. */
function every(clock: Clock, pause: Duration, work: () => Promise<void>): () => void {
  const stopping = new AbortController();
  const loop = async () => {
    for (;;) {
      await sleep(clock, pause, stopping.signal);
      await work().catch(() => {});
    }
  };
  loop().catch(() => {});
  return () => stopping.abort();
}
