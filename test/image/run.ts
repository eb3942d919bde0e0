import { spawn } from 'node:child_process';
import { once } from 'node:events';

/** Runs a program to its end and gives what it printed. Rejects with its own words when it fails. */
export async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0)
    throw new Error(`${program} ${args.join(' ')}: ${(stderr || stdout).trim().split('\n').slice(-30).join('\n')}`);
  return stdout;
}
