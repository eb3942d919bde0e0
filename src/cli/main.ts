import { basename } from 'node:path';
import { holdProcess, systemClock } from '../clock.ts';
import { asCobra, complete, lookUpIn } from './complete.ts';
import { runProgram } from './program.ts';
import { verbs } from './verbs.ts';

/** The words to complete, where that is what is asked: by kubectl under this name, by our own scripts with the word. */
function wordsToComplete([, program = '', first, ...rest]: readonly string[]): readonly string[] | undefined {
  if (basename(program).startsWith('kubectl_complete-square')) return first === undefined ? [] : [first, ...rest];
  return first === '__complete' ? rest : undefined;
}

async function main(): Promise<void> {
  const interrupted = new AbortController();
  // The second one ends it at once.
  process.once('SIGINT', () => interrupted.abort());
  // Whoever reads only the beginning (`| head`) has what they wanted.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1));
  const release = holdProcess();
  const { stdin, stdout, stderr, env } = process;
  const words = wordsToComplete(process.argv);
  if (words === undefined) {
    const around = { stdin, stdout, stderr, env, clock: systemClock, signal: interrupted.signal };
    process.exitCode = await runProgram(process.argv.slice(2), verbs, around);
  } else stdout.write(`${asCobra(await complete(words, verbs, lookUpIn(systemClock)))}\n`);
  release();
  stdin.unref();
}

void main();
