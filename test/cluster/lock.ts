import { link, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identify, isRunning, type ProcessIdentity } from './os-process.ts';

type Holder = ProcessIdentity & { readonly since: string };

/**
 * Runs `work` while no other process of this machine does so under the same path. A lock whose holder is dead, however it
 * died, is taken over.
 *
 * Two processes that take over the same dead lock in the same instant can, very rarely, both get it. So `work` must be
 * such that running it twice at once is waste and not damage: its results appear by an atomic rename.
 * @param waiting is told, once a second, who holds the lock.
 */
export async function withLock<T>(path: string, waiting: (holder: Holder) => void, work: () => Promise<T>): Promise<T> {
  await mkdir(dirname(path), { recursive: true });
  const mine = `${path}.${process.pid}`;
  await writeFile(mine, JSON.stringify({ ...identify(process.pid), since: new Date().toISOString() }));
  try {
    await acquire(path, mine, waiting);
  } finally {
    await unlink(mine);
  }
  try {
    return await work();
  } finally {
    if ((await holderOf(path))?.pid === process.pid) await unlink(path);
  }
}

async function acquire(path: string, mine: string, waiting: (holder: Holder) => void): Promise<void> {
  for (;;) {
    // A link comes with its content, so nobody ever reads a lock that is not whole.
    if (await succeeds(link(mine, path), 'EEXIST')) return;
    const holder = await holderOf(path);
    if (!holder) continue;
    if (isRunning(holder)) {
      waiting(holder);
      await pause(1_000);
    } else {
      await removeDead(path, holder);
    }
  }
}

/** Moves the lock aside and looks again at what was moved: another process may have replaced the dead lock meanwhile. */
async function removeDead(path: string, dead: Holder): Promise<void> {
  const aside = `${path}.dead.${process.pid}`;
  if (!(await succeeds(rename(path, aside), 'ENOENT'))) return;
  const moved = await holderOf(aside);
  if (moved && (moved.pid !== dead.pid || moved.started !== dead.started)) await succeeds(link(aside, path), 'EEXIST');
  await unlink(aside);
}

async function holderOf(path: string): Promise<Holder | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as Holder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new Error(`The lock ${path} cannot be read. Remove it if no other start is under way.`, { cause: error });
  }
}

/** `false` when it failed with this code. */
async function succeeds(work: Promise<void>, code: string): Promise<boolean> {
  try {
    await work;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === code) return false;
    throw error;
  }
}
