import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process, told apart from a later one with the same number, and from those of other machines and containers. */
export interface Owner {
  readonly pid: number;
  /** Linux: in clock ticks since the machine started. Empty elsewhere. */
  readonly started: string;
  /** Its host name; in a container that of the pod, which stays when the container is started anew. */
  readonly host?: string;
  /** Linux: what names the present run of the machine. */
  readonly boot?: string;
  /** Linux: what names the processes that its number is counted among. */
  readonly among?: string;
}

export async function self(): Promise<Owner> {
  const [started, boot, among] = await Promise.all([startOf(process.pid), bootOf(), namespaceOf()]);
  return {
    pid: process.pid,
    started: started ?? '',
    host: hostname(),
    ...(boot === undefined ? {} : { boot }),
    ...(among === undefined ? {} : { among }),
  };
}

/** `Elsewhere`: nothing can be known of it but its signs of life. */
export type OwnerState = 'Alive' | 'Ended' | 'Elsewhere';

/**
 * Whether the process that wrote this still runs. A pod runs its container once, so one of the same host name that is not
 * among the processes here has ended: it was of the container, or the run of the machine, before this one.
 */
export async function stateOf(owner: Owner | undefined): Promise<OwnerState> {
  if (owner === undefined || !Number.isInteger(owner.pid)) return 'Ended';
  const here = await self();
  if (owner.host !== undefined && owner.host !== here.host) return 'Elsewhere';
  const known = (theirs: string | undefined, own: string | undefined) => theirs === undefined || theirs === own;
  if (!known(owner.boot, here.boot) || !known(owner.among, here.among)) return 'Ended';
  return (await runs(owner)) ? 'Alive' : 'Ended';
}

async function runs({ pid, started }: Owner): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it is there, and another user's.
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  const now = await startOf(pid);
  return now === undefined || now === started;
}

/** Field 22 of /proc/PID/stat (proc(5)), counted after the name of the program, which may hold anything. */
async function startOf(pid: number): Promise<string | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

/** Proc(5): a new one at each start of the machine. */
const bootOf = async (): Promise<string | undefined> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => undefined))?.trim();

/** Namespaces(7): `pid:[4026531836]`. */
const namespaceOf = (): Promise<string | undefined> => readlink('/proc/self/ns/pid').catch(() => undefined);

/** `undefined` where nobody can read it. */
export function parseOwner(text: string): Owner | undefined {
  try {
    return JSON.parse(text) as Owner;
  } catch {
    return undefined;
  }
}
