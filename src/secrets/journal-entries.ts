import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** An answer that a process left. */
export interface JournalEntry {
  readonly text: string;
  discard(): Promise<void>;
}

/** Of a page that is written. */
export const extension = '.jwe';
/** Tells whose directory it is. */
export const ownerFile = 'owner.json';

/** The answers in the directory of a process. */
export async function entriesIn(directory: string): Promise<JournalEntry[]> {
  const names = (await readdir(directory)).filter((name) => name.endsWith(extension));
  return await Promise.all(
    names.map(async (name) => ({
      text: await readFile(join(directory, name), 'utf8'),
      discard: () => rm(join(directory, name), { force: true }).catch(() => {}),
    })),
  );
}
