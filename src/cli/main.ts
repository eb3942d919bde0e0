import { writeSync } from 'node:fs';
import { basename } from 'node:path';
import { holdProcess, seconds, systemClock } from '../clock.ts';
import { asCobra, complete, lookUpIn } from './complete.ts';
import { exitCodes } from './exit.ts';
import { tooOld } from './node-version.ts';
import { runProgram } from './program.ts';
import { verbs } from './verbs.ts';

/** The words to complete, where that is what is asked: by kubectl under this name, by our own scripts with the word. */
function wordsToComplete([, program = '', first, ...rest]: readonly string[]): readonly string[] | undefined {
  if (basename(program).startsWith('kubectl_complete-square')) return first === undefined ? [] : [first, ...rest];
  return first === '__complete' ? rest : undefined;
}

/** At Ctrl-C a verb that waits tells what it knows; it has so long for that. */
const lastWords = seconds(1);

/**
 * Whoever reads only the beginning (`| head`) has what they wanted; what was asked of the operator goes on, and the exit
 * code tells how it came out. What cannot be written for another reason is a failure.
 */
function lost({ code, message }: NodeJS.ErrnoException): void {
  if (code === 'EPIPE') return;
  writeSync(2, `Error: What was found cannot be written: ${message}\n`);
  process.exit(exitCodes.error.code);
}

async function main(): Promise<void> {
  const old = tooOld(process.versions.node);
  if (old !== undefined) {
    process.stderr.write(`Error: ${old}\n`);
    process.exitCode = exitCodes.error.code;
    return;
  }
  const interrupted = new AbortController();
  process.once('SIGINT', () => {
    interrupted.abort();
    systemClock.after(lastWords, () => process.exit(exitCodes.interrupted.code));
  });
  for (const stream of [process.stdout, process.stderr]) stream.on('error', lost);
  const release = holdProcess();
  const { stdout, stderr, env } = process;
  const words = wordsToComplete(process.argv);
  if (words === undefined) {
    process.exitCode = await runProgram(process.argv.slice(2), verbs, {
      stdout,
      stderr,
      env,
      clock: systemClock,
      signal: interrupted.signal,
      // Touched by those alone that read it: an open one keeps the process from ending.
      get stdin() {
        return process.stdin;
      },
    });
  } else stdout.write(`${asCobra(await complete(words, verbs, lookUpIn(systemClock)))}\n`);
  release();
}

void main();
