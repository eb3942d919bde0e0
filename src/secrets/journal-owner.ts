import { readFile, readlink } from 'node:fs/promises';
import { hostname } from 'node:os';

/** A process, told apart from a later one with the same number, and from those of other machines and containers. */
export interface Owner {
  readonly pid: number;
  /** Linux: in clock ticks since the machine started. Empty elsewhere. */
  readonly started: string;
  /** Its host name; in a container mostly that of the pod. */
  readonly host?: string;
  /** UID of its pod, which stays when the container is started anew. Pods on the network of their host bear its host name. */
  readonly pod?: string;
  /** Linux: what names the present run of the machine. */
  readonly boot?: string;
  /** Linux: what names the processes that its number is counted among. */
  readonly among?: string;
}

export async function self(): Promise<Owner> {
  const [started, pod, boot, among] = await Promise.all([startOf(process.pid), podOf(), bootOf(), namespaceOf()]);
  return {
    pid: process.pid,
    started: started ?? '',
    host: hostname(),
    ...(pod === undefined ? {} : { pod }),
    ...(boot === undefined ? {} : { boot }),
    ...(among === undefined ? {} : { among }),
  };
}

/** `Elsewhere`: nothing can be known of it but its signs of life. */
export type OwnerState = 'Alive' | 'Ended' | 'Elsewhere';

/**
 * Whether the process that wrote this still runs. A pod runs its container once, so one of the same pod that is not among
 * the processes here has ended: it was of the container before this one, or of the machine before it was started anew. Of one
 * of another pod, or of another container where no pod is known, that cannot be said, whatever its host name is.
 */
export const stateOf = async (owner: Owner | undefined): Promise<OwnerState> => await stateSeenBy(await self(), owner);

/** The same, as it is to `here`. */
export async function stateSeenBy(here: Owner, owner: Owner | undefined): Promise<OwnerState> {
  if (owner === undefined || !Number.isInteger(owner.pid)) return 'Ended';
  if (owner.pod !== here.pod) return 'Elsewhere';
  if (here.pod === undefined && owner.host !== undefined && owner.host !== here.host) return 'Elsewhere';
  const known = (theirs: string | undefined, own: string | undefined) => theirs === undefined || theirs === own;
  if (!known(owner.boot, here.boot)) return 'Ended';
  if (!known(owner.among, here.among)) return here.pod === undefined ? 'Elsewhere' : 'Ended';
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

/**
 * Where the kubelet keeps what it mounts into each container of a pod: `/var/lib/kubelet/pods/UID/etc-hosts`. The last one
 * counts: a whole cluster may lie in a volume of a pod.
 */
const ofPod = /.*\/pods\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\//;

/** Proc(5): what is mounted, and of which path of its file system. `undefined` outside a pod. */
const podOf = async (): Promise<string | undefined> =>
  podIn(await readFile('/proc/self/mountinfo', 'utf8').catch(() => ''));

/** The UID of the pod that this list of mounts is of; `undefined` when it is of none, or of several: it is a machine's. */
export function podIn(mounts: string): string | undefined {
  const found = new Set(mounts.split('\n').flatMap((line) => ofPod.exec(line.split(' ')[3] ?? '')?.[1] ?? []));
  return found.size === 1 ? [...found][0] : undefined;
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
