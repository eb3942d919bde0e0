import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { Ending } from './exit.ts';
import type { Screen } from './screen.ts';

/** More than any credential, and little enough to refuse a file taken by mistake. */
const longest = 16_384;

interface Terminal extends Readable {
  readonly isTTY?: boolean;
  setRawMode?(raw: boolean): unknown;
}

/**
 * The whole of standard input. At a terminal it is asked for and not shown, up to the first line end; `asked` tells that.
 */
export async function readSecretValue(
  stdin: Terminal,
  screen: Screen,
  question: string,
  signal: AbortSignal,
): Promise<{ text: string; asked: boolean }> {
  if (stdin.isTTY === true) return { text: await ask(stdin, screen, question, signal), asked: true };
  const decoder = new StringDecoder('utf8');
  let text = '';
  for await (const part of stdin) {
    text += typeof part === 'string' ? part : decoder.write(part as Buffer);
    if (text.length > longest) {
      throw new Ending('error', `Standard input holds more than ${longest} characters: that is no credential.`);
    }
  }
  return { text: text + decoder.end(), asked: false };
}

/** Reads a line without showing it. */
async function ask(stdin: Terminal, screen: Screen, question: string, signal: AbortSignal): Promise<string> {
  if (stdin.setRawMode === undefined) {
    throw new Ending('usage', 'Give the value on standard input: kubectl square seal … < file');
  }
  const decoder = new StringDecoder('utf8');
  screen.progress(question);
  stdin.setRawMode(true);
  stdin.resume();
  try {
    return await new Promise<string>((resolve, reject) => {
      let text = '';
      const interrupted = () => reject(new Ending('interrupted', 'Nothing was sealed.'));
      signal.addEventListener('abort', interrupted, { once: true });
      stdin.on('end', () => resolve(text));
      stdin.on('error', reject);
      stdin.on('data', (part: Buffer) => {
        for (const letter of decoder.write(part)) {
          if (letter === '\r' || letter === '\n' || letter === '\u0004') return resolve(text);
          if (letter === '\u0003') return interrupted();
          text = letter === '\u007f' || letter === '\b' ? text.slice(0, -1) : text + letter;
        }
      });
    });
  } finally {
    stdin.setRawMode(false);
    stdin.pause();
    screen.progress('');
  }
}
