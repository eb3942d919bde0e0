import { readFile } from 'node:fs/promises';

/** A process, told apart from a later one with the same number. */
export interface Owner {
  readonly pid: number;
  /** Linux: in clock ticks since the machine started. Empty elsewhere. */
  readonly started: string;
}

export const self = async (): Promise<Owner> => ({ pid: process.pid, started: (await startOf(process.pid)) ?? '' });

/** Whether the process that wrote this still runs. One of another machine or container that shares the number counts as ended. */
export async function isAlive(owner: Owner | undefined): Promise<boolean> {
  if (owner === undefined || !Number.isInteger(owner.pid)) return false;
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const started = await startOf(owner.pid);
  return started === undefined || started === owner.started;
}

/** Field 22 of /proc/PID/stat (proc(5)), counted after the name of the program, which may hold anything. */
async function startOf(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}
