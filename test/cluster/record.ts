import { readFile, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Child } from './child.ts';
import { isRunning, kill, type ProcessIdentity } from './os-process.ts';

// What outlives the program that started it is written down in its folder, so that another program can end precisely that.

export type Recorded = ProcessIdentity & { readonly name: string };

interface Record {
  readonly processes?: readonly Recorded[];
  readonly container?: string;
}

const recordOf = (dir: string) => join(dir, 'control-plane.json');

export const recordProcesses = (dir: string, children: readonly Child[]): Promise<void> =>
  write(dir, { processes: children.map(({ name, identity }) => ({ name, ...identity })) });

export const recordContainer = (dir: string, container: string): Promise<void> => write(dir, { container });

/** A file that only its owner reads, and that is there either whole or not at all. */
export async function writePrivately(path: string, content: string): Promise<void> {
  const partial = `${path}.${process.pid}`;
  await writeFile(partial, content, { mode: 0o600 });
  await rename(partial, path);
}

const write = (dir: string, record: Record) => writePrivately(recordOf(dir), `${JSON.stringify(record, null, 2)}\n`);

async function read(dir: string): Promise<Record | undefined> {
  try {
    return JSON.parse(await readFile(recordOf(dir), 'utf8')) as Record;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`${recordOf(dir)} cannot be read, so what runs there is not known.`, { cause: error });
  }
}

/** The names of the recorded programs of the folder that still run; a container counts as running. */
export async function runningIn(dir: string): Promise<string[]> {
  const record = await read(dir);
  const processes = (record?.processes ?? []).filter(isRunning).map(({ name }) => name);
  return record?.container ? [...processes, `container ${record.container.slice(0, 12)}`] : processes;
}

/**
 * Ends what is recorded in the folder, and nothing else: a number that another process has been given since is left
 * alone. Removes the control plane's files, and the folder when nothing else is in it.
 * @returns whether there was a record.
 */
export async function takeDown(dir: string): Promise<boolean> {
  const record = await read(dir);
  if (!record) return false;
  for (const recorded of record.processes ?? []) await kill(recorded);
  if (record.container) {
    const { removeContainer } = await import('./container.ts');
    await removeContainer(record.container);
  }
  await removeFiles(dir);
  return true;
}

/** Removes what a control plane keeps in its folder; other files stay. */
export async function removeFiles(dir: string): Promise<void> {
  await rm(join(dir, 'control-plane'), { recursive: true, force: true });
  await rm(join(dir, 'kubeconfig'), { force: true });
  await rm(recordOf(dir), { force: true });
  await rmdir(dir).catch(() => {});
}
