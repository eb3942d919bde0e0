import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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
  const old = (await readdir(parent)).filter((name) => name.startsWith(prefix));
  await Promise.all(old.map((name) => removeIfOrphaned(join(parent, name))));
  const dir = await mkdtemp(join(parent, prefix));
  await writeFile(join(dir, owner), JSON.stringify(identify(process.pid)));
  return dir;
}

async function removeIfOrphaned(dir: string): Promise<void> {
  if (await isOrphaned(dir)) await rm(dir, { recursive: true, force: true });
}

/** Whether the process whose folder it is has ended without removing it. */
export async function isOrphaned(dir: string): Promise<boolean> {
  try {
    return !isRunning(JSON.parse(await readFile(join(dir, owner), 'utf8')) as ProcessIdentity);
  } catch {
    // Somebody else's, being made, or being removed: not ours to judge.
    return false;
  }
}
