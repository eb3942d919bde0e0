import { mkdtemp, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { identify, isRunning, type ProcessIdentity } from './os-process.ts';

const prefix = 'square-operator-run-';
const owner = 'owner.json';

/**
 * A folder for one run of this process, which removes it when it is done. A process that was killed could not do that:
 * its folders are removed here, when the next one is made.
 */
export async function runDir(parent: string = tmpdir()): Promise<string> {
  await removeOrphans(parent);
  const dir = await mkdtemp(join(parent, prefix));
  await writeFile(join(dir, owner), JSON.stringify({ ...identify(process.pid), space: await processSpace() }));
  return dir;
}

/** Has a folder outlive its process: no later run removes it. */
export const keepDir = (dir: string): Promise<void> => rm(join(dir, owner), { force: true });

/** Removes the folders of processes that have ended without doing so. */
export async function removeOrphans(parent: string = tmpdir()): Promise<void> {
  const all = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  await Promise.all(all.map((name) => removeIfOrphaned(join(parent, name))));
}

async function removeIfOrphaned(dir: string): Promise<void> {
  // What else is being ended may still write there.
  if (await isOrphaned(dir)) await rm(dir, { recursive: true, force: true, maxRetries: 5 });
}

/** Whether the process whose folder it is has ended without removing it. */
export async function isOrphaned(dir: string): Promise<boolean> {
  try {
    const { space, ...identity } = JSON.parse(await readFile(join(dir, owner), 'utf8')) as Owner;
    // The numbers of another container, which has the same folder mounted, mean nothing here.
    return space === (await processSpace()) && !isRunning(identity);
  } catch {
    // Somebody else's, being made, or being removed: not ours to judge.
    return false;
  }
}

interface Owner extends ProcessIdentity {
  /** Where its process number counts. */
  readonly space: string;
}

/** The namespace of process numbers that this process lives in, see pid_namespaces(7); none where there is no such thing. */
const processSpace = (): Promise<string> => readlink('/proc/self/ns/pid').catch(() => '');
