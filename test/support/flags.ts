import { type ParseArgsConfig, parseArgs } from 'node:util';

/** The command line is not understood; the message is one line that says what is wrong with it. */
export class Misuse extends Error {
  override readonly name = 'Misuse';
}

/** Like `parseArgs`, but throws `Misuse` on flags that it does not know. */
export function readFlags<T extends ParseArgsConfig>(config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (!(code?.startsWith('ERR_PARSE_ARGS') ?? false)) throw error;
    throw new Misuse(`${message.split(/[.]\s/)[0]?.replace(/[.]$/, '')}. Write --help to see all flags.`);
  }
}

/** What a program that fails for this reason exits with: 64 for a wrong command line, as `sysexits.h` has it. */
export const exitCodeOf = (error: unknown): number => (error instanceof Misuse ? 64 : 1);
