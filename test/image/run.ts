import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { guarded } from '../cluster/child.ts';

interface Said {
  readonly stdout: string;
  readonly stderr: string;
}

async function ended(program: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<Said> {
  const { path, args: guard } = guarded(program, args);
  const child = spawn(path, guard, { stdio: 'pipe', detached: true, env: { ...process.env, ...env } });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const [code] = (await once(child, 'close')) as [number | null];
  const why = (stderr || stdout).trim().split('\n').slice(-30).join('\n');
  if (code !== 0) throw new Error(`${program} ${args.join(' ')}: ${why}`);
  return { stdout, stderr };
}

/** Runs a program to its end, or that of this process, and gives what it printed. Rejects with its own words when it fails. */
export async function run(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  return (await ended(program, args, env)).stdout;
}

/** The same, with what it wrote to its standard error. */
export async function runAloud(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { stdout, stderr } = await ended(program, args, env);
  return stdout + stderr;
}
