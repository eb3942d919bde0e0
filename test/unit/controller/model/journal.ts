import type { Journal } from '../../../../src/secrets/journal.ts';

/** The directories of journals; they outlive the processes that write them. */
export interface ModelDisk {
  /** Everything that is kept, by process and page. */
  readonly pages: Map<string, Map<string, string>>;
  readonly dead: Set<string>;
}

export const createModelDisk = (): ModelDisk => ({ pages: new Map(), dead: new Set() });

/** The journal of one process. `edge` stands between it and the disk. */
export function openModelJournal(
  { pages, dead }: ModelDisk,
  edge: <T>(act: () => T) => Promise<T>,
): Journal & { readonly holder: string } {
  const holder = `process-${pages.size + 1}`;
  const own = new Map<string, string>();
  const left = [...pages].flatMap(([name, kept]) =>
    dead.has(name) ? [...kept].map(([id, text]) => ({ text, discard: async () => void kept.delete(id) })) : [],
  );
  pages.set(holder, own);
  return {
    holder,
    isDead: (other) => dead.has(other),
    left,
    page: async (id) => ({
      keep: (text) => edge(() => void own.set(id, text)),
      discard: async () => void own.delete(id),
    }),
    close: async () => {},
  };
}
