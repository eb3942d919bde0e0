import { holdProcess, systemClock } from '../clock.ts';
import { runProgram } from './program.ts';
import { verbs } from './verbs.ts';

async function main(): Promise<void> {
  const interrupted = new AbortController();
  // The second one ends it at once.
  process.once('SIGINT', () => interrupted.abort());
  // Whoever reads only the beginning (`| head`) has what they wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const release = holdProcess();
  const { stdin, stdout, stderr, env } = process;
  const around = { stdin, stdout, stderr, env, clock: systemClock, signal: interrupted.signal };
  process.exitCode = await runProgram(process.argv.slice(2), verbs, around);
  release();
  process.stdin.unref();
}

void main();
