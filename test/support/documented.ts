import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '../..');

/**
 * What stands after `sh` where a block begins, and so who runs it: `run`, with the operator beside an API server
 * (test/integration/docs.test.ts); `run helm`, in a cluster of its own (test/integration/chart/docs.test.ts); `run pods`,
 * where there are nodes (test/pods). A block of commands without any is one that nothing runs.
 */
export type Runner = 'run' | 'run helm' | 'run pods';

export interface Block {
  /** `sh`, `sh run`, `yaml` and so on; empty where nothing is said. */
  readonly info: string;
  /** Without the indentation of the whole. */
  readonly text: string;
}

/** What stands in a text between ```` ``` ```` and ```` ``` ````, in order. */
export const blocksIn = (text: string): Block[] =>
  [...text.matchAll(/^([ ]*)```([^`\n]*)\n(.*?)^\1```$/gms)].map(([, indentation = '', info = '', block = '']) => ({
    info: info.trim(),
    text: block.replaceAll(new RegExp(`^${indentation}`, 'gm'), ''),
  }));

/** All pages that people have written, by their paths in the repository; those that are generated are not among them. */
export const pagesByHand = (): string[] =>
  [
    ...readdirSync(root),
    ...readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' }).map((file) => join('docs', file)),
  ].filter((file) => file.endsWith('.md') && !textOf(file).startsWith('<!-- Generated'));

const textOf = (page: string): string => readFileSync(join(root, page), 'utf8');

export const blocksOf = (page: string): Block[] => blocksIn(textOf(page));

/** What that runner runs of a page, in order. */
export const commandsOf = (page: string, runner: Runner = 'run'): string[] =>
  blocksOf(page).flatMap(({ info, text }) => (info === `sh ${runner}` ? [text] : []));

/** The pages of which it runs something. */
export const pagesWithCommands = (runner: Runner = 'run'): string[] =>
  pagesByHand().filter((page) => commandsOf(page, runner).length > 0);

export interface Ran {
  readonly code: number | null;
  /** Standard output and standard error. */
  readonly said: string;
}

/** Runs a block as a person would paste it, but that it stops at the first command that fails. */
export function runBlock(block: string, cwd: string, env: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', block], { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (part: string) => (said += part));
    }
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, said }));
  });
}
