// `npm run demo`: see options.ts for its flags.
import { rmSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { constants } from 'node:os';
import { keepDir, runDir } from '../test/cluster/temp-dir.ts';
import { createEnding } from './ending.ts';
import { helpText, type Options, readOptions } from './options.ts';
import { openScreen } from './screen.ts';
import { show } from './show.ts';

const screen = openScreen(process.stdout, process.env);

/** Wrong flags, as `sysexits.h` has it. */
const usage = 64;

/** The end was asked for by a signal. */
class Interrupted extends Error {
  readonly code: number;

  constructor(signal: NodeJS.Signals) {
    super(`Ended by ${signal} before the story was over.`);
    this.name = 'Interrupted';
    this.code = 128 + constants.signals[signal];
  }
}

/** Nobody reads what is written any more. */
class NobodyReads extends Error {
  override readonly name = 'NobodyReads';
}

/** The folder of this run: the one that was asked for, which must hold nothing, or a new one. */
async function folder({ dir }: Options): Promise<string> {
  if (dir === undefined) return await runDir();
  await mkdir(dir, { recursive: true, mode: 0o700 });
  if ((await readdir(dir)).length > 0) throw new Error(`${dir} is not empty. Give --dir a new or an empty folder.`);
  return dir;
}

/** Aborts on the first signal, and on a closed standard output; ends at once on the second signal. */
function stopWhenAsked(dir: string, keep: boolean): AbortSignal {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.on(name, () => {
      if (stopping.signal.aborted) {
        // All that was started ends with this process: each holds a pipe to it.
        if (!keep) rmSync(dir, { recursive: true, force: true, maxRetries: 3 });
        process.exit(128 + constants.signals[name]);
      }
      stopping.abort(new Interrupted(name));
    });
  }
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => stopping.abort(new NobodyReads()));
  return stopping.signal;
}

function codeOf(error: unknown): number {
  if (error instanceof Interrupted) return error.code;
  if (!(error instanceof NobodyReads)) screen.line((error as Error).message);
  return 1;
}

async function main(options: Options): Promise<number> {
  const dir = await folder(options);
  const signal = stopWhenAsked(dir, options.keep);
  let clean = true;
  const ending = createEnding((error) => {
    clean = false;
    screen.line(`While ending: ${(error as Error).message}`);
  });
  if (options.keep) await keepDir(dir);
  else ending.add(() => rm(dir, { recursive: true, force: true, maxRetries: 3 }));
  const code = await show({ dir, options, screen, ending, signal }).catch((error: unknown) => {
    screen.progress(undefined);
    return codeOf(error);
  });
  screen.progress('Ending everything …');
  await ending.run();
  screen.progress(undefined);
  if (options.keep) screen.line(`Kept: ${dir}`);
  else if (clean && signal.reason instanceof Interrupted) screen.line('Ended; nothing is left.');
  return code;
}

try {
  const options = readOptions(process.argv.slice(2));
  if (options === undefined) process.stdout.write(helpText);
  else process.exitCode = await main(options);
} catch (error) {
  const misused = (error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS') ?? false;
  process.stderr.write(`${(error as Error).message}\n${misused ? 'Write --help to see all flags.\n' : ''}`);
  process.exitCode = misused ? usage : 1;
}
// Nothing that is left may keep this program waiting.
process.exit();
