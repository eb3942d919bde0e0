import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCompact } from './compact.ts';

/** An answer that a process left. */
export interface JournalEntry {
  readonly text: string;
  discard(): Promise<void>;
}

/** Of a page that is written. */
export const extension = '.jwe';
/** Of a page that waits for its answer. */
export const draftExtension = '.draft';
/** Tells whose directory it is. */
export const ownerFile = 'owner.json';

/**
 * The answers in the directory of a process. One that ended between the writing of a page and its renaming leaves the whole
 * answer in a draft: sealed as it is, it proves itself whatever it is called.
 */
export async function entriesIn(directory: string): Promise<JournalEntry[]> {
  const found = (await readdir(directory)).map(async (name) => {
    const path = join(directory, name);
    const text = name.endsWith(extension) ? await readFile(path, 'utf8') : await answerInDraft(path);
    return text === undefined ? [] : [{ text, discard: () => rm(path, { force: true }).catch(() => {}) }];
  });
  return (await Promise.all(found)).flat();
}

/** `undefined`: it is no draft, or nothing whole is in it. */
export async function answerInDraft(path: string): Promise<string | undefined> {
  if (!path.endsWith(draftExtension)) return undefined;
  // Before the room that was taken for it.
  const [text = ''] = (await readFile(path, 'latin1').catch(() => '')).split('\0', 1);
  return parseCompact(text) && text;
}
