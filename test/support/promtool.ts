import { execFile, execFileSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Lack } from './needs.ts';

/** Of a program of Debian's package `prometheus`. */
export function lackOf(program: 'promtool' | 'prometheus'): Lack {
  try {
    execFileSync(program, ['--version'], { stdio: 'ignore' });
    return undefined;
  } catch {
    return `needs ${program}: on Debian \`apt-get install prometheus\``;
  }
}

/** Runs promtool in a folder that holds these files, the text `input` on its standard input; gives what it printed. Rejects with that where it finds fault. */
export async function promtool(
  args: readonly string[],
  files: Readonly<Record<string, string>>,
  input = '',
): Promise<string> {
  const dir = await mkdtemp(join(tmpdir(), 'square-operator-promtool-'));
  try {
    for (const [name, text] of Object.entries(files)) await writeFile(join(dir, name), text);
    const running = promisify(execFile)('promtool', args, { cwd: dir, maxBuffer: 1 << 26 });
    running.child.stdin?.end(input);
    const { stdout, stderr } = await running;
    return stdout + stderr;
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`promtool ${args.join(' ')}:\n${stdout}${stderr}`, { cause: error });
  } finally {
    await rm(dir, { recursive: true });
  }
}
