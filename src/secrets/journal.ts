import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, readFile, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Clock, type Duration, days } from '../clock.ts';
import { type Log, silentLog } from '../kube/log.ts';
import { followElsewhere, showLife } from './journal-elsewhere.ts';
import {
  draftExtension,
  extension,
  holdersIn,
  isGone,
  type JournalEntry,
  type JournalPages,
  ownerFile,
  pagesIn,
  type TellUnread,
  warnOfUnread,
} from './journal-entries.ts';
import { parseOwner, self, stateOf } from './journal-owner.ts';

/**
 * Where Square's answers are kept between their arrival and their being stored in the cluster, so that a process that is
 * killed in between loses nothing. Texts only: what is written here is sealed by then.
 *
 * Every process has a directory of its own under the root, so that processes may share the root, of other hosts, too; what
 * a dead one left is found by the next that starts, and what one of another host left by whoever runs.
 */
export interface Journal {
  /** Names this process in the attempts that it makes. */
  readonly holder: string;
  /** Whether an attempt of that holder is over: it was a process that has ended, and no answer to it lies here unread. */
  isDead(holder: string): boolean;
  /** What ended processes left, as far as it could be read. */
  readonly left: readonly JournalEntry[];
  /**
   * From now on `take` has what processes of other hosts leave, half a minute after their last sign of life, and what could
   * not be read of {@link left}. Whether their attempts are over is not known by that.
   */
  follow(take: (left: readonly JournalEntry[]) => Promise<unknown>): void;
  /**
   * A page for one answer, with its room on the disk taken already: whoever has it can count on writing. Rejects with
   * `JournalUnwritable` when there is none to be had.
   */
  page(id: string): Promise<JournalPage>;
  /** Leaves the directory to whoever starts next, or takes it away when nothing is in it. */
  close(): Promise<void>;
}

export interface JournalPage {
  /** Resolves when the text is on the disk and would be found after a loss of power (rename and fsync of the directory). */
  keep(text: string): Promise<void>;
  /** The answer is stored elsewhere, or there is none. Never rejects. */
  discard(): Promise<void>;
}

export class JournalUnwritable extends Error {
  readonly code = 'JournalUnwritable';

  constructor(directory: string, cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`the journal directory ${directory} cannot be written (${why}): give --journal-dir a directory that can`, {
      cause,
    });
    this.name = 'JournalUnwritable';
  }
}

/** From the start of a process on. */
const nameKept: Duration = days(1);

/** The largest reply that is taken is 64 KiB, and sealing adds a third; what Square really sends has one. */
const room = Buffer.alloc(8 * 1_024);

/** Opens the journal under `root`, which is made when it is not there. Rejects with `JournalUnwritable`. */
export async function openJournal(root: string, clock: Clock, log: Log = silentLog): Promise<Journal> {
  const tell = warnOfUnread(log);
  try {
    await mkdir(root, { recursive: true, mode: 0o700 });
    const unread = new Map<string, ReadonlySet<string>>();
    const dead = await deadProcesses(root, (name, error) => {
      tell(join(root, name), error);
      if (!isGone(error)) unread.set(name, new Set());
    });
    const own = randomBytes(16).toString('hex');
    const directory = join(root, own);
    await mkdir(directory, { mode: 0o700 });
    await sign(directory);
    const left: JournalEntry[] = [];
    for (const name of dead) {
      const pages = await takeOver(clock, join(root, name), tell);
      left.push(...pages.entries);
      if (pages.unread) unread.set(name, new Set(pages.entries.map(({ path }) => path)));
    }
    const ends = [showLife(directory, clock)];
    return {
      holder: own,
      isDead: (other) => dead.includes(other) && !unread.has(other),
      left,
      follow: (take) => void ends.push(followElsewhere({ root, own, clock, tell, unread }, take)),
      page: (id) => newPage(directory, id),
      close() {
        for (const end of ends) end();
        return leave(directory, tell);
      },
    };
  } catch (error) {
    throw error instanceof JournalUnwritable ? error : new JournalUnwritable(root, error);
  }
}

/** Says whose directory it is. Whole at once: another process that reads half of it would take this one for dead. */
async function sign(directory: string): Promise<void> {
  const whole = join(directory, `${ownerFile}.new`);
  await writeFile(whole, JSON.stringify(await self()), { mode: 0o600 });
  await rename(whole, join(directory, ownerFile));
}

async function deadProcesses(root: string, unknown: (name: string, error: unknown) => void): Promise<string[]> {
  const dead: string[] = [];
  for (const name of await holdersIn(root)) {
    try {
      const owner = await readFile(join(root, name, ownerFile), 'utf8');
      if ((await stateOf(parseOwner(owner))) === 'Ended') dead.push(name);
    } catch (error) {
      // One that was just made has no owner yet; one that ended while it was made has no answer in it.
      unknown(name, error);
    }
  }
  return dead;
}

/** The answers in the directory of a process that ended. */
async function takeOver(clock: Clock, directory: string, tell: TellUnread): Promise<JournalPages> {
  try {
    const pages = await pagesIn(directory, tell);
    for (const path of pages.blank) await rm(path, { force: true });
    // The name of a dead process is worth knowing as long as attempts of it may stand in records.
    const { mtimeMs } = await stat(join(directory, ownerFile));
    if (clock.wall() - mtimeMs > nameKept) await leave(directory, tell);
    return pages;
  } catch (error) {
    tell(directory, error);
    return { entries: [], blank: [], unread: !isGone(error) };
  }
}

/** Takes the directory away, unless something is left in it: a blank page may get its answer yet, and is found by its owner. */
async function leave(directory: string, tell: TellUnread): Promise<void> {
  try {
    const { entries, blank, unread } = await pagesIn(directory, tell);
    if (unread || entries.length > 0 || blank.length > 0) return;
    await rm(join(directory, ownerFile), { force: true });
    await rmdir(directory);
  } catch {
    // Whoever starts next looks into it again.
  }
}

async function newPage(directory: string, id: string): Promise<JournalPage> {
  const draft = join(directory, `${id}${draftExtension}`);
  const final = join(directory, `${id}${extension}`);
  const handle = await open(draft, 'wx', 0o600).catch((error: unknown) => {
    throw new JournalUnwritable(directory, error);
  });
  const discard = async () => {
    await handle.close().catch(() => {});
    await Promise.all([draft, final].map((path) => rm(path, { force: true }).catch(() => {})));
  };
  try {
    await writeAll(handle, room);
  } catch (error) {
    await discard();
    throw new JournalUnwritable(directory, error);
  }
  return {
    async keep(text) {
      const bytes = Buffer.from(text, 'latin1');
      await writeAll(handle, bytes);
      await handle.truncate(bytes.length);
      await handle.sync();
      await handle.close();
      await rename(draft, final);
      await syncDirectory(directory);
    },
    discard,
  };
}

/** All of it: a file system that is nearly full takes the first part of a write, and tells so by its length alone. */
async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await handle.write(bytes, at, bytes.length - at, at);
    if (bytesWritten === 0) throw new Error('nothing more is written');
    at += bytesWritten;
  }
}

async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
