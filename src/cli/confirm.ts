import { createInterface } from 'node:readline/promises';
import { Ending } from './exit.ts';
import type { Call } from './verb.ts';

/** Resolves when the person at the terminal says yes; ends otherwise. Where there is nobody to ask, `--yes` is asked for. */
export async function confirm({ stdin, signal }: Call, question: string): Promise<void> {
  if (stdin.isTTY !== true) throw new Ending('usage', `${question} Nobody is there to answer: write --yes.`);
  const lines = createInterface({ input: stdin, output: process.stderr });
  try {
    const answer = await lines.question(`${question} [y/N] `, { signal });
    if (!/^y(es)?$/i.test(answer.trim())) throw new Ending('error', 'Nothing was asked for.');
  } catch (error) {
    if (error instanceof Ending) throw error;
    process.stderr.write('\n');
    throw new Ending('interrupted', 'Nothing was asked for.');
  } finally {
    lines.close();
  }
}
