import { readFileSync } from 'node:fs';

/** What a process has cost so far. CPU in seconds, of user and system together; memory in MiB. */
export interface Usage {
  readonly cpu: number;
  readonly rss: number;
  /** The most that was resident since the process began. */
  readonly peak: number;
}

/** Clock ticks a second in `/proc`, the same on every Linux that Node runs on (proc(5)). */
const ticks = 100;

/** Reads `/proc`, so it works on Linux only; throws when the process is gone. */
export function usageOf(pid: number): Usage {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // After the name in parentheses: state is field 3, user and system time are 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const mebibytes = (key: string) => Number(new RegExp(`^${key}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return {
    cpu: (Number(fields[11]) + Number(fields[12])) / ticks,
    rss: mebibytes('VmRSS'),
    peak: mebibytes('VmHWM'),
  };
}

/** CPU between two readings, in seconds: whole ticks again, which the difference of two fractions is not. */
export const cpuBetween = (before: Usage, after: Usage): number => Math.round((after.cpu - before.cpu) * ticks) / ticks;
