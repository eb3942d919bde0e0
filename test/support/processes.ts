import { spawnSync } from 'node:child_process';

/** The command lines of the processes of this machine that mention `text`. */
export function processesMentioning(text: string): string[] {
  const { stdout } = spawnSync('ps', ['-ww', '-eo', 'pid=,stat=,args='], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.split('\n').filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line));
}
