import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';

/** A process of this machine, told from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, in the words of the platform; opaque. */
  readonly started: string;
}

interface Seen {
  readonly started: string;
  /** It has ended, and only its exit status is left for its parent to read. */
  readonly ended: boolean;
}

function look(pid: number): Seen | undefined {
  if (process.platform === 'linux') {
    try {
      // proc(5): after the name in parentheses come the state, field 3, and, as field 22, the start in ticks since boot.
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return { started: `${bootId()}/${fields[19]}`, ended: fields[0] === 'Z' || fields[0] === 'X' };
    } catch {
      return undefined;
    }
  }
  const listed = spawnSync('ps', ['-o', 'lstart=,stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout?.trim();
  return listed ? { started: listed.replace(/\s+\S+$/, ''), ended: /\sZ\S*$/.test(listed) } : undefined;
}

const bootId = () => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();

/** The identity of a process, or `undefined` when there is none of this number. */
export function identify(pid: number): ProcessIdentity | undefined {
  const seen = look(pid);
  return seen && { pid, started: seen.started };
}

/** Whether exactly this process, and not another one of the same number, still runs. */
export function isRunning({ pid, started }: ProcessIdentity): boolean {
  const seen = look(pid);
  return seen !== undefined && !seen.ended && seen.started === started;
}

/** Kills exactly this process and resolves when it is gone. A process that has ended already is left alone. */
export async function kill(identity: ProcessIdentity): Promise<void> {
  if (!isRunning(identity)) return;
  process.kill(identity.pid, 'SIGKILL');
  while (isRunning(identity)) await pause(10);
}
