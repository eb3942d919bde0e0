import { spawn } from 'node:child_process';

/** One line of the harness: one phase of one operator. */
export interface PeerLine {
  readonly name: string;
  readonly phase: string;
  readonly [figure: string]: unknown;
}

/**
 * Has the harness measure, and gives its lines. It and the operator that it starts are a process group, which is ended as
 * a whole: when the harness has ended, for one that fails leaves its operator, and when this process exits before that.
 */
export async function measure(bench: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<PeerLine[]> {
  const child = spawn(bench, args, { env, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  const end = () => endGroup(child.pid);
  // Before the API server goes: without it the harness panics.
  process.prependOnceListener('exit', end);
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  child.once('exit', end);
  const code = await new Promise<number | null>((ended, failed) => child.once('close', ended).once('error', failed));
  process.off('exit', end);
  if (code !== 0) throw new Error(`${bench} ended with exit code ${code}`);
  return text
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as PeerLine);
}

function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of it is left.
  }
}
