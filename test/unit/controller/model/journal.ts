import { type Journal, JournalUnwritable } from '../../../../src/secrets/journal.ts';

/** The directories of journals; they outlive the processes that write them. */
export interface ModelDisk {
  /** Begins the names of its processes. */
  readonly name: string;
  /** Everything that is kept, by process and page. */
  readonly pages: Map<string, Map<string, string>>;
  readonly dead: Set<string>;
}

export const createModelDisk = (name = 'process'): ModelDisk => ({ name, pages: new Map(), dead: new Set() });

/** What a process does to the disk. */
export type JournalVerb = 'page' | 'keep' | 'discard';

/** The journal of one process. `edge` stands between it and the disk, and rejects when the disk takes nothing. */
export function openModelJournal(
  { name, pages, dead }: ModelDisk,
  edge: <T>(verb: JournalVerb, act: () => T) => Promise<T>,
): Journal & { readonly holder: string } {
  const holder = `${name}-${pages.size + 1}`;
  const own = new Map<string, string>();
  const discard = (kept: Map<string, string>, id: string) =>
    edge('discard', () => void kept.delete(id)).catch(() => {});
  const left = [...pages].flatMap(([process, kept]) =>
    dead.has(process) ? [...kept].map(([id, text]) => ({ text, discard: () => discard(kept, id) })) : [],
  );
  pages.set(holder, own);
  return {
    holder,
    isDead: (other) => dead.has(other),
    left,
    follow() {},
    async page(id) {
      await edge('page', () => {}).catch((error: unknown) => {
        throw new JournalUnwritable(name, error);
      });
      return {
        keep: (text) => edge('keep', () => void own.set(id, text)),
        discard: () => discard(own, id),
      };
    },
    close: async () => {},
  };
}
