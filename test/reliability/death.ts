import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { boundaryName } from './fault.ts';
import type { Script, TokenRequest } from './script.ts';
import type { Stage } from './stage.ts';

/** What a process that was killed left, seen before anything else is started. */
export interface Death {
  /** When it was sent SIGKILL, by `performance.now()`. */
  readonly at: number;
  /** Pages of its journal that it had made ready for an answer and written nothing on: every byte of them is zero. */
  readonly blankPages: number;
}

/** Looks at what replica 0 left, which has just been killed. */
export async function lookAt(stage: Stage): Promise<Death> {
  const folder = stage.journalDir(0);
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.draft'));
  const pages = await Promise.all(names.map((name) => readFile(join(folder, name))));
  return { at: stage.script.killedAt(), blankPages: pages.filter((page) => page.every((byte) => byte === 0)).length };
}

/** What became of an answer that was handed over to a process that was killed, and that lies nowhere. */
export interface Unwritten {
  /**
   * Whether the process is not to blame: the page for the answer is there and blank, and it had not gone on to anything
   * that follows from the answer.
   */
  readonly inTime: boolean;
  /** For how long the process had the answer, milliseconds; less than zero where it was killed first. */
  readonly hadFor: number;
  /** All of this, for people. */
  readonly told: string;
}

export function unwritten(
  { at, blankPages }: Death,
  script: Script,
  { replica, deliveredAt = Number.POSITIVE_INFINITY }: TokenRequest,
): Unwritten {
  const hadFor = at - deliveredAt;
  const since = script.followed(replica, deliveredAt, at).map(boundaryName);
  return {
    inTime: blankPages > 0 && since.length === 0,
    hadFor,
    told: `killed ${hadFor.toFixed(1)} ms after Square's answer, blank pages: ${blankPages}, asked since: ${since.join(', ') || 'nothing'}`,
  };
}
