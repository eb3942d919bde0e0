import { spawnSync } from 'node:child_process';
import { setTimeout as pause } from 'node:timers/promises';

/** The command lines of the processes of this machine that mention `text`. */
export function processesMentioning(text: string): string[] {
  const { stdout } = spawnSync('ps', ['-ww', '-eo', 'pid=,stat=,args='], {
    encoding: 'utf8',
    maxBuffer: 16 * 1024 * 1024,
  });
  return stdout.split('\n').filter((line) => line.includes(text) && !/^\s*\d+\s+Z/.test(line));
}

/** Resolves once `condition` holds; rejects after `within` milliseconds, naming `what`. */
export async function eventually(
  what: string,
  condition: () => boolean | Promise<boolean>,
  within = 10_000,
): Promise<void> {
  const deadline = performance.now() + within;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${within} ms`);
    await pause(20);
  }
}
