import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Log } from '../kube/log.ts';
import { parseCompact } from './compact.ts';

/** An answer that a process left. */
export interface JournalEntry {
  readonly text: string;
  discard(): Promise<void>;
}

/** What lies in the directory of a process. */
export interface JournalPages {
  readonly entries: readonly (JournalEntry & { readonly path: string })[];
  /** Files with no answer, or not the whole of one. */
  readonly blank: readonly string[];
  /** Whether a file is there that cannot be read now. */
  readonly unread: boolean;
}

/** Is told of what cannot be read. */
export type TellUnread = (path: string, error: unknown) => void;

/** Of a page that is written. */
export const extension = '.jwe';
/** Of a page that waits for its answer. */
export const draftExtension = '.draft';
/** Tells whose directory it is. */
export const ownerFile = 'owner.json';

/** The names in the root that a process may have given its directory: a volume has others of its own, as `lost+found`. */
export const holdersIn = async (root: string): Promise<string[]> =>
  (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory() && /^[0-9a-z]+$/.test(entry.name))
    .map(({ name }) => name);

/** Warns of each file and directory once, however often it is looked at. What is not there is nothing to tell of. */
export function warnOfUnread(log: Log): TellUnread {
  const told = new Set<string>();
  return (path, error) => {
    if (isGone(error) || told.has(path)) return;
    told.add(path);
    const why = error instanceof Error ? error.message : String(error);
    log.warn(
      { path, why },
      'what a process left in the journal cannot be read and is looked at again: mend the volume of --journal-dir, and keep what lies there',
    );
  };
}

/**
 * The pages in the directory of a process. One that ended between the writing of a page and its renaming leaves the whole
 * answer in a draft: sealed as it is, it proves itself whatever it is called. A file that cannot be read hides no other.
 * Rejects when the directory itself cannot be read.
 */
export async function pagesIn(directory: string, tell: TellUnread): Promise<JournalPages> {
  const entries: (JournalEntry & { path: string })[] = [];
  const blank: string[] = [];
  let unread = false;
  const look = async (path: string) => {
    try {
      const text = await answerIn(path);
      if (text === undefined) blank.push(path);
      else entries.push({ path, text, discard: () => rm(path, { force: true }).catch(() => {}) });
    } catch (error) {
      tell(path, error);
      unread ||= !isGone(error);
    }
  };
  const names = (await readdir(directory)).filter((name) => name !== ownerFile);
  await Promise.all(names.map((name) => look(join(directory, name))));
  return { entries, blank, unread };
}

/** `undefined`: it is no page, or nothing whole is on it. */
async function answerIn(path: string): Promise<string | undefined> {
  if (path.endsWith(extension)) return await readFile(path, 'utf8');
  if (!path.endsWith(draftExtension)) return undefined;
  // Before the room that was taken for it.
  const [text = ''] = (await readFile(path, 'latin1')).split('\0', 1);
  return parseCompact(text) && text;
}

/** Nothing is there of that name, any more or yet. */
export const isGone = (error: unknown): boolean => (error as NodeJS.ErrnoException).code === 'ENOENT';
