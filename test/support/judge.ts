import { spawnSync } from 'node:child_process';

export type Question =
  | { readonly ask: 'kstatus' | 'monitoring'; readonly object: object }
  | { readonly ask: 'lua'; readonly script: string; readonly object: object };

export interface Judgement {
  readonly status?: string;
  readonly message?: string;
  readonly result?: unknown;
  readonly error?: string;
}

/** What the programs of `tools/programs/judge-source` say, question by question. */
export function judge(program: string, questions: readonly Question[]): Judgement[] {
  const input = questions.map((question) => `${JSON.stringify(question)}\n`).join('');
  const run = spawnSync(program, { encoding: 'utf8', input, maxBuffer: 64 * 1024 * 1024 });
  if (run.status !== 0) throw new Error(`judge: ${run.error?.message ?? run.stderr}`);
  const answers = run.stdout.trimEnd().split('\n');
  if (answers.length !== questions.length) throw new Error(`judge answered ${answers.length} of ${questions.length}`);
  return answers.map((line) => JSON.parse(line) as Judgement);
}
